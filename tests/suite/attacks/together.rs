//! Concurrent requests: the result equals that of one of the two orders. If a test can
//! force an order, it forces both; then it runs many rounds.

use super::{MAIL, NEW, account, ask_code, code_of, hash, ledger, one_kind, prove, start_method};
use crate::trouble::races::at_once;
use domain::time::Span;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Answer, Person, World};

const ROUNDS: usize = 20;

fn guess(bearer: &str, challenge: &str, code: &str) -> Ask {
    Ask::new("POST", format!("/v1/challenges/{challenge}/verify"))
        .bearer(bearer)
        .body(json!({ "code": code }))
}

fn send(reset: &StartedReset) -> Ask {
    Ask::new("POST", format!("/v1/resets/{}/challenges", reset.id))
        .bearer(&reset.bearer)
        .body(json!({ "kind": "email" }))
}

/// Returns the account's newest challenge: ID, guesses left, whether it was used.
async fn live(world: &World, user_id: &str) -> (Value, Value, Value) {
    let ledger = ledger(world, user_id, "reset:email").await;
    let slots = (0..3).map(|n| ledger[format!("slot{n}")]["M"].clone());
    let issued = |slot: &Value| slot["issued"]["N"].as_str().map(str::to_owned);
    let slot = slots.max_by_key(issued).expect("a slot");
    (slot["id"]["S"].clone(), slot["left"]["N"].clone(), slot["used"]["BOOL"].clone())
}

