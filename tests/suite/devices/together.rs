//! Sign-ins on known devices that arrive together: each lock counts every wrong password, and
//! right ones do not refuse each other.

use super::{Owner, THRESHOLD, owner, sign_in, wrong};
use crate::trouble::races::{at_once, codes};
use domain::time::Span;
use std::collections::HashSet;
use tests::proxy::Fault;
use tests::world::Ask;
use tests::{Answer, Call};

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn sixty_four_right_passwords_at_once_on_a_device_all_sign_in_if_every_write_conflicts_once()
{
    for case in ["new", "cleared", "to be renewed"] {
        let it = owner().await;
        let device = it.new_device().await;
        match case {
            "cleared" => {
                it.world.ask(sign_in(&it.ann.user_id, &wrong(), &device)).await.expect(401);
                it.sign_in(&device).await.expect(200);
            }
            "to be renewed" => it.world.pass(Span::days(1)),
            _ => {}
        }
        it.lock(&it.ann.user_id).await;
        let mut seen = HashSet::new();
        it.world.proxy.set_rule(move |_, body| {
            let token = body["ClientRequestToken"].as_str()?;
            seen.insert(token.to_owned()).then_some(Fault::Conflict)
        });
        let asks = (0..64).map(|_| sign_in(&it.ann.user_id, &it.ann.password, &device)).collect();
        let answers = at_once(&it.world, asks).await;
        assert!(answers.iter().all(|a| a.status == 200), "{case}: {:?}", codes(&answers));
    }
}

/// The locks that a sign-in may be judged by, as their keys begin.
const LOCKS: [&str; 2] = ["LOCK#", "DEVICE#"];

