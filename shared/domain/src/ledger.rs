//! The ledgers of an account, which limit its failed guesses and its sends.
//!
//! One item holds each ledger, so that one write both checks a limit and counts against it. An
//! unknown user ID has ledgers too.

use crate::challenge::{ChallengeId, LedgerId};
use crate::kind::{Channel, Class, Kind};
use crate::limit::resend_wait;
use crate::policy::Policy;
use crate::secret::BearerDigest;
use crate::time::{Span, Time};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// How long a failed guess counts. Only time lifts this limit, not a resend or a
/// new reset (NIST 800-63B-4 3.2.2).
pub const GUESS_WINDOW: Span = Span::hours(24);
/// How long a ledger is kept after its last write. It is longer than every
/// window that the ledger counts.
pub const LEDGER_KEPT: Span = Span::hours(48);
/// How many challenges of resets are live in one ledger at once. With one, each code that an
/// attacker asks for would end the owner's. A further one ends the oldest.
pub const SLOTS: u8 = 3;
/// How many guesses may fail on all known devices of an account together. With the policy's
/// highest number for unknown devices they stay below the 100 of NIST 800-63B-4 3.2.2.
pub const DEVICE_GUESSES: u32 = 5;
/// How many SMS the known devices of an account may ask for in an hour, beside those of unknown
/// devices: enough for one that does not arrive.
pub const DEVICE_SMS_PER_HOUR: u32 = 2;
/// How many mails the known devices of an account may ask for in ten minutes, beside those of
/// unknown devices.
pub const DEVICE_MAILS_PER_TEN_MINUTES: u32 = 3;
/// How many mails the known devices of an account may ask for in 24 hours, beside those of
/// unknown devices.
pub const DEVICE_MAILS_PER_DAY: u32 = 10;

/// One charged guess: its time in milliseconds and 48 bits of a hash of its request's ID. A
/// request finds its own guess by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(pub String);

impl Stamp {
    /// The stamp of a guess that the request with this ID makes now.
    pub fn new(now: Time, request: &str) -> Stamp {
        // A short name of the request keeps the ledger below 1 KB, one write unit.
        let name = &BASE64.encode(Sha256::digest(request))[..8];
        Stamp(format!("{:013}-{name}", now.0))
    }
    /// When the guess was charged.
    pub(crate) fn at(&self) -> Time {
        // A stamp that cannot be read counts for ever, so that the limit stays
        // strict and the fault is noticed.
        Time(self.0.split('-').next().and_then(|ms| ms.parse().ok()).unwrap_or(i64::MAX / 2))
    }
}

/// One live challenge of a ledger.
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

impl Slot {
    /// Whether the code may still be accepted.
    pub fn is_live(&self, now: Time) -> bool {
        self.exp > now && !self.used
    }
}

/// The failed guesses, sends and live challenges of one [`LedgerId`] of an account.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// How many guesses may fail, by the policy at the last issue.
    pub cap: u32,
    /// The failed guesses, and those that are being judged.
    pub fails: BTreeSet<Stamp>,
    /// When codes were asked for, by kind. Times that have left the window are
    /// removed at the next issue.
    pub sent: BTreeMap<Kind, Vec<Time>>,
    /// The challenges, by the number of their slot.
    pub slots: BTreeMap<u8, Slot>,
    /// How many challenges were issued: the guard of the next issue. `None` before the first.
    pub issues: Option<u32>,
}

/// What to write when a challenge is issued, and the guard of the write.
#[derive(Clone, Debug)]
pub struct Issue {
    /// The new slot. The ID of its challenge names the ledger and the number of the slot.
    pub slot: Slot,
    /// How many guesses may fail, by the policy now.
    pub cap: u32,
    /// Failed guesses to remove, because they no longer count.
    pub stale: Vec<Stamp>,
    /// How many challenges were issued, as it was read: the guard of the write.
    pub seen: Option<u32>,
    /// The sends of this kind that still count, with the new one.
    pub sent: Vec<Time>,
}

/// Why no challenge may be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Too many guesses failed. The ledger opens again at this time.
    Closed(Time),
    /// Too many codes were sent in a window. The next one may be sent at this time.
    Full(Time),
    /// The caller was sent another code a moment ago. The next one may be sent at this time.
    TooSoon(Time),
}

impl LedgerId {
    /// How many guesses may fail in 24 hours.
    pub fn guess_cap(self, policy: &Policy) -> u32 {
        match self {
            LedgerId::Registration => policy.limits.failed_registration_guesses,
            LedgerId::Reset { .. } => policy.limits.failed_guesses,
            LedgerId::Devices => DEVICE_GUESSES,
        }
    }

