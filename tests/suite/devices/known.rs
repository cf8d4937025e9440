//! What a known device is exempt from, and what it is judged by.

use super::{DEVICE, THRESHOLD, owner, owner_in, sign_in, token, wrong};
use domain::lockout::FIRST_WAIT;
use domain::time::Span;
use serde_json::json;
use tests::World;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread")]
async fn a70_an_attacker_who_locks_sign_in_does_not_keep_the_owner_out_of_a_known_device() {
    let it = owner().await;
    let device = it.new_device().await;
    it.lock(&it.ann.user_id).await;
    let locked = it.items("LOCK#").await;
    assert_eq!(locked.len(), 1);

    let bearer = it.sign_in(&device).await.expect(200).text("bearer");
    let proof = json!({ "password": it.ann.password });
    let confirm = Ask::new("POST", "/v1/session/confirm").bearer(&bearer).body(proof);
    let confirmed = it.world.ask(confirm.header(DEVICE, &device)).await.expect(200);
    let bearer = confirmed.text("bearer");

    // On any other device the owner waits.
    let elsewhere = it.world.sign_in(&it.ann.user_id, &it.ann.password).await;
    assert_eq!(elsewhere.code(), "signInLocked");
    let proof = json!({ "password": it.ann.password });
    let confirm = Ask::new("POST", "/v1/session/confirm").bearer(&bearer).body(proof);
    assert_eq!(it.world.ask(confirm).await.code(), "signInLocked");
    let change =
        json!({ "currentPassword": it.ann.password, "newPassword": "a kestrel at noon today" });
    let change = Ask::new("PUT", "/v1/me/password").bearer(&bearer).body(change);
    assert_eq!(it.world.ask(change).await.code(), "signInLocked");

    assert_eq!(it.items("LOCK#").await, locked, "the lock is as it was");
    let changed = it.change_password(&bearer, "a kestrel at noon today", &device).await.expect(200);
    let device = token(&changed);
    assert_eq!(it.items("LOCK#").await, locked, "the lock is as it was");
    it.world.ask(sign_in(&it.ann.user_id, "a kestrel at noon today", &device)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a71_wrong_passwords_on_a_known_device_count_for_its_own_lock_alone() {
    let it = owner_in(World::with_source_limits(100_000, 1).await).await;
    let (device, other) = (it.new_device().await, it.new_device().await);
    let guess = || sign_in(&it.ann.user_id, &wrong(), &device);
    for _ in 0..THRESHOLD {
        assert_eq!(it.world.ask(guess()).await.code(), "signInFailed");
    }
    let locked = it.sign_in(&device).await;
    assert_eq!((locked.code(), locked.headers["retry-after"].as_str()), ("signInLocked", "60"));
    // Neither the account nor another device nor the source counts them.
    assert_eq!(it.items("LOCK#").await, Vec::<serde_json::Value>::new());
    let sources = it.items("SRC#").await;
    assert!(sources.iter().all(|row| row["sk"]["S"] != "failedSignIns"), "{sources:?}");
    it.world.session(&it.ann).await;
    it.sign_in(&other).await.expect(200);

    // The second wait is twice as long; a right password clears the count.
    it.world.pass(FIRST_WAIT);
    assert_eq!(it.world.ask(guess()).await.code(), "signInFailed");
    assert_eq!(it.sign_in(&device).await.headers["retry-after"], "120");
    it.world.pass(Span(2 * FIRST_WAIT.0));
    it.sign_in(&device).await.expect(200);
    for _ in 1..THRESHOLD {
        assert_eq!(it.world.ask(guess()).await.code(), "signInFailed");
    }
    it.sign_in(&device).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a70_a_full_source_refuses_no_known_device() {
    let it = owner_in(World::with_source_limits(2, 2).await).await;
    let device = it.new_device().await;
    let bob = it.world.user(&it.admin, json!({ "userId": "bob", "name": "Bob" })).await;
    let start = |device: &str| {
        let body = json!({ "userId": it.ann.user_id });
        Ask::new("POST", "/v1/resets").body(body).header(DEVICE, device)
    };
    for n in 0..2 {
        it.world.sign_in(&format!("unknown{n}@example.com"), &wrong()).await.expect(401);
        it.world.ask_reset(&format!("unknown{n}@example.com")).await.expect(201);
    }
    it.sign_in(&device).await.expect(200);
    it.world.ask(sign_in(&it.ann.user_id, &wrong(), &device)).await.expect(401);
    it.world.ask(start(&device)).await.expect(201);
    // The device has the limit of a source for itself.
    it.world.ask(start(&device)).await.expect(201);
    assert_eq!(it.world.ask(start(&device)).await.code(), "tooManyFromAddress");

    // A made-up token, and that of another account, is refused like none.
    let (start_of_token, secret) = device.split_at(27);
    let made_up = format!("{start_of_token}{}", secret.chars().rev().collect::<String>());
    for token in [made_up.as_str(), "new", "lkd_", ""] {
        assert_eq!(it.sign_in(token).await.code(), "tooManyFromAddress", "{token}");
        assert_eq!(it.world.ask(start(token)).await.code(), "tooManyFromAddress", "{token}");
    }
    let bobs = it.world.ask(sign_in(&bob.user_id, &bob.password, &device)).await;
    assert_eq!(bobs.code(), "tooManyFromAddress");
}

#[tokio::test(flavor = "multi_thread")]
async fn a71_a_device_token_opens_nothing_by_itself() {
    let it = owner().await;
    let device = it.new_device().await;
    for path in ["/v1/me", "/v1/me/methods"] {
        let me = it.world.ask(Ask::new("GET", path).bearer(&device)).await.expect(401);
        assert_eq!(me.code(), "signInRequired");
        let cookie = format!("__Host-latchkey={device}");
        let me = it.world.ask(Ask::new("GET", path).cookie(&cookie)).await.expect(401);
        assert_eq!(me.code(), "signInRequired");
        it.world.ask(Ask::new("GET", path).header(DEVICE, &device)).await.expect(401);
    }
    let reset = it.world.start_reset(&it.ann.user_id).await;
    let view = Ask::new("GET", format!("/v1/resets/{}", reset.id)).bearer(&device);
    assert_eq!(it.world.ask(view).await.code(), "resetEnded");
    // A session's bearer token is no device token.
    let bearer = it.world.session(&it.ann).await;
    assert!(!it.knows(&bearer).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_known_until_180_days_after_its_last_use() {
    let it = owner().await;
    // Without reconfirmation, each sign-in completes every step.
    let never = |policy: &mut serde_json::Value| policy["registration"]["reconfirmDays"] = json!(0);
    it.world.save_policy(&it.admin, never).await.expect(200);
    let (used, unused) = (it.new_device().await, it.new_device().await);
    it.world.pass(Span::days(100));
    assert!(it.knows(&used).await);
    it.world.pass(Span(Span::days(80).0 - 1));
    assert!(it.knows(&unused).await, "a millisecond before the end");
    assert!(it.knows(&used).await);
    // The use of both was recorded now.
    it.world.pass(Span(Span::days(180).0 - 1));
    assert!(it.knows(&used).await);
    // A wrong password is no use.
    it.world.ask(sign_in(&it.ann.user_id, &wrong(), &unused)).await.expect(401);
    it.world.pass(Span(1));
    assert_eq!(it.items("DEVICE#").await.len(), 2, "no item was removed");
    assert!(!it.knows(&unused).await, "exactly 180 days after its use");
    assert!(it.knows(&used).await);
    let devices = it.items("DEVICE#").await;
    let ttl = |item: &serde_json::Value| item["ttl"]["N"].as_str()?.parse::<i64>().ok();
    let kept = devices.iter().map(|item| ttl(item).expect("an end")).max().expect("a device");
    assert_eq!(kept, (it.world.now() + Span::days(180)).epoch_seconds());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_on_a_known_device_costs_the_calls_of_any_other_and_issuing_one_read_more() {
    let it = owner().await;
    let calls = async |device: &str| {
        it.world.proxy.take_calls();
        it.sign_in(device).await.expect(200);
        let calls = it.world.proxy.take_calls().into_iter().map(|call| call.operation);
        calls.filter(|operation| operation != "GetSecretValue").collect::<Vec<_>>()
    };
    assert_eq!(calls("").await, ["BatchGetItem", "TransactWriteItems"]);
    assert_eq!(calls("new").await, ["BatchGetItem", "BatchGetItem", "TransactWriteItems"]);
    let device = it.new_device().await;
    assert_eq!(calls(&device).await, ["BatchGetItem", "TransactWriteItems"]);
    it.world.pass(Span::days(1));
    assert_eq!(calls(&device).await, ["BatchGetItem", "TransactWriteItems"], "a daily renewal");
}

#[tokio::test(flavor = "multi_thread")]
async fn unlocking_an_account_unlocks_its_devices_too() {
    let it = owner().await;
    let (device, other) = (it.new_device().await, it.new_device().await);
    for _ in 0..THRESHOLD {
        it.world.ask(sign_in(&it.ann.user_id, &wrong(), &device)).await.expect(401);
    }
    assert_eq!(it.sign_in(&device).await.code(), "signInLocked");
    let unlock = format!("/v1/users/{}/unlock", it.ann.user_id);
    it.world.ask(Ask::new("POST", unlock).bearer(&it.admin)).await.expect(204);
    for device in [&device, &other] {
        it.sign_in(device).await.expect(200);
    }
}
