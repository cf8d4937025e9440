//! The ledgers of guesses and sends: tested by examples, and as state machines against a model.

use crate::{BEGIN, bearer, challenge};
use domain::challenge::{ChallengeId, LedgerId};
use domain::destination::TypedName;
use domain::kind::{Class, Kind};
use domain::ledger::{DEVICE_GUESSES, GUESS_WINDOW, Issue, Ledger, Refused, SLOTS, Stamp};
use domain::limit::resend_wait;
use domain::policy::Policy;
use domain::policy::ranges::RANGES;
use domain::secret::BearerKind;
use domain::time::{Span, Time};
use proptest::prelude::*;
use proptest::test_runner::Config;

const MAIL: LedgerId = LedgerId::Reset { kind: Kind::Email, typed: None };
const PHONE: LedgerId =
    LedgerId::Reset { kind: Kind::MobilePhone, typed: Some(TypedName([7; 12])) };
const LEDGERS: [LedgerId; 4] = [MAIL, PHONE, LedgerId::Registration, LedgerId::Devices];

/// The kinds of method that a ledger has challenges of.
fn kinds(ledger: LedgerId) -> Vec<Kind> {
    match ledger {
        LedgerId::Reset { kind, .. } => vec![kind],
        LedgerId::Registration | LedgerId::Devices => Kind::ALL.to_vec(),
    }
}

/// The ledger as stored: applies the writes of an issued code and of a counted guess, under the
/// guards of `port::Change`.
#[derive(Clone)]
struct Table {
    id: LedgerId,
    ledger: Ledger,
    requests: u32,
}

impl Table {
    fn new(id: LedgerId) -> Table {
        Table { id, ledger: Ledger::default(), requests: 0 }
    }

    fn judge(&self, policy: &Policy, kind: Kind, of: u8, now: Time) -> Result<Issue, Refused> {
        let id = challenge(kind, self.requests.into(), now);
        let id = ChallengeId { ledger: self.id, ..id };
        self.ledger.issue(policy, id, &bearer(BearerKind::Reset, of).digest(), now)
    }

    fn issue(&mut self, policy: &Policy, kind: Kind, of: u8, now: Time) -> Result<(), Refused> {
        let issue = self.judge(policy, kind, of, now)?;
        assert_eq!(issue.seen, self.ledger.issues);
        self.requests += 1;
        self.ledger.cap = issue.cap;
        self.ledger.fails.retain(|stamp| !issue.stale.contains(stamp));
        self.ledger.sent.insert(kind, issue.sent);
        self.ledger.slots.insert(issue.slot.id.slot, issue.slot);
        self.ledger.issues = Some(issue.seen.unwrap_or_default() + 1);
        Ok(())
    }

    /// The challenge that a caller got last.
    fn challenge(&self, kind: Kind, of: u8) -> Option<ChallengeId> {
        let mine = bearer(BearerKind::Reset, of).digest();
        self.ledger.slot_of(kind, &mine).map(|(_, slot)| slot.id.clone())
    }

    /// Whether a guess is counted ("charged") and so compared. A right guess is uncounted again.
    fn guess(&mut self, kind: Kind, of: u8, right: bool, now: Time) -> bool {
        let full = self.ledger.fails.len() >= self.ledger.cap as usize;
        let Some(id) = self.challenge(kind, of) else { return false };
        let Some(slot) = self.ledger.slots.get_mut(&id.slot) else { return false };
        if full || slot.id != id || slot.used || slot.left == 0 || slot.exp <= now {
            return false;
        }
        slot.left -= 1;
        slot.used = right;
        self.requests += 1;
        if !right {
            self.ledger.fails.insert(Stamp::new(now, &self.requests.to_string()));
        }
        true
    }
}

/// A model of the rules, computed from a list of events.
#[derive(Clone, Default)]
struct Model {
    /// Failed guesses that count. A guess stops counting after 24 hours, when the next code is
    /// sent.
    counted: Vec<Time>,
    /// All failed guesses.
    failed: Vec<Time>,
    sent: Vec<(Kind, Time)>,
}

