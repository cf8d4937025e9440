//! Sign-in lockout: too many wrong passwords lock sign-in for a wait of at most fifteen minutes.

use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// The first wait of sign-in. Each further wait is twice as long (Entra smart lockout).
pub const FIRST_WAIT: Span = Span::seconds(60);
/// The longest wait of sign-in: the longest time that an attacker can keep a user from signing
/// in by one series of wrong passwords.
pub const LONGEST_WAIT: Span = Span::minutes(15);
/// The number of different wrong passwords that are remembered. A device that repeats an old
/// password is not counted again.
pub const RECENT_WRONG: usize = 3;
/// How long wrong passwords count: all of them, until this long after the last. An attacker who
/// goes on gets 96 guesses a day at the longest wait. That passes the 100 consecutive failures of
/// NIST 800-63B-4 3.2.2 on the second day: a hard stop would let the attacker keep the owner out.
pub const WRONG_COUNTS: Span = Span::hours(24);
/// How long a lock is kept after its last write.
pub const LOCK_KEPT: Span = Span::hours(48);

/// Four bytes of a hash of an Argon2 output, which identify a repeated wrong password. Testing
/// passwords against them costs a full Argon2 hash each, and four bytes are too few to confirm
/// one.
pub type Fingerprint = [u8; 4];

/// The wrong sign-ins of one handle (keyed pseudonym of a user ID), whether or not an account
/// has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// The number of wrong passwords counted since the last right one.
    pub wrong: u32,
    /// When the last of them was counted. `None` if none counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_at: Option<Time>,
    /// The number of waits imposed since the last right password.
    pub level: u32,
    /// The end of the current wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Fingerprints of the last different wrong passwords, newest first.
    #[serde(default)]
    pub recent: Vec<Fingerprint>,
    /// The number of times that a right password cleared a count. A guess in progress when the
    /// count was cleared is not judged by the new count; the caller must try again.
    #[serde(default)]
    pub cleared: u32,
    /// The ID of the request that wrote the lock: the guard of the next write.
    pub revision: String,
}

impl Lock {
    /// The end of the wait of sign-in; `None` if sign-in is not locked.
    pub fn locked_until(&self, now: Time) -> Option<Time> {
        self.until.filter(|until| *until > now)
    }

    /// Whether sign-in waits for the longest time, which takes wrong passwords over half an hour.
    pub fn waits_longest(&self, now: Time) -> bool {
        self.until.is_some_and(|until| until - now >= LONGEST_WAIT)
    }

    /// Returns the lock as it counts now: without wrong passwords whose time is over.
    pub fn as_of(self, now: Time) -> Lock {
        match self.wrong_at.is_some_and(|at| at + WRONG_COUNTS <= now) {
            true => Lock { wrong: 0, level: 0, until: None, wrong_at: None, ..self },
            false => self,
        }
    }

    /// Whether no wrong password counts.
    pub fn is_clear(&self) -> bool {
        self.wrong == 0
    }

    /// Returns the lock after a wrong password; `None` if the password is one of the last three
    /// wrong ones. It was counted then, so nothing is written: an attacker who repeats a password
    /// never makes a write that the owner's sign-in would lose to.
    pub fn after_wrong(
        &self,
        password: Fingerprint,
        threshold: u32,
        now: Time,
        request: &str,
    ) -> Option<Lock> {
        if self.recent.contains(&password) {
            return None;
        }
        let mut next = Lock { revision: request.to_owned(), ..self.clone() };
        next.wrong = self.wrong.saturating_add(1);
        next.wrong_at = Some(now);
        next.recent.insert(0, password);
        next.recent.truncate(RECENT_WRONG);
        if next.wrong >= threshold {
            let wait = (FIRST_WAIT.0 << self.level.min(8)).min(LONGEST_WAIT.0);
            next.until = Some(now + Span(wait));
            next.level = self.level.saturating_add(1);
        }
        Some(next)
    }

    /// Returns the lock after a right password, with all counts cleared; `None` if none counts.
    /// The last wrong passwords are kept, so that repeating them still writes nothing.
    pub fn after_right(&self, request: &str) -> Option<Lock> {
        (!self.is_clear()).then(|| Lock {
            revision: request.to_owned(),
            cleared: self.cleared.wrapping_add(1),
            recent: self.recent.clone(),
            ..Lock::default()
        })
    }
}
