//! Checks log lines: each has exactly the fields that `infra/README-logs.md` lists, and
//! known and unknown accounts have the same lines.

use crate::house::tour::{perform, tour};
use crate::reset::equal::{STATES, states_in};
use crate::trouble::rotation::{ours, step};
use domain::audit::SupportCode;
use lambda_runtime::{Context, LambdaEvent};
use local::inbox::{Channel, Failure};
use local::secrets::SECRET_ID;
use platform::http::routes::portal::router;
use platform::metrics::Metrics;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tests::delivery::ses;
use tests::lines::metrics;
use tests::people::StartedReset;
use tests::world::{Ask, event};
use tests::{Fault, Lines, World};
use tracing_subscriber::filter::LevelFilter;

/// The page for operators that lists all log fields.
pub const PAGE: &str = include_str!("../../../infra/README-logs.md");

/// Returns the names in backticks in a table cell.
pub fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Returns the rows of the page's tables whose first cell has a name.
pub fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        line.trim_matches('|').split(" | ").map(|cell| cell.trim_matches([' ', '|'])).collect()
    })
}

/// Returns the common fields of every line, and the fields of each log event.
fn listed() -> (BTreeSet<&'static str>, BTreeMap<&'static str, BTreeSet<&'static str>>) {
    let (mut common, mut events) = (BTreeSet::new(), BTreeMap::new());
    for row in rows() {
        match row.as_slice() {
            [fields, _] => common.extend(names(fields)),
            [of, _, own] => events.extend(
                names(of).into_iter().map(|event| (event, names(own).into_iter().collect())),
            ),
            _ => {}
        }
    }
    (common, events)
}

/// Asserts that all fields of a line are listed. Returns the fields specific to its log event.
#[track_caller]
pub fn known(line: &Value) -> BTreeSet<&str> {
    let (common, events) = listed();
    let fields: BTreeSet<&str> =
        line.as_object().expect("an object").keys().map(String::as_str).collect();
    let event = line["event"].as_str().unwrap_or_else(|| panic!("no event in {line}"));
    let own = events.get(event).unwrap_or_else(|| panic!("{event} is not on the page"));
    assert!(common.is_subset(&fields), "missing fields {:?}: {line}", common.difference(&fields));
    let own_here: BTreeSet<&str> = fields.difference(&common).copied().collect();
    assert!(
        own_here.is_subset(own),
        "{event} has {:?}, which are not on the page",
        own_here.difference(own)
    );
    assert!(line["outcome"].as_str().is_some_and(|text| !text.is_empty()), "{line}");
    own_here
}

pub fn is_metrics(line: &Value) -> bool {
    line["_aws"].is_object()
}

#[test]
fn the_page_and_the_module_list_the_same_fields() {
    let module = include_str!("../../../shared/platform/src/log.rs");
    let rows: Vec<&str> = module
        .lines()
        .filter_map(|line| line.strip_prefix("//! "))
        .filter(|line| line.starts_with('|'))
        .collect();
    assert!(
        rows.len() > 15 && rows.iter().all(|row| PAGE.contains(row)),
        "infra/README-logs.md differs from log.rs"
    );
    let events = listed().1;
    let listed: usize =
        rows.iter().filter(|row| row.split(" | ").count() == 3 && row.starts_with("| `")).count();
    assert!(events.len() >= listed, "{events:?}");
}

#[tokio::test]
async fn every_request_leaves_a_line_with_the_listed_fields() {
    let lines = Lines::default();
    let world = World::new().await;
    let listening = lines.listen(LevelFilter::TRACE);
    let (mut asked, mut seen) = (0, BTreeSet::new());
    tour(&world, &mut async |_, step| {
        asked += 1;
        perform(&world, &step).await
    })
    .await;
    drop(listening);
    let mut answered = 0;
    for line in lines.take().iter().filter(|line| !is_metrics(line)) {
        seen.extend(known(line).into_iter().map(str::to_owned));
        assert_eq!(
            (&line["function"], &line["functionVersion"]),
            (&json!("latchkey-tests"), &json!("$LATEST"))
        );
        assert_eq!(line["version"], env!("CARGO_PKG_VERSION"));
        let kinds = ["request-", "send-code-", "direct-", "delivery-"];
        assert!(
            line["requestId"]
                .as_str()
                .is_some_and(|id| kinds.iter().any(|kind| id.starts_with(kind))),
            "{line}"
        );
        answered += usize::from(
            ["answered", "invoked"].contains(&line["event"].as_str().expect("an event")),
        );
        if line["event"] == "answered" {
            let status = line["status"].as_u64().expect("a status");
            assert_eq!(line["outcome"] == "ok", status < 400, "{line}");
            assert!(
                line["route"].as_str().is_some_and(|route| route.starts_with("/v1/")),
                "{line}"
            );
        }
    }
    assert!(answered > 50 && answered <= asked, "{answered} of {asked}");
    for field in [
        "supportCode",
        "method",
        "route",
        "status",
        "step",
        "verified",
        "milliseconds",
        "kind",
        "purpose",
        "language",
        "records",
    ] {
        assert!(seen.contains(field), "no line had {field}: {seen:?}");
    }
}

