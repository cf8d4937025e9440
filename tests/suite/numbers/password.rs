//! Password limits at both ends of their ranges: the number of wrong passwords before a
//! lockout, and the length of a new password.

use crate::numbers::{Numbers, refusal};
use domain::time::Span;
use serde_json::json;
use tests::world::Ask;

const MOMENT: Span = Span(1);

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_waits_after_the_policys_number_of_wrong_passwords() {
    let it = Numbers::new().await;
    let ann = it
        .world
        .user(&it.admin().await, json!({ "userId": "ann@example.com", "name": "Ann" }))
        .await;
    for most in [3, 100] {
        it.set(&[("/limits/wrongPasswords", most)]).await;
        it.world.sign_in(&ann.user_id, &ann.password).await.expect(200);
        let wrong = async |n: u32| {
            it.world.sign_in(&ann.user_id, &format!("wrong password number {n} of {most}")).await
        };
        for n in 1..most {
            assert_eq!(wrong(n).await.code(), "signInFailed", "{n} of {most}");
        }
        // Repeating one of the last three wrong passwords does not count.
        assert_eq!(wrong(most - 1).await.code(), "signInFailed");
        assert_eq!(
            wrong(most).await.code(),
            "signInFailed",
            "{most}: refused as wrong, and then sign-in waits"
        );
        for (n, seconds) in (most + 1..).zip([60, 120, 240, 480, 900, 900]) {
            let wait = Some(seconds.to_string());
            let right = it.world.sign_in(&ann.user_id, &ann.password).await;
            assert_eq!(
                refusal(&right),
                ("signInLocked", wait.as_deref()),
                "{most}: the right password waits too"
            );
            it.world.pass(Span(Span::seconds(seconds).0 - 1));
            assert_eq!(
                refusal(&wrong(n).await),
                ("signInLocked", Some("1")),
                "{most}: a moment before {seconds} s"
            );
            it.world.pass(MOMENT);
            assert_eq!(wrong(n).await.code(), "signInFailed", "{most}: number {n}");
        }
        it.world.pass(Span::minutes(15));
        it.world.sign_in(&ann.user_id, &ann.password).await.expect(200);
        // The count is cleared: the next wrong password counts as the first.
        assert_eq!(wrong(1).await.code(), "signInFailed");
        it.world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    }
}

/// Returns an unguessable password of this many code points.
fn long(length: usize) -> String {
    let words = "vellum quartz 字典 otter juniper 93 kayak; mango lantern orbit thimble Zürich pebble walnut 鑰匙 gravel plinth ";
    words.chars().cycle().take(length - 1).chain(['!']).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_has_the_policys_minimum_length_and_at_most_256() {
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
