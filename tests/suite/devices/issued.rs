//! When a device is issued, to which slot, and with which token.

use super::{DEVICE, MAIL, THRESHOLD, owner, sign_in, token, wrong};
use crate::trouble::races::{at_once, codes};
use domain::time::Span;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::world::Ask;
use tests::{Answer, World};

/// A request that asks for a device token.
fn asking(method: &'static str, path: &str, bearer: &str) -> Ask {
    Ask::new(method, path).bearer(bearer).header(DEVICE, "new")
}

fn has_token(answer: &Answer) -> bool {
    answer.headers.contains_key(DEVICE)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_issued_only_when_every_step_is_complete() {
    let world = World::new().await;
    let administrator = world.administrator().await;
    let admin = world.session(&administrator).await;
    world.switch_on(&admin).await;
    let bob = json!({ "userId": "bob", "name": "Bob" });
    let made = world.ask(Ask::new("POST", "/v1/users").bearer(&admin).body(bob)).await.expect(201);
    let temporary = made.text("temporaryPassword");

    let step = |answer: Answer, next: &str, issued: bool| {
        let answer = answer.expect(200);
        assert_eq!(answer.body["next"], if next.is_empty() { Value::Null } else { json!(next) });
        assert_eq!(has_token(&answer), issued, "{answer:?}");
        answer.text("bearer")
    };
    let password = "a long ptarmigan of bob";
    let signed_in = world.ask(sign_in("bob", &temporary, "new")).await;
    let bearer = step(signed_in, "changePassword", false);
    let change = json!({ "currentPassword": temporary, "newPassword": password });
    let changed = world.ask(asking("PUT", "/v1/me/password", &bearer).body(change)).await;
    step(changed, "register", false);
    let signed_in = world.ask(sign_in("bob", password, "new")).await;
    let bearer = step(signed_in, "register", false);
    let proof = json!({ "password": password });
    let confirmed = world.ask(asking("POST", "/v1/session/confirm", &bearer).body(proof)).await;
    let bearer = step(confirmed, "register", false);
    let postponed = world.ask(asking("POST", "/v1/me/registration/postpone", &bearer)).await;
    step(postponed, "", true);
    let bearer = step(world.ask(sign_in("bob", password, "new")).await, "register", false);
    world.add_method(&bearer, "email", MAIL).await;
    let finish = || asking("POST", "/v1/me/registration/finish", &bearer);
    let finished = world.ask(finish().header("idempotency-key", "finishes-once-0001")).await;
    // The repetition of the request gets the same token.
    let repeated = world.ask(finish().header("idempotency-key", "finishes-once-0001")).await;
    assert_eq!(token(&finished), token(&repeated.expect(200)));
    step(finished, "", true);
    step(world.ask(sign_in("bob", password, "new")).await, "", true);

    world.pass(Span::days(180));
    let signed_in = world.ask(sign_in("bob", password, "new")).await;
    let bearer = step(signed_in, "reconfirm", false);
    let confirmed = world.ask(asking("POST", "/v1/me/registration/reconfirm", &bearer)).await;
    let device = token(&confirmed);
    let bearer = step(confirmed, "", true);

    // A known device gets no other, and a client that does not ask gets none.
    let signed_in = world.ask(sign_in("bob", password, &device)).await;
    step(signed_in, "", false);
    assert!(!has_token(&world.sign_in("bob", password).await.expect(200)));
    let postponed = Ask::new("POST", "/v1/me/registration/finish").bearer(&bearer);
    assert!(!has_token(&world.ask(postponed.header(DEVICE, &device)).await.expect(200)));
    // A token that is not known any more gets a new one, text that is no token none.
    world
        .ask(
            Ask::new("DELETE", "/v1/sessions")
                .bearer(&world.sign_in("bob", password).await.text("bearer")),
        )
        .await
        .expect(204);
    step(world.ask(sign_in("bob", password, &device)).await, "", true);
    for text in ["New", "new ", "lkd_", &device[1..], ""] {
        assert!(!has_token(&world.ask(sign_in("bob", password, text)).await.expect(200)), "{text}");
    }
    // A wrong password gets none, and neither does a reset without its last step.
    assert!(!has_token(&world.ask(sign_in("bob", &wrong(), "new")).await.expect(401)));
    let started = Ask::new("POST", "/v1/resets").body(json!({ "userId": "bob" }));
    assert!(!has_token(&world.ask(started.header(DEVICE, "new")).await.expect(201)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_five_devices_and_a_sixth_replaces_the_least_recently_used() {
    let it = owner().await;
    let mut devices = Vec::new();
    for _ in 0..5 {
        devices.push(it.new_device().await);
        it.world.pass(Span::days(1));
    }
    let slots: BTreeSet<char> =
        devices.iter().map(|token| token.chars().nth(26).expect("a slot")).collect();
    assert_eq!(slots, BTreeSet::from(['0', '1', '2', '3', '4']));
    // The first and third are used again, so the second is the oldest.
    for used in [0, 2] {
        it.sign_in(&devices[used]).await.expect(200);
    }
    let sixth = it.new_device().await;
    assert_eq!(it.items("DEVICE#").await.len(), 5);
    for (n, device) in devices.iter().enumerate() {
        assert_eq!(it.knows(device).await, n != 1, "device {n}");
    }
    assert!(it.knows(&sixth).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn devices_that_are_issued_at_once_do_not_replace_each_other_unseen() {
    for before in [0, 3, 5] {
        let it = owner().await;
        for _ in 0..before {
            it.new_device().await;
            it.world.pass(Span(1));
        }
        let gate = it.world.proxy.hold(|_, body| {
            body["TransactItems"].is_array() && body.to_string().contains("DEVICE#")
        });
        let both = tokio::spawn({
            let world = it.world.clone();
            let ask = || sign_in(&it.ann.user_id, &it.ann.password, "new");
            let asks = vec![ask(), ask()];
            async move { at_once(&world, asks).await }
        });
        gate.arrived(2).await;
        gate.open();
        let both = both.await.expect("answers");
        assert!(both.iter().all(|answer| answer.status == 200), "{:?}", codes(&both));
        for answer in &both {
            assert!(it.knows(&token(answer)).await, "after {before}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn devices_that_are_issued_at_once_refuse_no_right_sign_in() {
    let it = owner().await;
    let asks = (0..64).map(|_| sign_in(&it.ann.user_id, &it.ann.password, "new")).collect();
    let answers = at_once(&it.world, asks).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{:?}", codes(&answers));
    assert!(answers.iter().filter(|answer| has_token(answer)).count() >= 5);
    assert!(it.items("DEVICE#").await.len() <= 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_holds_only_the_digest_of_a_token() {
    let it = owner().await;
    let device = it.new_device().await;
    for _ in 1..THRESHOLD {
        it.world.ask(sign_in(&it.ann.user_id, &wrong(), &device)).await.expect(401);
    }
    let stored = it.items("DEVICE#").await;
    assert_eq!(stored.len(), 1);
    let fields: BTreeSet<&str> =
        stored[0].as_object().expect("an item").keys().map(String::as_str).collect();
    let known = ["pk", "sk", "digest", "uid", "generation", "issued", "used", "lock", "ttl"];
    assert_eq!(fields, BTreeSet::from(known));
    let (secret, tag) = device[27..].split_at(43);
    let items = Value::from(it.world.items().await).to_string();
    assert!(!items.contains(secret) && !items.contains(tag) && tag.len() == 22);
}
