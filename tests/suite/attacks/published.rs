//! Attacks on password resets of other products that were published in 2026. `THREATS.md` lists
//! them with the tests that show each here.

use super::{MAIL, NEW, NUMBER, account, ask_code, both_kinds, code_of, hash, one_kind, prove};
use crate::house::tour::other;
use crate::numbers::refusal;
use domain::time::Span;
use serde_json::json;
use tests::people::StartedReset;
use tests::world::Ask;

/// The request that enters a code.
fn verify(bearer: &str, challenge: &str, code: &str) -> Ask {
    let path = format!("/v1/challenges/{challenge}/verify");
    Ask::new("POST", path).bearer(bearer).body(json!({ "code": code }))
}

fn set(reset: &str, bearer: &str) -> Ask {
    let body = json!({ "newPassword": "the ptarmigan of a thief" });
    Ask::new("PUT", format!("/v1/resets/{reset}/password")).bearer(bearer).body(body)
}

/// Keycloak: a note of an earlier step opened the password step without the mail.
#[tokio::test(flavor = "multi_thread")]
async fn a02_cve_2026_18963_a_proof_is_bound_to_its_reset_its_step_and_its_account() {
    let (world, admin, ann) = one_kind().await;
    let bob = world.user(&admin, json!({ "userId": "bob@example.com", "name": "Bob" })).await;
    let bobs = world.register(&bob, "bob.private@example.com").await;
    let before = hash(&world, &ann.user_id).await;
    // The attacker proves a reset of the own account, and starts one of the victim's.
    let own = world.start_reset(&bob.user_id).await;
    prove(&world, &own, "email", "bob.private@example.com").await;
    let victims = world.start_reset(&ann.user_id).await;
    let (challenge, _) = ask_code(&world, &victims, "email", MAIL).await;
    world.pass(Span::seconds(1));
    let (own_challenge, own_code) = {
        let another = world.start_reset(&bob.user_id).await;
        ask_code(&world, &another, "email", "bob.private@example.com").await
    };
    let key = |ask: Ask| ask.header("idempotency-key", "one-key-for-all-the-steps");
    for (ask, code) in [
        (set(&victims.id, &victims.bearer), "proofMissing"),
        (set(&victims.id, &own.bearer), "resetEnded"),
        (set(&own.id, &victims.bearer), "resetEnded"),
        (set(&victims.id, &bobs), "resetEnded"),
        (verify(&victims.bearer, &own_challenge, &own_code), "codeNotAccepted"),
        (verify(&own.bearer, &challenge, &own_code), "codeNotAccepted"),
        (verify(&bobs, &challenge, &own_code), "codeNotAccepted"),
        (key(verify(&victims.bearer, &challenge, &own_code)), "codeNotAccepted"),
        (key(verify(&victims.bearer, &challenge, &own_code)), "codeNotAccepted"),
    ] {
        let path = ask.path.clone();
        assert_eq!(world.ask(ask).await.code(), code, "{path}");
    }
    // Adding the victim's address to the attacker's account proves nothing for the victim.
    let add = json!({ "kind": "email", "destination": MAIL });
    let add = Ask::new("POST", "/v1/me/methods").bearer(&bobs).body(add);
    let added = world.ask(add).await.expect(202).text("challengeId");
    let right = code_of(&world, &added);
    let crossed = world.ask(verify(&victims.bearer, &added, &right)).await;
    assert_eq!(crossed.code(), "codeNotAccepted");
    assert_eq!(world.next_in(&victims).await, "method");
    assert_eq!(hash(&world, &ann.user_id).await, before);
    world.ask(set(&own.id, &own.bearer)).await.expect(204);
    assert_eq!(hash(&world, &ann.user_id).await, before, "one's own reset stays one's own");
}

/// A reset that ended in a session skipped the second factor of sign-in.
#[tokio::test(flavor = "multi_thread")]
async fn a04_cve_2026_133228_a_reset_skips_no_second_kind_and_opens_no_session() {
    let (world, _, ann) = both_kinds(2).await;
    let before = hash(&world, &ann.user_id).await;
    let reset = world.start_reset(&ann.user_id).await;
    prove(&world, &reset, "email", MAIL).await;
    assert_eq!(world.ask(set(&reset.id, &reset.bearer)).await.code(), "proofMissing");
    // The bearer of a reset is no session, with one proof or with both.
    let opens_nothing = async || {
        for (method, path) in [
            ("GET", "/v1/me"),
            ("GET", "/v1/me/methods"),
            ("POST", "/v1/me/registration/finish"),
            ("POST", "/v1/me/registration/postpone"),
        ] {
            let me = world.ask(Ask::new(method, path).bearer(&reset.bearer)).await;
            assert_eq!(me.code(), "signInRequired", "{path}");
        }
    };
    opens_nothing().await;
    assert_eq!(hash(&world, &ann.user_id).await, before);
    prove(&world, &reset, "mobilePhone", NUMBER).await;
    opens_nothing().await;
    let done = world.set_password(&reset, NEW).await.expect(204);
    assert!(done.cookies.is_empty() && done.body.is_null(), "no session: {done:?}");
    opens_nothing().await;
    // The next sign-in needs the password, and asks for a review before it opens anything.
    let signed_in = world.sign_in(&ann.user_id, NEW).await.expect(200);
    assert_eq!(
        (signed_in.text("next"), signed_in.text("reach")),
        ("review".into(), "register".into())
    );
}

