//! What happened, for administrators and the help desk.

use crate::identity::{Handle, Uid};
use crate::kind::Kind;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What somebody reads to the help desk: 50 bits, Crockford base32, written
/// `ABCDE-FGHJK`. It leads to the audit trail, never to an account's secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SupportCode(String);

impl SupportCode {
    /// The support code of a reset or, outside one, of a request.
    pub fn of(id: &str) -> SupportCode {
        const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let hash = Sha256::digest(id.as_bytes());
        let bits = u64::from_be_bytes(hash[..8].try_into().expect("8 of 32 bytes")) >> 14;
        let symbol = |i: u32| SYMBOLS[(bits >> (45 - 5 * i) & 31) as usize] as char;
        let text: String = (0..10).map(symbol).collect();
        SupportCode(format!("{}-{}", &text[..5], &text[5..]))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An event of the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    SignedIn,
    SignInFailed,
    SignedOut,
    SignedOutEverywhere,
    PasswordConfirmed,
    PasswordChanged,
    MethodStarted,
    CodeAttempted,
    CodeAccepted,
    MethodVerified,
    MethodRemoved,
    /// Messages to a method's address come back.
    MethodUndeliverable,
    Registered,
    RegistrationPostponed,
    RegistrationConfirmed,
    RegistrationRequired,
    ResetStarted,
    CodeRequested,
    ResetCancelled,
    PasswordReset,
    PolicySaved,
    UserCreated,
    UserChanged,
    UserDeleted,
    UserUnlocked,
    TemporaryPasswordIssued,
    AdministratorCreated,
}

/// Why it went as it did. [`Reason::None`] where there is nothing to add.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[derive(strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "camelCase", const_into_str)]
pub enum Reason {
    None,
    UnknownUser,
    Disabled,
    OutOfScope,
    /// Reset is off for everybody.
    ResetOff,
    /// Too many failed guesses.
    ResetClosed,
    NotEnoughMethods,
    WrongPassword,
    TemporaryPasswordExpired,
    // Why a message was not sent.
    Decoy,
    Superseded,
    MethodChanged,
    DestinationMismatch,
    TooLate,
    DestinationLimit,
    KindNotAllowed,
    CountryNotAllowed,
    /// The SMS of the day, for the organisation or a country, are spent.
    SmsBudget,
    CountryBudget,
    Failed,
    // Why messages to an address come back.
    Bounced,
    Complained,
    OptedOut,
    NumberBlocked,
    NumberInvalid,
}

impl Reason {
    /// The reason as the API writes it: the variant's name in camelCase.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// One row, append only.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    pub handle: Handle,
    /// The account's internal id: it stays when the account is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<Uid>,
    /// Who did it, where that is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Uid>,
    pub event: Event,
    pub reason: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Names of the fields that an administrator changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// The policy's version, where one was saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    pub support_code: SupportCode,
    pub request_id: String,
    pub at: Time,
    pub keep_until: Time,
    /// Tells rows of one millisecond apart, and spreads the index by time.
    pub random: [u8; 6],
}
