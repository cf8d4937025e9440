//! Bearers, from the one header they travel in, or the cookie of a session.

use crate::host::Host;
use crate::http::api::transport::SessionTransport;
use crate::http::problem::Refusal;
use crate::http::request::cookie;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use domain::context::RequestContext;
use domain::error::ProblemCode;
use domain::secret::{Bearer, BearerKind};
use std::convert::Infallible;
use std::sync::Arc;

fn from_header(parts: &Parts) -> Option<Bearer> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Bearer::parse(credentials.trim()))?
}

/// How a request's session travels: where there is the header, it alone
/// counts.
fn transport(parts: &Parts) -> SessionTransport {
    match parts.headers.contains_key(header::AUTHORIZATION) {
        true => SessionTransport::Bearer,
        false => SessionTransport::Cookie,
    }
}

fn bearer(parts: &Parts, host: &Host) -> Result<Bearer, ProblemCode> {
    let found = match transport(parts) {
        SessionTransport::Bearer => from_header(parts),
        SessionTransport::Cookie => cookie::session(&parts.headers),
    };
    let found = found.ok_or(ProblemCode::SignInRequired)?;
    match transport(parts) {
        SessionTransport::Cookie
            if !cookie::counts(&parts.method, &parts.headers, host.settings.base_url.origin()) =>
        {
            Err(ProblemCode::CrossSite)
        }
        SessionTransport::Bearer | SessionTransport::Cookie => Ok(found),
    }
}

/// Where an answer puts the next bearer of the session that asks.
impl<S: Sync> FromRequestParts<S> for SessionTransport {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(transport(parts))
    }
}

/// Somebody with a session's bearer, who may be signed in.
pub struct Caller {
    pub host: Arc<Host>,
    pub ctx: RequestContext,
    pub bearer: Bearer,
}

impl FromRequestParts<Arc<Host>> for Caller {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, host: &Arc<Host>) -> Result<Self, Refusal> {
        let bearer = Some(bearer(parts, host)?)
            .filter(|bearer| bearer.kind == BearerKind::Session)
            .ok_or(ProblemCode::SignInRequired)?;
        let ctx = parts.extensions.get::<RequestContext>().ok_or(ProblemCode::Internal)?.clone();
        Ok(Caller { host: host.clone(), ctx, bearer })
    }
}

/// A reset's bearer: it travels in the header alone.
pub struct ResetBearer(pub Bearer);

impl<S: Sync> FromRequestParts<S> for ResetBearer {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let found = from_header(parts).filter(|bearer| bearer.kind == BearerKind::Reset);
        found.map(ResetBearer).ok_or_else(|| ProblemCode::ResetEnded.into())
    }
}

/// Either: a code comes back for a registration or a reset.
pub struct AnyBearer(pub Bearer);

impl FromRequestParts<Arc<Host>> for AnyBearer {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, host: &Arc<Host>) -> Result<Self, Refusal> {
        Ok(AnyBearer(bearer(parts, host)?))
    }
}
