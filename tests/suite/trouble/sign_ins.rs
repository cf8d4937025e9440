//! Sign-ins that arrive together: a wrong password is always counted, and an attacker's never
//! refuse the owner's.

use crate::trouble::races::{at_once, codes};
use domain::time::Span;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use tests::proxy::Fault;
use tests::world::Ask;
use tests::{Answer, World};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn many_parallel_guesses_of_the_current_password_get_at_most_ten_verdicts() {
    let world = Arc::new(World::new().await);
    let (_, ann) = world.ready().await;
    let bearer = world.session(&ann).await;
    let guess = |current: &str| {
        let body =
            json!({ "currentPassword": current, "newPassword": "a new and longer ptarmigan" });
        Ask::new("PUT", "/v1/me/password").bearer(&bearer).body(body)
    };
    let mut guesses: Vec<Ask> =
        (0..60).map(|n| guess(&format!("wrong password number {n}"))).collect();
    let mut wrong = 0;
    for _ in 0..4 {
        let answers = at_once(&world, std::mem::take(&mut guesses)).await;
        wrong += answers.iter().filter(|a| a.code() == "currentPasswordWrong").count();
        assert!(
            answers.iter().all(|a| matches!(
                a.code(),
                "currentPasswordWrong" | "signInLocked" | "unavailable"
            )),
            "{:?}",
            codes(&answers)
        );
        guesses = (0..20).map(|n| guess(&format!("another wrong password {n}"))).collect();
    }
    assert_eq!(wrong, 10);
    // The right password must wait now too.
    assert_eq!(world.ask(guess(&ann.password)).await.code(), "signInLocked");
}

