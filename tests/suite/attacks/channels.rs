//! Attacks on addresses and messages, and the effects of failed resets.

use super::{
    MAIL, NEW, NUMBER, account, both_kinds, code_of, hash, ledger, one_kind, prove, start_method,
};
use crate::house::tour::other;
use domain::time::Span;
use local::inbox::{Channel, Failure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Answer, World};

/// Requests a code, sends all queued messages, and returns the recipients.
async fn sent_to(world: &World, reset: &StartedReset) -> Vec<String> {
    world.pump().await;
    world.standins.inbox().clear();
    assert_eq!(world.ask_code(reset).await.status, 202);
    world.pump().await;
    world
        .standins
        .inbox()
        .all()
        .into_iter()
        .filter(|message| message.code.is_some())
        .map(|message| message.to)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a52_messages_of_a_reset_contain_the_configured_address_despite_forged_headers() {
    let (world, _, ann) = both_kinds(1).await;
    world.pump().await;
    world.standins.inbox().clear();
    let headers = [
        "host",
        "x-forwarded-host",
        "x-original-host",
        "x-forwarded-proto",
        "forwarded",
        "origin",
        "referer",
    ];
    let poisoned = |ask: Ask| {
        world.ask(headers.into_iter().fold(ask, |ask, name| ask.header(name, "evil.example")))
    };
    let started = poisoned(Ask::new("POST", "/v1/resets").body(json!({ "userId": ann.user_id })))
        .await
        .expect(201);
    let (path, bearer) =
        (format!("/v1/resets/{}", started.text("resetId")), started.text("bearer"));
    let send = Ask::new("POST", format!("{path}/challenges")).bearer(&bearer);
    let challenge = poisoned(send.body(json!({ "kind": "mobilePhone", "destination": NUMBER })))
        .await
        .expect(202)
        .text("challengeId");
    world.pump().await;
    let code = json!({ "code": code_of(&world, &challenge) });
    poisoned(
        Ask::new("POST", format!("/v1/challenges/{challenge}/verify")).bearer(&bearer).body(code),
    )
    .await
    .expect(200);
    poisoned(
        Ask::new("PUT", format!("{path}/password"))
            .bearer(&bearer)
            .body(json!({ "newPassword": NEW })),
    )
    .await
    .expect(204);
    world.pump().await;
    let messages = world.standins.inbox().all();
    assert_eq!(messages.len(), 3, "a code, and a notice to each address");
    for message in &messages {
        let shown =
            format!("{:?} {} {:?} {:?}", message.subject, message.text, message.html, message.from);
        assert!(!shown.contains("evil"), "{shown}");
    }
    let last = messages[0].text.lines().last().expect("a line");
    assert!(last.starts_with("@reset.example.com #"), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a55_an_address_that_was_never_verified_is_used_for_nothing() {
    let (world, admin, ann) = one_kind().await;
    // Bob has an address that is not verified yet.
    let bob = world.user(&admin, json!({ "userId": "bob@example.com", "name": "Bob" })).await;
    let session = world.session(&bob).await;
    start_method(&world, &session, "email", "bob.private@example.com").await;
    let before = hash(&world, &bob.user_id).await;
    let reset = world.start_reset(&bob.user_id).await;
    assert_eq!(sent_to(&world, &reset).await, Vec::<String>::new());
    let challenge = ledger(&world, &bob.user_id, "reset:email").await["slot0"]["M"]["id"]["S"]
        .as_str()
        .expect("one")
        .to_owned();
    let right = code_of(&world, &challenge);
    assert_eq!(world.verify(&reset.bearer, &challenge, &right).await.code(), "codeNotAccepted");
    assert_eq!(world.set_password(&reset, NEW).await.code(), "proofMissing");
    assert_eq!(hash(&world, &bob.user_id).await, before);
    assert_eq!(
        world.ask(Ask::new("POST", "/v1/me/registration/finish").bearer(&session)).await.code(),
        "methodMissing"
    );

    // Ann has a verified address, and requests a code to another one.
    let session = world.session(&ann).await;
    let (pending, pending_code) =
        start_method(&world, &session, "email", "ann.other@example.com").await;
    let reset = world.start_reset(&ann.user_id).await;
    assert_eq!(sent_to(&world, &reset).await, [MAIL]);
    world.pass(Span::seconds(30));
    let typed = json!({ "kind": "email", "destination": "ann.other@example.com" });
    world.ask_code_by(&reset, typed).await.expect(202);
    world.pump().await;
    assert!(
        world.standins.inbox().to("ann.other@example.com").is_empty(),
        "the unverified address gets no code"
    );
    // Its code would not be accepted either.
    let typed = newest(&world, &ann.user_id).await;
    let refused = world.verify(&reset.bearer, &typed, &code_of(&world, &typed)).await;
    assert_eq!(refused.code(), "codeNotAccepted");
    world.pass(Span::minutes(1));
    world.ask_code(&reset).await.expect(202);
    prove_newest(&world, &reset, &ann.user_id).await;
    world.set_password(&reset, NEW).await.expect(204);
    world.standins.inbox().clear();
    world.pump().await;
    let recipients: Vec<String> =
        world.standins.inbox().all().into_iter().map(|message| message.to).collect();
    assert_eq!(recipients, [MAIL], "the unverified address gets no notice");
    assert_eq!(world.verify(&session, &pending, &pending_code).await.code(), "signInRequired");
}

/// The live challenge of the only reset.
async fn newest(world: &World, user_id: &str) -> String {
    let ledger = ledger(world, user_id, "reset:email").await;
    ledger["slot0"]["M"]["id"]["S"].as_str().expect("one").to_owned()
}

/// Proves the mail address with the code of the live challenge.
async fn prove_newest(world: &World, reset: &StartedReset, user_id: &str) {
    let challenge = newest(world, user_id).await;
    world.verify(&reset.bearer, &challenge, &code_of(world, &challenge)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a55_an_address_that_is_no_longer_the_accounts_gets_no_code_and_proves_nothing() {
    for remove in [false, true] {
        let (world, _, ann) = one_kind().await;
        let (proved, open) =
            (world.start_reset(&ann.user_id).await, world.start_reset(&ann.user_id).await);
        prove(&world, &proved, "email", MAIL).await;
        let session = world.session(&ann).await;
        if remove {
            world
                .ask(Ask::new("DELETE", "/v1/me/methods/email").bearer(&session))
                .await
                .expect(204);
        } else {
            let (challenge, code) =
                start_method(&world, &session, "email", "ann.other@example.com").await;
            world.verify(&session, &challenge, &code).await.expect(200);
        }
        assert_eq!(
            sent_to(&world, &open).await,
            Vec::<String>::new(),
            "a reset from before the change sends to neither address"
        );
        assert_eq!(world.set_password(&proved, NEW).await.code(), "resetEnded");
        world.pass(Span::minutes(1));
        let fresh = world.start_reset(&ann.user_id).await;
        let expected: &[&str] = if remove { &[] } else { &["ann.other@example.com"] };
        assert_eq!(sent_to(&world, &fresh).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a37_failing_an_accounts_resets_closes_reset_but_its_owner_still_signs_in() {
    let (world, _, ann) = both_kinds(1).await;
    let session = world.session(&ann).await;
    let before = account(&world, &ann.user_id).await;
    let unchanged = async |when: &str| {
        assert_eq!(account(&world, &ann.user_id).await, before, "{when}");
        world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await.expect(200);
        let signed_in = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
        assert_eq!(signed_in.body["reach"], "full", "{when}");
    };
    let mut closed = BTreeSet::new();
    for n in 0..40 {
        let reset = world.start_reset(&ann.user_id).await;
        let (kind, address) = [("email", MAIL), ("mobilePhone", NUMBER)][n % 2];
        let body = json!({ "kind": kind, "destination": address });
        let sent = world.ask_code_by(&reset, body).await;
        if sent.code() == "resetClosed" {
            closed.insert(kind);
            continue;
        }
        let challenge = sent.expect(202).text("challengeId");
        let code = code_of(&world, &challenge);
        for _ in 0..4 {
            world.verify(&reset.bearer, &challenge, &other(&code)).await;
        }
        // Also tries a password that is never allowed.
        world.set_password(&reset, "x").await;
        unchanged("while it goes on").await;
        world.pass(Span::minutes(1));
    }
    assert_eq!(closed, BTreeSet::from(["email", "mobilePhone"]));
    unchanged("closed").await;
    world.pass(Span::hours(12));
    assert_eq!(world.ask_first_code(&ann.user_id).await.code(), "resetClosed");
    assert_eq!(account(&world, &ann.user_id).await, before);
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a36_a_reset_shows_no_masked_address() {
    let (world, _, ann) = both_kinds(1).await;
    let mut shapes = Vec::new();
    for user_id in [ann.user_id.as_str(), "unknown@example.com"] {
        let started = world.ask_reset(user_id).await.expect(201);
        let reset = StartedReset {
            id: started.text("resetId"),
            bearer: started.text("bearer"),
            support_code: String::new(),
        };
        let view = world
            .ask(Ask::new("GET", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer))
            .await
            .expect(200);
        let mail = world.ask_code_by(&reset, json!({ "kind": "email" })).await.expect(202);
        // The answer repeats the number that was typed, whether or not it is the account's.
        let mut sms = world.ask_sms(&reset, NUMBER).await.expect(202);
        let repeated = sms.body.as_object_mut().expect("an object").remove("destination");
        assert_eq!(repeated, Some(json!("+61 491 570 156")), "{user_id}");
        let another = world.start_reset(user_id).await;
        let made_up = world.ask_sms(&another, "+61 491 570 157").await.expect(202);
        assert_eq!(made_up.body["destination"], "+61 491 570 157", "{user_id}");
        let wrong = world.verify(&reset.bearer, &mail.text("challengeId"), "00000000").await;
        let mut shape = Vec::new();
        for answer in [&started, &view, &mail, &sms, &wrong] {
            let text = format!("{} {:?}", answer.body, answer.headers);
            for part in ["@", "•", "*", "private", "+61", "4915", "0156"] {
                assert!(!text.contains(part) || random_has(answer, part), "{part:?} in {text}");
            }
            shape.push(
                answer.body.as_object().expect("an object").keys().cloned().collect::<Vec<_>>(),
            );
        }
        assert_eq!(started.body["kinds"], json!(["email", "mobilePhone"]));
        shapes.push(shape);
    }
    assert_eq!(shapes[0], shapes[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a36_a_sign_in_with_an_unknown_user_id_takes_as_long_as_one_with_a_wrong_password() {
    let (world, _, ann) = one_kind().await;
    let mut quickest = [Duration::MAX; 2];
    // The two user IDs alternate, so that load on the machine affects both alike.
    for n in 0..12 {
        for (user_id, quickest) in
            [ann.user_id.as_str(), "unknown@example.com"].into_iter().zip(&mut quickest)
        {
            let begun = Instant::now();
            let answer = world.sign_in(user_id, &format!("wrong password number {}", n % 3)).await;
            *quickest = begun.elapsed().min(*quickest);
            assert_eq!(answer.code(), "signInFailed");
        }
    }
    let [known, unknown] = quickest;
    // The password hash takes most of the time. Without one, sign-in would take a
    // fraction of it.
    assert!(unknown > known / 2 && known > unknown / 2, "known {known:?}, unknown {unknown:?}");
}

/// Whether these characters occur only in random values.
fn random_has(answer: &Answer, part: &str) -> bool {
    let mut body = answer.body.clone();
    for field in ["bearer", "resetId", "challengeId", "supportCode"] {
        body.as_object_mut().map(|fields| fields.remove(field));
    }
    !format!("{body} {:?}", answer.headers).contains(part)
}

#[tokio::test(flavor = "multi_thread")]
async fn a65_a_failed_send_gets_the_same_answer_as_a_sent_one_and_refills_no_guesses() {
    let (world, _, ann) = one_kind().await;
    world.pump().await;
    let before = world.standins.inbox().all().len();
    let shape = |answer: &Answer| {
        (
            answer.status,
            answer.body.as_object().expect("an object").keys().cloned().collect::<Vec<_>>(),
        )
    };
    let delivered = {
        let reset = world.start_reset("unknown@example.com").await;
        world.ask_code(&reset).await
    };
    let mut wrong = 0;
    let (mut reset, mut challenge);
    loop {
        reset = world.start_reset(&ann.user_id).await;
        world.standins.fail_next(Channel::Email, Failure::Rejected);
        let answer = world.ask_code(&reset).await;
        assert_eq!(shape(&answer), shape(&delivered));
        challenge = answer.text("challengeId");
        world.pump().await;
        let view = world
            .ask(Ask::new("GET", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer))
            .await
            .expect(200);
        assert!(
            !view.body.to_string().contains("fail"),
            "a reset's answers never show the delivery state"
        );
        for _ in 0..2 {
            let right = code_of(&world, &challenge);
            assert_eq!(
                world.verify(&reset.bearer, &challenge, &other(&right)).await.code(),
                "codeNotAccepted"
            );
            wrong += 1;
        }
        assert_eq!(world.standins.inbox().all().len(), before, "all of them failed");
        if wrong == 10 {
            break;
        }
        // The same reset can request another code; the failed guesses still count.
        world.pass(Span::minutes(3));
    }
    let right = code_of(&world, &challenge);
    assert_eq!(
        world.verify(&reset.bearer, &challenge, &right).await.code(),
        "resetClosed",
        "the right code, three guesses left"
    );
    assert_eq!(world.ask_first_code(&ann.user_id).await.code(), "resetClosed");
    let failed = |item: &&Value| item["state"]["S"] == "failed";
    assert_eq!(world.items().await.iter().filter(failed).count(), 5);
}
