//! Bearers, from the one header they travel in.

use super::problem::Refusal;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use domain::error::ProblemCode;
use domain::secret::{Bearer, BearerKind};

fn bearer(parts: &Parts) -> Option<Bearer> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Bearer::parse(credentials.trim()))?
}

/// A session's bearer.
pub struct SessionBearer(pub Bearer);

impl<S: Sync> FromRequestParts<S> for SessionBearer {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let found = bearer(parts).filter(|bearer| bearer.kind == BearerKind::Session);
        found.map(SessionBearer).ok_or_else(|| ProblemCode::SignInRequired.into())
    }
}

/// A reset's bearer.
pub struct ResetBearer(pub Bearer);

impl<S: Sync> FromRequestParts<S> for ResetBearer {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let found = bearer(parts).filter(|bearer| bearer.kind == BearerKind::Reset);
        found.map(ResetBearer).ok_or_else(|| ProblemCode::ResetEnded.into())
    }
}

/// Either: a code comes back for a registration or a reset.
pub struct AnyBearer(pub Bearer);

impl<S: Sync> FromRequestParts<S> for AnyBearer {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        bearer(parts).map(AnyBearer).ok_or_else(|| ProblemCode::SignInRequired.into())
    }
}
