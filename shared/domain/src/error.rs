//! The problems that the API answers with.
//!
//! This crate decides which problem a request gets. `platform` decides the HTTP status and the
//! text.

use crate::audit::SupportCode;
use crate::time::{Span, Time};

/// The problem, as a stable code of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[derive(strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "camelCase")]
pub enum ProblemCode {
    // Problems of the request itself.
    /// A field or parameter is missing, unknown or has a wrong value.
    InvalidRequest,
    /// The route or the item does not exist.
    NotFound,
    /// The route does not have this HTTP method.
    MethodNotAllowed,
    /// The content type of the body is not JSON.
    UnsupportedMediaType,
    /// The body is too large.
    BodyTooLarge,
    /// The headers are too large.
    HeadersTooLarge,
    /// The request must state the version that it changes (`If-Match`).
    PreconditionRequired,
    /// The item was changed since the caller read it.
    PreconditionFailed,
    /// The same `Idempotency-Key` was used with another body.
    IdempotencyKeyReused,
    // Problems of the caller.
    /// The request needs a valid session.
    SignInRequired,
    /// The user ID or the password is wrong, or the account may not sign in.
    SignInFailed,
    /// Sign-in is locked for a while after too many wrong passwords.
    SignInLocked,
    /// The caller must type the password again first.
    PasswordProofRequired,
    /// The caller must do something else first: change a temporary password or
    /// register methods.
    StepRequired,
    /// The role of the caller does not allow the request.
    Forbidden,
    /// A page of another site sent the request.
    CrossSite,
    // Problems with the rules.
    /// The policy lets no user reset the password.
    ResetOff,
    /// Resets by this kind of method are closed, because too many guesses failed.
    ResetClosed,
    /// The reset has ended, or does not belong to the bearer.
    ResetEnded,
    /// The policy does not allow the kind of method.
    KindNotAllowed,
    /// The SMS budget of the day is used up.
    SmsUnavailable,
    /// Another code was sent a moment ago, or too many were sent.
    TooSoon,
    /// Too many requests came from the network address.
    TooManyFromAddress,
    /// The code is wrong, expired, used or replaced by a newer one.
    CodeNotAccepted,
    /// The reset has not proved enough kinds of method.
    ProofMissing,
    /// The new password breaks a rule.
    PasswordRefused,
    /// The current password was wrong.
    CurrentPasswordWrong,
    /// Not enough kinds of method are registered.
    MethodMissing,
    /// The step cannot be postponed any longer.
    PostponeOver,
    /// No step is due that could be postponed or confirmed.
    NothingDue,
    /// An account with this user ID exists.
    UserExists,
    /// The request would leave no enabled administrator.
    LastAdministrator,
    /// An administrator exists, so no first one can be created.
    AdministratorExists,
    // Problems of Latchkey itself.
    /// A service that the request needs did not answer. The caller should try again.
    Unavailable,
    /// The request met an error in Latchkey.
    Internal,
}

impl ProblemCode {
    /// All problem codes.
    pub const ALL: &[ProblemCode] = <ProblemCode as strum::VariantArray>::VARIANTS;

