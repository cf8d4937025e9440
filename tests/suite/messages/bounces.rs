//! Messages that bounce: which method is marked, where the mark is shown, and that nothing else
//! changes. The module `delivery_events` tests how delivery events are read.

use domain::time::Span;
use local::inbox::{Channel, Failure};
use serde_json::{Value, json};
use tests::delivery::{bounce, logged, sms_line};
use tests::world::Ask;
use tests::{Person, World};

pub const MAIL: &str = "ann.private@example.com";
pub const NUMBER: &str = "+61491570156";

/// Creates a user with a mail address and a phone who received notices at both. They were
/// sent one minute after the registration. Returns the test environment, an
/// administrator's bearer token and the user.
pub async fn notified_user() -> (World, String, Person) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on_phones(&admin, 1).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    world.register_all(&ann, &[("email", MAIL), ("mobilePhone", NUMBER)]).await;
    world.pump().await;
    world.pass(Span::minutes(1));
    notify(&world, &ann).await;
    (world, admin, ann)
}

/// Changes the user's password and changes it back, so that each address receives notices.
pub async fn notify(world: &World, ann: &Person) {
    let session = world.session(ann).await;
    let change = |from: &str, to: &str| json!({ "currentPassword": from, "newPassword": to });
    let other = "another long password for a moment";
    let put =
        |bearer: &str, body: Value| Ask::new("PUT", "/v1/me/password").bearer(bearer).body(body);
    let session =
        world.ask(put(&session, change(&ann.password, other))).await.expect(200).text("bearer");
    world.ask(put(&session, change(other, &ann.password))).await.expect(200);
    world.pump().await;
    world.pass(Span::seconds(1));
}

async fn account(world: &World, user_id: &str) -> Value {
    let items = world.items().await;
    items
        .into_iter()
        .find(|item| item["userId"]["S"] == user_id)
        .unwrap_or_else(|| panic!("no {user_id}"))
}

/// Returns the stored time since when a method is undeliverable, and the reason.
async fn mark(world: &World, kind: &str) -> Option<(String, String)> {
    let mark = account(world, "ann@example.com").await["methods"]["M"][kind]["M"]["binding"]["M"]["delivered"]["M"]["undeliverable"]
        ["M"]
        .clone();
    Some((mark["since"]["N"].as_str()?.to_owned(), mark["reason"]["S"].as_str()?.to_owned()))
}

/// Returns the kinds of method that are marked as undeliverable, with the reasons.
pub async fn marks(world: &World) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for kind in ["email", "mobilePhone"] {
        found.extend(mark(world, kind).await.map(|(_, reason)| (kind, reason)));
    }
    found
}

/// Returns the audit entries about marked methods.
pub async fn audit_entries(world: &World) -> Vec<Value> {
    world
        .items()
        .await
        .into_iter()
        .filter(|item| item["event"]["S"] == "methodUndeliverable")
        .collect()
}

