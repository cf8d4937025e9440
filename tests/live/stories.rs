//! The other stories against the running system: a phone only, either kind, two kinds,
//! an administrator, selected groups, postponed registration, reconfirmation, a
//! temporary password.

use crate::code;
use crate::laptop::Laptop;
use serde_json::{Value, json};
use tests::Answer;

const OWN: &str = "the first ptarmigan of my own";
const NEW: &str = "a new and longer ptarmigan";

/// Runs all stories in a language.
pub fn tell_all(laptop: &Laptop, admin: &str, language: &str) {
    let stories = Stories { laptop, admin, language };
    stories.policy(&json!({ "scope": { "type": "all" }, "methods": ["email", "mobilePhone"], "smsCountries": ["AU"], "kindsRequired": 1 }));
    stories.phone_alone();
    stories.both();
    stories.bounced();
    stories.administrator();
    stories.postponed();
    stories.reconfirmed();
    stories.temporary_password();
    stories.policy(&json!({ "kindsRequired": 2 }));
    stories.two_kinds();
    stories.policy(
        &json!({ "kindsRequired": 1, "scope": { "type": "selected", "groups": ["engineers"] } }),
    );
    stories.selected();
    stories.policy(&json!({ "scope": { "type": "all" } }));
}

struct Stories<'a> {
    laptop: &'a Laptop,
    admin: &'a str,
    language: &'a str,
}

/// A reset in progress.
struct Reset {
    id: String,
    bearer: String,
}

fn expect(answer: Answer, status: u16) -> Answer {
    assert_eq!(answer.status, status, "{}", answer.body);
    answer
}

