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
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;

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

/// Generates a temporary password: 20 symbols in five groups of four. The 31 symbols leave out
/// characters that are confused when they are read aloud or written in either case. The likeliest
/// symbol has a probability of 9/256, so the password has at least 96 bits of entropy.
pub fn temporary(random: [u8; 20]) -> SecretString {
    const SYMBOLS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let symbols = random.map(|byte| SYMBOLS[usize::from(byte) % SYMBOLS.len()] as char);
    let groups: Vec<String> = symbols.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-").into()
}
