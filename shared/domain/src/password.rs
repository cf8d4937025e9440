//! Passwords: what is taken, and the forms they travel in.
//!
//! | part | what it refuses |
//! |---|---|
//! | here | too short, too long, control characters |
//! | [`terms`] | what is made of the organisation's own terms |
//! | [`strength`] | what is easy to guess, most of all for who knows the account |

pub mod hash;
mod strength;
pub mod terms;

pub use strength::{LEAST_SCORE, PasswordContext};

use crate::error::{Violation, ViolationCode};
use crate::secret::{ExposeSecret, SecretString};
use crate::time::Span;
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;

/// Longest password in code points; all of it counts (NIST 800-63B-4 3.1.1.2
/// asks for at least 64 to be permitted).
pub const MAX_LENGTH: usize = 256;
/// How long a temporary password can be used (ASVS 6.4.1).
pub const TEMPORARY: Span = Span::days(7);

/// A password in NFC (NIST 800-63B-4 3.1.1.2), never shortened or case-folded.
pub struct Password(SecretString);

impl Password {
    pub fn new(typed: &SecretString) -> Password {
        Password(typed.expose_secret().nfc().collect::<String>().into())
    }

    /// Whether it is the same one.
    pub fn is(&self, other: &Password) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }

    /// UTF-8 bytes, for the hash and nothing else.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }

    /// Whether it is longer than any account's can be: then it is wrong
    /// before anything is computed.
    pub fn is_too_long(&self) -> bool {
        self.0.expose_secret().chars().count() > MAX_LENGTH
    }

    /// Why it is refused as a new password; empty where it is taken. There is
    /// no rule of composition (NIST 800-63B-4 3.1.1.2).
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

/// A temporary password of five groups of four, without characters that are
/// mistaken for one another, read aloud or in any case: 20 of 31 symbols. The
/// likeliest of them comes up 9 times in 256, so it is worth 96 bits at least.
pub fn temporary(random: [u8; 20]) -> SecretString {
    const SYMBOLS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let symbols = random.map(|byte| SYMBOLS[usize::from(byte) % SYMBOLS.len()] as char);
    let groups: Vec<String> = symbols.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-").into()
}