impl Model {
    fn closed_until(&self, cap: u32, now: Time) -> Option<Time> {
        let last = *self.counted.last()?;
        (self.counted.len() >= cap as usize && last + GUESS_WINDOW > now)
            .then_some(last + GUESS_WINDOW)
    }
    fn code_was_sent(&mut self, kind: Kind, cap: u32, now: Time) {
        if self.counted.len() >= cap as usize {
            self.counted.clear();
        }
        self.counted.retain(|at| *at + GUESS_WINDOW > now);
        self.sent.push((kind, now));
    }
    fn failed(&mut self, now: Time) {
        self.counted.push(now);
        self.failed.push(now);
    }
    fn failed_in_a_day(&self, now: Time) -> usize {
        self.failed.iter().filter(|at| **at + GUESS_WINDOW > now).count()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Pass(Span),
    Send(Kind, u8),
    Guess(Kind, u8, bool),
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Email), Just(Kind::MobilePhone)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pass = prop_oneof![
        4 => (0..700_000i64).prop_map(|ms| Step::Pass(Span(ms))),
        2 => (1..90i64).prop_map(|minutes| Step::Pass(Span::minutes(minutes))),
        1 => (1..30i64).prop_map(|hours| Step::Pass(Span::hours(hours))),
    ];
    let send = (kind(), 0..3u8).prop_map(|(kind, of)| Step::Send(kind, of));
    let guess = (kind(), 0..3u8, prop::bool::weighted(0.1))
        .prop_map(|(kind, of, right)| Step::Guess(kind, of, right));
    prop::collection::vec(prop_oneof![3 => pass, 4 => send, 6 => guess], 1..150)
}

fn policy() -> impl Strategy<Value = Policy> {
    (3..8u32, 1..=10u32, 15..=300u32, 1..=4u32, 5..=9u32).prop_map(
        |(failed_guesses, guesses, resend_wait_seconds, sends, a_day)| {
            let mut policy = Policy::default();
            policy.limits.failed_registration_guesses = failed_guesses + 1;
            policy.limits.mails_per_day = a_day;
            policy.code.guesses = guesses;
            policy.limits.failed_guesses = failed_guesses;
            policy.limits.resend_wait_seconds = resend_wait_seconds;
            policy.limits.mails_per_ten_minutes = sends;
            policy.limits.sms_per_hour = sends;
            policy
        },
    )
}

fn without_files(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(without_files(400))]

    #[test]
    fn a_ledger_follows_the_rules(
        id in prop::sample::select(&LEDGERS[..]),
        policy in policy(),
        steps in steps(),
    ) {
        let (mut now, mut table, mut model) = (BEGIN, Table::new(id), Model::default());
        let (cap, kinds) = (id.guess_cap(&policy), kinds(id));
        for step in steps {
            if matches!(step, Step::Send(kind, _) | Step::Guess(kind, ..) if !kinds.contains(&kind)) {
                continue;
            }
            match step {
                Step::Pass(span) => now = now + span,
                Step::Send(kind, of) => {
                    let closed = model.closed_until(cap, now);
                    match table.issue(&policy, kind, of, now) {
                        Ok(()) => {
                            prop_assert_eq!(closed, None, "a code while reset is closed");
                            model.code_was_sent(kind, cap, now);
                        }
                        Err(Refused::Closed(until)) => prop_assert_eq!(Some(until), closed),
                        Err(Refused::TooSoon(again) | Refused::Full(again)) => {
                            prop_assert_eq!(closed, None, "closed takes precedence");
                            prop_assert!(again > now);
                            prop_assert!(table.judge(&policy, kind, of, again - Span(1)).is_err(), "a millisecond before");
                            let then = table.judge(&policy, kind, of, again);
                            let still = |at: Time| at <= again;
                            prop_assert!(!matches!(then, Err(Refused::TooSoon(at) | Refused::Full(at)) if still(at)), "exactly then, {then:?}");
                        }
                    }
                }
                Step::Guess(kind, of, right) => {
                    let before = model.failed_in_a_day(now);
                    if table.guess(kind, of, right, now) {
                        prop_assert!(before < cap as usize, "comparison number {} in 24 hours", before + 1);
                        if !right {
                            model.failed(now);
                        }
                    }
                }
            }
            // A resend, a new reset or another kind of method never lowers the count.
            let counted = |at: &Stamp| at.0[..13].parse::<i64>().unwrap() + GUESS_WINDOW.0 > now.0;
            prop_assert_eq!(table.ledger.fails.iter().filter(|at| counted(at)).count(), model.failed_in_a_day(now));
            prop_assert_eq!(table.ledger.fails.len(), model.counted.len());
            prop_assert_eq!(table.ledger.closed_until(cap, now), model.closed_until(cap, now));
            for kind in kinds.iter().copied() {
                let windows = match kind.class() {
                    Class::Delivered(channel) => id.send_windows(&policy, channel),
                    Class::Held(_) => continue,
                };
                for (most, window) in windows {
                    let sent = model.sent.iter().filter(|(of, at)| *of == kind && *at + window > now).count();
                    prop_assert!(sent <= most as usize, "{} sends of {:?} in a window", sent, kind);
                }
            }
            let live = table.ledger.slots.values().filter(|slot| slot.is_live(now)).count();
            let most = if id == LedgerId::Registration { kinds.len() } else { SLOTS.into() };
            prop_assert!(live <= most, "{} live challenges", live);
        }
    }
}

