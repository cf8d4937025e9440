//! The ledger, which limits the guesses and sends of an account, and the day's
//! counters, which limit the messages of the whole organisation.
//!
//! One item for each account and purpose holds the ledger, and one for each day
//! its counters, so that one write both checks a limit and counts against it.

use crate::audit::Reason;
use crate::challenge::{ChallengeId, Purpose};
use crate::kind::{Channel, Class, Kind};
use crate::policy::Policy;
use crate::secret::BearerDigest;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long a failed guess counts. Only time lifts this limit, not a resend or a
/// new reset (NIST 800-63B-4 3.2.2).
pub const GUESS_WINDOW: Span = Span::hours(24);
/// The longest wait before another code of the same kind.
pub const LONGEST_RESEND_WAIT: Span = Span::minutes(8);
/// How long a ledger is kept after its last write. It is longer than every
/// window that the ledger counts.
pub const LEDGER_KEPT: Span = Span::hours(48);
/// How old an outbox row must be before `send-code` trusts that the other items
/// of its transaction are visible too. They become visible one by one.
pub const SETTLING: Span = Span::seconds(3);
/// `send-code` drops a code that is valid for less than this: the user would not
/// have the time to type it.
pub const LEAST_LIFE_LEFT: Span = Span::seconds(30);

/// One charged guess: its time in milliseconds and the ID of its request. A
/// request finds its own guess by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(pub String);

impl Stamp {
    /// The stamp of a guess that the request with this ID makes now.
    pub fn new(now: Time, request: &str) -> Stamp {
        Stamp(format!("{:013}-{request}", now.0))
    }
    fn at(&self) -> Time {
        // A stamp that cannot be read counts for ever, so that the limit stays
        // strict and the fault is noticed.
        Time(self.0.split('-').next().and_then(|ms| ms.parse().ok()).unwrap_or(i64::MAX / 2))
    }
}

/// The newest challenge of a kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Slot {
    /// The ID of the challenge.
    pub id: ChallengeId,
    /// Digest of the bearer that asked for the challenge. Only that bearer may
    /// guess its code.
    pub owner: BearerDigest,
    /// How many codes of this kind the owner has asked for in this reset or
    /// registration, this one included.
    pub n: u32,
    /// When the challenge was issued.
    pub issued: Time,
    /// When the code expires.
    pub exp: Time,
    /// Guesses left.
    pub left: u32,
    /// Whether the code was accepted.
    #[serde(default)]
    pub used: bool,
}

/// The guesses and sends of one account for one purpose.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// How many guesses the account may fail, by the policy at the last issue.
    pub cap: u32,
    /// The failed guesses, and those that are being judged.
    pub fails: BTreeSet<Stamp>,
    /// When codes were asked for, by kind. Times that have left the window are
    /// removed at the next issue.
    pub sent: BTreeMap<Kind, Vec<Time>>,
    /// The newest challenge of each kind.
    pub slots: BTreeMap<Kind, Slot>,
}

/// What to write when a challenge is issued, and the guard of the write.
#[derive(Clone, Debug)]
pub struct Issue {
    /// The new slot.
    pub slot: Slot,
    /// How many guesses the account may fail, by the policy now.
    pub cap: u32,
    /// Failed guesses to remove, because they no longer count.
    pub stale: Vec<Stamp>,
    /// The sends of this kind as they were read: the guard of the write.
    pub seen: Option<Vec<Time>>,
    /// The sends of this kind in the window, with the new one.
    pub sent: Vec<Time>,
}

/// Why no challenge may be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Too many guesses failed. The purpose opens again at this time.
    Closed(Time),
    /// Another code was sent a moment ago, or too many were sent in the window.
    /// The next one may be sent at this time.
    TooSoon(Time),
}

/// How many guesses the policy lets an account fail in 24 hours.
pub fn guess_cap(policy: &Policy, purpose: Purpose) -> u32 {
    match purpose {
        Purpose::Reset => policy.limits.failed_guesses,
        Purpose::Registration => policy.limits.failed_registration_guesses,
    }
}

