//! Sign-in lockout.

use crate::BEGIN;
use domain::lockout::{Fingerprint, Lock, RECENT_WRONG, WRONG_COUNTS};
use domain::time::{Span, Time};

const THRESHOLD: u32 = 10;

fn fingerprint(n: u32) -> Fingerprint {
    n.to_be_bytes()
}

/// Returns the lock after this range of different wrong passwords.
fn after(wrong: std::ops::Range<u32>, lock: Lock, now: Time) -> Lock {
    wrong.fold(lock, |lock, n| wrong_after(&lock, n, THRESHOLD, now))
}

/// Returns the lock after one wrong password; the same lock if it was one of the last three.
fn wrong_after(lock: &Lock, n: u32, threshold: u32, now: Time) -> Lock {
    let request = format!("request {n}");
    lock.after_wrong(fingerprint(n), threshold, now, &request).unwrap_or_else(|| lock.clone())
}

fn waits(lock: &Lock, now: Time) -> Option<Span> {
    lock.locked_until(now).map(|until| until - now)
}

#[test]
fn the_tenth_wrong_password_makes_sign_in_wait_a_minute_and_each_further_one_twice_as_long() {
    let mut now = BEGIN;
    let mut lock = after(0..9, Lock::default(), now);
    assert_eq!(waits(&lock, now), None, "nine are free");
    let minutes = [1, 2, 4, 8, 15, 15, 15, 15, 15, 15, 15, 15];
    for (n, minutes) in (9..).zip(minutes) {
        lock = after(n..n + 1, lock, now);
        assert_eq!(
            waits(&lock, now),
            Some(Span::minutes(minutes)),
            "wrong password number {}",
            n + 1
        );
        now = now + Span::minutes(minutes);
        assert_eq!(lock.locked_until(now - Span(1)), Some(now), "until the last millisecond");
        assert_eq!(lock.locked_until(now), None, "and not longer");
    }
}

#[test]
fn a_wait_is_at_most_fifteen_minutes_after_any_number_of_wrong_passwords() {
    let lock = after(0..5_000, Lock::default(), BEGIN);
    assert_eq!(waits(&lock, BEGIN), Some(Span::minutes(15)));
    let lock = Lock { wrong: u32::MAX, level: u32::MAX, ..Lock::default() };
    assert_eq!(waits(&after(0..1, lock, BEGIN), BEGIN), Some(Span::minutes(15)));
}

#[test]
fn the_threshold_is_the_policys() {
    for threshold in [3, 10, 100] {
        let wrong = |n: u32| {
            (0..n).fold(Lock::default(), |lock, i| wrong_after(&lock, i, threshold, BEGIN))
        };
        assert_eq!(waits(&wrong(threshold - 1), BEGIN), None, "{threshold}");
        assert_eq!(waits(&wrong(threshold), BEGIN), Some(Span::minutes(1)), "{threshold}");
    }
}

#[test]
fn one_of_the_last_three_wrong_passwords_changes_nothing() {
    let lock = after(0..4, Lock::default(), BEGIN);
    assert_eq!((lock.wrong, lock.recent.len()), (4, RECENT_WRONG));
    for again in [1, 2, 3] {
        assert_eq!(lock.after_wrong(fingerprint(again), THRESHOLD, BEGIN, "again"), None);
    }
    let oldest = lock.after_wrong(fingerprint(0), THRESHOLD, BEGIN, "again");
    assert_eq!(oldest.map(|lock| lock.wrong), Some(5));
    // A phone that repeats an old password for a day does not lock its owner out.
    let phone = (0..1_000).fold(Lock::default(), |lock, _| wrong_after(&lock, 7, THRESHOLD, BEGIN));
    assert_eq!((phone.wrong, waits(&phone, BEGIN)), (1, None));
}

#[test]
fn a_repeated_password_does_not_lengthen_a_wait() {
    let lock = after(0..10, Lock::default(), BEGIN);
    let later = BEGIN + Span::seconds(70);
    assert_eq!(lock.after_wrong(fingerprint(9), THRESHOLD, later, "again"), None);
}

#[test]
fn a_right_password_clears_the_count_and_keeps_the_last_wrong_passwords() {
    let wrong = after(0..9, Lock::default(), BEGIN);
    let lock = wrong.after_right("right").expect("nine wrong passwords to clear");
    let recent = wrong.recent;
    assert_eq!(lock, Lock { revision: "right".into(), cleared: 1, recent, ..Lock::default() });
    assert_eq!(lock.after_right("again"), None, "there is nothing to clear");
    assert_eq!(waits(&after(20..29, lock, BEGIN), BEGIN), None, "the count starts again");
    assert_eq!(Lock::default().after_right("first"), None);
}

#[test]
fn wrong_passwords_count_until_24_hours_after_the_last() {
    let lock = after(9..40, after(0..9, Lock::default(), BEGIN), BEGIN + Span::hours(23));
    let over = BEGIN + Span::hours(23) + WRONG_COUNTS;
    assert_eq!(lock.clone().as_of(over - Span(1)), lock);
    let fresh = lock.clone().as_of(over);
    assert_eq!((fresh.wrong, fresh.level, fresh.until), (0, 0, None));
    assert_eq!((fresh.recent, fresh.cleared), (lock.recent, lock.cleared));
    assert_eq!(fresh.revision, lock.revision, "the guard of the next write");
}
