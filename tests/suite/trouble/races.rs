//! Limits under parallel requests: the real handlers on the real SDK, released together
//! by a barrier, on many threads, twenty times each. Every limit is exact.

use domain::time::Span;
use serde_json::json;
use std::sync::Arc;
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Answer, Person, World};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const REPEATS: usize = 20;

/// A test environment with a registered user, a reset and its code.
struct Started {
    world: Arc<World>,
    ann: Person,
    reset: StartedReset,
    challenge: String,
    code: String,
}

async fn started() -> Started {
    let world = Arc::new(World::new().await);
    let (_, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for("ann.private@example.com").await;
    world.proxy.take_calls();
    Started { world, ann, reset, challenge, code }
}

/// Returns the `n`-th code that is not the right one.
fn wrong(right: &str, n: u32) -> String {
    let right: u32 = right.parse().expect("digits");
    format!("{:08}", (right + 1 + n) % 100_000_000)
}

/// Returns the status and problem code of each answer.
pub fn codes(answers: &[Answer]) -> Vec<(u16, &str)> {
    answers.iter().map(|a| (a.status, a.code())).collect()
}

/// Sends all requests at once, released by a barrier. Returns the answers in the order
/// of the requests.
pub async fn at_once(world: &Arc<World>, asks: Vec<Ask>) -> Vec<Answer> {
    let barrier = Arc::new(Barrier::new(asks.len()));
    let mut tasks = JoinSet::new();
    for (i, ask) in asks.into_iter().enumerate() {
        let (world, barrier) = (world.clone(), barrier.clone());
        tasks.spawn(async move {
            barrier.wait().await;
            (i, world.ask(ask).await)
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(i, _)| *i);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

impl Started {
    fn guess(&self, code: &str) -> Ask {
        Ask::new("POST", format!("/v1/challenges/{}/verify", self.challenge))
            .bearer(&self.reset.bearer)
            .body(json!({ "code": code }))
    }

    /// Returns the number of guesses that were counted against the limit since the last call.
    fn charges(&self) -> usize {
        self.world.proxy.take_calls().iter().filter(|call| call.is_charge() && call.done()).count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a12_200_parallel_wrong_codes_are_charged_five_times_and_then_the_right_one_is_refused() {
    for _ in 0..REPEATS {
        let it = started().await;
        let guesses = (0..200).map(|n| it.guess(&wrong(&it.code, n))).collect();
        let answers = at_once(&it.world, guesses).await;
        assert!(answers.iter().all(|a| a.code() == "codeNotAccepted"), "{:?}", codes(&answers));
        assert_eq!(it.charges(), 5);
        assert_eq!(it.world.ask(it.guess(&it.code)).await.code(), "codeNotAccepted");
        assert_eq!(
            it.world.set_password(&it.reset, "a new and longer ptarmigan").await.code(),
            "proofMissing"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_right_code_after_k_wrong_ones_is_accepted_exactly_when_k_is_below_five() {
    for k in 0..8 {
        let it = started().await;
        for n in 0..k {
            it.world.ask(it.guess(&wrong(&it.code, n))).await.expect(422);
        }
        let status = it.world.ask(it.guess(&it.code)).await.status;
        assert_eq!(status == 200, k < 5, "after {k} wrong codes: {status}");
        assert_eq!(it.world.ask(it.guess(&it.code)).await.code(), "codeNotAccepted");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_right_code_beside_wrong_ones_is_accepted_once_exactly_when_it_was_charged() {
    let mut accepted = 0;
    for round in 0..REPEATS {
        let it = started().await;
        // The right guess has another position among the wrong ones in each round.
        let mut guesses: Vec<Ask> = (0..11).map(|n| it.guess(&wrong(&it.code, n))).collect();
        guesses.insert(round % 12, it.guess(&it.code).id("the-right-one"));
        let answers = at_once(&it.world, guesses).await;
        let right = answers.iter().filter(|a| a.status == 200).count();
        let charges: Vec<_> = it
            .world
            .proxy
            .take_calls()
            .into_iter()
            .filter(|call| call.is_charge() && call.done())
            .collect();
        let charged = charges.iter().any(|call| call.body.to_string().contains("the-right-one"));
        assert!(charges.len() <= 5, "{} charges", charges.len());
        assert_eq!(right, usize::from(charged));
        assert!(charged || charges.len() == 5);
        accepted += right;
    }
    assert!(accepted > 0, "the right code never won, so the race tests nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a27_one_right_code_sixteen_times_is_accepted_once() {
    for _ in 0..REPEATS {
        let it = started().await;
        let answers = at_once(&it.world, vec![it.guess(&it.code); 16]).await;
        assert_eq!(answers.iter().filter(|a| a.status == 200).count(), 1);
        assert!(
            answers.iter().filter(|a| a.status != 200).all(|a| a.code() == "codeNotAccepted"),
            "{:?}",
            codes(&answers)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn two_new_passwords_at_once_store_one_and_only_that_one_signs_in() {
    for _ in 0..REPEATS {
        let it = started().await;
        it.world.ask(it.guess(&it.code)).await.expect(200);
        let path = format!("/v1/resets/{}/password", it.reset.id);
        let passwords = ["the first new ptarmigan", "the second new ptarmigan"];
        let set = |p: &str| {
            Ask::new("PUT", path.clone()).bearer(&it.reset.bearer).body(json!({ "newPassword": p }))
        };
        let answers = at_once(&it.world, passwords.iter().map(|p| set(p)).collect()).await;
        assert_eq!(answers.iter().filter(|a| a.status == 204).count(), 1, "{:?}", codes(&answers));
        assert_eq!(
            answers.iter().filter(|a| a.code() == "resetEnded").count(),
            1,
            "{:?}",
            codes(&answers)
        );
        for (answer, password) in answers.iter().zip(passwords) {
            let signed_in = it.world.sign_in(&it.ann.user_id, password).await.status == 200;
            assert_eq!(signed_in, answer.status == 204);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_sign_in_that_began_before_the_reset_committed_leaves_no_live_session() {
    for _ in 0..REPEATS {
        let it = started().await;
        it.world.ask(it.guess(&it.code)).await.expect(200);
        // The sign-in has checked the old password; the proxy holds it before its write.
        let gate = it.world.proxy.hold(|_, body| body.to_string().contains("SESSION#"));
        let late = tokio::spawn({
            let (world, ann) = (it.world.clone(), it.ann.clone());
            async move { world.sign_in(&ann.user_id, &ann.password).await }
        });
        gate.arrived(1).await;
        it.world.set_password(&it.reset, "a new and longer ptarmigan").await.expect(204);
        gate.open();
        let late = late.await.expect("an answer");
        if late.status == 200 {
            let me = it.world.ask(Ask::new("GET", "/v1/me").bearer(&late.text("bearer"))).await;
            assert_eq!(me.code(), "signInRequired");
        }
        assert_eq!(
            it.world.sign_in(&it.ann.user_id, &it.ann.password).await.code(),
            "signInFailed"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a13_guesses_over_resends_and_new_resets_never_exceed_ten_in_24_hours() {
    let it = started().await;
    let mut charged = Vec::new();
    let mut refused = 0;
    // For three days an attacker starts resets, requests codes, and guesses in parallel
    // whenever possible.
    for step in 0..400 {
        let reset = it.world.start_reset(&it.ann.user_id).await;
        let sent = it.world.ask_code(&reset).await;
        if sent.status == 202 {
            let path = format!("/v1/challenges/{}/verify", sent.text("challengeId"));
            // None of these guesses is the right code, which has eight digits.
            let guess = |n: usize| {
                Ask::new("POST", path.clone())
                    .bearer(&reset.bearer)
                    .body(json!({ "code": format!("{n:08}") }))
            };
            at_once(&it.world, (0..4).map(|n| guess(step * 10 + n)).collect()).await;
        } else {
            assert_eq!(sent.code(), "resetClosed");
            refused += 1;
        }
        charged.extend(vec![it.world.now(); it.charges()]);
        it.world.pass(Span::minutes(11));
    }
    assert!(refused > 0 && charged.len() >= 20, "{refused} refusals, {} guesses", charged.len());
    for (i, from) in charged.iter().enumerate() {
        let in_window = charged[i..].iter().filter(|at| **at < *from + Span::hours(24)).count();
        assert!(in_window <= 10, "{in_window} guesses in 24 hours");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_count_closes_reset_until_24_hours_after_its_last_and_not_a_moment_longer() {
    let it = started().await;
    let (mut challenge, mut bearer) = (it.challenge.clone(), it.reset.bearer.clone());
    for n in 0..10 {
        if n == 5 {
            it.world.pass(Span::minutes(1));
            let reset = it.world.start_reset(&it.ann.user_id).await;
            (challenge, bearer) = (it.world.send_code(&reset).await, reset.bearer);
        }
        assert_eq!(
            it.world.verify(&bearer, &challenge, &format!("{n:08}")).await.code(),
            "codeNotAccepted"
        );
    }
    let closed = it.world.ask_first_code(&it.ann.user_id).await;
    assert_eq!((closed.code(), closed.headers["retry-after"].as_str()), ("resetClosed", "86400"));
    it.world.pass(Span(Span::hours(24).0 - 1));
    assert_eq!(it.world.ask_first_code(&it.ann.user_id).await.code(), "resetClosed");
    it.world.pass(Span(1));
    it.world.ask_first_code(&it.ann.user_id).await.expect(202);
    // The right password signs in at any time (attack A37).
    it.world.sign_in(&it.ann.user_id, &it.ann.password).await.expect(200);
}
