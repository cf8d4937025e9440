//! The users of a test, and steps that many tests repeat.

use crate::world::{Answer, Ask, World};
use serde_json::{Value, json};

/// A user with a password.
#[derive(Clone, Debug)]
pub struct Person {
    pub user_id: String,
    pub password: String,
}

/// A started reset.
#[derive(Clone, Debug)]
pub struct StartedReset {
    pub id: String,
    pub bearer: String,
    pub support_code: String,
}

impl World {
    /// Sends the next requests that state no source address from this one. Requests for
    /// different accounts are alike where their sources are: what is written for a source
    /// depends on what it did before.
    pub fn set_source(&self, address: &str) {
        address.clone_into(&mut self.source.write().expect("no panic"));
    }

    pub(crate) fn usual_source(&self) -> String {
        self.source.read().expect("no panic").clone()
    }

    /// Creates the first administrator and sets their password.
    pub async fn administrator(&self) -> Person {
        let made =
            self.invoke_directly("directory", json!({ "createFirstAdministrator": { "userId": "admin@example.com", "name": "Ada Admin" } })).await;
        let temporary = made["temporaryPassword"]
            .as_str()
            .unwrap_or_else(|| panic!("no administrator in {made}"));
        self.settle("admin@example.com", temporary, "a ptarmigan for the administrator").await
    }

    /// Creates an account and changes its temporary password.
    pub async fn user(&self, administrator: &str, user: Value) -> Person {
        let user_id = user["userId"].as_str().expect("a user ID").to_owned();
        let made = self
            .ask(Ask::new("POST", "/v1/users").bearer(administrator).body(user))
            .await
            .expect(201);
        self.settle(
            &user_id,
            &made.text("temporaryPassword"),
            &format!("a long ptarmigan of {user_id}"),
        )
        .await
    }

    async fn settle(&self, user_id: &str, temporary: &str, password: &str) -> Person {
        let signed_in = self.sign_in(user_id, temporary).await.expect(200);
        assert_eq!(signed_in.body["next"], "changePassword");
        let change = json!({ "currentPassword": temporary, "newPassword": password });
        self.ask(Ask::new("PUT", "/v1/me/password").bearer(&signed_in.text("bearer")).body(change))
            .await
            .expect(200);
        Person { user_id: user_id.to_owned(), password: password.to_owned() }
    }

    pub async fn sign_in(&self, user_id: &str, password: &str) -> Answer {
        self.ask(
            Ask::new("POST", "/v1/sign-in")
                .body(json!({ "userId": user_id, "password": password })),
        )
        .await
    }

    /// Signs in and returns the bearer token of the new session.
    pub async fn session(&self, person: &Person) -> String {
        self.sign_in(&person.user_id, &person.password).await.expect(200).text("bearer")
    }

    /// Confirms the methods after a reset. Returns the bearer token of the session that continues.
    pub async fn reviewed(&self, bearer: &str) -> String {
        let confirm = Ask::new("POST", "/v1/me/registration/reconfirm").bearer(bearer);
        self.ask(confirm).await.expect(200).text("bearer")
    }

    /// Changes the policy and saves it.
    pub async fn save_policy(
        &self,
        administrator: &str,
        change: impl FnOnce(&mut Value),
    ) -> Answer {
        let read = self.ask(Ask::new("GET", "/v1/policy").bearer(administrator)).await.expect(200);
        let mut policy = read.body["policy"].clone();
        change(&mut policy);
        let put = Ask::new("PUT", "/v1/policy")
            .bearer(administrator)
            .header("if-match", &read.headers["etag"])
            .body(policy);
        self.ask(put).await
    }

    /// Allows reset for all users.
    pub async fn switch_on(&self, administrator: &str) {
        self.save_policy(administrator, |policy| policy["scope"] = json!({ "type": "all" }))
            .await
            .expect(200);
    }

    /// Allows reset for all users, by mail and by SMS to Australia, and sets how many
    /// kinds of method a reset requires.
    pub async fn switch_on_phones(&self, administrator: &str, kinds_required: u32) {
        let change = |policy: &mut Value| {
            policy["scope"] = json!({ "type": "all" });
            policy["methods"] = json!(["email", "mobilePhone"]);
            policy["smsCountries"] = json!(["AU"]);
            policy["kindsRequired"] = json!(kinds_required);
        };
        self.save_policy(administrator, change).await.expect(200);
    }

    /// Sends all queued messages and returns the code in the newest message with one to an
    /// address.
    pub async fn code_for(&self, address: &str) -> String {
        self.pump().await;
        let messages = self.standins.inbox().to(address);
        let newest = messages.into_iter().rev().find_map(|message| message.code);
        newest.unwrap_or_else(|| panic!("no code to {address}"))
    }

