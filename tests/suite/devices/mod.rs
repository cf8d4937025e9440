//! Known devices: an owner who signs in on one is kept out by no other caller.

mod cookie;
mod cost;
mod equal;
mod issued;
mod known;
mod strangers;
mod together;

use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tests::world::Ask;
use tests::{Answer, Person, World};

/// The header with a device token.
pub const DEVICE: &str = "latchkey-device";
/// The address of the registered user.
pub const MAIL: &str = "ann.private@example.com";
/// Wrong passwords until a lock is locked, in these tests: the least that a policy may set.
pub const THRESHOLD: u32 = 3;

/// A sign-in with a device token, or with `new` to ask for one.
pub fn sign_in(user_id: &str, password: &str, device: &str) -> Ask {
    let body = json!({ "userId": user_id, "password": password });
    Ask::new("POST", "/v1/sign-in").body(body).header(DEVICE, device)
}

/// The device token in an answer.
#[track_caller]
pub fn token(answer: &Answer) -> String {
    answer.headers.get(DEVICE).unwrap_or_else(|| panic!("no device in {answer:?}")).clone()
}

/// Returns a password that no test typed before.
pub fn wrong() -> String {
    static TYPED: AtomicU32 = AtomicU32::new(0);
    format!("wrong password number {}", TYPED.fetch_add(1, Ordering::SeqCst))
}

/// A registered user, and an administrator's bearer token.
pub struct Owner {
    pub world: Arc<World>,
    pub admin: String,
    pub ann: Person,
}

/// Creates a registered user whose sign-in is locked after [`THRESHOLD`] wrong passwords.
pub async fn owner() -> Owner {
    owner_in(World::new().await).await
}

pub async fn owner_in(world: World) -> Owner {
    let (admin, ann) = world.ready().await;
    let threshold = |policy: &mut Value| policy["limits"]["wrongPasswords"] = json!(THRESHOLD);
    world.save_policy(&admin, threshold).await.expect(200);
    Owner { world: Arc::new(world), admin, ann }
}

impl Owner {
    /// Signs in with the right password.
    pub async fn sign_in(&self, device: &str) -> Answer {
        self.world.ask(sign_in(&self.ann.user_id, &self.ann.password, device)).await
    }

    /// Signs in and returns the token of a new device.
    pub async fn new_device(&self) -> String {
        token(&self.sign_in("new").await.expect(200))
    }

    /// Locks the sign-in of a user ID, as an attacker does.
    pub async fn lock(&self, user_id: &str) {
        for _ in 0..THRESHOLD {
            self.world.sign_in(user_id, &wrong()).await;
        }
        assert_eq!(self.world.sign_in(user_id, &wrong()).await.code(), "signInLocked");
    }

    /// Unlocks the sign-in of the user, as an administrator does.
    pub async fn unlock(&self) {
        let path = format!("/v1/users/{}/unlock", self.ann.user_id);
        self.world.ask(Ask::new("POST", path).bearer(&self.admin)).await.expect(204);
    }

    /// Whether the account knows a device: it signs in while the sign-in of the account is locked.
    pub async fn knows(&self, device: &str) -> bool {
        self.lock(&self.ann.user_id).await;
        let answer = self.sign_in(device).await;
        let known = answer.status == 200;
        assert!(known || answer.code() == "signInLocked", "{answer:?}");
        assert_eq!(answer.headers.get(DEVICE), None, "{device}: no other token is handed out");
        known
    }

    /// Returns the stored items whose keys begin like this.
    pub async fn items(&self, prefix: &str) -> Vec<Value> {
        let mut items = self.world.items().await;
        items.retain(|item| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(prefix)));
        items
    }

    /// Changes the password on a device, and returns the answer.
    pub async fn change_password(&self, bearer: &str, new: &str, device: &str) -> Answer {
        let body = json!({ "currentPassword": self.ann.password, "newPassword": new });
        let change = Ask::new("PUT", "/v1/me/password").bearer(bearer).body(body);
        self.world.ask(change.header(DEVICE, device)).await
    }

    /// Resets the password on a device, and returns the answer to the last request.
    pub async fn reset(&self, new: &str, device: Option<&str>) -> Answer {
        let reset = self.world.start_reset(&self.ann.user_id).await;
        self.world.prove(&reset, "email", MAIL).await;
        let set = Ask::new("PUT", format!("/v1/resets/{}/password", reset.id))
            .bearer(&reset.bearer)
            .body(json!({ "newPassword": new }));
        let set = device.into_iter().fold(set, |set, device| set.header(DEVICE, device));
        self.world.ask(set).await.expect(204)
    }
}
