//! Sessions in a cookie, for the pages at the configured address.
//! The gateway's event holds cookies apart from the headers. The steps before have joined
//! them into one `Cookie` header; responses set plain `Set-Cookie` headers.

use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use domain::secret::{Bearer, BearerKind};
use domain::time::Span;

/// The name of the session cookie. Its prefix makes browsers send it to this host only,
/// over TLS (ASVS 3.3.1).
pub(in crate::http) const NAME: &str = "__Host-latchkey";

/// The header in which a browser states whether a request comes from the same site. Scripts
/// cannot change it.
const FETCH_SITE: &str = "sec-fetch-site";

/// Reads the bearer token in the session cookie. `None` if there are two such cookies.
pub fn session(headers: &HeaderMap) -> Option<Bearer> {
    Bearer::parse(value(headers, NAME)?).filter(|bearer| bearer.kind == BearerKind::Session)
}

/// Returns the value of the cookie of this name. `None` if there are two such cookies.
pub(super) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut values = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(other, _)| *other == name);
    let ((_, value), None) = (values.next()?, values.next()) else { return None };
    Some(value)
}

/// Whether all headers of this name have one of the allowed values; `None` if there is no
/// such header.
fn says(headers: &HeaderMap, name: &str, allowed: &[&str]) -> Option<bool> {
    let values = headers.get_all(name);
    let allowed = |value: &HeaderValue| allowed.iter().any(|allowed| value == allowed);
    values.iter().next().map(|_| values.iter().all(allowed))
}

/// Whether a page of the configured origin sent the request, according to the headers that
/// browsers set. A request without both headers does not count as sent by such a page.
fn from_our_page(headers: &HeaderMap, origin: &str) -> bool {
    let ours = says(headers, header::ORIGIN.as_str(), &[origin]);
    match says(headers, FETCH_SITE, &["same-origin"]) {
        Some(same) => same && ours.unwrap_or(true),
        None => ours.unwrap_or(false),
    }
}

/// Whether sign-in may put the session into a cookie: only for a page of the configured
/// origin, in a browser that sends `Sec-Fetch-Site`.
pub fn may_begin(headers: &HeaderMap, origin: &str) -> bool {
    headers.contains_key(FETCH_SITE) && from_our_page(headers, origin)
}

/// Whether the cookie is accepted for this request (ASVS 3.5.1). A request that may change
/// something must come from a page of the configured origin; a read must not come from
/// another site.
pub fn counts(method: &Method, headers: &HeaderMap, origin: &str) -> bool {
    match *method {
        Method::GET | Method::HEAD => {
            says(headers, FETCH_SITE, &["same-origin", "none"]).unwrap_or(true)
        }
        _ => from_our_page(headers, origin),
    }
}

/// Adds the header that sets a cookie, which scripts and other sites cannot use.
pub(super) fn set(response: &mut Response, name: &str, value: &str, life: Span) {
    let age = life.whole_seconds();
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={age}; Secure; HttpOnly; SameSite=Strict");
    let cookie = HeaderValue::try_from(cookie).expect("tokens are letters, digits and marks");
    response.headers_mut().append(header::SET_COOKIE, cookie);
}
