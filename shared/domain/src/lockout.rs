//! Lockout of sign-in: too many wrong passwords make sign-in wait, at most fifteen
//! minutes at a time.

use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// The first wait of sign-in. It doubles (Entra smart lockout).
pub const FIRST_WAIT: Span = Span::seconds(60);
/// The longest wait of sign-in, which is the longest that an attacker can keep a user
/// from signing in at a time.
pub const LONGEST_WAIT: Span = Span::minutes(15);
/// How many different wrong passwords are remembered. A device that repeats an old
/// password is not counted again.
pub const RECENT_WRONG: usize = 3;
/// How long a lock is kept after its last write.
pub const LOCK_KEPT: Span = Span::hours(48);

/// Four bytes of a hash of an Argon2 output, by which a repeated wrong password is
/// recognised. Testing passwords against them would be costly, and four bytes are too
/// few to confirm one.
pub type Fingerprint = [u8; 4];

/// The wrong sign-ins of one handle, whether an account exists or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// How many wrong passwords were counted since the last right one.
    pub wrong: u32,
    /// How many waits were imposed since the last right password.
    pub level: u32,
    /// Until when sign-in waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// The last different wrong passwords, newest first.
    #[serde(default)]
    pub recent: Vec<Fingerprint>,
    /// How often a right password cleared a count. A guess that was under way when the
    /// count was cleared is not judged by the new count; the caller must try again.
    #[serde(default)]
    pub cleared: u32,
    /// The ID of the request that wrote the lock: the guard of the next write.
    pub revision: String,
}

impl Lock {
    /// Until when sign-in waits; `None` while it does not wait.
    pub fn locked_until(&self, now: Time) -> Option<Time> {
        self.until.filter(|until| *until > now)
    }

    /// The lock after a wrong password. If it is one of the last three wrong ones, only
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

    /// The lock after a right password, with all counts cleared.
    pub fn after_right(&self, request: &str) -> Lock {
        let cleared = self.cleared.wrapping_add(u32::from(self.wrong > 0));
        Lock { revision: request.to_owned(), cleared, ..Lock::default() }
    }
}
