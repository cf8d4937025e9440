//! Every problem a caller can be told. The domain says what; the edge says
//! which status and in which words.

use crate::audit::SupportCode;
use crate::time::{Span, Time};

/// What went wrong, as a stable code of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[derive(strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "camelCase", const_into_str)]
pub enum ProblemCode {
    // The request itself.
    InvalidRequest,
    NotFound,
    MethodNotAllowed,
    UnsupportedMediaType,
    BodyTooLarge,
    HeadersTooLarge,
    PreconditionRequired,
    PreconditionFailed,
    IdempotencyKeyReused,
    // Who asks.
    SignInRequired,
    SignInFailed,
    SignInLocked,
    PasswordProofRequired,
    StepRequired,
    Forbidden,
    CrossSite,
    // The rules.
    ResetOff,
    ResetClosed,
    ResetEnded,
    KindNotAllowed,
    SmsUnavailable,
    TooSoon,
    TooManyFromAddress,
    CodeNotAccepted,
    ProofMissing,
    PasswordRefused,
    CurrentPasswordWrong,
    MethodMissing,
    PostponeOver,
    NothingDue,
    UserExists,
    LastAdministrator,
    AdministratorExists,
    // Ourselves.
    Unavailable,
    Internal,
}

impl ProblemCode {
    /// Every one of them.
    pub const ALL: &[ProblemCode] = <ProblemCode as strum::VariantArray>::VARIANTS;

    /// The code as the API writes it: the variant's name in camelCase.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// What is wrong with one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "camelCase", const_into_str)]
pub enum ViolationCode {
    // How it is written.
    NotARequest,
    NotJson,
    UnknownField,
    MissingField,
    RepeatedField,
    WrongType,
    UnknownValue,
    UnknownParameter,
    RepeatedParameter,
    NotACursor,
    NotASearch,
    // What it says.
    OutOfRange,
    NotAUserId,
    NotAName,
    NotAGroup,
    NotAnAddress,
    CountryNotAllowed,
    DestinationMissing,
    NotACode,
    NotAColour,
    NotACountry,
    NotAHelpDesk,
    NotATerm,
    NotAnIdempotencyKey,
    MoreKindsThanAllowed,
    PasswordLength,
    PasswordControl,
    PasswordUnchanged,
    PasswordGuessable,
    PasswordCommon,
    PasswordRepeats,
    PasswordSequence,
    PasswordPersonal,
    PasswordTerm,
}

impl ViolationCode {
    /// Every one of them.
    pub const ALL: &[ViolationCode] = <ViolationCode as strum::VariantArray>::VARIANTS;

    /// The code as the API writes it: the variant's name in camelCase.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// One field and what is wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// JSON pointer (RFC 6901) into the body, or `/name` of a query's
    /// parameter; empty for the whole request.
    pub pointer: String,
    pub code: ViolationCode,
    pub min: Option<u32>,
    pub max: Option<u32>,
}

impl Violation {
    pub fn new(pointer: &str, code: ViolationCode) -> Violation {
        Violation { pointer: pointer.to_owned(), code, min: None, max: None }
    }
    pub fn out_of_range(pointer: &str, min: u32, max: u32) -> Violation {
        Violation {
            min: Some(min),
            max: Some(max),
            ..Violation::new(pointer, ViolationCode::OutOfRange)
        }
    }
}

/// A refusal, on its way to the caller.
#[derive(Clone, Debug)]
pub struct Problem {
    pub code: ProblemCode,
    pub violations: Vec<Violation>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
    /// The reset's, where there is one; else the edge takes the request's.
    pub support_code: Option<SupportCode>,
    /// Whether this very refusal made sign-in wait. Its caller is not told.
    pub lockout: bool,
}

impl Problem {
    pub fn invalid(violations: Vec<Violation>) -> Problem {
        Problem { violations, ..ProblemCode::InvalidRequest.into() }
    }
    pub fn field(pointer: &str, code: ViolationCode) -> Problem {
        Problem::invalid(vec![Violation::new(pointer, code)])
    }
    pub fn retry_at(code: ProblemCode, at: Time, now: Time) -> Problem {
        Problem { retry_after: Some((at - now).whole_seconds().max(1)), ..code.into() }
    }
    /// The store, the secret or a channel did not answer: nothing was
    /// decided, and asking again in a second is right.
    pub fn unavailable() -> Problem {
        Problem {
            retry_after: Some(Span::seconds(1).whole_seconds()),
            ..ProblemCode::Unavailable.into()
        }
    }
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