    /// Adds an address as a method and verifies it by its code.
    pub async fn add_method(&self, bearer: &str, kind: &str, address: &str) {
        let add = json!({ "kind": kind, "destination": address });
        let sent =
            self.ask(Ask::new("POST", "/v1/me/methods").bearer(bearer).body(add)).await.expect(202);
        let code = self.code_for(address).await;
        self.verify(bearer, &sent.text("challengeId"), &code).await.expect(200);
    }

    /// Registers addresses of several kinds and finishes registration. Returns the
    /// bearer token of the session, which then has all rights of its role.
    pub async fn register_all(&self, person: &Person, addresses: &[(&str, &str)]) -> String {
        let bearer = self.session(person).await;
        for (kind, address) in addresses {
            self.add_method(&bearer, kind, address).await;
        }
        self.ask(Ask::new("POST", "/v1/me/registration/finish").bearer(&bearer))
            .await
            .expect(200)
            .text("bearer")
    }

    /// Registers a mail address and finishes registration. Returns the bearer token of
    /// the session, which then has all rights of its role.
    pub async fn register(&self, person: &Person, address: &str) -> String {
        self.register_all(person, &[("email", address)]).await
    }

    pub async fn verify(&self, bearer: &str, challenge: &str, code: &str) -> Answer {
        self.ask(
            Ask::new("POST", format!("/v1/challenges/{challenge}/verify"))
                .bearer(bearer)
                .body(json!({ "code": code })),
        )
        .await
    }

    pub async fn ask_reset(&self, user_id: &str) -> Answer {
        self.ask(Ask::new("POST", "/v1/resets").body(json!({ "userId": user_id }))).await
    }

    pub async fn start_reset(&self, user_id: &str) -> StartedReset {
        let started = self.ask_reset(user_id).await.expect(201);
        StartedReset {
            id: started.text("resetId"),
            bearer: started.text("bearer"),
            support_code: started.text("supportCode"),
        }
    }

    pub async fn ask_code(&self, reset: &StartedReset) -> Answer {
        self.ask_code_by(reset, json!({ "kind": "email" })).await
    }

    /// Starts a reset and requests its first code by mail. Returns the answer to the second request.
    pub async fn ask_first_code(&self, user_id: &str) -> Answer {
        self.ask_code(&self.start_reset(user_id).await).await
    }

    /// Requests a code by SMS, with the full number.
    pub async fn ask_sms(&self, reset: &StartedReset, number: &str) -> Answer {
        self.ask_code_by(reset, json!({ "kind": "mobilePhone", "destination": number })).await
    }

    pub async fn ask_code_by(&self, reset: &StartedReset, body: Value) -> Answer {
        let path = format!("/v1/resets/{}/challenges", reset.id);
        self.ask(Ask::new("POST", path).bearer(&reset.bearer).body(body)).await
    }

    /// Proves a kind of method in a reset: requests a code and submits it.
    pub async fn prove(&self, reset: &StartedReset, kind: &str, address: &str) {
        self.prove_by(reset, kind, address, address).await;
    }

    /// Does the same as [`Self::prove`], with the address as the user types it.
    pub async fn prove_by(&self, reset: &StartedReset, kind: &str, typed: &str, address: &str) {
        let sent = self
            .ask_code_by(reset, json!({ "kind": kind, "destination": typed }))
            .await
            .expect(202);
        let code = self.code_for(address).await;
        self.verify(&reset.bearer, &sent.text("challengeId"), &code).await.expect(200);
    }

    /// Returns the next step of a reset: `method` or `password`.
    pub async fn next_in(&self, reset: &StartedReset) -> String {
        self.ask(Ask::new("GET", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer))
            .await
            .expect(200)
            .text("next")
    }

    /// Requests a code by mail. Returns the challenge ID.
    pub async fn send_code(&self, reset: &StartedReset) -> String {
        self.ask_code(reset).await.expect(202).text("challengeId")
    }

    pub async fn set_password(&self, reset: &StartedReset, password: &str) -> Answer {
        let path = format!("/v1/resets/{}/password", reset.id);
        self.ask(
            Ask::new("PUT", path).bearer(&reset.bearer).body(json!({ "newPassword": password })),
        )
        .await
    }

    /// Allows reset for all users and registers one user. Returns the administrator's
    /// bearer token and the user.
    pub async fn ready(&self) -> (String, Person) {
        let administrator = self.administrator().await;
        let admin = self.session(&administrator).await;
        self.switch_on(&admin).await;
        let ann = self
            .user(
                &admin,
                json!({ "userId": "ann@example.com", "name": "Ann Example", "groups": ["staff"] }),
            )
            .await;
        self.register(&ann, "ann.private@example.com").await;
        (admin, ann)
    }
}
