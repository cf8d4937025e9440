//! One-time codes. A code is a function of a secret key and its challenge, so
//! nothing is stored, and a redelivered event sends the same code.

use crate::challenge::{ChallengeId, DIGITS, Purpose};
use crate::key::Key;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The digits sent to somebody.
pub struct Code(Zeroizing<String>);

/// The digits somebody typed. Spaces are allowed anywhere, since people copy
/// "1234 5678"; every other spelling is refused before it costs a guess.
pub struct TypedCode(Zeroizing<String>);

impl Code {
    /// The code of a challenge: HMAC over (id, purpose, try), reduced by
    /// rejection sampling so that every code is equally likely.
    pub fn derive(key: &Key, challenge: &ChallengeId, purpose: Purpose) -> Code {
        let modulus = 10u64.pow(u32::from(challenge.digits));
        let limit = u64::MAX - u64::MAX % modulus;
        let id = challenge.to_bytes();
        let number = (0u8..=u8::MAX)
            .map(|attempt| {
                let mac = key.mac(&[b"code", &id, purpose.as_str().as_bytes(), &[attempt]]);
                u64::from_be_bytes(mac[..8].try_into().expect("8 of 32 bytes"))
            })
            .find(|number| *number < limit)
            .expect("each try is refused with a chance below 1 in 10^11");
        let width = usize::from(challenge.digits);
        Code(Zeroizing::new(format!("{:0width$}", number % modulus)))
    }

    /// Whether this is what was sent, in constant time.
    pub fn matches(&self, typed: &TypedCode) -> bool {
        self.0.as_bytes().ct_eq(typed.0.as_bytes()).into()
    }

    /// The digits, for the message to their recipient and nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TypedCode {
    /// `None` unless the text is six to eight ASCII digits and spaces.
    pub fn parse(text: &str) -> Option<TypedCode> {
        let digits: Zeroizing<String> =
            Zeroizing::new(text.chars().filter(|c| *c != ' ').collect());
        let plain = DIGITS.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| TypedCode(digits))
    }
}
