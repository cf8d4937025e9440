//! Reads the bearer of a request: from the header `Authorization`, or a session's
//! from its cookie.

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

/// The bearer in `Authorization`. `None` if there are two such headers.
fn from_header(parts: &Parts) -> Option<Bearer> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Bearer::parse(credentials.trim()))?
}

/// How the session of a request travels. If the header `Authorization` is there,
/// the cookie is ignored.
fn transport(parts: &Parts) -> SessionTransport {
    match parts.headers.contains_key(header::AUTHORIZATION) {
        true => SessionTransport::Bearer,
        false => SessionTransport::Cookie,
    }
}

/// The bearer of a request. A cookie counts only if the request comes from our own
/// page.
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

/// How the session of the request travels, and so where the response puts its next
/// bearer.
impl<S: Sync> FromRequestParts<S> for SessionTransport {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(transport(parts))
    }
}

/// A caller with the bearer of a session. Flows check that the session is alive.
pub struct Caller {
    /// Settings and ports.
    pub host: Arc<Host>,
    /// The context of the request.
    pub ctx: RequestContext,
    /// The session's bearer.
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

/// The bearer of a reset, which travels in the header only.
pub struct ResetBearer(pub Bearer);

impl<S: Sync> FromRequestParts<S> for ResetBearer {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let found = from_header(parts).filter(|bearer| bearer.kind == BearerKind::Reset);
        found.map(ResetBearer).ok_or_else(|| ProblemCode::ResetEnded.into())
    }
}

/// The bearer of a session or of a reset: both registration and reset verify codes.
pub struct AnyBearer(pub Bearer);

impl FromRequestParts<Arc<Host>> for AnyBearer {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, host: &Arc<Host>) -> Result<Self, Refusal> {
        Ok(AnyBearer(bearer(parts, host)?))
    }
}
