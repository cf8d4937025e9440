//! Every number of the policy: its default, its range, the reason, and the
//! source of the figures.

use crate::kind::Kind;

/// One number of the policy.
pub struct Range {
    /// JSON pointer (RFC 6901) of the field. For a list the number is how many
    /// entries it has.
    pub pointer: &'static str,
    /// The default.
    pub default: u32,
    /// The smallest number allowed.
    pub min: u32,
    /// The largest number allowed.
    pub max: u32,
    /// Why the number is what it is. Part of the field's description in the API.
    pub reason: &'static str,
    /// The standard or product that the figures come from.
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

/// All numbers of the policy.
#[rustfmt::skip]
pub const RANGES: &[Range] = &[
    range("/kindsRequired", (1, 1, 2), "two codes of the same kind count once", "Entra"),
    range("/registration/postponeDays", (7, 0, 90), "with 0 it cannot be postponed", "Entra"),
    range("/registration/reconfirmDays", (180, 0, 730), "with 0 sign-in never asks again", "Entra"),
    range("/code/digits", (8, 6, 8), "an attacker who guesses at 10,000 accounts succeeds with 9.5 % a day with 6 digits, with 0.1 % with 8", "NIST 800-63B-4 3.1.3.2"),
    range("/code/lifetimeMinutes", (5, 1, 10), "ten minutes is the most that the standard allows", "ASVS 6.5.5, Entra"),
    range("/code/guesses", (5, 1, 10), "more than one, since users mistype", "ASVS 6.6.3"),
    range("/limits/failedGuesses", (10, 3, 90), "with five more on known devices it stays below the hundred that the standard allows in a row", "NIST 800-63B-4 3.2.2, Entra"),
    range("/limits/failedRegistrationGuesses", (10, 3, 100), "it is a separate count, so that it never closes reset", "NIST 800-63B-4 3.2.2"),
    range("/limits/wrongPasswords", (10, 3, 100), "the first wait is one minute; it doubles, up to 15 minutes", "Entra smart lockout"),
    range("/limits/resendWaitSeconds", (30, 15, 300), "a code usually arrives in 5 to 20 seconds", "Entra"),
    range("/limits/smsPerHour", (5, 1, 20), "counted for each account and for each destination", "Entra"),
    range("/limits/mailsPerTenMinutes", (10, 1, 20), "counted for each account and for each destination", "Entra"),
    range("/limits/mailsPerDay", (30, 5, 200), "it bounds how many mails a stranger can cause; known devices have ten more", "ASVS 2.4.1"),
    range("/limits/smsPerDay", (1000, 0, 1_000_000), "it bounds what a day costs", "toll fraud"),
    range("/limits/smsPerCountryAndDay", (1000, 0, 1_000_000), "it bounds what a country costs", "toll fraud"),
    range("/resetLifetimeMinutes", (15, 5, 30), "long enough to find the phone", "Entra"),
    range("/password/minimumLength", (15, 15, 64), "15 is the least where the password is the only factor", "NIST 800-63B-4 3.1.1.2"),
    range("/auditDays", (30, 1, 400), "long enough to answer a complaint", "Entra"),
    range("/scope/groups", (1, 1, 50), "the number is bounded so that the policy stays one small item", "seed"),
    range("/methods", (1, 1, Kind::ALL.len() as u32), "without a kind no account could reset its password", "Entra"),
];

/// The default of the number at a pointer. Compilation fails for a pointer that
/// has no number.
pub(super) const fn default_of(pointer: &str) -> u32 {
    let mut i = 0;
    while i < RANGES.len() {
        if equal(RANGES[i].pointer.as_bytes(), pointer.as_bytes()) {
            return RANGES[i].default;
        }
        i += 1;
    }
    panic!("no number has this pointer")
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
