//! Device tokens: in a cookie for the pages at the configured address, or in the header
//! `Latchkey-Device` for other clients.

use crate::http::request::cookie;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;
use domain::device::{DEVICE_KEPT, DeviceToken, SentDevices};
use domain::key::Keys;

/// The name of the cookie. Its prefix makes browsers send it to this host only, over TLS (ASVS
/// 3.3.1).
const COOKIE: &str = "__Host-latchkey-devices";
/// The header with one token, in requests and responses.
pub(in crate::http) const HEADER: &str = "latchkey-device";
/// The value of the header in a request that asks for a token.
const NEW: &str = "new";
/// Separates the tokens in the cookie. Tokens do not contain it.
const SEPARATOR: char = '.';
/// The most accounts whose tokens the cookie keeps, for a browser that several users share. Five
/// tokens have 464 characters, so that requests stay small.
const ACCOUNTS: usize = 5;

/// Reads the device tokens of a request. Text that is no token is ignored. If the header is present,
/// the cookie is ignored. The cookie is accepted only if the request comes from one of Latchkey's
/// own pages.
pub fn sent(method: &Method, headers: &HeaderMap, origin: &str) -> SentDevices {
    let mut values = headers.get_all(HEADER).iter();
    if let Some(value) = values.next() {
        let text = value.to_str().ok().filter(|_| values.next().is_none()).unwrap_or_default();
        let token = DeviceToken::parse(text);
        let wanted = token.is_some() || text == NEW;
        let mut sent = SentDevices::new(token.into_iter().collect(), true);
        sent.wanted = wanted;
        return sent;
    }
    let cookie = cookie::value(headers, COOKIE);
    let cookie = cookie.filter(|_| cookie::counts(method, headers, origin)).unwrap_or_default();
    let tokens = cookie.split(SEPARATOR).take(ACCOUNTS).filter_map(DeviceToken::parse);
    SentDevices::new(tokens.collect(), false)
}

/// Adds a device token to a response: in the header, if the request had that header, or else in
/// the cookie, before the tokens of other accounts.
pub fn hand_out(
    response: &mut Response,
    token: Option<&DeviceToken>,
    sent: &SentDevices,
    keys: &Keys,
) {
    let Some(token) = token else { return };
    if sent.in_header {
        let value =
            HeaderValue::try_from(token.reveal(keys)).expect("tokens are letters and digits");
        response.headers_mut().insert(HEADER, value);
        return;
    }
    // A made-up token would become genuine if it were handed out again.
    let sent = sent.genuine(keys);
    let others = sent.of_others(&token.handle);
    let tokens: Vec<String> =
        [token].into_iter().chain(others).take(ACCOUNTS).map(|token| token.reveal(keys)).collect();
    let value = tokens.join(&SEPARATOR.to_string());
    cookie::set(response, COOKIE, &value, DEVICE_KEPT);
}