#[tokio::test]
async fn a_failure_is_logged_with_the_id_of_its_request() {
    let lines = Lines::default();
    let world = World::new().await;
    world.ready().await;
    let reset = world.start_reset("ann@example.com").await;
    world.send_code(&reset).await;
    world
        .proxy
        .set_rule(|operation, _| (operation == "BatchGetItem").then_some(Fault::AccessDenied));
    let listening = lines.listen(LevelFilter::INFO);
    world
        .ask(
            Ask::new("POST", "/v1/resets")
                .body(json!({ "userId": "ann@example.com" }))
                .id("the-one"),
        )
        .await
        .expect(503);
    world.pump().await;
    drop(listening);
    let lines = lines.take();
    let of = |event: &str| {
        lines
            .iter()
            .filter(|line| line["event"] == event)
            .inspect(|line| drop(known(line)))
            .collect::<Vec<_>>()
    };
    let told: Vec<_> =
        of("tableUnavailable").into_iter().filter(|line| line["requestId"] == "the-one").collect();
    assert!(
        !told.is_empty()
            && told.iter().all(|line| line["level"] == "ERROR" && line["outcome"] == "unavailable"),
        "{lines:?}"
    );
    let answered = of("answered")[0];
    assert_eq!(
        (&answered["outcome"], &answered["status"], &answered["requestId"]),
        (&json!("unavailable"), &json!(503), &json!("the-one"))
    );
    assert_eq!(answered["supportCode"], SupportCode::of("the-one").as_str());
    let retried = of("messageRetried")[0];
    assert_eq!(
        (&retried["level"], &retried["supportCode"]),
        (&json!("WARN"), &json!(reset.support_code))
    );
    assert_eq!(of("batchHandled")[0]["outcome"], "retried");
}

#[tokio::test]
async fn a_line_has_the_support_code_that_its_caller_received() {
    let lines = Lines::default();
    let world = World::new().await;
    world.ready().await;
    let listening = lines.listen(LevelFilter::INFO);
    let reset = world.start_reset("ann@example.com").await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for("ann.private@example.com").await;
    world.verify(&reset.bearer, &challenge, "00000000").await.expect(422);
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    world.next_in(&reset).await;
    world.set_password(&reset, "short").await.expect(422);
    world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);
    let refused = world.ask(Ask::new("GET", "/v1/me")).await.expect(401);
    drop(listening);
    let lines = lines.take();
    let told: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] == "answered")
        .map(|line| line["supportCode"].clone())
        .collect();
    let code = json!(reset.support_code);
    assert_eq!(told, [vec![code.clone(); 7], vec![refused.body["supportCode"].clone()]].concat());
    let sent: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] == "messageHandled")
        .map(|line| line["supportCode"].clone())
        .collect();
    assert_eq!(sent, [code]);
}

#[tokio::test]
async fn a63_lines_of_known_and_unknown_accounts_are_alike() {
    let lines = Lines::default();
    let world = states_in(World::new().await).await.world;
    let mut seen: Vec<(&str, Vec<Value>)> = Vec::new();
    for (state, user_id) in STATES {
        lines.take();
        let listening = lines.listen(LevelFilter::TRACE);
        let started = world.ask_reset(user_id).await;
        let reset = StartedReset {
            id: started.text("resetId"),
            bearer: started.text("bearer"),
            support_code: started.text("supportCode"),
        };
        world.ask(Ask::new("GET", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer)).await;
        let sent = world.ask_code(&reset).await;
        world.ask_code(&reset).await;
        world.verify(&reset.bearer, &sent.text("challengeId"), "00000000").await;
        world.set_password(&reset, "a new and longer ptarmigan").await;
        world
            .ask(Ask::new("DELETE", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer))
            .await
            .expect(204);
        // Enough wrong passwords to start a lockout, and one more, which the lockout refuses.
        for n in 0..11 {
            world.sign_in(user_id, &format!("a wrong password, number {n}")).await;
        }
        drop(listening);
        let found: Vec<Value> = lines.take().into_iter().map(without_values).collect();
        assert!(
            found.iter().any(|line| line["Lockouts"] == 1)
                && found.iter().any(|line| line["lockout"] == true),
            "{state}"
        );
        seen.push((state, found));
    }
    for (state, found) in &seen[1..] {
        assert_eq!(&seen[0].1, found, "lines of {} and {state}", seen[0].0);
    }
}