#[test]
fn each_code_has_its_own_guesses_and_the_account_one_count() {
    let (policy, mut table, mut now) = (Policy::default(), Table::new(MAIL), BEGIN);
    let mut compared = 0;
    for reset in 1..=4 {
        table.issue(&policy, Kind::Email, reset, now).ok();
        compared += (0..20).filter(|_| table.guess(Kind::Email, reset, false, now)).count();
        now = now + Span::minutes(1);
    }
    assert_eq!(compared, 10, "five of the first code, five of the second, then no more");
    let last = BEGIN + Span::minutes(1);
    assert_eq!(table.ledger.closed_until(10, now), Some(last + Span::hours(24)));
    assert_eq!(
        table.issue(&policy, Kind::Email, 9, last + Span::hours(24) - Span(1)),
        Err(Refused::Closed(last + Span::hours(24)))
    );
    assert_eq!(table.issue(&policy, Kind::Email, 9, last + Span::hours(24)), Ok(()));
    assert!(table.ledger.fails.is_empty(), "a full count ends as a whole");
}

#[test]
fn each_ledger_has_a_count_of_its_own() {
    let mut policy = Policy::default();
    (policy.limits.failed_guesses, policy.limits.failed_registration_guesses) = (4, 9);
    assert_eq!(LEDGERS.map(|id| id.guess_cap(&policy)), [4, 4, 9, 5]);
    let most = RANGES.iter().find(|range| range.pointer == "/limits/failedGuesses").unwrap().max;
    assert_eq!(most + DEVICE_GUESSES, 95, "below the 100 of NIST 800-63B-4 3.2.2");
}

#[test]
fn a_right_code_gives_back_its_own_charge_and_no_other() {
    let (policy, mut table) = (Policy::default(), Table::new(MAIL));
    table.issue(&policy, Kind::Email, 1, BEGIN).unwrap();
    assert!(table.guess(Kind::Email, 1, false, BEGIN) && table.guess(Kind::Email, 1, false, BEGIN));
    assert!(table.guess(Kind::Email, 1, true, BEGIN));
    assert_eq!(table.ledger.fails.len(), 2);
    assert!(!table.guess(Kind::Email, 1, true, BEGIN), "a code is accepted once");
}

#[test]
fn another_code_of_a_kind_waits_longer_each_time() {
    let policy = Policy::default();
    let seconds = [30, 60, 120, 240, 480, 480, 480];
    for (sends, seconds) in (1..).zip(seconds) {
        assert_eq!(resend_wait(&policy, sends), Span::seconds(seconds), "after {sends} codes");
    }
    assert_eq!(resend_wait(&policy, u32::MAX), Span::minutes(8), "the wait never overflows");

    let (mut table, mut now) = (Table::new(MAIL), BEGIN);
    for seconds in seconds {
        table.issue(&policy, Kind::Email, 1, now).unwrap();
        let again = now + Span::seconds(seconds);
        assert_eq!(table.issue(&policy, Kind::Email, 1, now), Err(Refused::TooSoon(again)));
        assert_eq!(
            table.issue(&policy, Kind::Email, 1, again - Span(1)),
            Err(Refused::TooSoon(again))
        );
        now = again;
    }
}

#[test]
fn the_wait_belongs_to_one_kind_in_one_reset() {
    let (policy, mut table) = (Policy::default(), Table::new(LedgerId::Devices));
    table.issue(&policy, Kind::Email, 1, BEGIN).unwrap();
    assert_eq!(table.issue(&policy, Kind::MobilePhone, 1, BEGIN), Ok(()), "another kind");
    assert_eq!(table.issue(&policy, Kind::Email, 2, BEGIN), Ok(()), "another reset");
}

