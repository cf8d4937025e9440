//! Attacks on recipients, proofs, and the order of steps.

use super::{
    MAIL, NEW, NUMBER, account, ask_code, both_kinds, code_of, hash, one_kind, prove,
    register_both, start_method,
};
use crate::house::tour::other;
use domain::time::Span;
use serde_json::json;
use tests::Answer;
use tests::people::StartedReset;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread")]
async fn a01_another_recipient_in_the_request_is_refused_and_messages_go_to_the_stored_address() {
    let (world, _, ann) = one_kind().await;
    let eve = "eve@example.com";
    world.pump().await;
    world.standins.inbox().clear();
    let (user_id, reset) = (&ann.user_id, world.start_reset(&ann.user_id).await);
    let starts = [
        json!({ "userId": [user_id, eve] }),
        json!({ "userId": [user_id] }),
        json!({ "userId": { "victim": user_id, "to": eve } }),
        json!({ "userId": user_id, "email": eve }),
        json!({ "userId": user_id, "destination": eve }),
        json!({ "userId": user_id, "recipients": [eve] }),
    ];
    let sends = [
        json!({ "kind": ["email", "email"] }),
        json!({ "kind": "email", "to": eve }),
        json!({ "kind": "email", "cc": [eve] }),
        json!({ "kind": "email", "email": eve }),
        json!({ "kind": "email", "userId": eve }),
        json!({ "kind": "email", "destination": [MAIL, eve] }),
        json!({ "kind": "email", "destination": { "0": MAIL, "1": eve } }),
        json!({ "kind": "email", "destination": format!("{MAIL},{eve}") }),
        json!({ "kind": "email", "destination": format!("{MAIL}, {eve}") }),
        json!({ "kind": "email", "destination": format!("{MAIL};{eve}") }),
        json!({ "kind": "email", "destination": format!("{MAIL} {eve}") }),
        json!({ "kind": "email", "destination": format!("{MAIL}\r\nBcc: {eve}") }),
        json!({ "kind": "email", "destination": format!("Ann <{eve}>") }),
    ];
    for body in starts {
        let answer = world.ask(Ask::new("POST", "/v1/resets").body(body.clone())).await.expect(400);
        assert_eq!(answer.code(), "invalidRequest", "{body}");
    }
    for body in sends {
        assert_eq!(
            world.ask_code_by(&reset, body.clone()).await.expect(400).code(),
            "invalidRequest",
            "{body}"
        );
    }
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), 0);

    // Another user's address gets the same answer as the right one, and no message is sent.
    world.ask_code_by(&reset, json!({ "kind": "email", "destination": eve })).await.expect(202);
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), 0);
    world.pass(Span::seconds(30));
    let path = format!("/v1/resets/{}/challenges", reset.id);
    let send = Ask::new("POST", path).bearer(&reset.bearer).body(json!({ "kind": "email" }));
    world
        .ask(
            ["to", "cc", "reply-to", "x-email"]
                .into_iter()
                .fold(send, |ask, name| ask.header(name, eve)),
        )
        .await
        .expect(202);
    world.pump().await;
    let to: Vec<String> =
        world.standins.inbox().all().into_iter().map(|message| message.to).collect();
    assert_eq!(to, [MAIL]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a02_no_step_of_a_reset_can_be_left_out() {
    let (world, _, ann) = both_kinds(2).await;
    let before = hash(&world, &ann.user_id).await;
    let refused = async |reset: &StartedReset, after: &str| {
        assert_eq!(world.set_password(reset, NEW).await.code(), "proofMissing", "after {after}");
        assert_eq!(world.next_in(reset).await, "method", "after {after}");
        assert_eq!(hash(&world, &ann.user_id).await, before, "after {after}");
    };
    let reset = world.start_reset(&ann.user_id).await;
    refused(&reset, "the start").await;
    let (challenge, code) = ask_code(&world, &reset, "email", MAIL).await;
    refused(&reset, "a code was asked for").await;
    assert_eq!(
        world.verify(&reset.bearer, &challenge, &other(&code)).await.code(),
        "codeNotAccepted"
    );
    refused(&reset, "a wrong code").await;
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    refused(&reset, "one kind of two").await;
    let (sms, sms_code) = ask_code(&world, &reset, "mobilePhone", NUMBER).await;
    refused(&reset, "a code of the other kind was asked for").await;
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);

    world.verify(&reset.bearer, &sms, &sms_code).await.expect(200);
    assert_eq!(world.next_in(&reset).await, "password");
    world.set_password(&reset, NEW).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a02_no_step_of_a_registration_can_be_left_out() {
    let (world, admin, _) = one_kind().await;
    world.switch_on_phones(&admin, 2).await;
    let bob = world.user(&admin, json!({ "userId": "bob@example.com", "name": "Bob" })).await;
    let session = world.session(&bob).await;
    let finish = || world.ask(Ask::new("POST", "/v1/me/registration/finish").bearer(&session));
    assert_eq!(finish().await.code(), "methodMissing");
    let (challenge, code) =
        start_method(&world, &session, "email", "bob.private@example.com").await;
    assert_eq!(finish().await.code(), "methodMissing", "a code was sent");
    world.verify(&session, &challenge, &code).await.expect(200);
    assert_eq!(finish().await.code(), "methodMissing", "one kind of two");
    let (challenge, code) = start_method(&world, &session, "mobilePhone", NUMBER).await;
    world.verify(&session, &challenge, &code).await.expect(200);
    assert_eq!(finish().await.expect(200).body["reach"], "full");
}

#[tokio::test(flavor = "multi_thread")]
async fn a04_one_kind_proved_again_and_again_is_still_one_of_two() {
    let (world, _, ann) = both_kinds(2).await;
    let reset = world.start_reset(&ann.user_id).await;
    let (challenge, code) = ask_code(&world, &reset, "email", MAIL).await;
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    let still_one = async |reset: &StartedReset, what: &str| {
        assert_eq!(world.next_in(reset).await, "method", "{what}");
        assert_eq!(world.set_password(reset, NEW).await.code(), "proofMissing", "{what}");
    };
    assert_eq!(world.verify(&reset.bearer, &challenge, &code).await.code(), "codeNotAccepted");
    still_one(&reset, "the same code").await;
    for n in 0..3 {
        world.pass(Span::minutes(n + 1));
        let (challenge, code) = ask_code(&world, &reset, "email", MAIL).await;
        assert_eq!(world.verify(&reset.bearer, &challenge, &code).await.code(), "codeNotAccepted");
        still_one(&reset, "another code of the kind").await;
    }
    // A kind proved in another reset does not count in this one.
    let second = world.start_reset(&ann.user_id).await;
    prove(&world, &second, "mobilePhone", NUMBER).await;
    still_one(&second, "the second").await;
    still_one(&reset, "the first").await;
    prove(&world, &reset, "mobilePhone", NUMBER).await;
    world.set_password(&reset, NEW).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a04_an_administrator_proves_two_kinds_whatever_the_policy_asks_of_others() {
    let (world, administrator, _) = both_kinds(1).await;
    register_both(&world, &administrator, "ada.private@example.com", "+61491570157").await;
    world.pass(Span::hours(1));
    let reset = world.start_reset(&administrator.user_id).await;
    prove(&world, &reset, "email", "ada.private@example.com").await;
    assert_eq!(world.next_in(&reset).await, "method");
    assert_eq!(world.set_password(&reset, NEW).await.code(), "proofMissing");
    prove(&world, &reset, "mobilePhone", "+61491570157").await;
    world.set_password(&reset, NEW).await.expect(204);
}

/// Formats an answer without its support code, for comparing two refusals.
fn comparable(answer: &Answer) -> String {
    let mut body = answer.body.clone();
    body["supportCode"] = json!(null);
    format!("{} {body} {:?}", answer.status, answer.headers)
}

#[tokio::test(flavor = "multi_thread")]
async fn a06_ones_own_reset_does_nothing_to_another_ones() {
    let (world, admin, ann) = one_kind().await;
    let eve = world.user(&admin, json!({ "userId": "eve@example.com", "name": "Eve" })).await;
    world.register(&eve, "eve.private@example.com").await;
    let own = world.start_reset(&eve.user_id).await;
    prove(&world, &own, "email", "eve.private@example.com").await;
    let victim = world.start_reset(&ann.user_id).await;
    let (challenge, code) = ask_code(&world, &victim, "email", MAIL).await;
    // A bearer token with Ann's handle (keyed pseudonym of her user ID) and Eve's secret.
    let mixed = format!("{}{}", &victim.bearer[..26], &own.bearer[26..]);
    let before = (account(&world, &ann.user_id).await, hash(&world, &eve.user_id).await);

    let mut answers = Vec::new();
    let session = world.session(&eve).await;
    for id in [victim.id.as_str(), own.id.as_str(), "x"] {
        for bearer in [Some(&own.bearer), Some(&mixed), Some(&session), None] {
            if id == own.id && bearer == Some(&own.bearer) {
                continue;
            }
            let ask = |method, rest: &str| {
                let ask = Ask::new(method, format!("/v1/resets/{id}{rest}"));
                bearer.iter().fold(ask, |ask, bearer| ask.bearer(bearer))
            };
            for ask in [
                ask("GET", ""),
                ask("DELETE", ""),
                ask("POST", "/challenges").body(json!({ "kind": "email" })),
                ask("PUT", "/password").body(json!({ "newPassword": NEW })),
            ] {
                let what = format!("{} {}", ask.method, ask.path);
                let answer = world.ask(ask).await;
                assert_eq!((answer.status, answer.code()), (410, "resetEnded"), "{what}");
                answers.push(comparable(&answer));
            }
        }
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "every refusal has the same answer: {answers:#?}"
    );
    for bearer in [&own.bearer, &mixed] {
        assert_eq!(world.verify(bearer, &challenge, &code).await.code(), "codeNotAccepted");
    }
    let body = json!({ "newPassword": NEW, "userId": ann.user_id, "resetId": victim.id });
    let set =
        Ask::new("PUT", format!("/v1/resets/{}/password", own.id)).bearer(&own.bearer).body(body);
    assert_eq!(
        world.ask(set).await.expect(400).code(),
        "invalidRequest",
        "the victim's IDs in the body"
    );
    assert_eq!((account(&world, &ann.user_id).await, hash(&world, &eve.user_id).await), before);

    // Ann's reset has not ended, and no guess was counted against it.
    world.verify(&victim.bearer, &challenge, &code).await.expect(200);
    world.set_password(&victim, NEW).await.expect(204);
    world.sign_in(&eve.user_id, &eve.password).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a06_a_code_of_one_reset_is_worthless_in_another_of_the_same_account() {
    let (world, _, ann) = one_kind().await;
    let before = account(&world, &ann.user_id).await;
    // A thief starts a reset and persuades Ann to reveal the code of her own reset.
    let thief = world.start_reset(&ann.user_id).await;
    let owner = world.start_reset(&ann.user_id).await;
    let (challenge, code) = ask_code(&world, &owner, "email", MAIL).await;
    assert_eq!(world.verify(&thief.bearer, &challenge, &code).await.code(), "codeNotAccepted");
    assert_eq!(world.next_in(&thief).await, "method");
    assert_eq!(world.set_password(&thief, NEW).await.code(), "proofMissing");
    assert_eq!(account(&world, &ann.user_id).await, before);
    // The thief's guesses do not count against Ann's code.
    for _ in 0..5 {
        assert_eq!(
            world.verify(&thief.bearer, &challenge, &other(&code)).await.code(),
            "codeNotAccepted"
        );
    }
    world.verify(&owner.bearer, &challenge, &code).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a07_a_client_that_believes_itself_verified_is_refused() {
    let (world, _, ann) = one_kind().await;
    let before = account(&world, &ann.user_id).await;
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    let code = code_of(&world, &challenge);
    assert_eq!(
        world.verify(&reset.bearer, &challenge, &other(&code)).await.code(),
        "codeNotAccepted"
    );
    let path = format!("/v1/resets/{}/password", reset.id);
    let set = |path: &str| Ask::new("PUT", path).bearer(&reset.bearer);
    for (field, value) in [
        ("verified", json!(true)),
        ("verified", json!(["email"])),
        ("next", json!("password")),
        ("state", json!("verified")),
        ("need", json!(0)),
        ("challengeId", json!(challenge)),
        ("code", json!("00000000")),
    ] {
        let mut body = json!({ "newPassword": NEW });
        body[field] = value.clone();
        assert_eq!(
            world.ask(set(&path).body(body)).await.expect(400).code(),
            "invalidRequest",
            "{field}: {value}"
        );
    }
    let claims = set(&path)
        .body(json!({ "newPassword": NEW }))
        .header("x-verified", "true")
        .header("x-user-id", &ann.user_id);
    assert_eq!(world.ask(claims.cookie("verified=email")).await.code(), "proofMissing");
    let query =
        world.ask(set(&format!("{path}?verified=email")).body(json!({ "newPassword": NEW }))).await;
    assert!(["proofMissing", "invalidRequest"].contains(&query.code()), "{query:?}");
    assert_eq!(world.next_in(&reset).await, "method");
    assert_eq!(account(&world, &ann.user_id).await, before);
}
