//! Every number of the policy, once: its default, its range, why, and whose
//! figure it is.

use crate::kind::Kind;

/// One number: where it stands, what it may be, and why.
pub struct Range {
    pub pointer: &'static str,
    pub default: u32,
    pub min: u32,
    pub max: u32,
    pub reason: &'static str,
    pub source: &'static str,
}

const fn range(
    pointer: &'static str,
    (default, min, max): (u32, u32, u32),
    reason: &'static str,
    source: &'static str,
) -> Range {
    Range { pointer, default, min, max, reason, source }
}

/// Every number of the policy.
#[rustfmt::skip]
pub const RANGES: [Range; 19] = [
    range("/kindsRequired", (1, 1, 2), "two means two different kinds", "Entra"),
    range("/registration/postponeDays", (7, 0, 90), "0 asks at once", "Entra"),
    range("/registration/reconfirmDays", (180, 0, 730), "0 never asks again", "Entra"),
    range("/code/digits", (8, 6, 8), "a spray over 10,000 accounts wins 9.5 % a day with 6, 0.1 % with 8", "NIST 800-63B-4 3.1.3.2"),
    range("/code/lifetimeMinutes", (5, 1, 10), "ten minutes is the most a code may live", "ASVS 6.5.5, Entra"),
    range("/code/guesses", (5, 1, 10), "a slip of the finger is not an attack", "ASVS 6.6.3"),
    range("/limits/failedGuesses", (10, 3, 100), "a hundred is the most that may fail in a row", "NIST 800-63B-4 3.2.2"),
    range("/limits/failedRegistrationGuesses", (10, 3, 100), "counted apart, so that it never closes reset", "NIST 800-63B-4 3.2.2"),
    range("/limits/wrongPasswords", (10, 3, 100), "then sign-in waits a minute, doubling to fifteen", "Entra smart lockout"),
    range("/limits/resendWaitSeconds", (30, 15, 300), "a code usually arrives in 5 to 20 seconds", "Entra"),
    range("/limits/smsPerHour", (5, 1, 20), "per account and per destination", "Entra"),
    range("/limits/mailsPerTenMinutes", (10, 1, 20), "per account and per destination", "Entra"),
    range("/limits/smsPerDay", (1000, 0, 1_000_000), "what a day may cost at most", "toll fraud"),
    range("/limits/smsPerCountryAndDay", (1000, 0, 1_000_000), "what a country may cost at most", "toll fraud"),
    range("/resetLifetimeMinutes", (15, 5, 30), "long enough to find the phone", "Entra"),
    range("/password/minimumLength", (15, 15, 64), "15 where the password is the only factor", "NIST 800-63B-4 3.1.1.2"),
    range("/auditDays", (30, 1, 400), "long enough to answer a complaint", "Entra"),
    range("/scope/groups", (1, 1, 50), "the policy is one small item", "seed"),
    range("/methods", (1, 1, Kind::ALL.len() as u32), "with no kind nobody could reset", "Entra"),
];

/// The default of the number at a pointer.
pub(super) const fn default_of(pointer: &str) -> u32 {
    let mut i = 0;
    while i < RANGES.len() {
        if equal(RANGES[i].pointer.as_bytes(), pointer.as_bytes()) {
            return RANGES[i].default;
        }
        i += 1;
    }
    panic!("no such number")
}

const fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
