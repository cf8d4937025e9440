//! `Idempotency-Key`: a repeated request gets the same answer and acts once.

use domain::time::Span;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Answer, Fault, World};

pub const KEY: &str = "idempotency-key";

/// Makes an idempotency key of the minimum length from this name.
pub fn long(name: &str) -> String {
    format!("{name:-<16}")
}

/// Returns the parts of an answer that a repeat must have too.
pub fn result(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.body.clone())
}

fn start(user_id: &str, key: &str) -> Ask {
    Ask::new("POST", "/v1/resets").header(KEY, long(key)).body(json!({ "userId": user_id }))
}

fn send(reset: &StartedReset, key: &str) -> Ask {
    Ask::new("POST", format!("/v1/resets/{}/challenges", reset.id))
        .bearer(&reset.bearer)
        .header(KEY, long(key))
        .body(json!({ "kind": "email" }))
}

fn verify(reset: &StartedReset, challenge: &str, code: &str, key: &str) -> Ask {
    let ask = Ask::new("POST", format!("/v1/challenges/{challenge}/verify")).bearer(&reset.bearer);
    ask.header(KEY, long(key)).body(json!({ "code": code }))
}

fn reset_of(answer: &Answer) -> StartedReset {
    StartedReset {
        id: answer.text("resetId"),
        bearer: answer.text("bearer"),
        support_code: answer.text("supportCode"),
    }
}

