//! Operators of the AWS account: they unlock accounts and recover administrators.

use crate::accounts::helpdesk::audit_entry;
use domain::time::Span;
use serde_json::{Value, json};
use tests::world::Ask;
use tests::{Person, World};

const ADA: &str = "ada.private@example.com";
const BOB: &str = "bob.private@example.com";

/// A test environment with two administrators, each with an address.
async fn administrators() -> (World, Person, Person) {
    let world = World::new().await;
    let ada = world.administrator().await;
    let admin = world.session(&ada).await;
    world.switch_on_phones(&admin, 1).await;
    let bob = json!({ "userId": "bob@example.com", "name": "Bob", "role": "administrator" });
    let bob = world.user(&admin, bob).await;
    let phone = ["+61491570156", "+61491570157"];
    world.register_all(&ada, &[("email", ADA), ("mobilePhone", phone[0])]).await;
    world.register_all(&bob, &[("email", BOB), ("mobilePhone", phone[1])]).await;
    (world, ada, bob)
}

fn recover(user_id: &str) -> Value {
    json!({ "recoverAdministrator": { "userId": user_id } })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_unlocks_an_account_that_an_attacker_locked() {
    let (world, ada, _) = administrators().await;
    for n in 0..10 {
        world.sign_in(&ada.user_id, &format!("a wrong password {n}")).await.expect(401);
    }
    assert_eq!(world.sign_in(&ada.user_id, &ada.password).await.code(), "signInLocked");
    let unlocked =
        world.invoke_directly("recover", json!({ "unlock": { "userId": "ADMIN@example.com" } }));
    assert_eq!(unlocked.await, json!({ "userId": "admin@example.com" }));
    world.sign_in(&ada.user_id, &ada.password).await.expect(200);
    audit_entry(&world, "userUnlocked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovered_administrator_gets_a_temporary_password_and_all_are_notified() {
    let (world, ada, bob) = administrators().await;
    let session = world.session(&ada).await;
    let off = world.save_policy(&session, |policy| policy["notifyAdministrators"] = json!(false));
    off.await.expect(200);
    for n in 0..10 {
        world.sign_in(&ada.user_id, &format!("a wrong password {n}")).await.expect(401);
    }
    let answer = world.invoke_directly("recover", recover(&ada.user_id)).await;
    let temporary = answer["temporaryPassword"].as_str().expect("a password").to_owned();
    let until = (world.now() + Span::days(7)).to_string();
    assert_eq!(answer["temporaryPasswordExpiresAt"], json!(until));
    world.pump().await;

    let me = world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await;
    assert_eq!(me.code(), "signInRequired", "earlier sessions have ended");
    assert_eq!(world.sign_in(&ada.user_id, &ada.password).await.code(), "signInFailed");
    let signed_in = world.sign_in(&ada.user_id, &temporary).await.expect(200);
    assert_eq!(signed_in.body["next"], "changePassword");
    let newest = |address: &str| world.standins.inbox().to(address).pop().expect("a notice");
    let own = newest(ADA);
    assert_eq!(own.subject.as_deref(), Some("An administrator reset your Latchkey password"));
    let other = newest(BOB);
    assert_eq!(
        other.subject.as_deref(),
        Some("A temporary password was issued to an administrator of Latchkey")
    );
    assert!(other.text.contains("Ada Admin"), "{}", other.text);
    assert!(!own.text.contains(&temporary) && !other.text.contains(&temporary));
    audit_entry(&world, "administratorRecovered").await;
    // The other administrator is not changed.
    world.sign_in(&bob.user_id, &bob.password).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_recovers_no_user_and_no_unknown_or_disabled_account() {
    let (world, ada, bob) = administrators().await;
    let admin = world.session(&ada).await;
    let user = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    let seen = world.ask(Ask::new("GET", "/v1/users/bob@example.com").bearer(&admin)).await;
    let disable = Ask::new("PATCH", "/v1/users/bob@example.com")
        .bearer(&admin)
        .header("if-match", &seen.headers["etag"])
        .body(json!({ "enabled": false }));
    world.ask(disable).await.expect(200);
    let before = world.items().await.len();
    for user_id in [&user.user_id, &bob.user_id, "nobody@example.com"] {
        let answer = world.invoke_directly("recover", recover(user_id)).await;
        assert_eq!(answer["problem"]["code"], "notFound", "{user_id}: {answer}");
    }
    for malformed in [
        json!({}),
        json!([]),
        json!("unlock"),
        json!({ "unlock": {} }),
        json!({ "unlock": { "userId": "ada" }, "recoverAdministrator": { "userId": "ada" } }),
        json!({ "unlock": { "userId": "ada", "password": "x" } }),
        json!({ "createFirstAdministrator": { "userId": "ada", "name": "Ada" } }),
        json!({ "unlock": { "userId": "a/b" } }),
    ] {
        let answer = world.invoke_directly("recover", malformed.clone()).await;
        assert_eq!(answer["problem"]["status"], 400, "{malformed}: {answer}");
    }
    assert_eq!(world.items().await.len(), before, "nothing was written");
}
