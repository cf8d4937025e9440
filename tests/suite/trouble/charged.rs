//! A guess that was charged, but whose request could not finish. The same request sent again is
//! compared under the first charge: a right code is accepted, and no code is charged twice.

use super::faults::break_write;
use super::idempotency::{KEY, long, result};
use crate::ledgers::{BY_MAIL, Owner, nth_wrong};
use crate::reset::equal::calls;
use crate::trouble::races::at_once;
use domain::time::Span;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::world::Ask;
use tests::{Answer, Call, Fault, World};

/// A code that its owner got, in a reset or in a registration.
struct Sent {
    bearer: String,
    challenge: String,
    code: String,
    /// The path that sends another code.
    again: String,
    /// The name of its ledger.
    ledger: &'static str,
}

impl Sent {
    /// The request that verifies a code, under an idempotency key.
    fn guess(&self, code: &str, key: &str) -> Ask {
        Ask::new("POST", format!("/v1/challenges/{}/verify", self.challenge))
            .bearer(&self.bearer)
            .header(KEY, long(key))
            .body(json!({ "code": code }))
    }

    fn right(&self) -> Ask {
        self.guess(&self.code, "right")
    }
}

/// A code of a reset by mail.
async fn reset(it: &Owner) -> Sent {
    let asked = it.asked(None, None).await;
    let code = it.code(&asked);
    let again = format!("/v1/resets/{}/challenges", asked.reset.id);
    Sent { bearer: asked.reset.bearer, challenge: asked.challenge, code, again, ledger: BY_MAIL }
}

/// A code of a session that replaces its mail address.
async fn registration(it: &Owner) -> Sent {
    let bearer = it.world.session(&it.ann).await;
    let body = json!({ "kind": "email", "destination": "ann.new@example.com" });
    let add = Ask::new("POST", "/v1/me/methods").bearer(&bearer).body(body);
    let challenge = it.world.ask(add).await.expect(202).text("challengeId");
    let code = it.world.code_for("ann.new@example.com").await;
    let again = "/v1/me/methods/email/challenges".to_owned();
    Sent { bearer, challenge, code, again, ledger: "registration" }
}

/// A code for either purpose, each for an owner of its own.
async fn both() -> [(Owner, Sent); 2] {
    let (one, two) = (Owner::new(&[]).await, Owner::new(&[]).await);
    let (reset, registration) = (reset(&one).await, registration(&two).await);
    [(one, reset), (two, registration)]
}

fn charges(calls: &[Call]) -> usize {
    calls.iter().filter(|call| call.is_charge() && call.done()).count()
}

