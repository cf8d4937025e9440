//! Checks every metric: its embedded metric format, its count, and that it contains no
//! personal data.

use super::lines::{known, names, rows};
use domain::time::Span;
use local::inbox::{Channel, Failure};
use platform::metrics::Metric;
use platform::send::sms::parts;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tests::lines::NAMESPACE;
use tests::people::StartedReset;
use tests::world::{Ask, BEGIN};
use tests::{Fault, Lines, World};
use tracing_subscriber::filter::LevelFilter;

/// The rules of the embedded metric format that a JSON schema can express.
fn schema() -> Value {
    let name = json!({ "type": "string", "minLength": 1, "maxLength": 1024 });
    let set = json!({ "type": "array", "maxItems": 30, "uniqueItems": true, "items": { "type": "string", "minLength": 1, "maxLength": 250 } });
    let metric = json!({
        "type": "object",
        "required": ["Name"],
        "additionalProperties": false,
        "properties": { "Name": name, "Unit": { "enum": ["Count", "Seconds", "Milliseconds"] }, "StorageResolution": { "enum": [1, 60] } }
    });
    let directive = json!({
        "type": "object",
        "required": ["Namespace", "Dimensions", "Metrics"],
        "additionalProperties": false,
        "properties": {
            "Namespace": name,
            "Dimensions": { "type": "array", "minItems": 1, "items": set },
            "Metrics": { "type": "array", "minItems": 1, "maxItems": 100, "items": metric }
        }
    });
    json!({
        "type": "object",
        "required": ["_aws"],
        "properties": {
            "_aws": {
                "type": "object",
                "required": ["Timestamp", "CloudWatchMetrics"],
                "additionalProperties": false,
                "properties": {
                    "Timestamp": { "type": "integer", "minimum": 1 },
                    "CloudWatchMetrics": { "type": "array", "minItems": 1, "items": directive }
                }
            }
        }
    })
}

/// Reads the metrics of a line, by name and dimensions (if any).
#[track_caller]
fn read(line: &Value) -> Vec<(String, f64)> {
    let wrong =
        jsonschema::draft202012::validate(&schema(), line).err().map(|error| error.to_string());
    assert_eq!(wrong, None, "{line}");
    let mut found = Vec::new();
    for directive in line["_aws"]["CloudWatchMetrics"].as_array().expect("a list") {
        assert_eq!(directive["Namespace"], NAMESPACE);
        for metric in directive["Metrics"].as_array().expect("a list") {
            let name = metric["Name"].as_str().expect("a name");
            let ours = Metric::ALL
                .iter()
                .find(|metric| metric.name() == name)
                .unwrap_or_else(|| panic!("{name} is not declared"));
            assert_eq!(metric["Unit"], ours.unit());
            let value =
                line[name].as_f64().unwrap_or_else(|| panic!("{name} has no number in {line}"));
            let own = json!(ours.dimensions());
            assert_eq!(
                directive["Dimensions"],
                if own == json!([]) { json!([[]]) } else { json!([[], own]) }
            );
            for set in directive["Dimensions"].as_array().expect("a list") {
                let told = |name: &Value| {
                    let value = line[name.as_str().expect("a name")]
                        .as_str()
                        .unwrap_or_else(|| panic!("no {name} in {line}"));
                    // The limits that CloudWatch sets for dimension values.
                    assert!(
                        (1..=1024).contains(&value.len())
                            && value.is_ascii()
                            && !value.trim().is_empty()
                            && !value.starts_with(':')
                    );
                    value.to_owned()
                };
                let values: Vec<String> =
                    set.as_array().expect("a list").iter().map(told).collect();
                found.push((format!("{name} {}", values.join(" ")).trim().to_owned(), value));
            }
        }
    }
    found
}

/// Sums the metrics as CloudWatch does. Each latency counts as one.
#[track_caller]
fn counts(lines: &[Value]) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for line in lines.iter().filter(|line| line["_aws"].is_object()) {
        let others = ["_aws", "requestId", "Function", "version", "functionVersion"];
        let mut known: Vec<String> = others.map(str::to_owned).to_vec();
        for metric in Metric::ALL.iter().filter(|metric| line.get(metric.name()).is_some()) {
            known.push(metric.name().to_owned());
            known.extend(metric.dimensions().iter().map(|name| (*name).to_owned()));
        }
        let unknown: Vec<_> = line
            .as_object()
            .expect("an object")
            .keys()
            .filter(|name| !known.contains(name))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?} in {line}");
        for (name, value) in read(line) {
            *counts.entry(name.clone()).or_default() +=
                if name.starts_with("Latency") { 1 } else { value as u32 };
        }
    }
    counts
}

