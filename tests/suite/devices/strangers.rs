//! What makes the known devices of an account strangers, and what does not.

use super::{DEVICE, MAIL, Owner, owner, sign_in, token};
use serde_json::{Value, json};
use tests::Person;
use tests::world::Ask;

const NEW: &str = "a heron in the morning fog";

impl Owner {
    /// The same owner with a new password.
    fn with_password(&self, password: &str) -> Owner {
        let ann = Person { password: password.to_owned(), ..self.ann.clone() };
        Owner { world: self.world.clone(), admin: self.admin.clone(), ann }
    }

    /// The same owner, who changes a temporary password to a new one.
    async fn settled(&self, temporary: &str) -> Owner {
        let body = json!({ "userId": self.ann.user_id, "password": temporary });
        let signed_in =
            self.world.ask(Ask::new("POST", "/v1/sign-in").body(body)).await.expect(200);
        let change = json!({ "currentPassword": temporary, "newPassword": NEW });
        let change = Ask::new("PUT", "/v1/me/password").body(change);
        self.world.ask(change.bearer(&signed_in.text("bearer"))).await.expect(200);
        self.with_password(NEW)
    }

    /// Signs in on a device and returns the bearer token of the session.
    async fn session_on(&self, device: &str) -> String {
        self.sign_in(device).await.expect(200).text("bearer")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a71_a_reset_makes_all_devices_strangers_but_the_one_that_it_issues() {
    let it = owner().await;
    let (one, other) = (it.new_device().await, it.new_device().await);
    let issued = token(&it.reset(NEW, Some(&one)).await);
    let it = it.with_password(NEW);
    assert!(!it.knows(&one).await && !it.knows(&other).await);
    assert!(it.knows(&issued).await);
    // Without the header, a reset issues none.
    let none = it.reset("a kestrel over the motorway", None).await;
    assert_eq!(none.headers.get(DEVICE), None);
    assert!(!it.with_password("a kestrel over the motorway").knows(&issued).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a71_a_password_change_makes_all_devices_strangers_but_gives_its_own_a_new_token() {
    let it = owner().await;
    let (one, other) = (it.new_device().await, it.new_device().await);
    let bearer = it.world.session(&it.ann).await;
    let changed = it.change_password(&bearer, NEW, &one).await.expect(200);
    let issued = token(&changed);
    assert_eq!(one[..27], issued[..27], "the same slot");
    let it = it.with_password(NEW);
    assert!(!it.knows(&one).await && !it.knows(&other).await);
    assert!(it.knows(&issued).await);
    // From a device that is not known, it issues a new one.
    it.unlock().await;
    let again =
        it.change_password(&changed.text("bearer"), "a kestrel in May or June", "new").await;
    let again_issued = token(&again.expect(200));
    let it = it.with_password("a kestrel in May or June");
    assert!(!it.knows(&issued).await && it.knows(&again_issued).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a71_a_temporary_password_and_signing_out_everywhere_make_all_devices_strangers() {
    let it = owner().await;
    let device = it.new_device().await;
    let path = format!("/v1/users/{}/temporary-password", it.ann.user_id);
    let issue = Ask::new("POST", path).bearer(&it.admin);
    let temporary = it.world.ask(issue).await.expect(200).text("temporaryPassword");
    let it = it.settled(&temporary).await;
    assert!(!it.knows(&device).await, "a temporary password");

    it.unlock().await;
    let device = it.new_device().await;
    let out = Ask::new("DELETE", "/v1/sessions").bearer(&it.session_on(&device).await);
    it.world.ask(out).await.expect(204);
    assert!(!it.knows(&device).await, "sign-out everywhere");
    it.unlock().await;
    let device = it.new_device().await;
    let out = Ask::new("DELETE", "/v1/session").bearer(&it.session_on(&device).await);
    it.world.ask(out).await.expect(204);
    assert!(it.knows(&device).await, "sign-out of one session keeps it");
}

#[tokio::test(flavor = "multi_thread")]
async fn recovering_an_administrator_makes_all_of_their_devices_strangers() {
    let it = owner().await;
    let admin = Person {
        user_id: "admin@example.com".into(),
        password: "a ptarmigan for the administrator".into(),
    };
    it.world.register(&admin, "ada.private@example.com").await;
    // Two kinds are due for an administrator; postponing gives the device.
    let of_admin = Owner { world: it.world.clone(), admin: it.admin.clone(), ann: admin.clone() };
    let signed_in = of_admin.sign_in("new").await.expect(200);
    let device = match signed_in.headers.get(DEVICE) {
        Some(device) => device.clone(),
        None => {
            let postpone = Ask::new("POST", "/v1/me/registration/postpone");
            let postpone = postpone.bearer(&signed_in.text("bearer")).header(DEVICE, "new");
            token(&it.world.ask(postpone).await.expect(200))
        }
    };
    assert!(of_admin.knows(&device).await);
    let recover = json!({ "recoverAdministrator": { "userId": admin.user_id } });
    let recovered = it.world.invoke_directly("recover", recover).await;
    let temporary = recovered["temporaryPassword"].as_str().expect("a password");
    assert!(!of_admin.settled(temporary).await.knows(&device).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_methods_role_and_groups_keep_devices() {
    let it = owner().await;
    let device = it.new_device().await;
    let bearer = it.world.session(&it.ann).await;
    it.world.add_method(&bearer, "email", "ann.other@example.com").await;
    assert!(it.knows(&device).await, "a changed method");
    let path = format!("/v1/users/{}", it.ann.user_id);
    for patch in [
        json!({ "groups": ["board"] }),
        json!({ "role": "helpDesk" }),
        json!({ "role": "user" }),
        json!({ "enabled": false }),
        json!({ "enabled": true }),
    ] {
        let seen = it.world.ask(Ask::new("GET", &path).bearer(&it.admin)).await.expect(200);
        let change = Ask::new("PATCH", &path).bearer(&it.admin).body(patch.clone());
        it.world.ask(change.header("if-match", &seen.headers["etag"])).await.expect(200);
        if patch["enabled"] == false {
            // A disabled account knows none, so an attacker's lock holds for it too.
            it.lock(&it.ann.user_id).await;
            assert_eq!(it.sign_in(&device).await.code(), "signInLocked");
        } else if patch["role"] != "helpDesk" {
            assert!(it.knows(&device).await, "{patch}");
        }
    }
    it.unlock().await;
    assert!(it.knows(&device).await, "an unlock");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_created_again_knows_no_device_of_the_old_one() {
    let it = owner().await;
    let device = it.new_device().await;
    let path = format!("/v1/users/{}", it.ann.user_id);
    let seen = it.world.ask(Ask::new("GET", &path).bearer(&it.admin)).await.expect(200);
    let delete = Ask::new("DELETE", &path).bearer(&it.admin);
    it.world.ask(delete.header("if-match", &seen.headers["etag"])).await.expect(204);
    let user = json!({ "userId": it.ann.user_id, "name": "Another Ann" });
    let ann = it.world.user(&it.admin, user).await;
    it.world.register(&ann, MAIL).await;
    let it = Owner { world: it.world.clone(), admin: it.admin.clone(), ann };
    assert_eq!(it.items("DEVICE#").await.len(), 1, "the item is still there");
    it.lock(&it.ann.user_id).await;
    assert_eq!(it.sign_in(&device).await.code(), "signInLocked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a71_a_device_of_a_sign_in_in_flight_is_a_stranger_after_a_reset() {
    let it = owner().await;
    let gate = it
        .world
        .proxy
        .hold(|_, body| body["TransactItems"].is_array() && body.to_string().contains("in-flight"));
    let in_flight = tokio::spawn({
        let world = it.world.clone();
        let ask = sign_in(&it.ann.user_id, &it.ann.password, "new").id("in-flight");
        async move { world.ask(ask).await }
    });
    gate.arrived(1).await;
    it.reset(NEW, None).await;
    gate.open();
    let late = in_flight.await.expect("an answer").expect(200);
    let me = Ask::new("GET", "/v1/me").bearer(&late.text("bearer"));
    assert_eq!(it.world.ask(me).await.code(), "signInRequired");
    let (device, it) = (token(&late), it.with_password(NEW));
    it.lock(&it.ann.user_id).await;
    assert_eq!(it.sign_in(&device).await.code(), "signInLocked");
    let generation = |item: &Value| item["generation"]["N"].as_str()?.parse::<u64>().ok();
    assert!(it.items("DEVICE#").await.iter().all(|item| generation(item).is_some()));
}
