//! The audit trail, which administrators and the help desk read.

use crate::identity::{Handle, Uid};
use crate::kind::Kind;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A code that a user reads to the help desk, such as `ABCDE-FGHJK`: 50 bits in Crockford
/// base32. The help desk finds audit entries by it. It gives access to nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SupportCode(String);

impl SupportCode {
    /// Derives the support code from the ID of a reset or, outside a reset, of a request.
    pub fn of(id: &str) -> SupportCode {
        const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let hash = Sha256::digest(id.as_bytes());
        let bits = u64::from_be_bytes(hash[..8].try_into().expect("8 of 32 bytes")) >> 14;
        let symbol = |i: u32| SYMBOLS[(bits >> (45 - 5 * i) & 31) as usize] as char;
        let text: String = (0..10).map(symbol).collect();
        SupportCode(format!("{}-{}", &text[..5], &text[5..]))
    }
    /// The code with its hyphen.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The action that an audit entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// A user signed in.
    SignedIn,
    /// A password was wrong, or the account may not sign in.
    SignInFailed,
    /// A user signed out of one session.
    SignedOut,
    /// A user signed out of all sessions.
    SignedOutEverywhere,
    /// A signed-in user typed the password again.
    PasswordConfirmed,
    /// A signed-in user changed the password.
    PasswordChanged,
    /// A user asked for the code that verifies a new method.
    MethodStarted,
    /// A code was tried. A second entry follows if it was accepted.
    CodeAttempted,
    /// A code was accepted for a reset.
    CodeAccepted,
    /// A method was verified by its code.
    MethodVerified,
    /// A method was removed.
    MethodRemoved,
    /// Messages to a method's destination cannot be delivered.
    MethodUndeliverable,
    /// A user finished registration.
    Registered,
    /// A user postponed registration.
    RegistrationPostponed,
    /// A user confirmed the methods: that they are still correct or, after a reset, that they are
    /// the user's own.
    RegistrationConfirmed,
    /// The account was required to register again.
    RegistrationRequired,
    /// A reset was started.
    ResetStarted,
    /// A code was asked for in a reset.
    CodeRequested,
    /// A reset was cancelled.
    ResetCancelled,
    /// A reset set a new password.
    PasswordReset,
    /// An administrator saved the policy or the banned password terms.
    PolicySaved,
    /// An account was created.
    UserCreated,
    /// An account was changed.
    UserChanged,
    /// An account was deleted.
    UserDeleted,
    /// An account was unlocked.
    UserUnlocked,
    /// A temporary password was issued.
    TemporaryPasswordIssued,
    /// The first administrator was created, or got another temporary password.
    AdministratorCreated,
    /// An operator of the AWS account issued a temporary password to an administrator.
    AdministratorRecovered,
    /// The owner is told of many wrong codes or passwords. Recorded at the beginning of the UTC
    /// day, so that it is told once a day.
    AttemptsNoticed,
}

/// Why a request or a message ended as it did; `none` if there is no special reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[derive(strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "camelCase")]
pub enum Reason {
    /// No special reason.
    None,
    /// No account has the user ID.
    UnknownUser,
    /// The account is disabled.
    Disabled,
    /// The policy does not let this user reset the password.
    OutOfScope,
    /// The policy lets no user reset the password.
    ResetOff,
    /// Too many guesses failed, so too few kinds of method are open to reset.
    ResetClosed,
    /// The account has fewer usable kinds of method than it needs.
    NotEnoughMethods,
    /// The password was wrong.
    WrongPassword,
    /// The temporary password had expired.
    TemporaryPasswordExpired,
    // Why a message was not sent.
    /// The reset is a decoy.
    Decoy,
    /// A newer code was requested, the code was used, or its reset ended.
    Superseded,
    /// The method was changed or removed after the code was asked for.
    MethodChanged,
    /// The owner must review the method first: it was recent when a reset set the password, and
    /// did not prove that reset.
    MethodUnreviewed,
    /// The typed destination is not that of the account.
    DestinationMismatch,
    /// The code or the message was too old to be of use.
    TooLate,
    /// The destination got as many codes as it may get in the window.
    DestinationLimit,
    /// The policy does not allow the kind of method.
    KindNotAllowed,
    /// The policy does not list the country of the phone.
    CountryNotAllowed,
    /// The SMS budget of the organisation is used up for the day.
    SmsBudget,
    /// The SMS budget of the country is used up for the day.
    CountryBudget,
    /// The channel refused the message, or all tries were used up.
    Failed,
    // Why messages to a destination cannot be delivered.
    /// The mail was refused permanently.
    Bounced,
    /// The recipient marked a mail as spam.
    Complained,
    /// The owner of the phone asked for no more messages.
    OptedOut,
    /// The carrier or the phone blocks messages.
    NumberBlocked,
    /// The phone number does not exist.
    NumberInvalid,
}

impl Reason {
    /// All reasons.
    pub const ALL: &[Reason] = <Reason as strum::VariantArray>::VARIANTS;

    /// The reason as the API writes it: the variant's name in camelCase.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// One audit entry. Entries never change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// The handle of the account (keyed pseudonym of its user ID).
    pub handle: Handle,
    /// The account's internal ID, kept when the account is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<Uid>,
    /// The internal ID of the caller, if that is another account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Uid>,
    /// The action that the entry records.
    pub event: Event,
    /// Why the request or message ended as it did.
    pub reason: Reason,
    /// The kind of method that the entry concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The names of the fields that an administrator changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// The version of the policy that was saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The support code of the reset or request.
    pub support_code: SupportCode,
    /// The ID of the request that caused the entry.
    pub request_id: String,
    /// When it happened.
    pub at: Time,
    /// When the table may delete the entry.
    pub keep_until: Time,
    /// Makes entries of the same millisecond distinct, and spreads them in the index by time.
    pub random: [u8; 6],
}
