//! One-time codes.
//!
//! A code is derived from a secret key and its challenge. So no code is stored, and a stream
//! record that is delivered twice sends the same code.

use crate::challenge::{ChallengeId, DIGITS};
use crate::key::Key;
use crate::typed::{Field, clean};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The code of a challenge.
pub struct Code(Zeroizing<String>);

/// A code that a user typed: six to eight digits of any script. White space, hyphens and invisible
/// characters are ignored, since users copy "1234 5678". Any other spelling is refused without
/// counting as a guess.
pub struct TypedCode(Zeroizing<String>);

impl Code {
    /// Derives the code of a challenge: an HMAC over the challenge ID, which says what the code is
    /// for, and an attempt number. Results above the largest multiple of the number of codes are
    /// rejected, so that every code is equally likely.
    pub fn derive(key: &Key, challenge: &ChallengeId) -> Code {
        let modulus = 10u64.pow(u32::from(challenge.digits));
        let limit = u64::MAX - u64::MAX % modulus;
        let id = challenge.to_bytes();
        let number = (0u8..=u8::MAX)
            .map(|attempt| {
                let mac = key.mac(&[b"code", &id, &[attempt]]);
                u64::from_be_bytes(mac[..8].try_into().expect("8 of 32 bytes"))
            })
            .find(|number| *number < limit)
            .expect("an attempt is rejected with a chance below 1 in 10^11");
        Code::of_number(number, challenge.digits)
    }

    /// The last `digits` digits of a number, with leading zeros.
    pub(crate) fn of_number(number: u64, digits: u8) -> Code {
        let width = usize::from(digits);
        Code(Zeroizing::new(format!("{:0width$}", number % 10u64.pow(u32::from(digits)))))
    }

    /// Whether the typed code equals this one, in constant time.
    pub fn matches(&self, typed: &TypedCode) -> bool {
        self.0.as_bytes().ct_eq(typed.0.as_bytes()).into()
    }

    /// Reveals the digits. Use them only in the message to the recipient.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TypedCode {
    /// Reads a code as it was typed; `None` for text that cannot be one.
    pub fn parse(text: &str) -> Option<TypedCode> {
        let digits = Zeroizing::new(clean(Field::Code, text)?);
        let plain = DIGITS.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| TypedCode(digits))
    }
}