pub async fn count(world: &World, prefix: &str) -> usize {
    let of = |item: &&Value| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(prefix));
    world.items().await.iter().filter(of).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_start_returns_the_same_reset() {
    let world = World::new().await;
    world.ready().await;
    for user_id in ["ann@example.com", "unknown@example.com"] {
        let before = count(&world, "RESET#").await;
        let first = world.ask(start(user_id, "one")).await.expect(201);
        world.pass(Span::minutes(1));
        let again = world.ask(start(user_id, "one")).await;
        assert_eq!(result(&again), result(&first), "{user_id}");
        assert_eq!(count(&world, "RESET#").await - before, 1, "{user_id}");

        let reset = reset_of(&first);
        let sent = world.ask(send(&reset, "one")).await.expect(202);
        // Without the idempotency key, a repeat is refused as too soon.
        assert_eq!(result(&world.ask(send(&reset, "one")).await), result(&sent), "{user_id}");
        assert_eq!(world.ask(send(&reset, "two")).await.code(), "tooSoon", "{user_id}");
        let wrong = world.ask(verify(&reset, &sent.text("challengeId"), "00000000", "one")).await;
        let again = world.ask(verify(&reset, &sent.text("challengeId"), "00000000", "one")).await;
        assert_eq!(
            (wrong.code(), result(&again)),
            ("codeNotAccepted", result(&wrong)),
            "{user_id}"
        );
    }
    world.pump().await;
    assert_eq!(
        world
            .standins
            .inbox()
            .to("ann.private@example.com")
            .iter()
            .filter(|m| m.code.is_some())
            .count(),
        2,
        "registration, reset"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_guess_is_charged_once_and_gets_the_same_answer() {
    let world = World::new().await;
    world.ready().await;
    let reset = world.start_reset("ann@example.com").await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for("ann.private@example.com").await;
    for _ in 0..20 {
        assert_eq!(
            world.ask(verify(&reset, &challenge, "00000000", "wrong")).await.code(),
            "codeNotAccepted"
        );
    }
    let first = world.ask(verify(&reset, &challenge, &code, "right")).await.expect(200);
    assert_eq!(
        result(&world.ask(verify(&reset, &challenge, &code, "right")).await),
        result(&first),
        "accepted once, answered twice"
    );
    assert_eq!(
        world.ask(verify(&reset, &challenge, &code, "other")).await.code(),
        "codeNotAccepted",
        "another request with the same code"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_double_clicks_act_once_and_get_the_same_answer() {
    let world = Arc::new(World::new().await);
    world.ready().await;
    let before = count(&world, "RESET#").await;
    let clicks: Vec<_> = (0..16)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { world.ask(start("ann@example.com", "double-click")).await })
        })
        .collect();
    let mut answers = Vec::new();
    for click in clicks {
        answers.push(result(&click.await.unwrap().expect(201)));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(count(&world, "RESET#").await - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_caller_one_route_one_body_and_one_day() {
    let world = World::new().await;
    world.ready().await;
    let first = world.ask(start("ann@example.com", "key")).await.expect(201);
    let other = world.ask(start("Ann@example.com ", "key")).await.expect(422);
    assert_eq!(other.code(), "idempotencyKeyReused", "same account, other body");
    let eve = world.ask(start("eve@example.com", "key")).await.expect(201);
    assert_ne!(eve.text("resetId"), first.text("resetId"));
    let (ann, eve) = (reset_of(&first), reset_of(&eve));
    let sent = world.ask(send(&ann, "key")).await.expect(202);
    assert_ne!(
        world.ask(send(&eve, "key")).await.expect(202).text("challengeId"),
        sent.text("challengeId")
    );

    world.pass(Span(Span::hours(24).0 - 1));
    assert_eq!(result(&world.ask(start("ann@example.com", "key")).await), result(&first));
    world.pass(Span(1));
    assert_ne!(
        world.ask(start("ann@example.com", "key")).await.expect(201).text("resetId"),
        ann.id,
        "a day has passed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_not_a_lost_reset() {
    let world = World::new().await;
    world.ready().await;
    let mut writes = 0;
    // The first request's only write succeeds, and its process dies: the responses to
    // all its tries are lost.
    world.proxy.set_rule(move |operation, _| {
        writes += u32::from(operation == "TransactWriteItems");
        (operation == "TransactWriteItems" && writes <= 3).then_some(Fault::LoseReply)
    });
    assert_eq!(world.ask(start("ann@example.com", "lost")).await.code(), "unavailable");
    world.proxy.clear_rule();
    let reset = reset_of(&world.ask(start("ann@example.com", "lost")).await.expect(201));
    world
        .ask(Ask::new("GET", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer))
        .await
        .expect(200);
    assert_eq!(count(&world, "RESET#").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_key_is_refused_and_nothing_is_done() {
    let world = World::new().await;
    world.ready().await;
    let ask = |key: &str| {
        Ask::new("POST", "/v1/resets").header(KEY, key).body(json!({ "userId": "ann@example.com" }))
    };
    for key in [
        String::new(),
        "a key with blanks in".into(),
        "of,a,gateway,that,joins".into(),
        "k".repeat(15),
        "k".repeat(65),
    ] {
        let answer = world.ask(ask(&key)).await;
        assert_eq!(
            (answer.status, answer.body["errors"][0]["code"].as_str()),
            (400, Some("notAnIdempotencyKey")),
            "{key:?}"
        );
    }
    world.ask(ask(&"k".repeat(64))).await.expect(201);
    world.ask(ask(&"!".repeat(16))).await.expect(201);
    assert_eq!(count(&world, "RESET#").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a66_another_callers_key_gives_no_access_and_guesses_with_it_count() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on(&admin).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    let sign_in = |password: &str| {
        let body = json!({ "userId": "ann@example.com", "password": password });
        Ask::new("POST", "/v1/sign-in").header(KEY, "of-every-sign-in").body(body)
    };
    world.ask(sign_in(&ann.password)).await.expect(200);
    for n in 0..10 {
        assert_eq!(
            world.ask(sign_in(&format!("wrong password {n}"))).await.expect(401).code(),
            "signInFailed"
        );
    }
    // While sign-in is locked, the right password gets the same answer as a wrong one.
    let (wrong, right) = (
        world.ask(sign_in("one more wrong password")).await,
        world.ask(sign_in(&ann.password)).await,
    );
    assert_eq!(
        (right.status, &right.headers["retry-after"], right.code()),
        (429, &wrong.headers["retry-after"], "signInLocked")
    );
    assert_eq!(wrong.code(), "signInLocked");

    // Only the source address that started a reset receives its bearer token again.
    let reset = |source: &str| start("ann@example.com", "of-every-reset").source(source);
    let own = world.ask(reset("192.0.2.1")).await.expect(201);
    let other = world.ask(reset("198.51.100.7")).await.expect(201);
    assert!(
        own.text("bearer") != other.text("bearer") && own.text("resetId") != other.text("resetId")
    );
    assert_eq!(result(&world.ask(reset("192.0.2.1")).await), result(&own));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_record_holds_no_secret() {
    let world = World::new().await;
    world.ready().await;
    let first = world.ask(start("ann@example.com", "a-key-of-ann")).await.expect(201);
    let items = world.items().await;
    let remembered = items
        .iter()
        .find(|item| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("IDEM#")))
        .expect("one")
        .to_string();
    for secret in [first.text("bearer").as_str(), "ann@example.com", "a-key-of-ann"] {
        assert!(!remembered.contains(secret), "{secret} in {remembered}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_sends_that_lose_get_the_exact_wait() {
    let world = Arc::new(World::new().await);
    world.ready().await;
    for user_id in ["ann@example.com", "unknown@example.com"] {
        let reset = world.start_reset(user_id).await;
        for (sends, wait) in [(1, "30"), (2, "60"), (3, "120")] {
            let asking: Vec<_> = (0..8)
                .map(|_| {
                    let (world, reset) = (world.clone(), reset.clone());
                    tokio::spawn(async move { world.ask_code(&reset).await })
                })
                .collect();
            let mut sent = 0;
            for one in asking {
                let answer = one.await.unwrap();
                match answer.status {
                    202 => sent += 1,
                    _ => assert_eq!(
                        (answer.code(), answer.headers["retry-after"].as_str()),
                        ("tooSoon", wait),
                        "{user_id} {sends}"
                    ),
                }
            }
            assert_eq!(sent, 1, "{user_id} {sends}");
            world.pass(Span::seconds(wait.parse().expect("seconds")));
        }
    }
}