/// Returns the counts of an invocation: marked, unchanged, passing, unknown, malformed.
pub fn counts(answer: &Value) -> [u64; 5] {
    ["marked", "unchanged", "passing", "unknown", "malformed"]
        .map(|name| answer[name].as_u64().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_asks_the_user_to_reconfirm_at_sign_in_and_is_shown_to_administrators() {
    let (world, admin, ann) = notified_user().await;
    let session = world.session(&ann).await;
    let methods = async |bearer: &str, path: &str| {
        world.ask(Ask::new("GET", path).bearer(bearer)).await.expect(200).body["methods"].clone()
    };
    let me = async |bearer: &str| {
        world.ask(Ask::new("GET", "/v1/me").bearer(bearer)).await.expect(200).body
    };
    assert_eq!(me(&session).await["undeliverable"], json!([]));
    let since = world.now().to_string();
    world
        .invoke_delivery_events(&bounce("Permanent", &world.name_of_newest(MAIL)))
        .await
        .expect("an answer");

    // Her session continues without a new step, and `GET /v1/me` shows the kind.
    let shown = me(&session).await;
    assert_eq!(
        (&shown["next"], &shown["reach"], &shown["undeliverable"]),
        (&Value::Null, &json!("full"), &json!(["email"]))
    );
    for (bearer, path) in
        [(&session, "/v1/me/methods"), (&admin, "/v1/users/ann@example.com/methods")]
    {
        let methods = methods(bearer, path).await;
        assert_eq!(methods["email"]["undeliverableSince"], json!(since), "{path}");
        assert_eq!(methods["email"]["destination"], "a•••@example.com", "{path}: still masked");
        assert_eq!(methods["mobilePhone"].get("undeliverableSince"), None, "{path}");
    }
    // The next sign-in asks her to reconfirm her methods.
    let asked = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    assert_eq!(
        (&asked.body["next"], &asked.body["reach"]),
        (&json!("reconfirm"), &json!("register"))
    );
    assert_eq!(asked.body["undeliverable"], json!(["email"]));
    assert!(asked.body["postponeUntil"].is_string(), "she may postpone it for the policy's days");
    // She reconfirms the address: sign-in does not ask again, and the mark stays visible.
    world.pass(Span::seconds(1));
    let good = world
        .ask(Ask::new("POST", "/v1/me/registration/reconfirm").bearer(&asked.text("bearer")))
        .await
        .expect(200);
    assert_eq!(
        (&good.body["next"], &good.body["undeliverable"]),
        (&Value::Null, &json!(["email"]))
    );
    world.pass(Span::seconds(1));
    assert_eq!(
        world.sign_in(&ann.user_id, &ann.password).await.expect(200).body["next"],
        Value::Null
    );
    // A later message bounces too: sign-in asks again.
    notify(&world, &ann).await;
    let answer = world
        .invoke_delivery_events(&bounce("Permanent", &world.name_of_newest(MAIL)))
        .await
        .expect("an answer");
    assert_eq!(counts(&answer), [1, 0, 0, 0, 0]);
    assert_eq!(
        world.sign_in(&ann.user_id, &ann.password).await.expect(200).body["next"],
        "reconfirm"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_asks_only_users_in_scope_and_only_about_allowed_kinds() {
    type Change = fn(&mut Value);
    #[rustfmt::skip]
    let table: [(&str, Change, Value); 5] = [
        ("default policy", |_| {}, json!("reconfirm")),
        ("no regular reconfirmation", |p| p["registration"]["reconfirmDays"] = json!(0), json!("reconfirm")),
        ("registration not required", |p| p["registration"]["required"] = json!(false), json!("reconfirm")),
        ("out of scope", |p| p["scope"] = json!({ "type": "none" }), Value::Null),
        ("mail not allowed", |p| p["methods"] = json!(["mobilePhone"]), Value::Null),
    ];
    for (what, change, next) in table {
        let (world, admin, ann) = notified_user().await;
        world
            .invoke_delivery_events(&bounce("Permanent", &world.name_of_newest(MAIL)))
            .await
            .expect("an answer");
        world.save_policy(&admin, change).await.expect(200);
        let answer = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
        assert_eq!(
            (&answer.body["next"], &answer.body["undeliverable"]),
            (&next, &json!(["email"])),
            "{what}"
        );
    }
}

/// Runs a reset by mail from its start to the new password. Returns the answers,
/// without the fields that differ each time, and the AWS calls.
async fn reset(world: &World, ann: &Person) -> (Vec<Value>, Vec<String>) {
    world.proxy.take_calls();
    let mut answers = Vec::new();
    let started = world.ask_reset(&ann.user_id).await.expect(201);
    let reset = tests::people::StartedReset {
        id: started.text("resetId"),
        bearer: started.text("bearer"),
        support_code: started.text("supportCode"),
    };
    let sent = world.ask_code(&reset).await.expect(202);
    let code = world.code_for(MAIL).await;
    answers.extend([started.body, sent.body.clone()]);
    answers
        .push(world.verify(&reset.bearer, &sent.text("challengeId"), &code).await.expect(200).body);
    answers.push(
        world
            .ask(Ask::new("GET", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer))
            .await
            .expect(200)
            .body,
    );
    answers.push(world.set_password(&reset, "a new and longer ptarmigan").await.expect(204).body);
    for answer in &mut answers {
        for field in ["resetId", "bearer", "supportCode", "challengeId", "expiresAt"] {
            answer.as_object_mut().map(|fields| fields.remove(field));
        }
    }
    let calls = world.proxy.take_calls().into_iter().map(|call| {
        let conditions =
            call.body["TransactItems"].as_array().into_iter().flatten().map(|member| {
                let (verb, body) =
                    member.as_object().expect("a member").iter().next().expect("a verb");
                format!("{verb} {} {}", body["UpdateExpression"], body["ConditionExpression"])
            });
        format!(
            "{} {:?} {}",
            call.operation,
            conditions.collect::<Vec<_>>(),
            call.body["RequestItems"]["latchkey"]["Keys"].as_array().map_or(0, Vec::len)
        )
    });
    (answers, calls.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a67_a_bounce_changes_neither_the_answers_nor_the_calls_of_a_reset() {
    let (marked, _, ann) = notified_user().await;
    let (other, _, same) = notified_user().await;
    let answer = marked
        .invoke_delivery_events(&bounce("Permanent", &marked.name_of_newest(MAIL)))
        .await
        .expect("an answer");
    assert_eq!(counts(&answer), [1, 0, 0, 0, 0]);
    let (ours, theirs) = (reset(&marked, &ann).await, reset(&other, &same).await);
    assert_eq!(ours.0, theirs.0);
    assert_eq!(ours.1, theirs.1);
    assert!(ours.1.len() > 10, "{:?}", ours.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a67_a_bounce_ends_no_session_reset_or_code() {
    let (world, _, ann) = notified_user().await;
    let (session, before) = (world.session(&ann).await, account(&world, "ann@example.com").await);
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for(MAIL).await;
    world.pass(Span::seconds(1));
    // Every message bounces, including the one with the code.
    for message in world.standins.inbox().all() {
        world
            .invoke_delivery_events(&bounce("Permanent", &message.message_id))
            .await
            .expect("an answer");
        world
            .invoke_delivery_events(&logged(&[sms_line(
                &message.message_id,
                "FAILURE",
                "Phone number is opted out",
            )]))
            .await
            .expect("an answer");
    }
    assert_eq!(
        (marks(&world).await.len(), audit_entries(&world).await.len()),
        (2, 2),
        "each method is marked once, however many messages bounce"
    );
    let after = account(&world, "ann@example.com").await;
    assert_eq!(before["generation"], after["generation"]);
    assert_eq!(
        before["methods"]["M"]["email"]["M"]["version"],
        after["methods"]["M"]["email"]["M"]["version"]
    );
    world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await.expect(200);
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);
    // The notice about the reset still goes to both addresses.
    let mails = world.standins.inbox().all().len();
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), mails + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_entry_of_a_bounce_has_the_resets_support_code_and_no_address() {
    let (world, _, ann) = notified_user().await;
    let reset = world.start_reset(&ann.user_id).await;
    world.send_code(&reset).await;
    world.pump().await;
    let name = world.name_of_newest(MAIL);
    let sent = world
        .items()
        .await
        .into_iter()
        .find(|item| item["pk"]["S"] == format!("SENT#{name}"))
        .expect("the record of the send");
    let text = sent.to_string();
    assert!(!text.contains("example.com") && sent.get("supportCode").is_none(), "{text}");
    assert_eq!(sent["ttl"]["N"], (world.now() + Span::days(7)).epoch_seconds().to_string());
    world.pass(Span::seconds(1));
    world.invoke_delivery_events(&bounce("Permanent", &name)).await.expect("an answer");
    let [entry] = &audit_entries(&world).await[..] else { panic!("one audit entry") };
    assert_eq!(
        (&entry["supportCode"]["S"], &entry["reason"]["S"], &entry["kind"]["S"]),
        (&json!(reset.support_code), &json!("bounced"), &json!("email"))
    );
    assert!(entry["uid"]["S"].is_string() && !entry.to_string().contains("example.com"), "{entry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inboxs_failure_buttons_produce_the_events_of_aws() {
    let (mut world, _, ann) = notified_user().await;
    let mut reports = world.standins.reports();
    #[rustfmt::skip]
    let table = [
        (Channel::Email, Failure::Bounced, "email", "bounced"),
        (Channel::Email, Failure::Suppressed, "email", "bounced"),
        (Channel::Sms, Failure::OptedOut, "mobilePhone", "optedOut"),
    ];
    for (channel, failure, kind, reason) in table {
        world.standins.fail_next(channel, failure);
        let reset = world.start_reset(&ann.user_id).await;
        let destination = if kind == "email" { MAIL } else { NUMBER };
        world
            .ask_code_by(&reset, json!({ "kind": kind, "destination": destination }))
            .await
            .expect(202);
        world.pump().await;
        world.pass(Span::seconds(1));
        let report = reports.try_recv().expect("the event that AWS would send");
        assert_eq!(
            counts(&world.invoke_delivery_events(&report).await.expect("an answer")),
            [1, 0, 0, 0, 0],
            "{failure:?}"
        );
        assert_eq!(marks(&world).await, vec![(kind, reason.to_owned())]);
        world.pass(Span::minutes(11));
        world.add_method(&world.session(&ann).await, kind, destination).await;
        world.pass(Span::hours(1));
    }
    assert!(reports.try_recv().is_err());
}
