//! Failed sign-ins of one source address: common passwords, tried on many accounts.

use crate::numbers::refusal;
use crate::reset::equal::{calls, face, states_in};
use crate::trouble::races::at_once;
use domain::time::Span;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tests::proxy::Fault;
use tests::world::Ask;
use tests::{Answer, World};

const SOURCE: &str = "203.0.113.7";

fn sign_in(user_id: &str, password: &str) -> Ask {
    Ask::new("POST", "/v1/sign-in")
        .body(json!({ "userId": user_id, "password": password }))
        .source(SOURCE)
}

/// Returns the failed sign-ins that are counted for all sources.
async fn counted(world: &World) -> u32 {
    let items = world.items().await;
    let rows = items.iter().filter(|row| row["sk"]["S"] == "failedSignIns");
    let count = |(name, value): (&String, &Value)| {
        let _: i64 = name.strip_prefix("in")?.parse().ok()?;
        value["N"].as_str()?.parse::<u32>().ok()
    };
    rows.flat_map(|row| row.as_object().expect("an item").iter().filter_map(count)).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a68_a_source_is_refused_after_the_operators_number_of_failed_sign_ins_in_a_sliding_hour() {
    let states = states_in(World::with_source_limits(100_000, 10).await).await;
    let world = &states.world;
    let right = |user_id: &str| {
        let person = states.people.iter().find(|person| person.user_id == user_id);
        sign_in(user_id, &person.expect("an account").password)
    };
    let (ann, disabled) = ("ann@example.com", "dan@example.com");
    // Five failures now and five in the next ten minutes. The right password of a disabled
    // account fails too.
    for n in 0..5 {
        let unknown = format!("unknown{n}@example.com");
        world.ask(sign_in(&unknown, "a common password")).await.expect(401);
    }
    world.pass(Span::minutes(10));
    for n in 0..3 {
        world.ask(sign_in(ann, &format!("a common password {n}"))).await.expect(401);
    }
    world.ask(right(disabled)).await.expect(401);
    world.ask(right(ann)).await.expect(200);
    assert_eq!(counted(world).await, 9);
    world.ask(sign_in("otto@example.com", "a common password")).await.expect(401);

    // Right and wrong passwords of every account are answered alike, after one read.
    let asks = [
        right(ann),
        sign_in(ann, "a new guess"),
        sign_in(ann, "a common password 0"),
        right(disabled),
        sign_in("unknown@example.com", "a new guess"),
    ];
    let mut alike = BTreeSet::new();
    for ask in asks.clone() {
        calls(world);
        let answer = world.ask(ask).await;
        assert_eq!(refusal(&answer), ("tooManyFromAddress", Some("3600")));
        // Whether a lock is found says only that a wrong password was tried before.
        let without_found = |call: String| call.split(" [(").next().unwrap_or_default().to_owned();
        let calls: Vec<String> = calls(world).into_iter().map(without_found).collect();
        alike.insert((face(&answer), calls));
    }
    assert_eq!(alike.len(), 1, "{alike:?}");
    let (_, calls) = alike.first().expect("one");
    assert_eq!(calls.len(), 1, "no hash has a place before the only read: {calls:?}");
    assert_eq!(counted(world).await, 10, "a refusal is not counted");

    // Another address of the same user signs in, and IPv6 is counted by its /64 prefix.
    world.ask(right(ann).source("203.0.113.8")).await.expect(200);

    world.pass(Span(Span::hours(1).0 - 1));
    assert_eq!(refusal(&world.ask(right(ann)).await), ("tooManyFromAddress", Some("1")));
    world.pass(Span(1));
    for n in 0..5 {
        world.ask(sign_in(&format!("new{n}@example.com"), "a common password")).await.expect(401);
    }
    assert_eq!(refusal(&world.ask(right(ann)).await), ("tooManyFromAddress", Some("600")));
}

#[tokio::test(flavor = "multi_thread")]
async fn right_and_repeated_passwords_do_not_count_for_the_source() {
    let world = World::with_source_limits(100_000, 10).await;
    let (_, ann) = world.ready().await;
    for _ in 0..15 {
        world.ask(sign_in(&ann.user_id, "an old password of a phone")).await.expect(401);
        world.ask(sign_in("unknown@example.com", "the same again")).await.expect(401);
        world.ask(sign_in(&ann.user_id, &ann.password)).await.expect(200);
    }
    assert_eq!(counted(&world).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn parallel_failed_sign_ins_all_count_and_no_refusal_tells_wrong_from_right() {
    let world = Arc::new(World::with_source_limits(100_000, 10).await);
    let (_, ann) = world.ready().await;
    // All requests read that nothing is counted yet.
    let gate = world.proxy.hold(|operation, body| {
        operation == "TransactWriteItems" && body.to_string().contains("LOCK#")
    });
    let mut asks: Vec<Ask> =
        (0..60).map(|n| sign_in(&format!("unknown{n}@example.com"), "a common password")).collect();
    asks.insert(30, sign_in(&ann.user_id, &ann.password));
    let all = tokio::spawn({
        let world = world.clone();
        async move { at_once(&world, asks).await }
    });
    gate.arrived(61).await;
    gate.open();
    let mut answers = all.await.expect("answers");
    answers.remove(30).expect(200);
    let codes: BTreeSet<&str> = answers.iter().map(Answer::code).collect();
    assert_eq!(codes, BTreeSet::from(["signInFailed"]));
    assert_eq!(counted(&world).await, 60);
    let full = world.ask(sign_in(&ann.user_id, &ann.password)).await;
    assert_eq!(full.code(), "tooManyFromAddress");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_cannot_be_counted_for_the_source_counts_for_the_account() {
    let world = World::with_source_limits(100_000, 10).await;
    let (_, ann) = world.ready().await;
    world.proxy.set_rule(|operation, _| (operation == "UpdateItem").then_some(Fault::AccessDenied));
    for n in 0..10 {
        let answer = world.ask(sign_in(&ann.user_id, &format!("wrong password {n}"))).await;
        assert_eq!(answer.expect(503).code(), "unavailable");
    }
    world.proxy.clear_rule();
    assert_eq!(counted(&world).await, 0);
    assert_eq!(
        world.ask(sign_in(&ann.user_id, &ann.password)).await.code(),
        "signInLocked",
        "each of the ten counted"
    );
}