async fn background(world: &Arc<World>, ask: Ask) -> tokio::task::JoinHandle<Answer> {
    let world = world.clone();
    tokio::spawn(async move { world.ask(ask).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn a28_an_older_code_is_never_accepted_after_a_newer_one_was_issued() {
    // The newer challenge is issued before the older one's guess is counted, or after
    // it is counted and before it is accepted.
    let gates: [fn(&str, &Value) -> bool; 2] = [
        |_, body| body.to_string().contains("ADD #fails"),
        |_, body| body.to_string().contains("ADD #verified"),
    ];
    for (place, fits) in gates.into_iter().enumerate() {
        let (world, _, ann) = one_kind().await;
        let reset = world.start_reset(&ann.user_id).await;
        let (older, code) = ask_code(&world, &reset, "email", MAIL).await;
        world.pass(Span::seconds(30));
        let gate = world.proxy.hold(fits);
        let late = background(&world, guess(&reset.bearer, &older, &code)).await;
        gate.arrived(1).await;
        let (newer, newer_code) = ask_code(&world, &reset, "email", MAIL).await;
        gate.open();
        assert_eq!(late.await.expect("an answer").code(), "codeNotAccepted", "{place}");
        assert_eq!(
            live(&world, &ann.user_id).await,
            (json!(newer), json!("5"), json!(false)),
            "{place}"
        );
        assert_eq!(world.next_in(&reset).await, "method", "{place}");
        world.verify(&reset.bearer, &newer, &newer_code).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a28_a_code_and_the_next_one_at_once_end_as_in_one_of_the_two_orders() {
    let (world, admin, ann) = one_kind().await;
    world
        .save_policy(&admin, |policy| {
            policy["limits"]["failedGuesses"] = json!(90);
            policy["limits"]["mailsPerDay"] = json!(200);
        })
        .await
        .expect(200);
    for round in 0..ROUNDS {
        let reset = world.start_reset(&ann.user_id).await;
        let (older, code) = ask_code(&world, &reset, "email", MAIL).await;
        world.pass(Span::seconds(30));
        let mut asks = vec![guess(&reset.bearer, &older, &code), send(&reset)];
        asks.rotate_left(round % 2);
        let mut answers = at_once(&world, asks).await;
        answers.rotate_left(round % 2);
        let newer = answers[1].clone().expect(202).text("challengeId");
        assert_eq!(live(&world, &ann.user_id).await, (json!(newer), json!("5"), json!(false)));
        let accepted = answers[0].status == 200;
        assert!(accepted || answers[0].code() == "codeNotAccepted", "{:?}", answers[0]);
        assert_eq!(world.next_in(&reset).await, if accepted { "password" } else { "method" });
        assert_eq!(world.verify(&reset.bearer, &older, &code).await.code(), "codeNotAccepted");
        if !accepted {
            world.verify(&reset.bearer, &newer, &code_of(&world, &newer)).await.expect(200);
        }
        world.pass(Span::minutes(3));
    }
}

/// A change that is made while a new password is set.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Move {
    Address,
    PolicyNone,
    Disabled,
    Group,
}

/// A reset with enough proofs, and a change that is made at the same time.
struct Ready {
    world: Arc<World>,
    ann: Person,
    reset: StartedReset,
    step: Move,
    ask: Ask,
    hash: String,
}

async fn ready(step: Move) -> Ready {
    let (world, admin, ann) = one_kind().await;
    let staff = json!({ "type": "selected", "groups": ["staff"] });
    world.save_policy(&admin, |policy| policy["scope"] = staff).await.expect(200);
    let session = world.session(&ann).await;
    let pending = start_method(&world, &session, "email", "ann.other@example.com").await;
    let reset = world.start_reset(&ann.user_id).await;
    prove(&world, &reset, "email", MAIL).await;
    let user = format!("/v1/users/{}", ann.user_id);
    let seen =
        world.ask(Ask::new("GET", &user).bearer(&admin)).await.expect(200).headers["etag"].clone();
    let patch = |change: Value| {
        Ask::new("PATCH", &user).bearer(&admin).header("if-match", &seen).body(change)
    };
    let ask = match step {
        Move::Address => guess(&session, &pending.0, &pending.1),
        Move::Disabled => patch(json!({ "enabled": false })),
        Move::Group => patch(json!({ "groups": [] })),
        Move::PolicyNone => {
            let read = world.ask(Ask::new("GET", "/v1/policy").bearer(&admin)).await.expect(200);
            let mut policy = read.body["policy"].clone();
            policy["scope"] = json!({ "type": "none" });
            Ask::new("PUT", "/v1/policy")
                .bearer(&admin)
                .header("if-match", &read.headers["etag"])
                .body(policy)
        }
    };
    let hash = hash(&world, &ann.user_id).await;
    Ready { world, ann, reset, step, ask, hash }
}

impl Ready {
    fn set(&self) -> Ask {
        let path = format!("/v1/resets/{}/password", self.reset.id);
        Ask::new("PUT", path).bearer(&self.reset.bearer).body(json!({ "newPassword": NEW }))
    }

    /// Asserts that both answers, and the table, match one of the two orders.
    async fn is_serial(&self, set: &Answer, moved: &Answer) {
        let what = format!(
            "{:?}: {:?} and {:?}",
            self.step,
            (set.status, set.code()),
            (moved.status, moved.code())
        );
        let now = account(&self.world, &self.ann.user_id).await;
        let (was_set, was_moved) = (set.status == 204, moved.status == 200);
        assert!(was_set || set.code() == "resetEnded", "{what}");
        assert_eq!(now["hash"]["S"] != self.hash.as_str(), was_set, "{what}");
        // A new password ends the session, or changed the revision that the other
        // request had read.
        let refusals = ["codeNotAccepted", "signInRequired", "preconditionFailed"];
        match self.step {
            Move::PolicyNone => assert!(was_moved, "{what}"),
            Move::Address | Move::Disabled | Move::Group => {
                assert!(
                    was_moved != was_set && (was_moved || refusals.contains(&moved.code())),
                    "{what}"
                )
            }
        }
        match self.step {
            Move::PolicyNone => assert_eq!(
                self.world.ask_reset(&self.ann.user_id).await.code(),
                "resetOff",
                "{what}"
            ),
            Move::Address => assert_eq!(
                now["methods"].to_string().contains("ann.other@example.com"),
                was_moved,
                "{what}"
            ),
            Move::Disabled => assert_eq!(now["enabled"]["BOOL"], !was_moved, "{what}"),
            Move::Group => {
                assert_eq!(now["groups"].to_string().contains("staff"), !was_moved, "{what}")
            }
        }
        let (fresh, old) = (
            if was_set { NEW } else { &self.ann.password },
            if was_set { &self.ann.password } else { NEW },
        );
        let signs_in = self.step != Move::Disabled || was_set;
        assert_eq!(
            self.world.sign_in(&self.ann.user_id, old).await.code(),
            "signInFailed",
            "{what}"
        );
        assert_eq!(
            self.world.sign_in(&self.ann.user_id, fresh).await.status == 200,
            signs_in,
            "{what}"
        );
        let set_again = self.world.ask(self.set()).await;
        assert_eq!(
            set_again.code(),
            "resetEnded",
            "{what}: a refused password is never stored later"
        );
    }
}

const MOVES: [Move; 4] = [Move::Address, Move::PolicyNone, Move::Disabled, Move::Group];

/// Whether a call writes a new password.
fn writes_password(operation: &str, body: &Value) -> bool {
    let text = body.to_string();
    operation == "TransactWriteItems" && text.contains("\"RESET#") && text.contains("\"ACCT#")
}

/// Whether a call writes the concurrent change.
fn writes_move(operation: &str, body: &Value) -> bool {
    let text = body.to_string();
    operation == "TransactWriteItems"
        && !text.contains("\"RESET#")
        && (text.contains("\"ACCT#") || text.contains("\"POLICYDOC\""))
}

#[tokio::test(flavor = "multi_thread")]
async fn a29_a_password_written_after_a_move_is_refused() {
    for step in MOVES {
        let it = ready(step).await;
        let gate = it.world.proxy.hold(writes_password);
        let late = background(&it.world, it.set()).await;
        gate.arrived(1).await;
        let moved = it.world.ask(it.ask.clone()).await.expect(200);
        gate.open();
        let set = late.await.expect("an answer");
        assert_eq!(set.code(), "resetEnded", "{step:?}");
        it.is_serial(&set, &moved).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a29_a_move_written_after_the_password_keeps_the_password() {
    for step in MOVES {
        let it = ready(step).await;
        let gate = it.world.proxy.hold(writes_move);
        let late = background(&it.world, it.ask.clone()).await;
        gate.arrived(1).await;
        let set = it.world.ask(it.set()).await.expect(204);
        gate.open();
        it.is_serial(&set, &late.await.expect("an answer")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a29_a_password_and_a_move_at_once_end_as_in_one_of_the_two_orders() {
    for round in 0..ROUNDS {
        let it = ready(MOVES[round % MOVES.len()]).await;
        let answers = at_once(&it.world, vec![it.set(), it.ask.clone()]).await;
        it.is_serial(&answers[0], &answers[1]).await;
    }
}

/// Returns the stored, verified mail address.
async fn stored(world: &World, user_id: &str) -> String {
    account(world, user_id).await["methods"]["M"]["email"]["M"]["binding"]["M"]["delivered"]["M"]["destination"].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a31_a_code_proves_the_address_it_was_sent_to_and_no_other() {
    let (world, _, ann) = one_kind().await;
    let session = world.session(&ann).await;
    let (one, one_code) = start_method(&world, &session, "email", "one@example.com").await;
    world.pass(Span::seconds(30));
    let (two, two_code) = start_method(&world, &session, "email", "two@example.com").await;
    for (challenge, code) in [(&one, &two_code), (&two, &one_code), (&one, &one_code)] {
        assert_eq!(world.verify(&session, challenge, code).await.code(), "codeNotAccepted");
    }
    assert!(stored(&world, &ann.user_id).await.contains(MAIL));
    world.verify(&session, &two, &two_code).await.expect(200);
    assert!(stored(&world, &ann.user_id).await.contains("two@example.com"));

    // Holds the last write of a right code while another address is requested.
    world.pass(Span::minutes(11));
    let session = world.session(&ann).await;
    let (one, one_code) = start_method(&world, &session, "email", "one@example.com").await;
    world.pass(Span::seconds(30));
    let gate = world.proxy.hold(|_, body| body.to_string().contains("#used = :true"));
    let late = background(&world, guess(&session, &one, &one_code)).await;
    gate.arrived(1).await;
    let (three, three_code) = start_method(&world, &session, "email", "three@example.com").await;
    gate.open();
    assert_eq!(late.await.expect("an answer").code(), "codeNotAccepted");
    assert!(stored(&world, &ann.user_id).await.contains("two@example.com"));
    world.verify(&session, &three, &three_code).await.expect(200);
    assert!(stored(&world, &ann.user_id).await.contains("three@example.com"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a31_two_addresses_at_once_with_codes_crossed_store_the_address_whose_code_was_entered() {
    let (world, admin, ann) = one_kind().await;
    world
        .save_policy(&admin, |policy| {
            policy["limits"]["failedRegistrationGuesses"] = json!(100);
            policy["limits"]["mailsPerDay"] = json!(200);
        })
        .await
        .expect(200);
    let mut accepted = 0;
    for round in 0..ROUNDS {
        let sessions = [world.session(&ann).await, world.session(&ann).await];
        let addresses = [format!("one{round}@example.com"), format!("two{round}@example.com")];
        let before = stored(&world, &ann.user_id).await;
        let add = |n: usize| {
            let body = json!({ "kind": "email", "destination": addresses[n] });
            Ask::new("POST", "/v1/me/methods").bearer(&sessions[n]).body(body)
        };
        let started = at_once(&world, vec![add(0), add(1)]).await;
        let challenges: Vec<(usize, String)> = (0..2)
            .filter(|n| started[*n].status == 202)
            .map(|n| (n, started[n].text("challengeId")))
            .collect();
        assert!(
            !challenges.is_empty()
                && started.iter().all(|a| a.status == 202 || a.code() == "tooSoon"),
            "{started:?}"
        );
        let code = |challenge: &str| code_of(&world, challenge);
        // Tries each code at each challenge with each session.
        let mut guesses = Vec::new();
        for (n, challenge) in &challenges {
            for (m, other) in &challenges {
                guesses.push((n == m, *n, guess(&sessions[*n], challenge, &code(other))));
            }
        }
        let answers = at_once(&world, guesses.iter().map(|(.., ask)| ask.clone()).collect()).await;
        let mut right = Vec::new();
        for ((own, n, _), answer) in guesses.iter().zip(&answers) {
            match answer.status {
                200 => right.push((*own, *n)),
                _ => assert!(
                    ["codeNotAccepted", "signInRequired"].contains(&answer.code()),
                    "{answer:?}"
                ),
            }
        }
        match right[..] {
            [(own, n)] => {
                assert!(own, "a crossed code was accepted");
                assert!(
                    stored(&world, &ann.user_id).await.contains(&addresses[n]),
                    "the other address was stored"
                );
                accepted += 1;
            }
            [] => assert_eq!(stored(&world, &ann.user_id).await, before),
            _ => panic!("two codes of one kind were accepted"),
        }
        world.pass(Span::minutes(11));
    }
    assert!(accepted > 0, "no round accepted a code, so the race tests nothing");
}
