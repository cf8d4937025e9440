//! Visibility: secrets appear only in the responses that issue them, and errors reveal none.

use super::{MAIL, one_kind};
use crate::house::tour::{Step, perform, tour};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Answer, Fault, World};

/// Response fields that contain a secret, shown once.
const HANDED_OUT: [&str; 2] = ["bearer", "temporaryPassword"];
/// Request fields that contain a secret.
const CARRIED: [&str; 4] = ["password", "currentPassword", "newPassword", "code"];

fn texts(body: &Value, names: &[&str]) -> Vec<String> {
    names.iter().filter_map(|name| body[*name].as_str()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a61_a_secret_is_only_in_the_place_that_hands_it_out() {
    let world = World::new().await;
    let (mut secrets, mut handed, mut urls, mut answers) =
        (BTreeSet::new(), Vec::new(), Vec::new(), Vec::new());
    tour(&world, &mut async |name, step| {
        if let Step::Ask(ask, _) = &step {
            secrets.extend(texts(ask.body.as_ref().unwrap_or(&Value::Null), &CARRIED));
            urls.push(ask.path.clone());
        }
        let answer = perform(&world, &step).await;
        handed.extend(texts(&answer.body, &HANDED_OUT));
        handed.extend(answer.cookie_values());
        handed.extend(answer.headers.get("latchkey-device").cloned());
        if let Step::Ask(..) = &step {
            answers.push((name.to_owned(), answer.clone()));
        }
        answer
    })
    .await;
    // The answer to a refused request does not repeat a misplaced secret.
    let (user_id, misplaced) = ("ann@example.com", "a password, typed where it is shown");
    let codes: Vec<String> =
        world.standins.inbox().all().into_iter().filter_map(|message| message.code).collect();
    let reset = world.start_reset(user_id).await;
    for ask in [
        Ask::new("POST", "/v1/resets").body(json!({ "userId": misplaced })),
        Ask::new("POST", "/v1/sign-in").body(json!({ "userId": misplaced, "password": misplaced })),
        Ask::new("POST", "/v1/sign-in").body(json!({ "userId": user_id, misplaced: "x" })),
        Ask::new("POST", "/v1/sign-in").body(json!({ "userId": user_id, "password": [misplaced] })),
        Ask::new("POST", "/v1/sign-in")
            .body(Value::String(format!("{{\"userId\":\"{user_id}\",\"password\":\"{misplaced}"))),
        Ask::new("PUT", format!("/v1/resets/{}/password", reset.id))
            .bearer(&reset.bearer)
            .body(json!({ "newPassword": { "x": misplaced } })),
        Ask::new("POST", format!("/v1/resets/{}/challenges", reset.id))
            .bearer(&reset.bearer)
            .body(json!({ "kind": misplaced })),
        Ask::new("GET", "/v1/me").bearer(&reset.bearer).header("x-password", misplaced),
        Ask::new("GET", "/v1/me").cookie(&format!("__Host-latchkey={}", reset.bearer)),
    ] {
        let what = format!("{} {}, refused", ask.method, ask.path);
        let mut answer = world.ask(ask).await;
        // The name of an unknown field is returned, so that the caller can find it.
        if answer.body["errors"][0]["pointer"] == format!("/{misplaced}") {
            answer.body["errors"][0]["pointer"] = json!(null);
        }
        for name in HANDED_OUT {
            answer.body.as_object_mut().map(|fields| fields.remove(name));
        }
        answers.push((what, answer));
    }
    secrets.insert(misplaced.to_owned());
    secrets.insert(reset.bearer);
    secrets.extend(handed.iter().cloned());
    secrets.extend(codes.iter().cloned());
    let counts = [handed.len(), codes.len(), secrets.len(), answers.len()];
    assert!(counts.iter().zip([10, 2, 20, 40]).all(|(found, least)| *found > least), "{counts:?}");
    let once: BTreeSet<&String> = handed.iter().collect();
    assert_eq!(once.len(), handed.len(), "each is handed out once");

    for (what, answer) in &answers {
        assert_eq!(answer.headers["cache-control"], "no-store", "{what}");
        let mut rest = answer.clone();
        for name in HANDED_OUT {
            rest.body.as_object_mut().map(|fields| fields.remove(name));
        }
        rest.headers.remove("latchkey-device");
        if !answer.cookie_values().is_empty() {
            rest.headers.remove("set-cookie");
            assert!(answer.body.get("bearer").is_none(), "{what}: in the cookie and in the body");
        }
        let shown = format!("{} {:?}", rest.body, rest.headers);
        let found: Vec<_> =
            secrets.iter().filter(|secret| shown.contains(secret.as_str())).collect();
        assert!(found.is_empty(), "{what} shows {} secrets", found.len());
    }
    for url in &urls {
        assert!(!secrets.iter().any(|secret| url.contains(secret.as_str())), "a secret in {url}");
    }
    for message in world.standins.inbox().all() {
        let subject = message.subject.clone().unwrap_or_default();
        let in_text: Vec<_> =
            secrets.iter().filter(|secret| message.text.contains(secret.as_str())).collect();
        assert!(
            secrets.iter().all(|secret| !subject.contains(secret.as_str())),
            "a secret in the subject {subject:?}"
        );
        assert_eq!(
            in_text,
            message.code.iter().collect::<Vec<_>>(),
            "only its own code: {subject:?}"
        );
    }
}

/// Asserts that a problem has only its fixed texts and an ID.
fn is_plain(answer: &Answer, what: &str) {
    let texts: Value =
        serde_json::from_str(include_str!("../../../shared/texts/en.json")).expect("JSON");
    let code = answer.code();
    for part in ["title", "detail"] {
        assert_eq!(answer.body[part], texts[format!("problem.{code}.{part}")], "{what}");
    }
    let id = answer.text("supportCode");
    assert!(
        id.len() >= 8 && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
        "{what}: {id}"
    );
    let fields: BTreeSet<&str> =
        answer.body.as_object().expect("a problem").keys().map(String::as_str).collect();
    let known: BTreeSet<&str> =
        ["type", "title", "status", "detail", "code", "supportCode", "retryAfter", "errors"].into();
    assert!(fields.is_subset(&known), "{what}: {fields:?}");
    let shown = format!("{} {:?}", answer.body, answer.headers).to_lowercase();
    for word in [
        "dynamo",
        "aws",
        "accessdenied",
        "exception",
        "throughput",
        "injected",
        "acct#",
        "reset#",
        "expected",
        "panick",
        ".rs",
        "garbage",
    ] {
        assert!(!shown.contains(word), "{what} reveals {word}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a63_an_error_shows_only_a_fixed_text_and_an_id() {
    for fault in [Fault::AccessDenied, Fault::Throttle] {
        let world = World::new().await;
        let mut failed = 0;
        tour(&world, &mut async |name, step| {
            if let Step::Ask(ask, _) = &step {
                // First all calls fail; then only the writes.
                for writes_alone in [false, true] {
                    world.proxy.set_rule(move |operation, _| {
                        (!writes_alone || operation.starts_with("Transact")).then_some(fault)
                    });
                    let answer = world.ask(ask.clone()).await;
                    world.proxy.clear_rule();
                    if answer.status < 500 {
                        // The request only reads, or is refused before any call.
                        return answer;
                    }
                    assert_eq!((answer.status, answer.code()), (503, "unavailable"), "{name}");
                    is_plain(&answer, name);
                    failed += 1;
                }
            }
            perform(&world, &step).await
        })
        .await;
        assert!(failed > 40, "{failed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a63_an_unreadable_item_reveals_nothing_of_its_content() {
    for kind in ["ACCT#", "LEDGER#", "RESET#", "SESSION#", "LOCK#", "DEVICE#", "SRC#", "POLICY"] {
        let (world, _, ann) = one_kind().await;
        let sign_in = |device: &str| {
            let body = json!({ "userId": ann.user_id, "password": ann.password });
            Ask::new("POST", "/v1/sign-in").body(body).header("latchkey-device", device)
        };
        let signed_in = world.ask(sign_in("new")).await.expect(200);
        let session = signed_in.text("bearer");
        // Only a wrong password writes a lock.
        world.sign_in(&ann.user_id, "a wrong password").await.expect(401);
        let started = world.ask_reset(&ann.user_id).await.expect(201);
        let reset = StartedReset {
            id: started.text("resetId"),
            bearer: started.text("bearer"),
            support_code: String::new(),
        };
        world.send_code(&reset).await;
        let of_kind =
            |item: &&Value| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(kind));
        let items = world.items().await;
        let mut broken = 0;
        for item in items.iter().filter(of_kind) {
            let mut garbage: Value = item
                .as_object()
                .expect("an item")
                .keys()
                .map(|name| (name.clone(), json!({ "S": "garbage" })))
                .collect();
            (garbage["pk"], garbage["sk"]) = (item["pk"].clone(), item["sk"].clone());
            let put = world.table("PutItem", json!({ "Item": garbage })).await;
            assert_eq!(put, json!({}), "{kind}");
            broken += 1;
        }
        assert!(broken > 0, "no {kind}");
        let mut failed = 0;
        for ask in [
            sign_in(&signed_in.headers["latchkey-device"]),
            Ask::new("GET", "/v1/me").bearer(&session),
            Ask::new("GET", "/v1/me/methods").bearer(&session),
            Ask::new("POST", "/v1/resets").body(json!({ "userId": ann.user_id })),
            Ask::new("GET", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer),
            Ask::new("POST", format!("/v1/resets/{}/challenges", reset.id))
                .bearer(&reset.bearer)
                .body(json!({ "kind": "email", "destination": MAIL })),
        ] {
            let what = format!("{kind}: {} {}", ask.method, ask.path);
            let answer = world.ask(ask).await;
            if answer.status >= 400 {
                is_plain(&answer, &what);
                failed += usize::from(answer.status >= 500);
            }
        }
        assert!(failed > 0, "{kind}: no route reads it");
    }
}