/// Whether a call writes or checks this lock.
fn judged_by(call: &Call, lock: &str) -> bool {
    call.operation == "TransactWriteItems" && call.done() && call.body.to_string().contains(lock)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn two_hundred_wrong_passwords_and_the_right_one_get_at_most_n_verdicts_from_each_lock() {
    // Every second wrong password comes from the device, or all of them. The right one comes
    // from the device, or from elsewhere.
    for (on_device, right_on_device, place) in
        [(1, true, 0), (2, true, 200), (2, false, 3), (1, false, 200)]
    {
        let it = owner().await;
        let device = it.new_device().await;
        let ask = |password: &str, known: bool| {
            sign_in(&it.ann.user_id, password, if known { &device } else { "" })
        };
        let mut known: Vec<bool> = (0..200).map(|n| n % on_device == 0).collect();
        let mut asks: Vec<Ask> = known.iter().map(|known| ask(&wrong(), *known)).collect();
        asks.insert(place, ask(&it.ann.password, right_on_device));
        known.insert(place, right_on_device);
        it.world.proxy.take_calls();
        // All passwords are checked before the first result is written.
        let gate = it.world.proxy.hold(|_, body| {
            let text = body.to_string();
            body["TransactItems"].is_array() && LOCKS.iter().any(|lock| text.contains(lock))
        });
        let all = tokio::spawn({
            let world = it.world.clone();
            async move { at_once(&world, asks).await }
        });
        gate.arrived(201).await;
        gate.open();
        let answers = all.await.expect("answers");
        let calls = it.world.proxy.take_calls();
        let what = format!("{on_device} {right_on_device} {place}: {:?}", codes(&answers));
        for (lock, is_devices) in LOCKS.into_iter().zip([false, true]) {
            let of_lock = |n: &usize| known[*n] == is_devices;
            let told = (0..201).filter(of_lock).map(|n| &answers[n]);
            let wrong = told.clone().filter(|a| a.code() == "signInFailed").count();
            let right = told.clone().filter(|a| a.status == 200).count();
            let asked = told.clone().count();
            assert!(wrong <= THRESHOLD as usize, "{lock}: {wrong} told, {what}");
            assert!(wrong + right > 0 || asked == 0, "{lock}: none told, {what}");
            let other = |a: &&Answer| ![200, 401].contains(&a.status);
            assert!(told.filter(other).all(|a| [429, 503].contains(&a.status)), "{what}");
            // A sign-in is answered only after its write: as many writes as outcomes.
            let writes = calls.iter().filter(|call| judged_by(call, lock)).count();
            assert_eq!(writes, wrong + right, "{lock}: {what}");
            if wrong == THRESHOLD as usize && right == 0 {
                let then = it.world.ask(ask(&it.ann.password, is_devices)).await;
                assert_eq!(then.code(), "signInLocked", "{lock}: {what}");
            }
        }
        let right = answers.iter().filter(|a| a.status == 200).count();
        assert!(right == 0 || answers[place].status == 200, "{what}");
    }
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

/// Where a sign-in comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum From {
    Device,
    Stranger,
}

/// The wrong passwords that count on the device and for the account; `None` without a lock.
async fn counted(it: &Owner) -> (Option<u32>, Option<u32>) {
    let wrong = |lock: &serde_json::Value| lock["wrong"]["N"].as_str()?.parse().ok();
    let (devices, locks) = (it.items("DEVICE#").await, it.items("LOCK#").await);
    assert_eq!(devices.len(), 1);
    (wrong(&devices[0]["lock"]["M"]), locks.first().and_then(wrong))
}

/// Returns the status and code of a sign-in that is held before its write, of another that is
/// answered meanwhile, and the wrong passwords that count in the end. Before, `before` wrong
/// passwords were typed at each place.
async fn in_between(
    before: u32,
    held: (From, Typed),
    other: (From, Typed),
) -> (String, String, (Option<u32>, Option<u32>)) {
    let it = owner().await;
    let device = it.new_device().await;
    let at = |from: From| if from == From::Device { device.as_str() } else { "" };
    for n in 1..=before {
        for from in [From::Device, From::Stranger] {
            let wrong = format!("wrong password number {n}");
            it.world.ask(sign_in(&it.ann.user_id, &wrong, at(from))).await.expect(401);
        }
    }
    let ask = |(from, typed): (From, Typed), id: &str| {
        let password = match typed {
            Typed::Right => it.ann.password.clone(),
            Typed::Wrong => format!("the wrong password of {id}"),
            Typed::Repeated => format!("wrong password number {before}"),
        };
        sign_in(&it.ann.user_id, &password, at(from)).id(id)
    };
    let gate = it
        .world
        .proxy
        .hold(|_, body| body["TransactItems"].is_array() && body.to_string().contains("held-one"));
    let first = tokio::spawn({
        let (world, ask) = (it.world.clone(), ask(held, "held-one"));
        async move { world.ask(ask).await }
    });
    gate.arrived(1).await;
    let second = it.world.ask(ask(other, "other-one")).await;
    gate.open();
    let first = first.await.expect("an answer");
    let say = |answer: &Answer| format!("{} {}", answer.status, answer.code());
    (say(&first).trim().into(), say(&second).trim().into(), counted(&it).await)
}

const OK: &str = "200";
const WRONG: &str = "401 signInFailed";
const LOCKED: &str = "429 signInLocked";
const AGAIN: &str = "503 unavailable";

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn two_sign_ins_of_a_device_whose_reads_and_writes_cross_are_judged_one_after_the_other() {
    use Typed::{Repeated, Right, Wrong};
    let table = [
        // Without a wrong password, right ones write nothing, and so do not refuse each other.
        (0, Right, Right, OK, OK, 0),
        (0, Right, Wrong, OK, WRONG, 0),
        (0, Wrong, Right, WRONG, OK, 1),
        (0, Wrong, Wrong, WRONG, WRONG, 2),
        // With one wrong password counted.
        (1, Right, Right, AGAIN, OK, 0),
        (1, Right, Wrong, OK, WRONG, 0),
        (1, Right, Repeated, OK, WRONG, 0),
        (1, Wrong, Right, AGAIN, OK, 0),
        (1, Wrong, Wrong, WRONG, WRONG, 3),
        (1, Wrong, Repeated, WRONG, WRONG, 2),
        (1, Repeated, Right, WRONG, OK, 0),
        (1, Repeated, Wrong, WRONG, WRONG, 2),
        (1, Repeated, Repeated, WRONG, WRONG, 1),
        // One wrong password below the lockout.
        (2, Right, Wrong, LOCKED, WRONG, 3),
        (2, Wrong, Right, AGAIN, OK, 0),
        (2, Wrong, Wrong, LOCKED, WRONG, 3),
        (2, Wrong, Repeated, WRONG, WRONG, 3),
        (2, Repeated, Wrong, WRONG, WRONG, 3),
    ];
    for (before, held, other, first, second, on_device) in table {
        let what = format!("{held:?} held while {other:?}, after {before}");
        let (device, elsewhere) = (Some(on_device), Some(before).filter(|before| *before > 0));
        let expected = (first.to_owned(), second.to_owned(), (device, elsewhere));
        let found = in_between(before, (From::Device, held), (From::Device, other)).await;
        assert_eq!(found, expected, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_sign_in_of_a_device_and_one_from_elsewhere_do_not_see_each_other() {
    use Typed::{Repeated, Right, Wrong};
    // One wrong password below the lockout, in both places.
    let before = THRESHOLD - 1;
    let every = [Right, Wrong, Repeated].into_iter();
    for (held, other) in every.clone().flat_map(|held| every.clone().map(move |it| (held, it))) {
        for (from, to) in [(From::Device, From::Stranger), (From::Stranger, From::Device)] {
            let found = in_between(before, (from, held), (to, other)).await;
            let alone = |typed| match typed {
                Right => (OK, Some(0)),
                Wrong => (WRONG, Some(before + 1)),
                Repeated => (WRONG, Some(before)),
            };
            let ((first, of_first), (second, of_second)) = (alone(held), alone(other));
            let counts = match from {
                From::Device => (of_first, of_second),
                From::Stranger => (of_second, of_first),
            };
            let expected = (first.to_owned(), second.to_owned(), counts);
            assert_eq!(found, expected, "{held:?} of {from:?} held while {other:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_guess_of_a_device_that_becomes_a_stranger_meanwhile_is_not_judged_by_another_lock() {
    for right in [true, false] {
        let it = owner().await;
        let device = it.new_device().await;
        let password = if right { it.ann.password.clone() } else { wrong() };
        let gate = it.world.proxy.hold(|_, body| {
            body["TransactItems"].is_array() && body.to_string().contains("late-guess")
        });
        let ask = sign_in(&it.ann.user_id, &password, &device).id("late-guess");
        let late = tokio::spawn({
            let world = it.world.clone();
            async move { world.ask(ask).await }
        });
        gate.arrived(1).await;
        // Five other devices push it out: the guard of the guess fails, and the next read finds
        // a stranger.
        for _ in 0..5 {
            it.world.pass(Span(1));
            it.new_device().await;
        }
        gate.open();
        let late = late.await.expect("an answer");
        assert_eq!((late.status, late.code()), (503, "unavailable"), "{late:?}");
        assert!(it.items("LOCK#").await.is_empty(), "the account's lock did not count it");
    }
}
