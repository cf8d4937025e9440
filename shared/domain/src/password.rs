//! Passwords: the rules for new ones, and the stored hash.
//!
//! | part | refuses passwords that |
//! |---|---|
//! | this module | are too short or too long, or have control characters |
//! | [`terms`] | consist of the organisation's banned terms |
//! | [`strength`] | are easy to guess, also with knowledge of the account |

mod estimate;
pub mod hash;
mod part;
mod sequence;
mod strength;
pub mod terms;
mod text;
mod words;

pub use strength::{LEAST_GUESSES, PasswordContext};
pub use words::dictionary_entry;

use crate::error::{Violation, ViolationCode};
use crate::secret::{ExposeSecret, SecretString};
use crate::time::Span;
use crate::typed::{Field, clean};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The longest password, in Unicode code points. All of them count (NIST 800-63B-4
/// 3.1.1.2 requires that at least 64 are permitted).
pub const MAX_LENGTH: usize = 256;
/// How long a temporary password is valid (ASVS 6.4.1).
pub const TEMPORARY: Span = Span::days(7);

/// A password in NFC (NIST 800-63B-4 3.1.1.2). It is never shortened or case-folded.
pub struct Password(SecretString);

impl Password {
    /// Normalises the password that a user typed.
    pub fn new(typed: &SecretString) -> Password {
        Password(typed.expose_secret().nfc().collect::<String>().into())
    }

    /// Whether both are the same password, in constant time.
    pub fn is(&self, other: &Password) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }

    /// The password in the spelling of [`temporary`], if it is one that was read aloud or copied by
    /// hand: white space, hyphens and case do not count. Any other password stays as it was typed.
    /// Only for accounts with a temporary password: a password that its owner chose is compared
    /// exactly as it was typed (ASVS 6.2.8), also if it happens to have this form.
    pub fn dictated(&self) -> Password {
        let symbols = clean(Field::TemporaryPassword, self.0.expose_secret()).map(Zeroizing::new);
        let is_whole =
            |text: &str| text.len() == LENGTH && text.bytes().all(|b| SYMBOLS.contains(&b));
        match symbols.filter(|text| is_whole(text)) {
            Some(symbols) => Password(grouped(&symbols)),
            None => Password(self.0.clone()),
        }
    }

    /// The UTF-8 bytes. Use them only to compute the hash.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }

    /// Whether the password is longer than any valid one. Then it is wrong, and no hash needs
    /// to be computed.
    pub fn is_too_long(&self) -> bool {
        self.0.expose_secret().chars().count() > MAX_LENGTH
    }

    /// The reasons why the password is refused as a new one; empty if it is accepted. `pointer`
    /// names the field. No rule requires kinds of characters (NIST 800-63B-4 3.1.1.2).
    pub fn violations(&self, context: &PasswordContext<'_>, pointer: &str) -> Vec<Violation> {
        let text = self.0.expose_secret();
        let length = text.chars().count();
        let minimum = context.policy.password.minimum_length;
        if length < minimum as usize || length > MAX_LENGTH {
            return vec![Violation {
                min: Some(minimum),
                max: Some(MAX_LENGTH as u32),
                ..Violation::new(pointer, ViolationCode::PasswordLength)
            }];
        }
        let refusal = if text.chars().any(char::is_control) {
            Some(ViolationCode::PasswordControl)
        } else if context.terms.make_up(text) {
            Some(ViolationCode::PasswordTerm)
        } else {
            strength::refusal(text, context)
        };
        refusal.map(|code| Violation::new(pointer, code)).into_iter().collect()
    }
}

/// The symbols of a temporary password. Characters that are confused when they are read aloud or
/// written in either case are left out.
const SYMBOLS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// The number of symbols of a temporary password.
const LENGTH: usize = 20;

/// Generates a temporary password: 20 symbols in five groups of four. The likeliest symbol has a
/// probability of 9/256, so the password has at least 96 bits of entropy.
pub fn temporary(random: [u8; LENGTH]) -> SecretString {
    let symbols = random.map(|byte| SYMBOLS[usize::from(byte) % SYMBOLS.len()] as char);
    grouped(&Zeroizing::new(symbols.iter().collect::<String>()))
}

/// Writes symbols in groups of four.
fn grouped(symbols: &str) -> SecretString {
    let groups: Vec<&str> = (0..symbols.len()).step_by(4).map(|at| &symbols[at..at + 4]).collect();
    groups.join("-").into()
}