/// Removes the values that differ between requests from a line.
fn without_values(mut line: Value) -> Value {
    let fields = line.as_object_mut().expect("an object");
    for name in ["requestId", "supportCode", "timestamp", "milliseconds", "Latency"] {
        if let Some(value) = fields.get_mut(name) {
            *value = Value::Null;
        }
    }
    line
}

/// Requests a page from `portal`, which has no pages in this test.
pub async fn ask_page(path: &str, metrics: Metrics) {
    let event = LambdaEvent::new(
        to_raw_value(&event(&Ask::new("GET", path), 1)).expect("JSON"),
        Context::default(),
    );
    let Ok(_) = platform::http::event::gateway::answer(router(&[], metrics), event).await;
}

#[tokio::test]
async fn a_page_leaves_a_line_too() {
    let lines = Lines::default();
    let listening = lines.listen(LevelFilter::INFO);
    for path in ["/", "/assets/none.js", "/no-page", "no path"] {
        ask_page(path, metrics()).await;
    }
    drop(listening);
    let lines = lines.take();
    let of: Vec<&Value> =
        lines.iter().filter(|line| !is_metrics(line)).inspect(|line| drop(known(line))).collect();
    let outcomes: Vec<_> =
        of.iter().map(|line| line["outcome"].as_str().expect("a text")).collect();
    assert_eq!(outcomes, ["ok", "404", "404", "invalidRequest"]);
    assert!(of.iter().all(|line| line["requestId"] == "request-00001"));
    assert_eq!(lines.len(), 8, "each with a line of metrics");
}

#[tokio::test]
async fn a_step_of_a_rotation_leaves_a_line() {
    let lines = Lines::default();
    let world = World::new().await;
    let listening = lines.listen(LevelFilter::INFO);
    let version = "a version of the secret, made by a test";
    step(&ours(&world), SECRET_ID, version, "testSecret")
        .await
        .expect_err("there is no new version");
    step(&ours(&world), SECRET_ID, version, "createSecret").await.expect("it is made");
    drop(listening);
    let told = |line: &Value| {
        [&line["event"], &line["level"], &line["outcome"], &line["step"], &line["cause"]]
            .map(Value::clone)
    };
    assert_eq!(
        lines.take().iter().map(told).collect::<Vec<_>>(),
        [
            ["keysRotated", "ERROR", "failed", "testSecret", "there is no new version"]
                .map(Value::from),
            [json!("keysRotated"), json!("INFO"), json!("ok"), json!("createSecret"), Value::Null],
        ]
    );
}

#[tokio::test]
async fn a_message_can_be_followed_by_its_record_and_by_its_support_code() {
    let lines = Lines::default();
    let world = World::new().await;
    world.ready().await;
    let reset = world.start_reset("ann@example.com").await;
    world.send_code(&reset).await;
    let listening = lines.listen(LevelFilter::INFO);
    // The channel accepts the message on the second try; then it bounces.
    world.standins.fail_next(Channel::Email, Failure::Throttled);
    world.pump().await;
    let bounced = ses(
        "Bounce",
        &world.name_of_newest("ann.private@example.com"),
        json!({ "bounce": { "bounceType": "Permanent" } }),
    );
    world.invoke_delivery_events(&bounced).await.expect("an answer");
    drop(listening);
    let lines = lines.take();
    let of = |event: &str| {
        lines.iter().find(|line| line["event"] == event).unwrap_or_else(|| panic!("no {event}"))
    };
    let record = &of("mailRefused")["record"];
    assert!(record.is_string());
    for event in ["messageRetried", "messageHandled"] {
        assert_eq!(
            (&of(event)["record"], &of(event)["supportCode"]),
            (record, &json!(reset.support_code)),
            "{event}"
        );
    }
    assert_eq!(of("messageReturned")["supportCode"], json!(reset.support_code));
}