fn sign_in(user_id: &str, password: &str) -> Ask {
    Ask::new("POST", "/v1/sign-in").body(json!({ "userId": user_id, "password": password }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn parallel_sign_ins_with_200_wrong_passwords_and_the_right_one_get_at_most_ten_verdicts() {
    for place in [0, 3, 200] {
        let world = Arc::new(World::new().await);
        let (_, ann) = world.ready().await;
        let mut asks: Vec<Ask> = (0..200)
            .map(|n| sign_in(&ann.user_id, &format!("wrong password number {n}")))
            .collect();
        asks.insert(place, sign_in(&ann.user_id, &ann.password));
        world.proxy.take_calls();
        // All passwords are checked before the first result is written.
        let gate = world
            .proxy
            .hold(|_, body| body.to_string().contains("LOCK#") && body["TransactItems"].is_array());
        let all = tokio::spawn({
            let world = world.clone();
            async move { at_once(&world, asks).await }
        });
        gate.arrived(201).await;
        gate.open();
        let answers = all.await.expect("answers");
        let wrong = answers.iter().filter(|a| a.code() == "signInFailed").count();
        let right = answers.iter().filter(|a| a.status == 200).count();
        assert!((1..=10).contains(&wrong), "{wrong} were refused as wrong");
        assert!(right == 0 || answers[place].status == 200);
        let others =
            |a: &&Answer| !matches!((a.status, a.code()), (200, _) | (401, "signInFailed"));
        assert!(
            answers.iter().filter(others).all(|a| matches!(a.status, 429 | 503)),
            "{:?}",
            codes(&answers)
        );
        // A sign-in is answered only after its write: there are as many writes as outcomes.
        let calls = world.proxy.take_calls();
        let writes = calls
            .iter()
            .filter(|c| {
                c.operation == "TransactWriteItems"
                    && c.done()
                    && c.body.to_string().contains("LOCK#")
            })
            .count();
        assert_eq!(writes, wrong + right);
        if wrong == 10 && right == 0 {
            assert_eq!(
                world.ask(sign_in(&ann.user_id, &ann.password)).await.code(),
                "signInLocked"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_right_password_gives_guesses_under_way_no_new_count() {
    let world = Arc::new(World::new().await);
    let (_, ann) = world.ready().await;
    for n in 0..9 {
        world.sign_in(&ann.user_id, &format!("wrong password number {n}")).await.expect(401);
    }
    // Nine wrong passwords count; six more are checked, and the proxy holds them before
    // their write.
    let gate = world
        .proxy
        .hold(|_, body| body.to_string().contains("under-way") && body["TransactItems"].is_array());
    let mut asks: Vec<Ask> = (0..5)
        .map(|n| {
            sign_in(&ann.user_id, &format!("a late wrong one {n}")).id(&format!("under-way-{n}"))
        })
        .collect();
    asks.push(sign_in(&ann.user_id, &ann.password).id("under-way-right"));
    let late = tokio::spawn({
        let world = world.clone();
        async move { at_once(&world, asks).await }
    });
    gate.arrived(6).await;
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    gate.open();
    let late = late.await.expect("answers");
    // Every password gets the same answer, since a difference would reveal the right one.
    assert!(
        late.iter().all(|a| a.status == 503 && a.headers["retry-after"] == "1"),
        "{:?}",
        codes(&late)
    );
    // A sign-in that begins now starts from a count of zero.
    for n in 0..9 {
        world.sign_in(&ann.user_id, &format!("another wrong one {n}")).await.expect(401);
    }
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
}

/// Returns the items of the table whose keys begin like this.
async fn items(world: &World, prefix: &str) -> Vec<Value> {
    let mut items = world.items().await;
    items.retain(|item| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(prefix)));
    items
}

/// Returns the wrong passwords that count; `None` if no lock is stored.
async fn counted(world: &World) -> Option<u32> {
    let locks = items(world, "LOCK#").await;
    assert!(locks.len() < 2, "one account had a wrong password");
    locks.first()?["wrong"]["N"].as_str()?.parse().ok()
}

/// A sign-in of one of the pairs below.
#[derive(Clone, Copy, Debug)]
enum Typed {
    Right,
    /// A wrong password that was not typed before.
    Wrong,
    /// The last wrong password again.
    Repeated,
}

/// Returns the status and code of a sign-in that is held before its write, of another that
/// is answered meanwhile, and the wrong passwords that count in the end.
async fn in_between(before: u32, held: Typed, other: Typed) -> (String, String, Option<u32>) {
    let world = Arc::new(World::new().await);
    let (_, ann) = world.ready().await;
    for n in 1..=before {
        world.sign_in(&ann.user_id, &format!("wrong password number {n}")).await.expect(401);
    }
    let ask = |typed: Typed, id: &str| {
        let password = match typed {
            Typed::Right => ann.password.clone(),
            Typed::Wrong => format!("the wrong password of {id}"),
            Typed::Repeated => format!("wrong password number {before}"),
        };
        sign_in(&ann.user_id, &password).id(id)
    };
    let gate = world
        .proxy
        .hold(|_, body| body["TransactItems"].is_array() && body.to_string().contains("held-one"));
    let first = tokio::spawn({
        let (world, ask) = (world.clone(), ask(held, "held-one"));
        async move { world.ask(ask).await }
    });
    gate.arrived(1).await;
    let second = world.ask(ask(other, "other-one")).await;
    gate.open();
    let first = first.await.expect("an answer");
    let say = |answer: &Answer| format!("{} {}", answer.status, answer.code());
    (say(&first).trim().into(), say(&second).trim().into(), counted(&world).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn two_sign_ins_whose_reads_and_writes_cross_are_judged_one_after_the_other() {
    use Typed::{Repeated, Right, Wrong};
    let (ok, wrong, locked, again) =
        ("200", "401 signInFailed", "429 signInLocked", "503 unavailable");
    let table = [
        // With one wrong password counted.
        (1, Right, Right, again, ok, 0),
        (1, Right, Wrong, ok, wrong, 0),
        (1, Right, Repeated, ok, wrong, 0),
        (1, Wrong, Right, again, ok, 0),
        (1, Wrong, Wrong, wrong, wrong, 3),
        (1, Wrong, Repeated, wrong, wrong, 2),
        (1, Repeated, Right, wrong, ok, 0),
        (1, Repeated, Wrong, wrong, wrong, 2),
        (1, Repeated, Repeated, wrong, wrong, 1),
        // One wrong password below the lockout.
        (9, Right, Right, again, ok, 0),
        (9, Right, Wrong, locked, wrong, 10),
        (9, Right, Repeated, ok, wrong, 0),
        (9, Wrong, Right, again, ok, 0),
        (9, Wrong, Wrong, locked, wrong, 10),
        (9, Wrong, Repeated, wrong, wrong, 10),
        (9, Repeated, Right, wrong, ok, 0),
        (9, Repeated, Wrong, wrong, wrong, 10),
        (9, Repeated, Repeated, wrong, wrong, 9),
    ];
    for (before, held, other, first, second, counted) in table {
        let what = format!("{held:?} held while {other:?}, after {before}");
        let expected = (first.to_owned(), second.to_owned(), Some(counted));
        assert_eq!(in_between(before, held, other).await, expected, "{what}");
    }
    // Without a lock, right passwords write none, and so do not refuse each other.
    assert_eq!(in_between(0, Right, Right).await, (ok.into(), ok.into(), None));
    assert_eq!(in_between(0, Right, Wrong).await, (ok.into(), wrong.into(), Some(0)));
    assert_eq!(in_between(0, Wrong, Right).await, (wrong.into(), ok.into(), Some(1)));
    assert_eq!(in_between(0, Wrong, Wrong).await, (wrong.into(), wrong.into(), Some(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn sixty_four_right_passwords_at_once_all_sign_in_even_if_every_write_conflicts_once() {
    for wrong_before in [false, true] {
        let world = Arc::new(World::new().await);
        let (_, ann) = world.ready().await;
        if wrong_before {
            // Stores a lock in which no wrong password counts.
            world.sign_in(&ann.user_id, "a wrong password").await.expect(401);
            world.sign_in(&ann.user_id, &ann.password).await.expect(200);
        }
        let mut seen = HashSet::new();
        world.proxy.set_rule(move |_, body| {
            let token = body["ClientRequestToken"].as_str()?;
            seen.insert(token.to_owned()).then_some(Fault::Conflict)
        });
        let asks = (0..64).map(|_| sign_in(&ann.user_id, &ann.password)).collect();
        let answers = at_once(&world, asks).await;
        assert!(answers.iter().all(|a| a.status == 200), "{:?}", codes(&answers));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a69_an_attacker_who_repeats_wrong_passwords_never_refuses_the_owner() {
    const ATTACKERS: usize = 16;
    let world = Arc::new(World::new().await);
    let (_, ann) = world.ready().await;
    for n in 0..3 {
        world.sign_in(&ann.user_id, &format!("repeated {n}")).await.expect(401);
    }
    let mut attack = JoinSet::new();
    for n in 0..ATTACKERS {
        let (world, user_id) = (world.clone(), ann.user_id.clone());
        attack.spawn(async move {
            let mut told = Vec::new();
            for round in 0..12 {
                let repeated = format!("repeated {}", (n + round) % 3);
                told.push(world.sign_in(&user_id, &repeated).await.status);
            }
            told
        });
    }
    for n in 0..25 {
        let answer = world.sign_in(&ann.user_id, &ann.password).await;
        assert_eq!(answer.status, 200, "right sign-in number {n}: {}", answer.code());
    }
    let told: HashSet<u16> = attack.join_all().await.into_iter().flatten().collect();
    assert_eq!(told, HashSet::from([401]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_wrong_password_writes_at_most_one_audit_entry_a_minute_and_no_lock() {
    let mut calls = Vec::new();
    for known in [true, false] {
        let world = World::new().await;
        let (_, ann) = world.ready().await;
        let user_id = if known { ann.user_id.as_str() } else { "unknown@example.com" };
        let try_again = async || {
            let wrong = world.sign_in(user_id, "the same wrong password").await;
            assert_eq!(wrong.expect(401).code(), "signInFailed");
        };
        let entries = async || items(&world, "AUDIT#").await.len();
        try_again().await;
        let (lock, begun) = (items(&world, "LOCK#").await, entries().await);
        world.pass(Span::minutes(2));
        world.proxy.take_calls();
        for _ in 0..5 {
            try_again().await;
        }
        assert_eq!(entries().await, begun + 1, "five repetitions in one minute");
        world.pass(Span::minutes(1));
        try_again().await;
        assert_eq!(entries().await, begun + 2, "the next minute");
        assert_eq!(items(&world, "LOCK#").await, lock);
        let made = world.proxy.take_calls().into_iter().map(|call| call.operation);
        calls.push(made.collect::<Vec<_>>());
    }
    assert_eq!(calls[0], calls[1], "known and unknown accounts make the same calls");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_count_until_24_hours_after_the_last() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let wrong =
        async |n: u32| world.sign_in(&ann.user_id, &format!("wrong password number {n}")).await;
    for n in 0..9 {
        wrong(n).await.expect(401);
    }
    world.pass(Span(Span::hours(24).0 - 1));
    wrong(9).await.expect(401);
    wrong(10).await.expect(429);
    world.pass(Span::hours(24));
    for n in 11..20 {
        wrong(n).await.expect(401);
    }
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
}