#[test]
fn the_page_lists_every_metric() {
    let units = ["Count", "Seconds", "Milliseconds"];
    let listed: Vec<(&str, Vec<&str>, &str)> = rows()
        .filter(|row| row.len() == 4 && units.contains(&row[2]))
        .map(|row| (names(row[0])[0], names(row[1]), row[2]))
        .collect();
    let written: Vec<_> = Metric::ALL
        .iter()
        .map(|metric| (metric.name(), metric.dimensions().to_vec(), metric.unit()))
        .collect();
    assert_eq!(listed, written);
}

const NUMBER: &str = "+61491570156";
const MAIL: &str = "ann.private@example.com";

#[tokio::test]
async fn a_journey_counts_each_thing_once() {
    let lines = Lines::default();
    let world = World::new().await;
    let administrator = world.administrator().await;
    let admin = world.session(&administrator).await;
    world.switch_on_phones(&admin, 1).await;
    let ann =
        world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann Example" })).await;
    let listening = lines.listen(LevelFilter::TRACE);

    // A registration with two kinds of method: a code for each, and a notice about each.
    let session = world.session(&ann).await;
    world.add_method(&session, "email", MAIL).await;
    world.add_method(&session, "mobilePhone", NUMBER).await;
    // A start that is repeated with the same idempotency key counts once.
    let start = Ask::new("POST", "/v1/resets")
        .body(json!({ "userId": "ann@example.com" }))
        .header("idempotency-key", "k".repeat(20));
    let (started, again) =
        (world.ask(start.clone()).await.expect(201), world.ask(start).await.expect(201));
    assert_eq!(started.body, again.body);
    let reset = StartedReset {
        id: started.text("resetId"),
        bearer: started.text("bearer"),
        support_code: started.text("supportCode"),
    };
    world.send_code(&reset).await;
    assert_eq!(world.ask_code(&reset).await.code(), "tooSoon");
    world.pass(Span::seconds(30));
    // Proving the same kind again does not count as another step.
    let challenge = world.send_code(&reset).await;
    let code = world.code_for(MAIL).await;
    assert_eq!(
        world.verify(&reset.bearer, &challenge, &super::tour::other(&code)).await.code(),
        "codeNotAccepted"
    );
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    assert_eq!(world.next_in(&reset).await, "password");
    world.set_password(&reset, "short").await.expect(422);
    world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);
    // A reset of an unknown user ID continues until a code is requested.
    let decoy = world.start_reset("unknown@example.com").await;
    world.send_code(&decoy).await;
    world.pump().await;
    // A reset by the phone, which must be reviewed first, with a channel that fails.
    let session = world.sign_in("ann@example.com", "a new and longer ptarmigan").await;
    world.reviewed(&session.expect(200).text("bearer")).await;
    let other = world.start_reset("ann@example.com").await;
    world.standins.inbox().fail_next(Channel::Sms, Failure::Rejected);
    world.ask_sms(&other, NUMBER).await.expect(202);
    world.pump().await;

    drop(listening);
    let lines = lines.take();
    let mut counts = counts(&lines);
    let ends = lines
        .iter()
        .filter(|line| line["event"] == "answered" || line["event"] == "batchHandled")
        .count() as u32;
    assert_eq!(
        (counts.remove("Latency"), counts.remove("Latency latchkey-tests")),
        (Some(ends), Some(ends)),
        "one for each invocation"
    );
    let expected = json!({
        "CodesRefused": 1,
        "CodesVerified": 3, "CodesVerified email reset en none": 1,
        "CodesVerified email registration en none": 1, "CodesVerified mobilePhone registration en AU": 1,
        "MessagesDropped": 2, "MessagesDropped decoy": 1, "MessagesDropped superseded": 1,
        "MessagesFailed": 1, "MessagesFailed mobilePhone": 1,
        "MessagesSent": 6,
        "MessagesSent email registration en none": 1, "MessagesSent mobilePhone registration en AU": 1,
        "MessagesSent email reset en none": 1,
        "MessagesSent email notice en none": 2, "MessagesSent mobilePhone notice en AU": 1,
        "Refusals": 3, "Refusals tooSoon": 1, "Refusals codeNotAccepted": 1, "Refusals passwordRefused": 1,
        "ResetSteps": 9, "ResetSteps started": 3, "ResetSteps codeSent": 3, "ResetSteps verified": 1, "ResetSteps ready": 1,
        "ResetSteps completed": 1,
        "ResetsCompleted": 1, "ResetsStarted": 3,
        "SmsParts": 2, "SmsParts AU": 2
    });
    assert_eq!(json!(counts), expected);

    let seen: BTreeSet<&str> =
        lines.iter().filter(|line| !line["_aws"].is_object()).flat_map(known).collect();
    assert!(["reason", "country", "parts"].iter().all(|field| seen.contains(field)), "{seen:?}");

    // Metrics contain no name, address or secret.
    let text: String = lines.iter().map(Value::to_string).collect();
    let new = "a new and longer ptarmigan";
    for secret in [
        MAIL,
        NUMBER,
        "ann@example.com",
        "unknown@example.com",
        "Ann Example",
        &ann.password,
        new,
        &code,
        &reset.bearer,
        &challenge,
    ] {
        assert!(!text.contains(secret), "{secret} is logged");
    }
    let now = lines.iter().find_map(|line| line["_aws"]["Timestamp"].as_i64());
    assert_eq!(now, Some(BEGIN.0), "the time of the request");
}