impl Ledger {
    /// Until when this purpose is closed; `None` while it is open. It closes when
    /// `cap` guesses have failed, until 24 hours after the last of them.
    pub fn closed_until(&self, cap: u32, now: Time) -> Option<Time> {
        let full = self.fails.len() >= cap as usize;
        let until = self.fails.iter().map(Stamp::at).max()? + GUESS_WINDOW;
        (full && until > now).then_some(until)
    }

    /// Failed guesses that no longer count, because they are 24 hours old. While
    /// the purpose is closed no challenge is issued, so a full count is removed
    /// as a whole.
    fn stale(&self, now: Time) -> Vec<Stamp> {
        let over = |stamp: &&Stamp| stamp.at() + GUESS_WINDOW <= now;
        self.fails.iter().filter(over).cloned().collect()
    }

    /// The values that issue the challenge `id` to the caller with this bearer. The
    /// challenge gets guesses of its own. The account's count of failed guesses is
    /// shared by all challenges and stays.
    ///
    /// # Errors
    /// [`Refused`] if the purpose is closed or the code would be sent too soon.
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
        let seen = self.sent.get(&id.kind).cloned();
        let mut sent = Vec::new();
        let send_window = match id.kind.class() {
            Class::Delivered(channel) => Some(policy.send_window(channel)),
            Class::Held(_) => None,
        };
        if let Some((most, window)) = send_window {
            sent.extend(seen.iter().flatten().copied().filter(|at| *at + window > now));
            if sent.len() >= most as usize {
                return Err(Refused::TooSoon(sent[sent.len() - most as usize] + window));
            }
            sent.push(now);
        }
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

/// A count of messages of the whole organisation in one UTC day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayCounter {
    /// SMS to all countries.
    Sms,
    /// SMS to the country of this ISO 3166 code.
    SmsTo(String),
}

impl DayCounter {
    /// The counters that a message by this channel is charged to. A phone number
    /// may have no country.
    pub fn of(channel: Channel, country: Option<&str>) -> Vec<DayCounter> {
        match channel {
            Channel::Mail => Vec::new(),
            Channel::Sms => {
                let country = country.unwrap_or(NO_COUNTRY).to_owned();
                vec![DayCounter::Sms, DayCounter::SmsTo(country)]
            }
        }
    }

    /// The name under which the count is stored.
    pub fn name(&self) -> &str {
        match self {
            DayCounter::Sms => "total",
            DayCounter::SmsTo(country) => country,
        }
    }

    /// How many messages the policy allows in a day.
    pub fn limit(&self, policy: &Policy) -> u32 {
        match self {
            DayCounter::Sms => policy.limits.sms_per_day,
            DayCounter::SmsTo(_) => policy.limits.sms_per_country_and_day,
        }
    }

    /// Why a code is not sent once the count has reached its limit.
    pub fn reason(&self) -> Reason {
        match self {
            DayCounter::Sms => Reason::SmsBudget,
            DayCounter::SmsTo(_) => Reason::CountryBudget,
        }
    }
}

/// A code that ISO 3166 leaves free, for a phone number without a country.
const NO_COUNTRY: &str = "ZZ";

/// Whether SMS is unavailable. `send-code` writes it, and every request that
/// offers SMS reads it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Flags {
    /// Set when the SMS of a day are spent: the end of that day.
    sms_closed_until: Option<Time>,
    /// The total budget of a day at that moment.
    sms_budget: u32,
}

impl Flags {
    /// Until when SMS is unavailable to all accounts; `None` while it is
    /// available. A policy with a larger budget makes it available again at once.
    /// With a budget of 0 it is never available.
    pub fn sms_closed_until(&self, policy: &Policy, now: Time) -> Option<Time> {
        let budget = policy.limits.sms_per_day;
        if budget == 0 {
            return Some(now.next_day());
        }
        self.sms_closed_until.filter(|until| *until > now && budget <= self.sms_budget)
    }
}

/// How long to wait for another code of a kind after `sends` codes. The wait
/// begins as the policy says and doubles with each code, up to eight minutes.
pub fn resend_wait(policy: &Policy, sends: u32) -> Span {
    let first = Span::seconds(policy.limits.resend_wait_seconds.into());
    let doubled = first.0.saturating_mul(1 << sends.saturating_sub(1).min(16));
    Span(doubled.min(LONGEST_RESEND_WAIT.0.max(first.0)))
}
