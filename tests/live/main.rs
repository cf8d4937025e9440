//! Tests the whole system as a developer starts it: `cargo latchkey`, requests over
//! HTTP, and codes from the inbox.

mod laptop;
mod stories;

use laptop::{Laptop, free_ports};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Returns the path of a data directory below `target`, which Git ignores.
fn data_dir(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/live").join(name)
}

/// Runs the five steps of the main story, by mail, in the user's language.
fn story(laptop: &Laptop, admin: &str, language: &str) {
    let user_id = format!("story.{}@example.com", language.to_lowercase());
    let address = format!("private.{user_id}");

    // 1. The administrator allows reset for all users and saves the policy.
    let read = laptop.ask("GET", "/v1/policy", Some(admin), None);
    let mut policy = read.body["policy"].clone();
    policy["scope"] = json!({ "type": "all" });
    let saved = laptop.ask_with(
        "PUT",
        "/v1/policy",
        Some(admin),
        Some(policy),
        &[("if-match", &read.headers["etag"])],
    );
    assert_eq!(saved.status, 200, "{}", saved.body);
    let user = json!({ "userId": user_id, "name": "Sample User", "language": language });
    let made = laptop.ask("POST", "/v1/users", Some(admin), Some(user));
    assert_eq!(made.status, 201, "{}", made.body);

    // 2. The next sign-in asks the user to change the password and to register.
    let temporary = made.text("temporaryPassword");
    let first = laptop.sign_in(&user_id, &temporary);
    assert_eq!(first.body["next"], "changePassword");
    let change =
        json!({ "currentPassword": temporary, "newPassword": "the first ptarmigan of my own" });
    let signed_in = laptop.ask("PUT", "/v1/me/password", Some(&first.text("bearer")), Some(change));
    assert_eq!((signed_in.status, &signed_in.body["next"]), (200, &json!("register")));
    let session = signed_in.text("bearer");

    // 3. The user registers a mail address, enters the code, and finishes.
    let add = json!({ "kind": "email", "destination": address });
    let sent = laptop.ask("POST", "/v1/me/methods", Some(&session), Some(add));
    assert_eq!(sent.status, 202, "{}", sent.body);
    let mail = laptop.next_message(&address);
    assert_eq!(mail["language"], language, "{mail}");
    let verified = laptop.verify(&sent.text("challengeId"), &session, &code(&mail));
    assert_eq!(verified.status, 200, "{}", verified.body);
    let finished = laptop.ask("POST", "/v1/me/registration/finish", Some(&session), None);
    assert_eq!((finished.status, &finished.body["reach"]), (200, &json!("full")));
    let session = finished.text("bearer");

    // 4. Later the user forgets the password: user ID, mail, code, new password.
    let started = laptop.ask("POST", "/v1/resets", None, Some(json!({ "userId": user_id })));
    assert_eq!(started.status, 201, "{}", started.body);
    let (reset, bearer) = (started.text("resetId"), started.text("bearer"));
    let sent = laptop.ask(
        "POST",
        &format!("/v1/resets/{reset}/challenges"),
        Some(&bearer),
        Some(json!({ "kind": "email" })),
    );
    assert_eq!(sent.status, 202, "{}", sent.body);
    let mail = laptop.next_message(&address);
    let challenge = sent.text("challengeId");
    let wrong = laptop.ask_with(
        "POST",
        &format!("/v1/challenges/{challenge}/verify"),
        Some(&bearer),
        Some(json!({ "code": other(&code(&mail)) })),
        &[("accept-language", language)],
    );
    assert_eq!((wrong.status, &wrong.body["code"]), (422, &json!("codeNotAccepted")));
    let expected = if language == "en" {
        "That code is wrong or has expired"
    } else {
        "驗證碼不正確或已失效"
    };
    assert_eq!(wrong.body["title"], expected);
    assert_eq!(laptop.verify(&challenge, &bearer, &code(&mail)).status, 200);
    let set = laptop.ask(
        "PUT",
        &format!("/v1/resets/{reset}/password"),
        Some(&bearer),
        Some(json!({ "newPassword": "a new and longer ptarmigan" })),
    );
    assert_eq!(set.status, 204, "{}", set.body);

    // 5. The new password signs in and asks for a review of the methods; the old password and
    // old sessions are refused.
    let signed_in = laptop.sign_in(&user_id, "a new and longer ptarmigan");
    assert_eq!((signed_in.status, signed_in.body["next"].as_str()), (200, Some("review")));
    let reconfirm = "/v1/me/registration/reconfirm";
    let done = laptop.ask("POST", reconfirm, Some(&signed_in.text("bearer")), None);
    assert_eq!((done.status, done.body["reach"].as_str()), (200, Some("full")));
    assert_eq!(
        laptop.sign_in(&user_id, "the first ptarmigan of my own").body["code"],
        "signInFailed"
    );
    assert_eq!(laptop.ask("GET", "/v1/me", Some(&session), None).status, 401);
    let notice = laptop.next_message(&address);
    let subject = if language == "en" {
        "Your Latchkey password was reset"
    } else {
        "Latchkey 通知：您的密碼已重設"
    };
    assert_eq!(notice["subject"], subject);
}

pub fn code(mail: &Value) -> String {
    mail["code"].as_str().unwrap_or_else(|| panic!("no code in {mail}")).to_owned()
}

fn other(code: &str) -> String {
    let digits: u64 = code.parse().expect("digits");
    format!("{:08}", (digits + 1) % 100_000_000)
}

#[test]
fn every_story_runs_in_both_languages_and_the_program_starts_and_ends_cleanly() {
    let data = data_dir("story");
    let port = free_ports();

    let mut laptop = Laptop::start(port, &data, true);
    let limits = laptop.ask("GET", "/v1/limits", None, None);
    assert_eq!((limits.status, &limits.body["code"]["digits"]), (200, &json!(8)));
    let ada = laptop.account("admin@example.com");
    let admin = laptop.sign_in("admin@example.com", &ada).text("bearer");
    for language in ["en", "zh-TW"] {
        story(&laptop, &admin, language);
        stories::tell_all(&laptop, &admin, language);
    }
    // After Ctrl-C the program ends by itself, and none of its processes remain.
    laptop.interrupt();
    laptop.assert_gone();

    // A second start keeps the data, and needs no network.
    let mut laptop = Laptop::start(port, &data, false);
    assert_eq!(laptop.sign_in("story.en@example.com", "a new and longer ptarmigan").status, 200);
    assert_eq!(laptop.account("admin@example.com"), ada);
    // If the program is killed without a warning, its child processes end too.
    laptop.kill();
    laptop.assert_gone();
}
