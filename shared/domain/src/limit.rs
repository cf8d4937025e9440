//! The ledger: everything that a guess or a send is judged by, in one item
//! per account and purpose, so that check and charge are one write.

use crate::challenge::{ChallengeId, Purpose};
use crate::kind::{Class, Kind};
use crate::policy::Policy;
use crate::secret::BearerDigest;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long a failed guess counts (NIST 800-63B-4 3.2.2: throttling may be
/// lifted by time, never by a resend or a new reset).
pub const GUESS_WINDOW: Span = Span::hours(24);
/// The longest wait before another code of the same kind.
pub const LONGEST_RESEND_WAIT: Span = Span::minutes(8);
/// How long a ledger is kept after its last write: every window is over.
pub const LEDGER_KEPT: Span = Span::hours(48);
/// How long `send-code` waits for the ledger of a row that it sees: the items
/// of one transaction become visible one by one.
pub const SETTLING: Span = Span::seconds(3);
/// `send-code` drops a code that has less than this left: nobody could type it.
pub const LEAST_LIFE_LEFT: Span = Span::seconds(30);

/// One charged guess: when, and by which request, so that a request
/// recognises its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(pub String);

impl Stamp {
    pub fn new(now: Time, request: &str) -> Stamp {
        Stamp(format!("{:013}-{request}", now.0))
    }
    fn at(&self) -> Time {
        // A stamp that cannot be read counts for ever: strict, and visible.
        Time(self.0.split('-').next().and_then(|ms| ms.parse().ok()).unwrap_or(i64::MAX / 2))
    }
}

/// The live challenge of a kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Slot {
    pub id: ChallengeId,
    /// Digest of the bearer that asked for it: nobody else can try it.
    pub owner: BearerDigest,
    /// Sends of this kind in this reset or registration.
    pub n: u32,
    pub issued: Time,
    pub exp: Time,
    /// Guesses left.
    pub left: u32,
    #[serde(default)]
    pub used: bool,
}

/// What one account did for one purpose.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Guesses an account may fail, as the policy said at the last issue.
    pub cap: u32,
    pub fails: BTreeSet<Stamp>,
    /// When codes of a kind were asked for, inside the window.
    pub sent: BTreeMap<Kind, Vec<Time>>,
    pub slots: BTreeMap<Kind, Slot>,
}

/// A challenge that may be written: what changes, and what must not have.
#[derive(Clone, Debug)]
pub struct Issue {
    pub slot: Slot,
    /// Guesses an account may fail, as the policy says now.
    pub cap: u32,
    /// Failed guesses that count no more.
    pub stale: Vec<Stamp>,
    /// Sends of this kind as they were read: the guard of the write.
    pub seen: Option<Vec<Time>>,
    /// The same with this one.
    pub sent: Vec<Time>,
}

/// Why no challenge may be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Too many failed guesses; open again at that time.
    Closed(Time),
    /// Another code was just sent, or the window is full.
    TooSoon(Time),
}

/// Failed guesses the policy allows for a purpose.
pub fn guess_cap(policy: &Policy, purpose: Purpose) -> u32 {
    match purpose {
        Purpose::Reset => policy.limits.failed_guesses,
        Purpose::Registration => policy.limits.failed_registration_guesses,
    }
}

impl Ledger {
    /// Until when a full count closes this purpose: 24 hours after the last
    /// failed guess.
    pub fn closed_until(&self, cap: u32, now: Time) -> Option<Time> {
        let full = self.fails.len() >= cap as usize;
        let until = self.fails.iter().map(Stamp::at).max()? + GUESS_WINDOW;
        (full && until > now).then_some(until)
    }

    /// Failed guesses that count no more: each after 24 hours. A full count is
    /// closed until its last is that old, so it goes as a whole.
    fn stale(&self, now: Time) -> Vec<Stamp> {
        let over = |stamp: &&Stamp| stamp.at() + GUESS_WINDOW <= now;
        self.fails.iter().filter(over).cloned().collect()
    }

    /// Judges whether a code of the id's kind may be sent now, and says what
    /// to write. A new challenge has a code and guesses of its own; the
    /// account's count is shared and goes on.
    pub fn issue(
        &self,
        policy: &Policy,
        purpose: Purpose,
        id: ChallengeId,
        bearer: &BearerDigest,
        now: Time,
    ) -> Result<Issue, Refused> {
        let cap = guess_cap(policy, purpose);
        if let Some(until) = self.closed_until(cap, now) {
            return Err(Refused::Closed(until));
        }
        let slot = self.slots.get(&id.kind);
        let sends_before = slot.filter(|s| s.owner.matches(bearer)).map_or(0, |s| s.n);
        if let Some(slot) = slot.filter(|_| sends_before > 0) {
            let again = slot.issued + resend_wait(policy, sends_before);
            if again > now {
                return Err(Refused::TooSoon(again));
            }
        }
        let (most, window) = match id.kind.class() {
            Class::Delivered(channel) => policy.send_window(channel),
            Class::Held(held) => match held {},
        };
        let seen = self.sent.get(&id.kind).cloned();
        let mut sent: Vec<Time> =
            seen.iter().flatten().copied().filter(|at| *at + window > now).collect();
        if sent.len() >= most as usize {
            return Err(Refused::TooSoon(sent[sent.len() - most as usize] + window));
        }
        sent.push(now);
        let slot = Slot {
            owner: bearer.clone(),
            n: sends_before + 1,
            issued: now,
            exp: id.expires,
            left: policy.code.guesses,
            used: false,
            id,
        };
        Ok(Issue { slot, cap, stale: self.stale(now), seen, sent })
    }
}

/// SMS of one UTC day that were charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    pub total: u32,
    pub country: u32,
}

/// The most SMS of one UTC day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub total: u32,
    pub country: u32,
}

impl Budget {
    pub fn of(policy: &Policy) -> Budget {
        Budget { total: policy.limits.sms_per_day, country: policy.limits.sms_per_country_and_day }
    }
}

/// What `send-code` tells every request: read with the policy.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Flags {
    /// The day's SMS were spent: until its end.
    sms_closed_until: Option<Time>,
    /// The day's budget when they were.
    sms_budget: u32,
}

impl Flags {
    /// Until when SMS is unavailable to everybody alike. A policy that allows
    /// more than was spent opens it again at once.
    pub fn sms_closed_until(&self, policy: &Policy, now: Time) -> Option<Time> {
        let budget = policy.limits.sms_per_day;
        if budget == 0 {
            return Some(now.next_day());
        }
        self.sms_closed_until.filter(|until| *until > now && budget <= self.sms_budget)
    }
}

/// The wait after the `sends`-th code of a kind: the policy's, doubling to
/// eight minutes.
pub fn resend_wait(policy: &Policy, sends: u32) -> Span {
    let first = Span::seconds(policy.limits.resend_wait_seconds.into());
    let doubled = first.0.saturating_mul(1 << sends.saturating_sub(1).min(16));
    Span(doubled.min(LONGEST_RESEND_WAIT.0.max(first.0)))
}
