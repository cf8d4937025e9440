//! Table faults on every write: conflicts, throttling, lost responses and refusals.
//! Retries are limited, no write is half done, and no guess is compared unless it was
//! counted first.

use crate::house::tour::{Step, perform, tour};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tests::{Call, Fault, World};

/// Returns the table's items, sorted.
async fn table(world: &World) -> Vec<String> {
    let mut items: Vec<String> = world.items().await.iter().map(Value::to_string).collect();
    items.sort();
    items
}

/// Makes the `n`-th write from now fail, with all its retries.
pub fn break_write(world: &World, n: usize, fault: Fault) -> Arc<AtomicUsize> {
    let hits = Arc::new(AtomicUsize::new(0));
    let (count, mut tokens) = (hits.clone(), Vec::<String>::new());
    world.proxy.set_rule(move |operation, body| {
        if operation != "TransactWriteItems" {
            return None;
        }
        let token = body["ClientRequestToken"].to_string();
        if !tokens.contains(&token) {
            tokens.push(token.clone());
        }
        let broken = tokens.get(n).is_some_and(|nth| *nth == token);
        if broken {
            count.fetch_add(1, Ordering::SeqCst);
        }
        broken.then_some(fault)
    });
    hits
}

/// The most tries of one write: by Latchkey after a conflict, by the SDK after throttling.
const CONFLICT_TRIES: usize = 4;
const THROTTLE_TRIES: usize = 3;

