//! Reads the bearer token of a request: from the header `Authorization`, or that of a
//! session from its cookie.

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

/// Reads the bearer token in `Authorization`. `None` if there are two such headers.
fn from_header(parts: &Parts) -> Option<Bearer> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Bearer::parse(credentials.trim()))?
}

/// Returns whether the session is in the header or the cookie. If the header
/// `Authorization` is present, the cookie is ignored.
fn transport(parts: &Parts) -> SessionTransport {
    match parts.headers.contains_key(header::AUTHORIZATION) {
        true => SessionTransport::Bearer,
        false => SessionTransport::Cookie,
    }
}

/// Returns the bearer token of a request. A cookie is accepted only if the request comes
/// from one of Latchkey's own pages.
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

/// Whether the session is in the header or the cookie. The response returns the next bearer
/// token in the same way.
impl<S: Sync> FromRequestParts<S> for SessionTransport {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(transport(parts))
    }
}

/// A caller with the bearer token of a session. Flows check that the session is valid.
pub struct Caller {
    /// The settings and ports.
    pub host: Arc<Host>,
    /// The context of the request.
    pub ctx: RequestContext,
    /// The session's bearer token.
    pub bearer: Bearer,
}

impl FromRequestParts<Arc<Host>> for Caller {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, host: &Arc<Host>) -> Result<Self, Refusal> {
        let bearer = Some(bearer(parts, host)?)
            .filter(|bearer| bearer.kind == BearerKind::Session)
            .ok_or(ProblemCode::SignInRequired)?;
        let mut ctx =
            parts.extensions.get::<RequestContext>().ok_or(ProblemCode::Internal)?.clone();
        // A page always keeps the token of its device.
        ctx.devices.wanted |= transport(parts) == SessionTransport::Cookie;
        Ok(Caller { host: host.clone(), ctx, bearer })
    }
}

/// The bearer token of a reset, which is accepted in the header only.
pub struct ResetBearer(pub Bearer);

impl<S: Sync> FromRequestParts<S> for ResetBearer {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let found = from_header(parts).filter(|bearer| bearer.kind == BearerKind::Reset);
        found.map(ResetBearer).ok_or_else(|| ProblemCode::ResetEnded.into())
    }
}

/// The bearer token of a session or of a reset: both registration and reset verify codes.
pub struct AnyBearer(pub Bearer);

impl FromRequestParts<Arc<Host>> for AnyBearer {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, host: &Arc<Host>) -> Result<Self, Refusal> {
        Ok(AnyBearer(bearer(parts, host)?))
    }
}
