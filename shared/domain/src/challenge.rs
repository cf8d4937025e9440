//! A challenge: one one-time code, issued for one purpose.

use crate::key::KeyId;
use crate::kind::Kind;
use crate::time::Time;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

/// The purpose of a code. A code for one purpose is never accepted for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[derive(strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "camelCase")]
pub enum Purpose {
    /// The code proves a method in a reset of a forgotten password.
    Reset,
    /// The code verifies a method that a user registers.
    Registration,
}

impl Purpose {
    /// All purposes.
    pub const ALL: &[Purpose] = <Purpose as strum::VariantArray>::VARIANTS;

    /// The purpose as it is stored: the variant's name in camelCase.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The number of digits that a code may have (NIST 800-63B-4 3.1.3.2: at least six).
pub const DIGITS: std::ops::RangeInclusive<usize> = 6..=8;

/// The ID of a challenge: the key generation, kind, digits and expiry that its code is derived
/// from, and 128 random bits. It is not secret. It is valid only if the account's ledger holds
/// the same ID.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChallengeId {
    /// The number of the key generation that the code is derived with.
    pub kid: KeyId,
    /// The kind of method that the code proves.
    pub kind: Kind,
    /// The number of digits of the code.
    pub digits: u8,
    /// When the code expires.
    pub expires: Time,
    random: [u8; 16],
}

const VERSION: u8 = 1;
const BYTES: usize = 1 + 2 + 1 + 1 + 8 + 16;

impl ChallengeId {
    /// Creates the ID of a new challenge.
    pub fn new(kid: KeyId, kind: Kind, digits: u8, expires: Time, random: [u8; 16]) -> ChallengeId {
        ChallengeId { kid, kind, digits, expires, random }
    }

    /// The ID as bytes, from which the code is derived.
    pub fn to_bytes(&self) -> [u8; BYTES] {
        let mut out = [0; BYTES];
        out[0] = VERSION;
        out[1..3].copy_from_slice(&self.kid.to_be_bytes());
        out[3] = self.kind as u8;
        out[4] = self.digits;
        out[5..13].copy_from_slice(&self.expires.0.to_be_bytes());
        out[13..].copy_from_slice(&self.random);
        out
    }

    /// Reads a challenge ID from a URL path; `None` for text of any other form.
    pub fn parse(text: &str) -> Option<ChallengeId> {
        let bytes: [u8; BYTES] = BASE64.decode(text).ok()?.try_into().ok()?;
        let kind = Kind::from_repr(bytes[3])?;
        let digits = bytes[4];
        let known = bytes[0] == VERSION && DIGITS.contains(&usize::from(digits));
        known.then(|| ChallengeId {
            kid: u16::from_be_bytes([bytes[1], bytes[2]]),
            kind,
            digits,
            expires: Time(i64::from_be_bytes(bytes[5..13].try_into().expect("8 bytes"))),
            random: bytes[13..].try_into().expect("16 bytes"),
        })
    }
}

impl std::fmt::Display for ChallengeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&BASE64.encode(self.to_bytes()))
    }
}
impl std::fmt::Debug for ChallengeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
impl From<ChallengeId> for String {
    fn from(id: ChallengeId) -> String {
        id.to_string()
    }
}
impl TryFrom<String> for ChallengeId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<ChallengeId, &'static str> {
        ChallengeId::parse(&text).ok_or("not a challenge ID")
    }
}