    /// The code as the API writes it: the variant's name in camelCase.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The problem with one field, as a stable code of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "camelCase")]
pub enum ViolationCode {
    // The form of the request or field is wrong.
    /// The request cannot be read.
    NotARequest,
    /// The body is not JSON.
    NotJson,
    /// The field is not known.
    UnknownField,
    /// The field occurs twice.
    MissingField,
    /// The field is there twice.
    RepeatedField,
    /// The value has the wrong JSON type.
    WrongType,
    /// The value is not one of those allowed.
    UnknownValue,
    /// The query parameter is not known.
    UnknownParameter,
    /// The query parameter occurs twice.
    RepeatedParameter,
    /// The text is not a paging cursor of this list.
    NotACursor,
    /// The search has no word.
    NotASearch,
    // The value is wrong.
    /// The number is outside its range.
    OutOfRange,
    /// The text is not a user ID.
    NotAUserId,
    /// The text is not a name.
    NotAName,
    /// The text is not a group name.
    NotAGroup,
    /// The text is not a mail address.
    NotAnAddress,
    /// The mail address has a letter before the @ that is not ASCII.
    MailboxNotAscii,
    /// The text is not a mobile phone number.
    NotAPhoneNumber,
    /// The phone number has no country code.
    CountryCodeMissing,
    /// The policy does not list the country of the phone.
    CountryNotAllowed,
    /// The policy requires the destination to be typed.
    DestinationMissing,
    /// The text is not a code.
    NotACode,
    /// The text is not a colour.
    NotAColour,
    /// The text is not an ISO 3166 country.
    NotACountry,
    /// The text is not a link to a help desk.
    NotAHelpDesk,
    /// The text is not a valid term, or the list has the term twice.
    NotATerm,
    /// The header is not an `Idempotency-Key`.
    NotAnIdempotencyKey,
    /// More kinds are required than are allowed.
    MoreKindsThanAllowed,
    /// The password is too short or too long.
    PasswordLength,
    /// The password has control characters.
    PasswordControl,
    /// The password is the current one.
    PasswordUnchanged,
    /// The password is too easy to guess, for a reason that has no code of its own.
    PasswordGuessable,
    /// The password is made of common passwords, words or names, or is a phrase that attackers
    /// know.
    PasswordCommon,
    /// The password repeats a few characters.
    PasswordRepeats,
    /// The password is a keyboard row, a sequence or a date.
    PasswordSequence,
    /// The password consists of words known about the account, such as the user's name.
    PasswordPersonal,
    /// The password consists of the organisation's banned terms.
    PasswordTerm,
    /// The password is in the operator's list of breached passwords.
    PasswordBreached,
}

impl ViolationCode {
    /// All violation codes.
    pub const ALL: &[ViolationCode] = <ViolationCode as strum::VariantArray>::VARIANTS;

    /// The code as the API writes it: the variant's name in camelCase.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// One field and its problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// JSON pointer (RFC 6901) into the body, or `/name` for a query parameter; empty
    /// for the whole request.
    pub pointer: String,
    /// The problem.
    pub code: ViolationCode,
    /// The smallest value or length allowed.
    pub min: Option<u32>,
    /// The largest value or length allowed.
    pub max: Option<u32>,
}

impl Violation {
    /// A violation without a range.
    pub fn new(pointer: &str, code: ViolationCode) -> Violation {
        Violation { pointer: pointer.to_owned(), code, min: None, max: None }
    }
    /// An `outOfRange` violation with the range.
    pub fn out_of_range(pointer: &str, min: u32, max: u32) -> Violation {
        Violation {
            min: Some(min),
            max: Some(max),
            ..Violation::new(pointer, ViolationCode::OutOfRange)
        }
    }
}

/// A problem, as the answer to a request.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The problem code.
    pub code: ProblemCode,
    /// The invalid fields.
    pub violations: Vec<Violation>,
    /// The number of seconds after which the caller should try again.
    pub retry_after: Option<u32>,
    /// The support code of the reset. Without one, the answer has the support code of the request.
    pub support_code: Option<SupportCode>,
    /// Whether this wrong password locked sign-in. Logs and metrics use it; the answer does not
    /// show it.
    pub lockout: bool,
}

impl Problem {
    /// `invalidRequest` with these violations.
    pub fn invalid(violations: Vec<Violation>) -> Problem {
        Problem { violations, ..ProblemCode::InvalidRequest.into() }
    }
    /// `invalidRequest` for one field.
    pub fn field(pointer: &str, code: ViolationCode) -> Problem {
        Problem::invalid(vec![Violation::new(pointer, code)])
    }
    /// A problem that ends at the time `at`: the caller should try again then.
    pub fn retry_at(code: ProblemCode, at: Time, now: Time) -> Problem {
        Problem { retry_after: Some((at - now).whole_seconds().max(1)), ..code.into() }
    }
    /// `unavailable`: the table, the secret or a channel did not answer. The caller should try
    /// again after a second.
    pub fn unavailable() -> Problem {
        Problem {
            retry_after: Some(Span::seconds(1).whole_seconds()),
            ..ProblemCode::Unavailable.into()
        }
    }
    /// The problem with the support code of a reset.
    pub fn with_support_code(self, code: &SupportCode) -> Problem {
        Problem { support_code: Some(code.clone()), ..self }
    }
}

impl From<ProblemCode> for Problem {
    fn from(code: ProblemCode) -> Problem {
        Problem {
            code,
            violations: Vec::new(),
            retry_after: None,
            support_code: None,
            lockout: false,
        }
    }
}