impl Stories<'_> {
    /// Changes fields of the policy, and saves it.
    fn policy(&self, change: &Value) {
        let read = expect(self.laptop.ask("GET", "/v1/policy", Some(self.admin), None), 200);
        let mut policy = read.body["policy"].clone();
        for (name, value) in change.as_object().expect("fields") {
            policy[name] = value.clone();
        }
        expect(
            self.laptop.ask_with(
                "PUT",
                "/v1/policy",
                Some(self.admin),
                Some(policy),
                &[("if-match", &read.headers["etag"])],
            ),
            200,
        );
    }

    fn user_id(&self, story: &str) -> String {
        format!("{story}.{}@example.com", self.language.to_lowercase())
    }

    fn address(&self, story: &str) -> String {
        format!("private.{}", self.user_id(story))
    }

    /// Returns a sample phone number for this story's language, from those that
    /// Australia reserves for examples.
    fn number(&self, english: &str, chinese: &str) -> String {
        format!("+61491570{}", if self.language == "en" { english } else { chinese })
    }

    fn post(&self, path: &str, bearer: &str, body: Option<Value>) -> Answer {
        self.laptop.ask("POST", path, Some(bearer), body)
    }

    /// Creates a user and changes the temporary password. Returns the answer to that change.
    fn person(&self, story: &str, more: &Value) -> Answer {
        let user_id = self.user_id(story);
        let mut user = json!({ "userId": user_id, "name": format!("Sample {story}"), "language": self.language });
        for (name, value) in more.as_object().expect("fields") {
            user[name] = value.clone();
        }
        let made = expect(self.post("/v1/users", self.admin, Some(user)), 201);
        self.settle(&user_id, &made.text("temporaryPassword"), OWN)
    }

    fn settle(&self, user_id: &str, temporary: &str, own: &str) -> Answer {
        let first = expect(self.laptop.sign_in(user_id, temporary), 200);
        assert_eq!(
            (&first.body["next"], &first.body["reach"]),
            (&json!("changePassword"), &json!("changePassword"))
        );
        let change = json!({ "currentPassword": temporary, "newPassword": own });
        expect(
            self.laptop.ask("PUT", "/v1/me/password", Some(&first.text("bearer")), Some(change)),
            200,
        )
    }

    /// Registers an address of a kind of method.
    fn register(&self, bearer: &str, kind: &str, address: &str) {
        let sent = expect(
            self.post(
                "/v1/me/methods",
                bearer,
                Some(json!({ "kind": kind, "destination": address })),
            ),
            202,
        );
        let message = self.laptop.next_message(address);
        assert_eq!(
            (message["language"].as_str(), message["parts"].as_u64()),
            (Some(self.language), Some(1)),
            "{message}"
        );
        expect(self.laptop.verify(&sent.text("challengeId"), bearer, &code(&message)), 200);
    }

    /// A code mail bounces: the next sign-in asks to reconfirm, and the reset stays open.
    fn bounced(&self) {
        let (user_id, address) = (self.user_id("returned"), self.address("returned"));
        let first = self.person("returned", &json!({})).text("bearer");
        self.register(&first, "email", &address);
        let session = self.finish(&first).text("bearer");
        self.laptop.fail_next("email", "bounced");
        let reset = self.start(&user_id);
        let path = format!("/v1/resets/{}/challenges", reset.id);
        expect(self.post(&path, &reset.bearer, Some(json!({ "kind": "email" }))), 202);
        let begin = std::time::Instant::now();
        let me = || expect(self.laptop.ask("GET", "/v1/me", Some(&session), None), 200);
        while me().body["undeliverable"] != json!(["email"]) {
            assert!(begin.elapsed().as_secs() < 60, "the bounce did not arrive");
        }
        let asked = expect(self.laptop.sign_in(&user_id, OWN), 200);
        assert_eq!(
            (&asked.body["next"], &asked.body["undeliverable"]),
            (&json!("reconfirm"), &json!(["email"]))
        );
        // The reset can still be continued.
        expect(
            self.laptop.ask("GET", &format!("/v1/resets/{}", reset.id), Some(&reset.bearer), None),
            200,
        );
    }

    fn finish(&self, bearer: &str) -> Answer {
        let done = expect(self.post("/v1/me/registration/finish", bearer, None), 200);
        assert_eq!((&done.body["next"], &done.body["reach"]), (&json!(null), &json!("full")));
        done
    }

    fn start(&self, user_id: &str) -> Reset {
        let started = expect(
            self.laptop.ask("POST", "/v1/resets", None, Some(json!({ "userId": user_id }))),
            201,
        );
        Reset { id: started.text("resetId"), bearer: started.text("bearer") }
    }

    /// Proves a kind of method in a reset, with the address typed in full.
    fn prove(&self, reset: &Reset, kind: &str, address: &str) {
        let wanted = json!({ "kind": kind, "destination": address });
        let sent = expect(
            self.post(&format!("/v1/resets/{}/challenges", reset.id), &reset.bearer, Some(wanted)),
            202,
        );
        let message = self.laptop.next_message(address);
        assert_eq!(message["language"], self.language, "{message}");
        expect(self.laptop.verify(&sent.text("challengeId"), &reset.bearer, &code(&message)), 200);
    }

    fn next(&self, reset: &Reset) -> String {
        expect(
            self.laptop.ask("GET", &format!("/v1/resets/{}", reset.id), Some(&reset.bearer), None),
            200,
        )
        .text("next")
    }

    fn set_password(&self, reset: &Reset) -> Answer {
        let path = format!("/v1/resets/{}/password", reset.id);
        self.laptop.ask("PUT", &path, Some(&reset.bearer), Some(json!({ "newPassword": NEW })))
    }

    /// Asserts that the new password signs in, and that the old one is refused.
    fn is_in(&self, user_id: &str) {
        assert_eq!(self.laptop.sign_in(user_id, OWN).body["code"], "signInFailed");
        expect(self.laptop.sign_in(user_id, NEW), 200);
    }

    fn phone_alone(&self) {
        let (user_id, number) = (self.user_id("phone"), self.number("156", "157"));
        let session = self.person("phone", &json!({})).text("bearer");
        self.register(&session, "mobilePhone", &number);
        self.finish(&session);
        let reset = self.start(&user_id);
        self.prove(&reset, "mobilePhone", &number);
        expect(self.set_password(&reset), 204);
        let notice = self.laptop.next_message(&number);
        assert_eq!(
            (notice["code"].as_str(), notice["channel"].as_str()),
            (None, Some("sms")),
            "{notice}"
        );
        self.is_in(&user_id);
    }

    fn both(&self) {
        let (user_id, number, address) =
            (self.user_id("both"), self.number("158", "159"), self.address("both"));
        let session = self.person("both", &json!({})).text("bearer");
        self.register(&session, "email", &address);
        self.register(&session, "mobilePhone", &number);
        self.finish(&session);
        // Either kind of method is enough.
        let reset = self.start(&user_id);
        self.prove(&reset, "mobilePhone", &number);
        assert_eq!(self.next(&reset), "password");
        expect(self.set_password(&reset), 204);
        for to in [&number, &address] {
            // The mail address also received the notice about the added phone.
            while self.laptop.next_message(to)["code"].is_string() {}
        }
        self.is_in(&user_id);
    }

    fn two_kinds(&self) {
        let (user_id, number, address) =
            (self.user_id("two"), self.number("006", "110"), self.address("two"));
        let session = self.person("two", &json!({})).text("bearer");
        self.register(&session, "email", &address);
        assert_eq!(
            self.post("/v1/me/registration/finish", &session, None).body["code"],
            "methodMissing"
        );
        self.register(&session, "mobilePhone", &number);
        self.finish(&session);
        let reset = self.start(&user_id);
        // The notice about the added phone comes first.
        assert!(self.laptop.next_message(&address)["code"].is_null());
        self.prove(&reset, "email", &address);
        assert_eq!(self.next(&reset), "method");
        assert_eq!(self.set_password(&reset).body["code"], "proofMissing");
        self.prove(&reset, "mobilePhone", &number);
        assert_eq!(self.next(&reset), "password");
        expect(self.set_password(&reset), 204);
        self.is_in(&user_id);
    }

    fn administrator(&self) {
        let (user_id, number, address) =
            (self.user_id("boss"), self.number("313", "737"), self.address("boss"));
        // Another administrator, who receives the notice.
        let other = self.person("other", &json!({ "role": "administrator" })).text("bearer");
        self.register(&other, "email", &self.address("other"));
        let session = self.person("boss", &json!({ "role": "administrator" })).text("bearer");
        self.register(&session, "email", &address);
        assert_eq!(
            self.post("/v1/me/registration/finish", &session, None).body["code"],
            "methodMissing",
            "administrators need two kinds"
        );
        self.register(&session, "mobilePhone", &number);
        self.finish(&session);
        assert!(self.laptop.next_message(&address)["code"].is_null(), "the notice of the phone");
        let reset = self.start(&user_id);
        self.prove(&reset, "email", &address);
        assert_eq!(self.set_password(&reset).body["code"], "proofMissing");
        self.prove(&reset, "mobilePhone", &number);
        expect(self.set_password(&reset), 204);
        let notice = self.laptop.next_message(&self.address("other"));
        assert!(
            notice["text"].as_str().is_some_and(|text| text.contains("Sample boss")),
            "{notice}"
        );
        self.is_in(&user_id);
    }

    fn selected(&self) {
        let member = self.person("member", &json!({ "groups": ["engineers"] }));
        assert_eq!(member.body["next"], "register");
        let address = self.address("member");
        self.register(&member.text("bearer"), "email", &address);
        self.finish(&member.text("bearer"));
        let guest = self.person("guest", &json!({ "groups": ["guests"] }));
        assert_eq!(
            (&guest.body["next"], &guest.body["reach"]),
            (&json!(null), &json!("full")),
            "a user out of scope need not register"
        );
        let guests_address = self.address("guest");
        self.register(&guest.text("bearer"), "email", &guests_address);
        let before = self.laptop.messages(&guests_address);

        let (of_member, of_guest) =
            (self.start(&self.user_id("member")), self.start(&self.user_id("guest")));
        let ask = json!({ "kind": "email" });
        expect(
            self.post(
                &format!("/v1/resets/{}/challenges", of_guest.id),
                &of_guest.bearer,
                Some(ask),
            ),
            202,
        );
        self.prove(&of_member, "email", &address);
        expect(self.set_password(&of_member), 204);
        self.is_in(&self.user_id("member"));
        // The guest's code was requested first, so it was handled first, and no message was sent.
        assert_eq!(self.laptop.messages(&guests_address), before);
        assert_eq!(self.set_password(&of_guest).body["code"], "proofMissing");
        let why = format!("/v1/users/{}/can-reset", self.user_id("guest"));
        let why = self.laptop.ask_with(
            "GET",
            &why,
            Some(self.admin),
            None,
            &[("accept-language", self.language)],
        );
        assert_eq!(
            (&why.body["canReset"], &why.body["reason"]),
            (&json!(false), &json!("outOfScope"))
        );
    }

    fn postponed(&self) {
        let user_id = self.user_id("later");
        let asked = self.person("later", &json!({}));
        assert_eq!(asked.body["next"], "register");
        assert!(asked.body["postponeUntil"].is_string());
        let session =
            expect(self.post("/v1/me/registration/postpone", &asked.text("bearer"), None), 200);
        assert_eq!((&session.body["reach"], &session.body["next"]), (&json!("full"), &json!(null)));
        self.laptop.move_back(&user_id, "askedAt", 7);
        let again = expect(self.laptop.sign_in(&user_id, OWN), 200);
        assert_eq!(
            (&again.body["next"], &again.body["postponeUntil"]),
            (&json!("register"), &json!(null))
        );
        assert_eq!(
            self.post("/v1/me/registration/postpone", &again.text("bearer"), None).body["code"],
            "postponeOver"
        );
    }

    fn reconfirmed(&self) {
        let user_id = self.user_id("again");
        let session = self.person("again", &json!({})).text("bearer");
        self.register(&session, "email", &self.address("again"));
        self.finish(&session);
        assert_eq!(self.laptop.sign_in(&user_id, OWN).body["next"], json!(null));
        self.laptop.move_back(&user_id, "confirmedAt", 180);
        let asked = expect(self.laptop.sign_in(&user_id, OWN), 200);
        assert_eq!(
            (&asked.body["next"], &asked.body["reach"]),
            (&json!("reconfirm"), &json!("register"))
        );
        let done =
            expect(self.post("/v1/me/registration/reconfirm", &asked.text("bearer"), None), 200);
        assert_eq!(done.body["reach"], "full");
        assert_eq!(self.laptop.sign_in(&user_id, OWN).body["next"], json!(null));
    }

    fn temporary_password(&self) {
        let (user_id, address) = (self.user_id("issued"), self.address("issued"));
        let session = self.person("issued", &json!({})).text("bearer");
        self.register(&session, "email", &address);
        let session = self.finish(&session).text("bearer");
        let issued = expect(
            self.post(&format!("/v1/users/{user_id}/temporary-password"), self.admin, None),
            200,
        );
        assert_eq!(
            self.laptop.ask("GET", "/v1/me", Some(&session), None).status,
            401,
            "signed out everywhere"
        );
        assert_eq!(self.laptop.sign_in(&user_id, OWN).body["code"], "signInFailed");
        let subject = if self.language == "en" {
            "An administrator reset your Latchkey password"
        } else {
            "Latchkey 通知：系統管理員已重設您的密碼"
        };
        assert_eq!(self.laptop.next_message(&address)["subject"], subject);
        self.settle(&user_id, &issued.text("temporaryPassword"), NEW);
        self.is_in(&user_id);
    }
}
