//! Smart lockout of sign-in: wrong passwords make it wait, and never more
//! than fifteen minutes at a time.

use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// The first wait; it doubles (Entra smart lockout).
pub const FIRST_WAIT: Span = Span::seconds(60);
/// The longest an attacker can delay somebody at a time.
pub const LONGEST_WAIT: Span = Span::minutes(15);
/// Wrong passwords remembered, so that a phone that repeats an old one does
/// not count again.
pub const RECENT_WRONG: usize = 3;
/// How long a lock is kept after its last write.
pub const LOCK_KEPT: Span = Span::hours(48);

/// Four bytes of a hash of an Argon2 output: too few, and too dear, to test
/// passwords against.
pub type Fingerprint = [u8; 4];

/// Wrong sign-ins of one handle, whether an account has it or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    pub wrong: u32,
    pub level: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    #[serde(default)]
    pub recent: Vec<Fingerprint>,
    /// How often a right password ended a count. Guesses that were under way
    /// then are not told by the new one.
    #[serde(default)]
    pub cleared: u32,
    /// The request that wrote it: the guard of the next write.
    pub revision: String,
}

impl Lock {
    /// Until when sign-in waits.
    pub fn locked_until(&self, now: Time) -> Option<Time> {
        self.until.filter(|until| *until > now)
    }

    /// The lock after a wrong password. One of the last three wrong ones
    /// again changes nothing but the revision.
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

    /// The lock after a right password: nothing counts any more.
    pub fn after_right(&self, request: &str) -> Lock {
        let cleared = self.cleared.wrapping_add(u32::from(self.wrong > 0));
        Lock { revision: request.to_owned(), cleared, ..Lock::default() }
    }
}