#[test]
fn sends_are_counted_in_sliding_windows() {
    let (ten_minutes, hour, day) = (Span::minutes(10), Span::hours(1), Span::hours(24));
    let phone = LedgerId::Reset { kind: Kind::MobilePhone, typed: None };
    #[rustfmt::skip]
    let table = [
        (MAIL, Kind::Email, 10, ten_minutes),
        (MAIL, Kind::Email, 30, day),
        (phone, Kind::MobilePhone, 5, hour),
        (LedgerId::Registration, Kind::Email, 10, ten_minutes),
        (LedgerId::Registration, Kind::Email, 30, day),
        (LedgerId::Registration, Kind::MobilePhone, 5, hour),
        (LedgerId::Devices, Kind::Email, 3, ten_minutes),
        (LedgerId::Devices, Kind::Email, 10, day),
        (LedgerId::Devices, Kind::MobilePhone, 2, hour),
    ];
    for (ledger, kind, most, window) in table {
        let (policy, mut table) = (Policy::default(), Table::new(ledger));
        // Few enough at once that no shorter window is full.
        let step = if window == day { Span::minutes(5) } else { Span::seconds(7) };
        let at = |n: i64| BEGIN + Span(step.0 * n);
        // Each code is sent in another reset, to avoid the wait between codes.
        for n in 0..most {
            assert_eq!(table.issue(&policy, kind, n as u8, at(n)), Ok(()), "{ledger:?} {n}");
        }
        let full = Err(Refused::Full(BEGIN + window));
        assert_eq!(table.issue(&policy, kind, 100, at(most)), full, "{kind:?} number {}", most + 1);
        assert_eq!(table.issue(&policy, kind, 100, BEGIN + window - Span(1)), full);
        assert_eq!(
            table.issue(&policy, kind, 100, BEGIN + window),
            Ok(()),
            "the first send has left the window"
        );
        assert_eq!(
            table.issue(&policy, kind, 101, BEGIN + window),
            Err(Refused::Full(at(1) + window)),
            "the second send has not"
        );
    }
}

#[test]
fn three_resets_have_a_code_at_once_and_a_fourth_ends_the_oldest() {
    let (policy, mut table) = (Policy::default(), Table::new(MAIL));
    for of in 1..=3 {
        table.issue(&policy, Kind::Email, of, BEGIN + Span(of.into())).unwrap();
    }
    let now = BEGIN + Span::seconds(31);
    let older = table.challenge(Kind::Email, 2).unwrap();
    table.issue(&policy, Kind::Email, 2, now).unwrap();
    assert_eq!(table.challenge(Kind::Email, 2).map(|id| id.slot), Some(older.slot), "its own slot");
    table.issue(&policy, Kind::Email, 4, now).unwrap();
    assert!(!table.guess(Kind::Email, 1, true, now), "the oldest has ended");
    for of in 2..=4 {
        assert!(table.guess(Kind::Email, of, true, now), "reset {of}");
    }
    // A code that was accepted or has expired leaves its slot.
    table.issue(&policy, Kind::Email, 5, now).unwrap();
    table.issue(&policy, Kind::Email, 6, now).unwrap();
    assert!(table.guess(Kind::Email, 5, true, now));
}

#[test]
fn registration_has_one_code_of_each_kind() {
    let (policy, mut table) = (Policy::default(), Table::new(LedgerId::Registration));
    for (kind, of) in [(Kind::Email, 1), (Kind::MobilePhone, 1), (Kind::Email, 2)] {
        table.issue(&policy, kind, of, BEGIN).unwrap();
    }
    assert!(!table.guess(Kind::Email, 1, true, BEGIN), "another session's code ended it");
    assert!(table.guess(Kind::Email, 2, true, BEGIN));
    assert!(table.guess(Kind::MobilePhone, 1, true, BEGIN));
}

#[test]
fn an_unreadable_stamp_counts() {
    let ledger = Ledger {
        fails: ["1795424400000-a", "garbage", ""].map(|text| Stamp(text.into())).into(),
        ..Ledger::default()
    };
    assert!(ledger.closed_until(3, BEGIN + Span::days(1000)).is_some());
}