    /// How many codes may be sent by a channel in each of these sliding windows.
    pub fn send_windows(self, policy: &Policy, channel: Channel) -> Vec<(u32, Span)> {
        let (ten_minutes, hour, day) = (Span::minutes(10), Span::hours(1), Span::hours(24));
        let limits = &policy.limits;
        match (self, channel) {
            (LedgerId::Registration | LedgerId::Reset { .. }, Channel::Mail) => {
                vec![(limits.mails_per_ten_minutes, ten_minutes), (limits.mails_per_day, day)]
            }
            (LedgerId::Registration | LedgerId::Reset { .. }, Channel::Sms) => {
                vec![(limits.sms_per_hour, hour)]
            }
            (LedgerId::Devices, Channel::Mail) => {
                vec![(DEVICE_MAILS_PER_TEN_MINUTES, ten_minutes), (DEVICE_MAILS_PER_DAY, day)]
            }
            (LedgerId::Devices, Channel::Sms) => vec![(DEVICE_SMS_PER_HOUR, hour)],
        }
    }
}

/// The time from which another send is allowed: now or earlier if no window is full.
/// `sent` are the earlier sends, oldest first.
pub fn next_send(sent: &[Time], windows: &[(u32, Span)]) -> Option<Time> {
    let full = |(most, window): &(u32, Span)| {
        Some(*sent.get(sent.len().checked_sub(*most as usize)?)? + *window)
    };
    windows.iter().filter_map(full).max()
}

impl Ledger {
    /// Until when the ledger is closed; `None` while it is open. It closes when
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

    /// The values that issue the challenge `id` to the caller with this bearer, in the slot that
    /// is chosen here. The challenge gets guesses of its own. The count of failed guesses is
    /// shared by all challenges of the ledger and stays.
    ///
    /// # Errors
    /// [`Refused`] if the ledger is closed or the code would be sent too soon.
    pub fn issue(
        &self,
        policy: &Policy,
        id: ChallengeId,
        bearer: &BearerDigest,
        now: Time,
    ) -> Result<Issue, Refused> {
        let cap = id.ledger.guess_cap(policy);
        if let Some(until) = self.closed_until(cap, now) {
            return Err(Refused::Closed(until));
        }
        let own = self.slot_of(id.kind, bearer);
        if let Some((_, own)) = own {
            let again = own.issued + resend_wait(policy, own.n);
            if again > now {
                return Err(Refused::TooSoon(again));
            }
        }
        let windows = match id.kind.class() {
            Class::Delivered(channel) => id.ledger.send_windows(policy, channel),
            Class::Held(_) => Vec::new(),
        };
        let longest = windows.iter().map(|(_, window)| *window).max();
        let counts = |at: &Time| longest.is_some_and(|longest| *at + longest > now);
        let before = self.sent.get(&id.kind).into_iter().flatten().copied();
        let mut sent: Vec<Time> = before.filter(counts).collect();
        if let Some(at) = next_send(&sent, &windows).filter(|at| *at > now) {
            return Err(Refused::Full(at));
        }
        sent.extend(longest.map(|_| now));
        let n = own.map_or(1, |(_, own)| own.n + 1);
        let id = ChallengeId { slot: self.slot_for(&id, bearer, now), ..id };
        let slot = Slot {
            owner: bearer.clone(),
            n,
            issued: now,
            exp: id.expires,
            left: policy.code.guesses,
            used: false,
            id,
        };
        Ok(Issue { slot, cap, stale: self.stale(now), seen: self.issues, sent })
    }

    /// The slot of the caller's newest challenge of a kind, with its number.
    pub fn slot_of(&self, kind: Kind, owner: &BearerDigest) -> Option<(u8, &Slot)> {
        let own = |(_, slot): &(&u8, &Slot)| slot.id.kind == kind && slot.owner.matches(owner);
        self.slots.iter().find(own).map(|(number, slot)| (*number, slot))
    }

    /// The number of the slot for a new challenge: the caller's own of that kind, else one
    /// without a live challenge, else that of the oldest. Registration has one slot a kind.
    fn slot_for(&self, id: &ChallengeId, owner: &BearerDigest, now: Time) -> u8 {
        if id.ledger == LedgerId::Registration {
            return id.kind as u8;
        }
        let is_free = |number: &u8| self.slots.get(number).is_none_or(|slot| !slot.is_live(now));
        let own = self.slot_of(id.kind, owner).map(|(number, _)| number);
        own.or_else(|| (0..SLOTS).find(is_free))
            .or_else(|| self.slots.iter().min_by_key(|(_, slot)| slot.issued).map(|(n, _)| *n))
            .unwrap_or_default()
    }
}
