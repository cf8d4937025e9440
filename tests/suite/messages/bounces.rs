//! Messages that come back: whose method is marked, who is told, and that
//! nothing else happens. What the events say is read in `delivery_events`.

use domain::time::Span;
use local::inbox::{Channel, Failure};
use serde_json::{Value, json};
use std::sync::Arc;
use tests::delivery::{bounce, logged, sms_line};
use tests::world::Ask;
use tests::{Person, World};
use tokio::task::JoinSet;

pub const MAIL: &str = "ann.private@example.com";
pub const NUMBER: &str = "+61491570156";

/// Somebody with a mail address and a phone, to whom notices went a minute
/// after they had registered; the administrator's bearer.
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

/// A change that she is told of at each address: her password, to itself.
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

/// Since when a method is undeliverable and why, as it is stored.
async fn mark(world: &World, kind: &str) -> Option<(String, String)> {
    let mark = account(world, "ann@example.com").await["methods"]["M"][kind]["M"]["undeliverable"]
        ["M"]
        .clone();
    Some((mark["since"]["N"].as_str()?.to_owned(), mark["reason"]["S"].as_str()?.to_owned()))
}

/// What is marked, without when.
pub async fn marks(world: &World) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for kind in ["email", "mobilePhone"] {
        found.extend(mark(world, kind).await.map(|(_, reason)| (kind, reason)));
    }
    found
}

pub async fn trail(world: &World) -> Vec<Value> {
    world
        .items()
        .await
        .into_iter()
        .filter(|item| item["event"]["S"] == "methodUndeliverable")
        .collect()
}