/// Zitadel: the answer that asked for a code held the code.
#[tokio::test(flavor = "multi_thread")]
async fn a61_cve_2026_105211_no_answer_around_a_code_holds_it() {
    let (world, admin, ann) = one_kind().await;
    let session = world.session(&ann).await;
    let reset = world.start_reset(&ann.user_id).await;
    let path = format!("/v1/resets/{}/challenges", reset.id);
    let send = Ask::new("POST", path).bearer(&reset.bearer).body(json!({ "kind": "email" }));
    let send = send.header("idempotency-key", "the-code-of-a-reset");
    let add = json!({ "kind": "email", "destination": "ann.other@example.com" });
    let add = Ask::new("POST", "/v1/me/methods").bearer(&session).body(add);
    let mut answers = Vec::new();
    let mut codes = Vec::new();
    for (ask, bearer) in [(send, &reset.bearer), (add, &session)] {
        let sent = world.ask(ask.clone()).await.expect(202);
        let challenge = sent.text("challengeId");
        let code = code_of(&world, &challenge);
        world.pump().await;
        answers.extend([sent, world.ask(ask).await]);
        answers.push(world.ask(verify(bearer, &challenge, &other(&code))).await);
        codes.push(code);
    }
    for (path, bearer) in [
        (format!("/v1/resets/{}", reset.id), &reset.bearer),
        ("/v1/me".to_owned(), &session),
        ("/v1/me/methods".to_owned(), &session),
        (format!("/v1/users/{}", ann.user_id), &admin),
        (format!("/v1/users/{}/methods", ann.user_id), &admin),
        (format!("/v1/users/{}/can-reset", ann.user_id), &admin),
    ] {
        answers.push(world.ask(Ask::new("GET", path).bearer(bearer)).await);
    }
    let mails = world.standins.inbox().all();
    for code in &codes {
        assert!(mails.iter().any(|mail| mail.code.as_ref() == Some(code)), "the code was sent");
        for answer in &answers {
            let shown = format!("{:?} {}", answer.headers, answer.body);
            assert!(!shown.contains(code.as_str()), "{shown}");
        }
    }
}

/// osTicket: one of the ways to use a reset did not compare its end.
#[tokio::test(flavor = "multi_thread")]
async fn a21_cve_2026_18363_every_step_of_a_reset_compares_its_end() {
    let (world, _, ann) = one_kind().await;
    let begin = world.now();
    let proved = world.start_reset(&ann.user_id).await;
    prove(&world, &proved, "email", MAIL).await;
    let open = world.start_reset(&ann.user_id).await;
    world.pass(Span::minutes(14));
    // A code that was asked for just before ends with its reset.
    let (challenge, code) = ask_code(&world, &open, "email", MAIL).await;
    let before = account(&world, &ann.user_id).await;
    let steps = |reset: &StartedReset| {
        let path = format!("/v1/resets/{}", reset.id);
        let send = Ask::new("POST", format!("{path}/challenges")).body(json!({ "kind": "email" }));
        [
            (verify(&reset.bearer, &challenge, &code), "codeNotAccepted"),
            (Ask::new("GET", &path).bearer(&reset.bearer), "resetEnded"),
            (send.bearer(&reset.bearer), "resetEnded"),
            (set(&reset.id, &reset.bearer), "resetEnded"),
            (Ask::new("DELETE", &path).bearer(&reset.bearer), "resetEnded"),
        ]
    };
    for wait in [Span(0), Span(1), Span::days(1), Span::days(30)] {
        world.pass(begin + Span::minutes(15) + wait - world.now());
        for reset in [&proved, &open] {
            for (ask, code) in steps(reset) {
                let name = format!("{} {}", ask.method, ask.path);
                let answer = world.ask(ask).await;
                assert_eq!(refusal(&answer), (code, None), "{name}, {wait:?} after the end");
            }
        }
        assert_eq!(account(&world, &ann.user_id).await, before);
    }
    let items = world.items().await;
    let kept = |reset: &StartedReset| items.iter().any(|item| item["sk"]["S"] == reset.id.as_str());
    assert!(kept(&proved) && kept(&open), "the items are still in the table");
}
