//! How a session travels: as a bearer, or in a cookie for pages of our own
//! address.
//!
//! The gateway hands cookies over apart from the headers; by the time a
//! request is here they are one `Cookie` header, and `Set-Cookie` goes back
//! the same way.

use crate::http::api::SessionResponse;
use crate::http::api::transport::SessionTransport;
use axum::Json;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use domain::flow::steps::new_session::NewSession;
use domain::secret::{Bearer, BearerKind};
use domain::time::{Span, Time};

/// The prefix makes browsers keep it to this host, over TLS (ASVS 3.3.1).
pub(in crate::http) const NAME: &str = "__Host-latchkey";

/// What a browser says of the page that asks; no script can change it.
const FETCH_SITE: &str = "sec-fetch-site";

/// The session that the cookie holds. Of two cookies of the name, neither.
pub fn session(headers: &HeaderMap) -> Option<Bearer> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut values = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == NAME);
    let ((_, value), None) = (values.next()?, values.next()) else { return None };
    Bearer::parse(value).filter(|bearer| bearer.kind == BearerKind::Session)
}

/// Whether every header of this name says just that; `None` where there is
/// none.
fn says(headers: &HeaderMap, name: &str, allowed: &[&str]) -> Option<bool> {
    let values = headers.get_all(name);
    let allowed = |value: &HeaderValue| allowed.iter().any(|allowed| value == allowed);
    values.iter().next().map(|_| values.iter().all(allowed))
}

/// Whether a page of our own origin asks, as far as the browser says who does.
fn from_our_page(headers: &HeaderMap, origin: &str) -> bool {
    let ours = says(headers, header::ORIGIN.as_str(), &[origin]);
    match says(headers, FETCH_SITE, &["same-origin"]) {
        Some(same) => same && ours.unwrap_or(true),
        None => ours.unwrap_or(false),
    }
}

/// Whether a session may begin in a cookie: only a browser that says where
/// its requests come from is given one.
pub fn may_begin(headers: &HeaderMap, origin: &str) -> bool {
    headers.contains_key(FETCH_SITE) && from_our_page(headers, origin)
}

/// Whether the cookie counts for this request (ASVS 3.5.1): what changes
/// anything must come from our own page, and nothing from another site.
pub fn counts(method: &Method, headers: &HeaderMap, origin: &str) -> bool {
    match *method {
        Method::GET | Method::HEAD => {
            says(headers, FETCH_SITE, &["same-origin", "none"]).unwrap_or(true)
        }
        _ => from_our_page(headers, origin),
    }
}

fn set(value: &str, life: Span) -> [(header::HeaderName, String); 1] {
    let age = life.whole_seconds();
    [(
        header::SET_COOKIE,
        format!("{NAME}={value}; Path=/; Max-Age={age}; Secure; HttpOnly; SameSite=Strict"),
    )]
}

/// A new session's answer: the bearer lies in the body or in the cookie, never
/// in both.
pub fn hand_out(answer: NewSession, transport: SessionTransport, now: Time) -> Response {
    let cookie = (transport == SessionTransport::Cookie)
        .then(|| set(&answer.bearer.reveal(), answer.session.exp - now));
    match cookie {
        None => Json(SessionResponse::with_bearer(&answer)).into_response(),
        Some(cookie) => (cookie, Json(SessionResponse::without_bearer(&answer))).into_response(),
    }
}

/// An answer that takes the cookie away, where it came in one.
pub fn take_back(answer: impl IntoResponse, transport: SessionTransport) -> Response {
    match transport {
        SessionTransport::Bearer => answer.into_response(),
        SessionTransport::Cookie => (set("", Span(0)), answer).into_response(),
    }
}