pub fn counts(answer: &Value) -> [u64; 5] {
    ["marked", "unchanged", "passing", "unknown", "malformed"]
        .map(|name| answer[name].as_u64().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn its_owner_is_told_at_the_next_sign_in_and_administrators_see_it() {
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

    // The session that she has goes on, and is asked nothing; it is told.
    let told = me(&session).await;
    assert_eq!(
        (&told["next"], &told["reach"], &told["undeliverable"]),
        (&Value::Null, &json!("full"), &json!(["email"]))
    );
    for (bearer, path) in
        [(&session, "/v1/me/methods"), (&admin, "/v1/users/ann@example.com/methods")]
    {
        let methods = methods(bearer, path).await;
        assert_eq!(methods["email"]["undeliverableSince"], json!(since), "{path}");
        assert_eq!(methods["email"]["destination"], "a•••@example.com", "{path}: masked as ever");
        assert_eq!(methods["mobilePhone"].get("undeliverableSince"), None, "{path}");
    }
    // The next one begins with the question.
    let asked = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    assert_eq!(
        (&asked.body["next"], &asked.body["reach"]),
        (&json!("reconfirm"), &json!("register"))
    );
    assert_eq!(asked.body["undeliverable"], json!(["email"]));
    assert!(asked.body["postponeUntil"].is_string(), "and may be put off for the policy's days");
    // It is right, she says: she is not asked again, and it stays to be seen.
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
    // A later message comes back too: she is asked anew.
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
async fn nobody_is_asked_who_could_not_reset_anyway_nor_of_a_kind_that_is_not_allowed() {
    type Change = fn(&mut Value);
    #[rustfmt::skip]
    let table: [(&str, Change, Value); 5] = [
        ("nothing else", |_| {}, json!("reconfirm")),
        ("never regularly", |p| p["registration"]["reconfirmDays"] = json!(0), json!("reconfirm")),
        ("registration is free", |p| p["registration"]["required"] = json!(false), json!("reconfirm")),
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

/// A reset by mail from its start to the sign-in after it: what was answered,
/// without what is drawn anew each time, and which calls were made.
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
    answers.push(world.set_password(&reset, "a new and longer password").await.expect(204).body);
    for answer in &mut answers {
        for drawn in ["resetId", "bearer", "supportCode", "challengeId", "expiresAt"] {
            answer.as_object_mut().map(|fields| fields.remove(drawn));
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
async fn a67_a_bounce_changes_no_answer_of_a_reset_and_none_of_its_calls() {
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
async fn a67_a_bounce_ends_nothing_that_is_under_way() {
    let (world, _, ann) = notified_user().await;
    let (session, before) = (world.session(&ann).await, account(&world, "ann@example.com").await);
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for(MAIL).await;
    world.pass(Span::seconds(1));
    // The very message that holds the code, and all others.
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
        (marks(&world).await.len(), trail(&world).await.len()),
        (2, 2),
        "told once, however many come back"
    );
    let after = account(&world, "ann@example.com").await;
    assert_eq!(before["generation"], after["generation"]);
    assert_eq!(
        before["methods"]["M"]["email"]["M"]["version"],
        after["methods"]["M"]["email"]["M"]["version"]
    );
    world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await.expect(200);
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    world.set_password(&reset, "a new and longer password").await.expect(204);
    // And the notice of it goes to both, as before.
    let mails = world.standins.inbox().all().len();
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), mails + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a67_an_event_that_comes_again_does_nothing_more() {
    let (world, _, _) = notified_user().await;
    let event = bounce("Permanent", &world.name_of_newest(MAIL));
    assert_eq!(
        counts(&world.invoke_delivery_events(&event).await.expect("an answer")),
        [1, 0, 0, 0, 0]
    );
    let after = world.items().await;
    world.pass(Span::minutes(1));
    for _ in 0..3 {
        assert_eq!(
            counts(&world.invoke_delivery_events(&event).await.expect("an answer")),
            [0, 0, 0, 1, 0]
        );
    }
    assert_eq!(world.items().await, after);
    // The same at once, eight times: one marks.
    let (world, _, _) = notified_user().await;
    let event = bounce("Permanent", &world.name_of_newest(MAIL));
    let world = Arc::new(world);
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (world, event) = (world.clone(), event.clone());
        tasks.spawn(async move {
            counts(&world.invoke_delivery_events(&event).await.expect("an answer"))
        });
    }
    let all = tasks.join_all().await;
    assert_eq!(all.iter().filter(|counts| counts[0] == 1).count(), 1, "{all:?}");
    assert_eq!((trail(&world).await.len(), marks(&world).await.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a67_an_address_that_was_changed_or_proved_since_is_not_marked() {
    // Changed meanwhile.
    let (world, _, ann) = notified_user().await;
    let old = bounce("Permanent", &world.name_of_newest(MAIL));
    world.pass(Span::minutes(11));
    world.add_method(&world.session(&ann).await, "email", "ann.new@example.com").await;
    assert_eq!(
        counts(&world.invoke_delivery_events(&old).await.expect("an answer")),
        [0, 1, 0, 0, 0]
    );
    // The old one is told of the change, after it: that this comes back says
    // nothing of the new one.
    world.pass(Span::seconds(1));
    world.pump().await;
    let told = bounce("Permanent", &world.name_of_newest(MAIL));
    assert_ne!(told, old);
    assert_eq!(
        counts(&world.invoke_delivery_events(&told).await.expect("an answer")),
        [0, 1, 0, 0, 0]
    );
    // And back: the older message says nothing of an address proved after it.
    world.pass(Span::minutes(11));
    world.add_method(&world.session(&ann).await, "email", MAIL).await;
    assert_eq!(
        counts(&world.invoke_delivery_events(&old).await.expect("an answer")),
        [0, 1, 0, 0, 0]
    );
    assert_eq!(marks(&world).await, vec![]);
    // Removed; then the whole account.
    let (world, admin, ann) = notified_user().await;
    let old = bounce("Permanent", &world.name_of_newest(MAIL));
    world
        .ask(Ask::new("DELETE", "/v1/me/methods/email").bearer(&world.session(&ann).await))
        .await
        .expect(204);
    assert_eq!(
        counts(&world.invoke_delivery_events(&old).await.expect("an answer")),
        [0, 1, 0, 0, 0]
    );
    let seen =
        world.ask(Ask::new("GET", "/v1/users/ann@example.com").bearer(&admin)).await.expect(200);
    let delete = Ask::new("DELETE", "/v1/users/ann@example.com")
        .bearer(&admin)
        .header("if-match", &seen.headers["etag"]);
    world.ask(delete).await.expect(204);
    assert_eq!(
        counts(&world.invoke_delivery_events(&old).await.expect("an answer")),
        [0, 1, 0, 0, 0]
    );
    assert_eq!(trail(&world).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_between_its_read_and_its_write_is_judged_anew() {
    let (world, _, ann) = notified_user().await;
    let event = bounce("Permanent", &world.name_of_newest(MAIL));
    let gate = world.proxy.hold(|operation, body| {
        operation == "TransactWriteItems" && body.to_string().contains("\"methodUndeliverable\"")
    });
    let change = async {
        gate.arrived(1).await;
        world.pass(Span::minutes(11));
        world.add_method(&world.session(&ann).await, "email", "ann.new@example.com").await;
        gate.open();
    };
    let (answer, ()) = tokio::join!(world.invoke_delivery_events(&event), change);
    assert_eq!(counts(&answer.expect("an answer")), [0, 1, 0, 0, 0]);
    assert_eq!((marks(&world).await, trail(&world).await), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_tells_it_under_the_support_code_of_its_reset_and_no_address_lies_there() {
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
        .expect("whose it was");
    let text = sent.to_string();
    assert!(!text.contains("example.com") && sent.get("supportCode").is_none(), "{text}");
    assert_eq!(sent["ttl"]["N"], (world.now() + Span::days(7)).epoch_seconds().to_string());
    world.pass(Span::seconds(1));
    world.invoke_delivery_events(&bounce("Permanent", &name)).await.expect("an answer");
    let [told] = &trail(&world).await[..] else { panic!("one event") };
    assert_eq!(
        (&told["supportCode"]["S"], &told["reason"]["S"], &told["kind"]["S"]),
        (&json!(reset.support_code), &json!("bounced"), &json!("email"))
    );
    assert!(told["uid"]["S"].is_string() && !told.to_string().contains("example.com"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_failure_buttons_of_the_inbox_rehearse_it() {
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
        let report = reports.try_recv().expect("what AWS would say");
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