async fn every_first_write_breaks(fault: Fault, tries: usize) {
    let world = World::new().await;
    let mut broken = Vec::new();
    tour(&world, &mut async |name, step| {
        if let Step::Ask(ask, _) = &step {
            let before = table(&world).await;
            let hits = break_write(&world, 0, fault);
            let answer = world.ask(ask.clone()).await;
            world.proxy.clear_rule();
            let hits = hits.load(Ordering::SeqCst);
            if hits > 0 {
                assert_eq!((answer.status, answer.code()), (503, "unavailable"), "{name}");
                assert_eq!(answer.headers["retry-after"], "1", "{name}");
                assert_eq!(hits, tries, "{name}");
                assert_eq!(table(&world).await, before, "{name} changed the table");
                broken.push(name.to_owned());
            }
            // After a write that succeeded, repeating `delete` or `sign-out` would be refused.
            if hits == 0 {
                return answer;
            }
        }
        // Without the fault the step succeeds, as if it were the first try.
        perform(&world, &step).await
    })
    .await;
    assert!(broken.len() >= 18, "{broken:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r06_a_write_that_always_conflicts_is_tried_four_times_and_changes_nothing() {
    every_first_write_breaks(Fault::Conflict, CONFLICT_TRIES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r05_a_throttled_write_is_tried_three_times_and_changes_nothing() {
    every_first_write_breaks(Fault::Throttle, THROTTLE_TRIES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r05_a_denied_write_fails_closed_at_once() {
    every_first_write_breaks(Fault::AccessDenied, 1).await;
}

/// Runs the tour of all requests while the first try of every write fails with this
/// fault. Returns the number of failed tries.
async fn first_tries_meet(world: &World, fault: Fault) -> usize {
    let count = Arc::new(AtomicUsize::new(0));
    tour(world, &mut async |_, step| {
        let mut seen = Vec::<String>::new();
        let counter = count.clone();
        world.proxy.set_rule(move |operation, body| {
            let token = body["ClientRequestToken"].to_string();
            let first = operation == "TransactWriteItems" && !seen.contains(&token);
            seen.push(token);
            counter.fetch_add(usize::from(first), Ordering::SeqCst);
            first.then_some(fault)
        });
        let answer = perform(world, &step).await;
        world.proxy.clear_rule();
        answer
    })
    .await;
    count.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread")]
async fn r06_every_write_survives_a_conflict_that_ends() {
    let world = World::new().await;
    let survived = first_tries_meet(&world, Fault::Conflict).await;
    assert!(survived > 25, "{survived} conflicts");
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_a_write_with_a_lost_reply_happens_once() {
    // Each message is sent once, as on a tour without faults.
    let subjects = |world: &World| {
        world
            .standins
            .inbox()
            .all()
            .into_iter()
            .map(|m| m.subject.unwrap_or_default())
            .collect::<Vec<_>>()
    };
    let undisturbed = World::new().await;
    tour(&undisturbed, &mut async |_, step| perform(&undisturbed, &step).await).await;
    let world = World::new().await;
    let lost = first_tries_meet(&world, Fault::LoseReply).await;
    assert!(lost > 25, "{lost} lost replies");
    assert!(subjects(&world).len() >= 5);
    assert_eq!(subjects(&world), subjects(&undisturbed));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_compared_when_the_charge_fails() {
    for fault in [Fault::Conflict, Fault::Throttle, Fault::AccessDenied] {
        let world = World::new().await;
        let (_, ann) = world.ready().await;
        let reset = world.start_reset(&ann.user_id).await;
        let challenge = world.send_code(&reset).await;
        let code = world.code_for("ann.private@example.com").await;
        let before = table(&world).await;
        break_write(&world, 0, fault);
        // The right code gets the same answer as a wrong one.
        for guess in [code.as_str(), "00000000"] {
            let answer = world.verify(&reset.bearer, &challenge, guess).await;
            assert_eq!(answer.code(), "unavailable");
            break_write(&world, 0, fault);
        }
        world.proxy.clear_rule();
        assert_eq!(table(&world).await, before);
        world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_stays_when_the_acceptance_fails_and_the_code_can_be_tried_again() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for("ann.private@example.com").await;
    world.proxy.take_calls();
    break_write(&world, 1, Fault::Conflict);
    assert_eq!(world.verify(&reset.bearer, &challenge, &code).await.code(), "unavailable");
    world.proxy.clear_rule();
    let charged =
        world.proxy.take_calls().iter().filter(|call| call.is_charge() && call.done()).count();
    assert_eq!(charged, 1);
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_read_changes_nothing() {
    let world = World::new().await;
    let mut failed = 0;
    tour(&world, &mut async |name, step| {
        if let Step::Ask(ask, _) = &step {
            let before = table(&world).await;
            world.proxy.set_rule(|operation, _| {
                (operation == "BatchGetItem").then_some(Fault::AccessDenied)
            });
            world.proxy.take_calls();
            let answer = world.ask(ask.clone()).await;
            world.proxy.clear_rule();
            let reads = world
                .proxy
                .take_calls()
                .iter()
                .filter(|c: &&Call| c.operation == "BatchGetItem")
                .count();
            if reads == 0 {
                return answer;
            }
            assert_eq!(answer.code(), "unavailable", "{name}");
            // Only a guess at a code is written (counted) before a read.
            if !name.starts_with("verify, registration") {
                assert_eq!(table(&world).await, before, "{name}");
            }
            failed += 1;
        }
        perform(&world, &step).await
    })
    .await;
    assert!(failed > 20, "{failed} reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn a57_without_the_secret_no_request_succeeds_and_nothing_is_written() {
    let world = World::new().await;
    world
        .proxy
        .set_rule(|operation, _| (operation == "GetSecretValue").then_some(Fault::AccessDenied));
    let before = table(&world).await;
    assert_eq!(world.ask_reset("ann@example.com").await.code(), "unavailable");
    assert_eq!(
        world.sign_in("ann@example.com", "a password of some length").await.code(),
        "unavailable"
    );
    let made = world.invoke_directly("directory", serde_json::json!({ "createFirstAdministrator": { "userId": "a@example.com", "name": "A" } })).await;
    assert_eq!(made["problem"]["code"], "unavailable");
    assert_eq!(table(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_key_generation_rereads_the_secret_once() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    let mut id = BASE64.decode(challenge).expect("an id");
    id[1..3].copy_from_slice(&999u16.to_be_bytes());
    world.proxy.take_calls();
    for _ in 0..5 {
        assert_eq!(
            world.verify(&reset.bearer, &BASE64.encode(&id), "00000000").await.code(),
            "codeNotAccepted"
        );
    }
    let calls = world.proxy.take_calls();
    // No guess was counted, and the secret was read once.
    assert!(!calls.iter().any(|call| call.is_charge() && call.done()));
    let readings = calls.iter().filter(|call| call.operation == "GetSecretValue").count();
    assert_eq!(readings, 1);
}
