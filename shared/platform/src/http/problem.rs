//! Problems as response bodies (RFC 9457), in the caller's language.

use crate::texts::text;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::audit::SupportCode;
use domain::error::{Problem, ProblemCode, Violation};
use domain::language::Language;
use serde::Serialize;

/// A problem that a handler returns. The module `edge` turns it into a body in the caller's
/// language.
pub struct Refusal(pub Problem);

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        Refusal(problem)
    }
}
impl From<ProblemCode> for Refusal {
    fn from(code: ProblemCode) -> Refusal {
        Refusal(code.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = status(self.0.code).into_response();
        response.extensions_mut().insert(self.0);
        response
    }
}

/// A problem (RFC 9457), in the caller's language.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Problem, examples(json!({
    "type": "urn:latchkey:problem:invalidRequest", "title": "The request is not valid",
    "status": 400, "detail": "Correct the fields listed in \"errors\" and send the request again.",
    "code": "invalidRequest", "supportCode": "AB12C-D34EF",
    "errors": [{
        "pointer": "/code/digits", "code": "outOfRange", "detail": "Must be from 6 to 8.",
        "min": 6, "max": 8
    }]
}))))]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody {
    /// `urn:latchkey:problem:` and the code.
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    /// The kind of problem. It never changes, unlike the texts.
    code: String,
    /// A code that the help desk can look up.
    support_code: String,
    /// Seconds until trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    retry_after: Option<u32>,
    /// The invalid fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct FieldError {
    /// JSON pointer (RFC 6901) into the body, or `/` and the name of a query
    /// parameter. Empty for the whole request.
    pointer: String,
    code: String,
    detail: String,
    /// The smallest value or length that is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    min: Option<u32>,
    /// The largest value or length that is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    max: Option<u32>,
}

impl ProblemBody {
    /// Creates the body of a problem in this language. Its support code is that of the
    /// reset, if the problem has one, otherwise that of the request.
    pub fn of(problem: &Problem, language: Language, request: SupportCode) -> ProblemBody {
        let code = problem.code.as_str();
        let say = |part: &str| text(language, &format!("problem.{code}.{part}"), &[]);
        ProblemBody {
            r#type: format!("urn:latchkey:problem:{code}"),
            title: say("title"),
            detail: say("detail"),
            status: status(problem.code).as_u16(),
            support_code: problem.support_code.as_ref().unwrap_or(&request).as_str().to_owned(),
            retry_after: problem.retry_after,
            errors: problem.violations.iter().map(|v| field_error(v, language)).collect(),
            code: code.to_owned(),
        }
    }

    /// Builds the response with this body, its status and its headers.
    pub fn respond(self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("it was a status");
        let retry_after = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn field_error(violation: &Violation, language: Language) -> FieldError {
    let code = violation.code.as_str();
    let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    let (min, max) = (number(violation.min), number(violation.max));
    FieldError {
        pointer: violation.pointer.clone(),
        detail: text(language, &format!("violation.{code}"), &[("min", &min), ("max", &max)]),
        min: violation.min,
        max: violation.max,
        code: code.to_owned(),
    }
}

/// Returns the HTTP status of a problem.
pub fn status(code: ProblemCode) -> StatusCode {
    use ProblemCode as P;
    match code {
        P::InvalidRequest => StatusCode::BAD_REQUEST,
        P::SignInRequired | P::SignInFailed => StatusCode::UNAUTHORIZED,
        P::PasswordProofRequired
        | P::StepRequired
        | P::Forbidden
        | P::CrossSite
        | P::ResetOff
        | P::ProofMissing => StatusCode::FORBIDDEN,
        P::NotFound => StatusCode::NOT_FOUND,
        P::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        P::MethodMissing
        | P::PostponeOver
        | P::NothingDue
        | P::UserExists
        | P::LastAdministrator
        | P::AdministratorExists => StatusCode::CONFLICT,
        P::ResetEnded => StatusCode::GONE,
        P::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        P::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        P::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        P::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        P::KindNotAllowed
        | P::CodeNotAccepted
        | P::PasswordRefused
        | P::CurrentPasswordWrong
        | P::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        P::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
        P::SignInLocked | P::ResetClosed | P::TooSoon | P::TooManyFromAddress => {
            StatusCode::TOO_MANY_REQUESTS
        }
        P::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        P::Unavailable | P::SmsUnavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}
