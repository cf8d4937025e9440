//! A challenge: one one-time code, issued for one purpose.

use crate::destination::{TYPED, TypedName};
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

/// Names one ledger of an account. Each ledger limits the failed guesses and the sends of the
/// challenges in it, and none of another ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LedgerId {
    /// The ledger of registration.
    Registration,
    /// The ledger of resets on unknown devices, for one kind of method. Where the policy asks for
    /// the destination, each typed destination has a ledger of its own: so an attacker who types
    /// another number closes nothing for the account's owner.
    Reset {
        /// The kind of method to prove.
        kind: Kind,
        /// The destination that was typed, if the policy asks for it.
        typed: Option<TypedName>,
    },
    /// The ledger of resets on the known devices of the account, for all kinds.
    Devices,
}

impl LedgerId {
    /// What the codes of this ledger are for.
    pub fn purpose(self) -> Purpose {
        match self {
            LedgerId::Registration => Purpose::Registration,
            LedgerId::Reset { .. } | LedgerId::Devices => Purpose::Reset,
        }
    }

    /// Reads the text that `Display` wrote; `None` for any other text.
    pub fn parse(text: &str) -> Option<LedgerId> {
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            ["registration"] => Some(LedgerId::Registration),
            ["devices"] => Some(LedgerId::Devices),
            ["reset", kind] => Some(LedgerId::Reset { kind: kind.parse().ok()?, typed: None }),
            ["reset", kind, typed] => {
                let typed = TypedName(BASE64.decode(typed).ok()?.try_into().ok()?);
                Some(LedgerId::Reset { kind: kind.parse().ok()?, typed: Some(typed) })
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for LedgerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LedgerId::Registration => f.write_str("registration"),
            LedgerId::Devices => f.write_str("devices"),
            LedgerId::Reset { kind, typed: None } => write!(f, "reset:{}", kind.as_str()),
            LedgerId::Reset { kind, typed: Some(typed) } => {
                write!(f, "reset:{}:{}", kind.as_str(), BASE64.encode(typed.0))
            }
        }
    }
}

/// The ID of a challenge: the key generation, kind, digits and expiry that its code is derived
/// from, its place in the account's ledgers, and 128 random bits. It is not secret. It is valid
/// only if that place holds the same ID.
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
    /// The ledger that the challenge is in.
    pub ledger: LedgerId,
    /// The number of its slot in the ledger.
    pub slot: u8,
    /// The destination that the caller typed, if any.
    pub typed: Option<TypedName>,
    /// Makes the ID and its code unpredictable.
    pub random: [u8; 16],
}

const VERSION: u8 = 1;
const BYTES: usize = 1 + 2 + 1 + 1 + 8 + 1 + 1 + 1 + TYPED + 16;

impl ChallengeId {
    /// What the code is for.
    pub fn purpose(&self) -> Purpose {
        self.ledger.purpose()
    }

    /// The ID as bytes, from which the code is derived.
    pub fn to_bytes(&self) -> [u8; BYTES] {
        let mut out = [0; BYTES];
        out[0] = VERSION;
        out[1..3].copy_from_slice(&self.kid.to_be_bytes());
        out[3] = self.kind as u8;
        out[4] = self.digits;
        out[5..13].copy_from_slice(&self.expires.0.to_be_bytes());
        out[13] = match self.ledger {
            LedgerId::Registration => 0,
            LedgerId::Reset { typed: None, .. } => 1,
            LedgerId::Reset { typed: Some(_), .. } => 2,
            LedgerId::Devices => 3,
        };
        out[14] = self.slot;
        // The ID has the same length with and without a typed destination.
        if let Some(TypedName(typed)) = self.typed {
            out[15] = 1;
            out[16..16 + TYPED].copy_from_slice(&typed);
        }
        out[16 + TYPED..].copy_from_slice(&self.random);
        out
    }

    /// Reads a challenge ID from a URL path; `None` for text of any other form.
    pub fn parse(text: &str) -> Option<ChallengeId> {
        let bytes: [u8; BYTES] = BASE64.decode(text).ok()?.try_into().ok()?;
        let kind = Kind::from_repr(bytes[3])?;
        let digits = bytes[4];
        let typed = TypedName(bytes[16..16 + TYPED].try_into().expect("12 bytes"));
        let typed = match bytes[15] {
            0 => None,
            1 => Some(typed),
            _ => return None,
        };
        let ledger = match (bytes[13], typed) {
            (0, _) => LedgerId::Registration,
            (1, _) => LedgerId::Reset { kind, typed: None },
            (2, Some(_)) => LedgerId::Reset { kind, typed },
            (3, _) => LedgerId::Devices,
            _ => return None,
        };
        let id = ChallengeId {
            kid: u16::from_be_bytes([bytes[1], bytes[2]]),
            kind,
            digits,
            expires: Time(i64::from_be_bytes(bytes[5..13].try_into().expect("8 bytes"))),
            ledger,
            slot: bytes[14],
            typed,
            random: bytes[16 + TYPED..].try_into().expect("16 bytes"),
        };
        // Each challenge has one spelling.
        (DIGITS.contains(&usize::from(digits)) && id.to_bytes() == bytes).then_some(id)
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
