//! Passwords at both ends of their numbers: how many wrong ones make sign-in
//! wait, and how long a new one is.

use crate::numbers::{Numbers, told};
use domain::time::Span;
use serde_json::json;
use tests::world::Ask;

const MOMENT: Span = Span(1);

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_waits_after_as_many_wrong_passwords_as_the_policy_says() {
    let it = Numbers::new().await;
    let ann = it
        .world
        .user(&it.admin().await, json!({ "userId": "ann@example.com", "name": "Ann" }))
        .await;
    for most in [3, 100] {
        it.set(&[("/limits/wrongPasswords", most)]).await;
        it.world.sign_in(&ann.user_id, &ann.password).await.expect(200);
        let wrong = async |n: u32| {
            it.world.sign_in(&ann.user_id, &format!("wrong password number {n}")).await
        };
        for n in 1..most {
            assert_eq!(wrong(n).await.code(), "signInFailed", "{n} of {most}");
        }
        // One of the last three once more does not count.
        assert_eq!(wrong(most - 1).await.code(), "signInFailed");
        assert_eq!(
            wrong(most).await.code(),
            "signInFailed",
            "{most}: told wrong, and then sign-in waits"
        );
        for (n, seconds) in (most + 1..).zip([60, 120, 240, 480, 900, 900]) {
            let wait = Some(seconds.to_string());
            let right = it.world.sign_in(&ann.user_id, &ann.password).await;
            assert_eq!(
                told(&right),
                ("signInLocked", wait.as_deref()),
                "{most}: the right one waits too"
            );
            it.world.pass(Span(Span::seconds(seconds).0 - 1));
            assert_eq!(
                told(&wrong(n).await),
                ("signInLocked", Some("1")),
                "{most}: a moment before {seconds} s"
            );
            it.world.pass(MOMENT);
            assert_eq!(wrong(n).await.code(), "signInFailed", "{most}: number {n}");
        }
        it.world.pass(Span::minutes(15));
        it.world.sign_in(&ann.user_id, &ann.password).await.expect(200);
        // The count is gone: one more is one, not the next of many.
        assert_eq!(wrong(1).await.code(), "signInFailed");
        it.world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    }
}

/// So many code points that nobody guesses.
fn long(length: usize) -> String {
    let words = "vellum quartz 字典 otter juniper 93 kayak; mango lantern orbit thimble Zürich pebble walnut 鑰匙 gravel plinth ";
    words.chars().cycle().take(length - 1).chain(['!']).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_as_long_as_the_policy_says_and_256_at_most() {
    let it = Numbers::new().await;
    let mut ann = it
        .world
        .user(&it.admin().await, json!({ "userId": "ann@example.com", "name": "Ann" }))
        .await;
    for minimum in [15, 64] {
        it.set(&[("/password/minimumLength", minimum), ("/limits/wrongPasswords", 100)]).await;
        let minimum = minimum as usize;
        for (length, taken) in [(minimum - 1, false), (257, false), (minimum, true), (256, true)] {
            let new = long(length);
            assert_eq!(new.chars().count(), length);
            let bearer = it.world.session(&ann).await;
            let change = json!({ "currentPassword": ann.password, "newPassword": new });
            let answer =
                it.world.ask(Ask::new("PUT", "/v1/me/password").bearer(&bearer).body(change)).await;
            if taken {
                answer.expect(200);
                ann.password = new;
                continue;
            }
            let error = &answer.body["errors"][0];
            assert_eq!(
                (answer.code(), &error["code"]),
                ("passwordRefused", &json!("passwordLength")),
                "{minimum}: {length}"
            );
            assert_eq!(
                (&error["min"], &error["max"], &error["pointer"]),
                (&json!(minimum), &json!(256), &json!("/newPassword"))
            );
        }
    }
}