/// Whether the call accepts a code.
fn is_acceptance(operation: &str, body: &Value) -> bool {
    operation == "TransactWriteItems" && body.to_string().contains("DELETE #fails")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_that_could_not_be_accepted_is_accepted_when_it_is_sent_again() {
    for fault in [Fault::Conflict, Fault::Throttle, Fault::AccessDenied, Fault::Silence] {
        for (it, sent) in both().await {
            let what = format!("{fault:?} {}", sent.ledger);
            it.world.proxy.take_calls();
            break_write(&it.world, 1, fault);
            for _ in 0..2 {
                assert_eq!(it.world.ask(sent.right()).await.code(), "unavailable", "{what}");
                assert_eq!(it.fails(sent.ledger).await, 1, "{what}: charged");
                it.world.proxy.set_rule(move |operation, body| {
                    is_acceptance(operation, body).then_some(fault)
                });
            }
            it.world.proxy.clear_rule();
            let accepted = it.world.ask(sent.right()).await.expect(200);
            assert_eq!(accepted.body, json!({ "verified": "email" }), "{what}");
            assert_eq!(it.fails(sent.ledger).await, 0, "{what}: the charge is given back");
            assert_eq!(result(&it.world.ask(sent.right()).await), result(&accepted), "{what}");
            assert_eq!(charges(&it.world.proxy.take_calls()), 1, "{what}");
            // Under another key it is another guess at a code that was used.
            let other = it.world.ask(sent.guess(&sent.code, "other")).await;
            assert_eq!(other.code(), "codeNotAccepted", "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_counts_when_the_replies_to_its_charge_or_to_its_acceptance_are_lost() {
    for write in [0, 1] {
        for (it, sent) in both().await {
            let what = format!("write {write} {}", sent.ledger);
            it.world.proxy.take_calls();
            break_write(&it.world, write, Fault::LoseReply);
            assert_eq!(it.world.ask(sent.right()).await.code(), "unavailable", "{what}");
            it.world.proxy.clear_rule();
            it.world.ask(sent.right()).await.expect(200);
            assert_eq!(it.fails(sent.ledger).await, 0, "{what}");
            let guesses: BTreeSet<String> = it
                .world
                .proxy
                .take_calls()
                .iter()
                .filter(|call| call.is_charge() && call.done())
                .map(|call| call.body["ClientRequestToken"].to_string())
                .collect();
            assert_eq!(guesses.len(), 1, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_counts_when_a_read_after_its_charge_fails() {
    let it = Owner::new(&[]).await;
    let sent = reset(&it).await;
    let charged = Arc::new(AtomicUsize::new(0));
    let count = charged.clone();
    it.world.proxy.set_rule(move |operation, body| {
        count.fetch_add(usize::from(body.to_string().contains("ADD #fails")), Ordering::SeqCst);
        let after = operation == "BatchGetItem" && count.load(Ordering::SeqCst) > 0;
        after.then_some(Fault::AccessDenied)
    });
    assert_eq!(it.world.ask(sent.right()).await.code(), "unavailable");
    it.world.proxy.clear_rule();
    it.world.ask(sent.right()).await.expect(200);
    assert_eq!((charged.load(Ordering::SeqCst), it.fails(BY_MAIL).await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_stays_wrong_and_is_charged_once_however_often_it_is_sent() {
    for (it, sent) in both().await {
        let wrong = sent.guess(&nth_wrong(&sent.code, 0), "wrong");
        it.world.proxy.take_calls();
        for _ in 0..20 {
            let answer = it.world.ask(wrong.clone()).await;
            assert_eq!((answer.status, answer.code()), (422, "codeNotAccepted"), "{}", sent.ledger);
        }
        assert_eq!(charges(&it.world.proxy.take_calls()), 1, "{}", sent.ledger);
        assert_eq!(it.fails(sent.ledger).await, 1, "{}", sent.ledger);
        // Its key with another code is refused, so it buys no second comparison.
        let other = it.world.ask(sent.guess(&sent.code, "wrong")).await;
        assert_eq!(other.code(), "idempotencyKeyReused", "{}", sent.ledger);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charged_code_is_not_accepted_after_its_end_or_once_it_is_used_or_replaced() {
    for how in ["expired", "used", "replaced"] {
        for (it, sent) in both().await {
            let what = format!("{how} {}", sent.ledger);
            break_write(&it.world, 1, Fault::Conflict);
            assert_eq!(it.world.ask(sent.right()).await.code(), "unavailable", "{what}");
            it.world.proxy.clear_rule();
            match how {
                "expired" => it.world.pass(Span::minutes(5)),
                "used" => {
                    it.world.ask(sent.guess(&sent.code, "another")).await.expect(200);
                }
                _ => {
                    it.world.pass(Span::minutes(1));
                    again(&it, &sent).await.expect(202);
                }
            }
            assert_eq!(it.world.ask(sent.right()).await.code(), "codeNotAccepted", "{what}");
            assert_eq!(it.fails(sent.ledger).await, 1, "{what}: the charge stays");
        }
    }
}

/// Asks for another code in the same reset or registration.
async fn again(it: &Owner, sent: &Sent) -> Answer {
    let ask = Ask::new("POST", sent.again.clone()).bearer(&sent.bearer);
    let body = (sent.ledger == BY_MAIL).then(|| json!({ "kind": "email" }));
    it.world.ask(body.into_iter().fold(ask, Ask::body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_guess_is_accepted_later_although_the_ledger_is_full_then() {
    let it = Owner::new(&[("/limits/failedGuesses", 3)]).await;
    it.fail(None, 2).await;
    let sent = reset(&it).await;
    break_write(&it.world, 1, Fault::Conflict);
    assert_eq!(it.world.ask(sent.right()).await.code(), "unavailable");
    it.world.proxy.clear_rule();
    let other = it.world.ask(sent.guess(&sent.code, "another")).await;
    assert_eq!(other.code(), "resetClosed", "the right code, under another key");
    it.world.ask(sent.right()).await.expect(200);
    assert_eq!(it.fails(BY_MAIL).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn sixteen_double_clicks_on_a_right_code_are_all_accepted_by_one_charge() {
    for _ in 0..5 {
        for (it, sent) in both().await {
            it.world.proxy.take_calls();
            // The first acceptance gives up, and others conflict.
            let mut tries = 0;
            it.world.proxy.set_rule(move |operation, body| {
                tries += usize::from(is_acceptance(operation, body));
                (is_acceptance(operation, body) && tries <= 6).then_some(Fault::Conflict)
            });
            let answers = at_once(&it.world, vec![sent.right(); 16]).await;
            it.world.proxy.clear_rule();
            for answer in answers {
                assert!([200, 503].contains(&answer.status), "{}: {answer:?}", sent.ledger);
            }
            it.world.ask(sent.right()).await.expect(200);
            assert_eq!(it.fails(sent.ledger).await, 0, "{}", sent.ledger);
            assert_eq!(charges(&it.world.proxy.take_calls()), 1, "{}", sent.ledger);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a13_repetitions_at_once_under_conflicts_add_no_guess_to_the_budget() {
    const BUDGET: usize = 10;
    let it = Owner::new(&[("/limits/failedGuesses", BUDGET as u32), ("/code/guesses", 10)]).await;
    let sent = reset(&it).await;
    let mut charges = 0;
    it.world.proxy.set_rule(move |_, body| {
        charges += usize::from(body.to_string().contains("ADD #fails"));
        (body.to_string().contains("ADD #fails") && charges % 3 == 0).then_some(Fault::Conflict)
    });
    // Twenty codes, each ten times.
    let asks =
        (0..200).map(|n| sent.guess(&nth_wrong(&sent.code, n % 20), &format!("k{}", n % 20)));
    let answers = at_once(&it.world, asks.collect()).await;
    it.world.proxy.clear_rule();
    let refusals = ["codeNotAccepted", "resetClosed", "unavailable"];
    assert!(answers.iter().all(|answer| refusals.contains(&answer.code())));
    for n in 0..BUDGET {
        it.world.ask(sent.guess(&nth_wrong(&sent.code, 100 + n), &format!("n{n}"))).await;
    }
    assert_eq!(it.fails(BY_MAIL).await, BUDGET);
    assert_eq!(it.world.ask(sent.right()).await.code(), "resetClosed");
}

#[tokio::test(flavor = "multi_thread")]
async fn i13_a_repeated_guess_makes_the_same_calls_for_known_and_unknown_accounts() {
    let world = World::new().await;
    world.ready().await;
    let mut seen = Vec::new();
    for user_id in ["ann@example.com", "unknown@example.com"] {
        let reset = world.start_reset(user_id).await;
        let challenge = world.send_code(&reset).await;
        let verify = || {
            Ask::new("POST", format!("/v1/challenges/{challenge}/verify"))
                .bearer(&reset.bearer)
                .header(KEY, long("wrong"))
                .body(json!({ "code": "00000000" }))
        };
        world.proxy.take_calls();
        let codes =
            [world.ask(verify()).await, world.ask(verify()).await].map(|it| it.code().to_owned());
        seen.push((codes, calls(&world)));
    }
    assert_eq!(seen[0], seen[1]);
}
