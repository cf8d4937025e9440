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

    /// Returns the lock after a wrong password. If it is one of the last three wrong ones, only
    /// the revision changes.
    pub fn after_wrong(
        &self,
        password: Fingerprint,
        threshold: u32,
        now: Time,
        request: &str,
    ) -> Lock {
        let mut next = Lock { revision: request.to_owned(), ..self.clone() };
        if self.recent.contains(&password) {
            return next;
        }
        next.wrong = self.wrong.saturating_add(1);
        next.recent.insert(0, password);
        next.recent.truncate(RECENT_WRONG);
        if next.wrong >= threshold {
            let wait = (FIRST_WAIT.0 << self.level.min(8)).min(LONGEST_WAIT.0);
            next.until = Some(now + Span(wait));
            next.level = self.level.saturating_add(1);
        }
        next
    }

    /// Returns the lock after a right password, with all counts cleared.
    pub fn after_right(&self, request: &str) -> Lock {
        let cleared = self.cleared.wrapping_add(u32::from(self.wrong > 0));
        Lock { revision: request.to_owned(), cleared, ..Lock::default() }
    }
}
