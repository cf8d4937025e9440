//! What a reset ends: the old password, all sessions, every other reset and code; and which
//! addresses get a notice.

use crate::house::requests::session_requests;
use crate::house::tour::other;
use domain::time::Span;
use serde_json::json;
use tests::World;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread")]
async fn a58_a_reset_ends_password_sessions_resets_and_codes_and_sends_a_notice() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let address = "ann.private@example.com";
    let (first, second) = (world.session(&ann).await, world.session(&ann).await);
    // A registration is under way, and another reset with a live code.
    let change = json!({ "kind": "email", "destination": "ann.other@example.com" });
    let pending = world
        .ask(Ask::new("POST", "/v1/me/methods").bearer(&first).body(change))
        .await
        .expect(202)
        .text("challengeId");
    let pending_code = world.code_for("ann.other@example.com").await;

    let older = world.start_reset(&ann.user_id).await;
    world.prove(&older, "email", address).await;
    world.pass(Span::minutes(1));
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for(address).await;
    world.verify(&reset.bearer, &challenge, &other(&code)).await.expect(422);
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    world.pass(Span::minutes(1));
    let newer = world.start_reset(&ann.user_id).await;
    let newer_challenge = world.send_code(&newer).await;
    let newer_code = world.code_for(address).await;
    let mails = world.standins.inbox().all().len();

    world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);

    assert_eq!(world.sign_in(&ann.user_id, &ann.password).await.code(), "signInFailed");
    for bearer in [&first, &second] {
        for ask in session_requests(&[("{challengeId}", &pending)]) {
            let name = format!("{} {}", ask.method, ask.path);
            assert_eq!(world.ask(ask.bearer(bearer)).await.code(), "signInRequired", "{name}");
        }
    }
    assert_eq!(world.verify(&first, &pending, &pending_code).await.code(), "signInRequired");
    // The reset that had proved enough, and the one whose code is live.
    assert_eq!(world.set_password(&older, "the ptarmigan of a thief").await.code(), "resetEnded");
    assert_eq!(
        world.verify(&newer.bearer, &newer_challenge, &newer_code).await.code(),
        "codeNotAccepted"
    );
    assert_eq!(world.set_password(&newer, "the ptarmigan of a thief").await.code(), "proofMissing");
    assert_eq!(world.set_password(&reset, "the ptarmigan of a thief").await.code(), "resetEnded");
    world.sign_in(&ann.user_id, "a new and longer ptarmigan").await.expect(200);

    world.pump().await;
    let sent: Vec<_> = world.standins.inbox().all().split_off(mails);
    assert_eq!(sent.len(), 1, "one notice, and no further code");
    assert_eq!(sent[0].to, address);
    assert_eq!(sent[0].subject.as_deref(), Some("Your Latchkey password was reset"));
    assert!(sent[0].code.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a55_changing_an_address_ends_its_codes_and_sends_a_notice_to_the_old_one() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for("ann.private@example.com").await;

    let session = world.session(&ann).await;
    world.pass(Span::seconds(1));
    let change = json!({ "kind": "email", "destination": "ann.other@example.com" });
    let pending = world
        .ask(Ask::new("POST", "/v1/me/methods").bearer(&session).body(change))
        .await
        .expect(202)
        .text("challengeId");
    let pending_code = world.code_for("ann.other@example.com").await;
    world.verify(&session, &pending, &pending_code).await.expect(200);

    assert_eq!(world.verify(&reset.bearer, &challenge, &code).await.code(), "codeNotAccepted");
    world.pump().await;
    let notice = world.standins.inbox().to("ann.private@example.com").pop().expect("a notice");
    assert_eq!(
        notice.subject.as_deref(),
        Some("A verification method on your Latchkey account was changed")
    );
    // A reset that began before sends nothing to the new address.
    world.pass(Span::seconds(30));
    world.send_code(&reset).await;
    let before = world.standins.inbox().all().len();
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_by_an_address_that_changed_since_no_longer_counts() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for("ann.private@example.com").await;
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    let session = world.session(&ann).await;
    let change = json!({ "kind": "email", "destination": "ann.other@example.com" });
    let pending = world
        .ask(Ask::new("POST", "/v1/me/methods").bearer(&session).body(change))
        .await
        .expect(202)
        .text("challengeId");
    let pending_code = world.code_for("ann.other@example.com").await;
    world.verify(&session, &pending, &pending_code).await.expect(200);
    // The change ends the whole reset, not only its proof.
    let ended = world.set_password(&reset, "a new and longer ptarmigan").await;
    assert_eq!(
        (ended.code(), ended.text("supportCode")),
        ("resetEnded", reset.support_code.clone())
    );
    // A day later the answer still gives the reset's support code.
    world.pass(Span::days(1));
    let ended = world.set_password(&reset, "a new and longer ptarmigan").await;
    assert_eq!((ended.code(), ended.text("supportCode")), ("resetEnded", reset.support_code));
}

#[tokio::test(flavor = "multi_thread")]
async fn i18_no_reset_completes_once_reset_is_off_or_the_account_is_disabled() {
    for disable in [false, true] {
        let world = World::new().await;
        let (admin, ann) = world.ready().await;
        let reset = world.start_reset(&ann.user_id).await;
        let challenge = world.send_code(&reset).await;
        let code = world.code_for("ann.private@example.com").await;
        world.verify(&reset.bearer, &challenge, &code).await.expect(200);
        if disable {
            let seen = world
                .ask(Ask::new("GET", "/v1/users/ann@example.com").bearer(&admin))
                .await
                .expect(200);
            let patch = Ask::new("PATCH", "/v1/users/ann@example.com")
                .bearer(&admin)
                .header("if-match", &seen.headers["etag"]);
            world.ask(patch.body(json!({ "enabled": false }))).await.expect(200);
        } else {
            world
                .save_policy(&admin, |policy| policy["scope"] = json!({ "type": "none" }))
                .await
                .expect(200);
        }
        assert_eq!(
            world.set_password(&reset, "a new and longer ptarmigan").await.code(),
            "resetEnded"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sent_message_leaves_no_address_in_the_outbox() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    world.prove(&reset, "email", "ann.private@example.com").await;
    world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);
    let rows = async || -> Vec<String> {
        let items = world.items().await;
        items
            .iter()
            .filter(|item| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("OUTBOX#")))
            .map(|item| item.to_string())
            .collect()
    };
    assert!(
        rows().await.iter().any(|row| row.contains("ann.private@example.com")),
        "the notice is not sent yet"
    );
    world.pump().await;
    assert!(rows().await.iter().all(|row| !row.contains('@')));
}