#[tokio::test]
async fn each_answer_has_one_latency_and_a_lockout_counts_when_it_begins() {
    let lines = Lines::default();
    let world = World::new().await;
    let administrator = world.administrator().await;
    let session = world.session(&administrator).await;
    let listening = lines.listen(LevelFilter::OFF);
    for n in 0..12 {
        world.sign_in("unknown@example.com", &format!("a wrong password, number {n}")).await;
    }
    // Wrong passwords of a signed-in user count in the same way.
    for n in 0..11 {
        let confirm = Ask::new("POST", "/v1/session/confirm").bearer(&session);
        world
            .ask(confirm.body(json!({ "password": format!("a wrong password, number {n}") })))
            .await;
    }
    drop(listening);
    let counts = counts(&lines.take());
    assert_eq!(
        json!(counts),
        json!({
            "Latency": 23, "Latency latchkey-tests": 23,
            "Lockouts": 2,
            "Refusals": 23, "Refusals signInFailed": 10, "Refusals signInLocked": 3, "Refusals currentPasswordWrong": 10,
            "SignInsFailed": 10
        })
    );
}

#[tokio::test]
async fn a_text_message_counts_each_time_its_channel_may_have_accepted_it() {
    let lines = Lines::default();
    let world = World::new().await;
    let administrator = world.administrator().await;
    let admin = world.session(&administrator).await;
    world.switch_on_phones(&admin, 1).await;
    let ann =
        world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann Example" })).await;
    world.register_all(&ann, &[("mobilePhone", NUMBER)]).await;
    let reset = world.start_reset("ann@example.com").await;
    world.ask_sms(&reset, NUMBER).await.expect(202);
    let mut lost = false;
    world.proxy.set_rule(move |operation, _| {
        let first = operation == "/Publish" && !std::mem::replace(&mut lost, true);
        first.then_some(Fault::LoseReply)
    });
    let listening = lines.listen(LevelFilter::INFO);
    world.pump().await;
    drop(listening);
    let lines = lines.take();
    let mut counts = counts(&lines);
    counts.retain(|name, _| !name.starts_with("Latency"));
    // Counts one message, although it reached the phone twice.
    let expected = json!({ "MessagesSent": 1, "MessagesSent mobilePhone reset en AU": 1, "SmsParts": 2, "SmsParts AU": 2 });
    assert_eq!(json!(counts), expected);
    let outcomes: Vec<_> = lines
        .iter()
        .filter(|line| line["parts"] == 1)
        .map(|line| line["outcome"].as_str().expect("a text"))
        .collect();
    assert_eq!(outcomes, ["retried", "sent"]);
}

#[tokio::test]
async fn unsent_messages_are_measured_with_their_age() {
    let lines = Lines::default();
    let world = World::new().await;
    world.ready().await;
    let reset = world.start_reset("ann@example.com").await;
    world.send_code(&reset).await;
    world.pass(Span::seconds(90));
    let listening = lines.listen(LevelFilter::INFO);
    world.invoke_send_code(&json!({ "measure": {} })).await.expect("an answer");
    drop(listening);
    let lines = lines.take();
    assert_eq!(json!(counts(&lines)), json!({ "OutboxUnsent": 1, "OutboxOldestSeconds": 90 }));
    let told = lines.iter().find(|line| line["event"] == "outboxMeasured").expect("a line");
    assert_eq!(
        [&told["outcome"], &told["messages"], &told["oldest"]],
        [&json!("ok"), &json!(1), &json!(90)]
    );
}

#[test]
fn a_text_message_counts_by_its_parts() {
    for (text, expected) in [
        ("a".repeat(160), 1),
        ("a".repeat(161), 2),
        ("a".repeat(306), 2),
        ("a".repeat(307), 3),
        ("€".repeat(80), 1),
        ("€".repeat(81), 2),
        ("碼".repeat(70), 1),
        ("碼".repeat(71), 2),
        ("碼".repeat(134), 2),
        ("碼".repeat(135), 3),
    ] {
        assert_eq!(parts(&text), expected, "{} characters", text.chars().count());
        assert_eq!(
            local::inbox::parts(&text),
            expected as usize,
            "the inbox counts the same parts"
        );
    }
}
