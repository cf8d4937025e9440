//! Users change and remove their own methods: what this ends, who receives a notice,
//! and pending addresses.

use super::registration::{MAIL, me, step};
use domain::challenge::ChallengeId;
use domain::code::Code;
use domain::time::Span;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::world::Ask;
use tests::{Answer, Person, World};

fn remove(bearer: &str, kind: &str) -> Ask {
    Ask::new("DELETE", format!("/v1/me/methods/{kind}")).bearer(bearer)
}

async fn add(world: &World, bearer: &str, kind: &str, address: &str) -> String {
    let body = json!({ "kind": kind, "destination": address });
    world
        .ask(Ask::new("POST", "/v1/me/methods").bearer(bearer).body(body))
        .await
        .expect(202)
        .text("challengeId")
}

async fn methods(world: &World, bearer: &str) -> Answer {
    world.ask(Ask::new("GET", "/v1/me/methods").bearer(bearer)).await.expect(200)
}

const NUMBER: &str = "+61491570156";

/// Computes the code of a registration's challenge from the keys.
fn code_of(world: &World, challenge: &str) -> String {
    let id = ChallengeId::parse(challenge).expect("an id");
    Code::derive(&world.keys.current().codes, &id).reveal().to_owned()
}

/// Creates a test environment that allows phones, and a user with both kinds of method.
async fn with_both() -> (World, Person) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on_phones(&admin, 1).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    let bearer = world.register(&ann, MAIL).await;
    let challenge = add(&world, &bearer, "mobilePhone", NUMBER).await;
    world.verify(&bearer, &challenge, &code_of(&world, &challenge)).await.expect(200);
    world.pass(Span::hours(1));
    world.pump().await;
    (world, ann)
}

/// Changes methods by `change`, and asserts that this ends other sessions, resets and
/// codes, and nothing else.
async fn ends_the_rest(world: &World, ann: &Person, change: impl AsyncFnOnce(&str)) {
    let (here, there) = (world.session(ann).await, world.session(ann).await);
    let proved = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&proved).await;
    world.verify(&proved.bearer, &challenge, &world.code_for(MAIL).await).await.expect(200);
    world.pass(Span::minutes(1));
    let by_mail = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&by_mail).await;
    let code = world.code_for(MAIL).await;
    change(&here).await;
    me(world, &here).await.expect(200);
    assert_eq!(me(world, &there).await.code(), "signInRequired");
    assert_eq!(world.verify(&by_mail.bearer, &challenge, &code).await.code(), "codeNotAccepted");
    assert_eq!(
        world.set_password(&proved, "a new and longer ptarmigan").await.code(),
        "resetEnded"
    );
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_a_method_notifies_every_address_and_ends_other_sessions_and_resets() {
    for (kind, left) in [("email", "mobilePhone"), ("mobilePhone", "email")] {
        let (world, ann) = with_both().await;
        ends_the_rest(&world, &ann, async |here| {
            world.ask(remove(here, kind)).await.expect(204);
            assert_eq!(world.ask(remove(here, kind)).await.expect(404).code(), "notFound");
            let methods = methods(&world, here).await;
            assert!(
                methods.body["methods"].get(kind).is_none()
                    && methods.body["methods"].get(left).is_some(),
                "{methods:?}"
            );
        })
        .await;
        let items = world.items().await;
        let notices: Vec<String> = items
            .iter()
            .map(Value::to_string)
            .filter(|item| item.contains("methodRemoved") && item.contains("OUTBOX#"))
            .collect();
        assert_eq!(notices.len(), 2, "one to each address that was valid before: {notices:?}");
        assert!(
            [MAIL, NUMBER].iter().all(|address| notices.iter().any(|row| row.contains(address))),
            "{notices:?}"
        );
        world.pump().await;
        let notice = world.standins.inbox().to(MAIL).pop().expect("a notice");
        assert_eq!(
            notice.subject.as_deref(),
            Some("A verification method was removed from your Latchkey account")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_a_method_ends_other_sessions_and_resets_and_keeps_its_own_session() {
    let (world, ann) = with_both().await;
    ends_the_rest(&world, &ann, async |here| {
        // The session's own code for the other kind stays valid.
        let phone = add(&world, here, "mobilePhone", "+61491570157").await;
        world.add_method(here, "email", "ann.other@example.com").await;
        world.verify(here, &phone, &code_of(&world, &phone)).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_a_first_method_ends_no_session() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    let (here, there) = (world.session(&ann).await, world.session(&ann).await);
    world.add_method(&here, "email", MAIL).await;
    for bearer in [&here, &there] {
        me(&world, bearer).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_a_pending_address_ends_its_code_and_sends_no_notice() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let admin = world.sign_in("admin@example.com", "a ptarmigan for the administrator").await;
    world.add_method(&admin.text("bearer"), "email", "ada@example.com").await;
    let admin = world.ask(step(&admin.text("bearer"), "finish")).await.expect(200).text("bearer");
    world.switch_on_phones(&admin, 1).await;
    let (here, there) = (world.session(&ann).await, world.session(&ann).await);
    for nothing in ["mobilePhone", "fax", "Email"] {
        assert_eq!(
            world.ask(remove(&here, nothing)).await.expect(404).code(),
            "notFound",
            "{nothing}"
        );
    }
    let challenge = add(&world, &here, "mobilePhone", NUMBER).await;
    world.pump().await;
    let before = world.standins.inbox().all().len();
    world.ask(remove(&here, "mobilePhone")).await.expect(204);
    assert_eq!(
        world.verify(&here, &challenge, &code_of(&world, &challenge)).await.code(),
        "codeNotAccepted"
    );
    assert_eq!(methods(&world, &here).await.body["pending"], json!({}));
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), before);
    // No verified method was removed, so the other session continues.
    me(&world, &there).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_signs_out_while_it_changes_a_method_changes_nothing() {
    let world = Arc::new(World::new().await);
    let (_, ann) = world.ready().await;
    let here = world.session(&ann).await;
    let challenge = add(&world, &here, "email", "ann.other@example.com").await;
    let code = world.code_for("ann.other@example.com").await;
    let gate = world.proxy.hold(|_, body| body.to_string().contains("SET #generation"));
    let late = tokio::spawn({
        let (world, here) = (world.clone(), here.clone());
        async move { world.verify(&here, &challenge, &code).await }
    });
    gate.arrived(1).await;
    world.ask(Ask::new("DELETE", "/v1/session").bearer(&here)).await.expect(204);
    gate.open();
    assert_eq!(late.await.expect("an answer").code(), "signInRequired");
    world.proxy.hold(|_, _| false);
    let again = world.session(&ann).await;
    assert_eq!(
        methods(&world, &again).await.body["methods"]["email"]["destination"],
        "a•••@example.com"
    );
    let reset = world.start_reset(&ann.user_id).await;
    world.send_code(&reset).await;
    world.code_for(MAIL).await;
    assert_eq!(
        world.standins.inbox().to("ann.other@example.com").len(),
        1,
        "only the code of the registration"
    );
}
