//! Path parameters, each parsed into its type before the handler runs.

use crate::http::problem::Refusal;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use domain::challenge::ChallengeId;
use domain::error::{Problem, ProblemCode, ViolationCode};
use domain::identity::TypedUserId;
use domain::kind::MethodId;
use domain::reset::ResetId;

/// Returns the segment of the path that the route's pattern names `{name}`.
async fn segment<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    name: &str,
) -> Result<String, Refusal> {
    let params = RawPathParams::from_request_parts(parts, state).await;
    let params = params.map_err(|_| Problem::field("", ViolationCode::NotARequest))?;
    let found = params.iter().find_map(|(of, value)| (of == name).then(|| value.to_owned()));
    found.ok_or_else(|| ProblemCode::Internal.into())
}

/// `{userId}`: a user ID in any spelling. Text that cannot be a user ID gets 404.
pub struct UserPath(pub TypedUserId);

impl<S: Send + Sync> FromRequestParts<S> for UserPath {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let typed = TypedUserId::new(segment(parts, state, "userId").await?);
        match typed.canonical() {
            Some(_) => Ok(UserPath(typed)),
            None => Err(ProblemCode::NotFound.into()),
        }
    }
}

/// `{methodId}`: the ID of a method. Any other text gets 404.
pub struct MethodPath(pub MethodId);

impl<S: Send + Sync> FromRequestParts<S> for MethodPath {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let text = segment(parts, state, "methodId").await?;
        text.parse().map(MethodPath).map_err(|_| ProblemCode::NotFound.into())
    }
}

/// `{resetId}`: the ID of a reset.
pub struct ResetPath(pub ResetId);

impl<S: Send + Sync> FromRequestParts<S> for ResetPath {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Ok(ResetPath(ResetId(segment(parts, state, "resetId").await?)))
    }
}

/// `{challengeId}`: the ID of a challenge. `None` for any other text, which the handler
/// refuses after reading the body.
pub struct ChallengePath(pub Option<ChallengeId>);

impl<S: Send + Sync> FromRequestParts<S> for ChallengePath {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let text = segment(parts, state, "challengeId").await?;
        Ok(ChallengePath(ChallengeId::parse(&text)))
    }
}
