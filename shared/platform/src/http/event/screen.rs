//! Checks a gateway event before `lambda_http` reads it, and returns a problem for events
//! on which `lambda_http` would panic. A panic ends the process, and the gateway then
//! answers 500 without Latchkey's headers.
//!
//! `lambda_http` 1.3.2 can panic at these places when it converts an event to a request.
//! Each is prevented:
//!
//! - `Url::parse(…).unwrap()` of scheme, host, stage and path: `lambda_http` receives none
//!   of them. The URI is read here instead. `Url` would also normalise the path:
//!   `/v1/users/../me` would become `/v1/me`.
//! - `expect("failed to build request")` for an address that is no valid URI: prevented in
//!   the same way.
//! - `expect("failed to decode aws base64 encoded body")`: the body is decoded here first.
//! - `HeaderMap::insert` beyond 32,768 names: the total size of the headers is checked here.
//!
//! Two errors that `lambda_http` accepts silently are refused as well: an empty method,
//! which it reads as GET, and cookies that are no valid header value, which it drops.

use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::error::{Problem, ProblemCode, ViolationCode};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The most bytes of all header names and values together, the limit of HTTP APIs in API Gateway.
const MAX_HEADERS: usize = 10_240;

/// Returns an event that `lambda_http` converts without a panic, and the request's URI. If
/// the event is not a valid request, the second value is the problem, and the event holds
/// only the parts that a response needs: method, caller and headers.
pub(super) fn screen(event: &RawValue) -> (ApiGatewayV2httpRequest, Result<Uri, Problem>) {
    let Ok(mut seen) = serde_json::from_str::<Event>(event.get()) else {
        return (ApiGatewayV2httpRequest::default(), Err(not_a_request()));
    };
    seen.join_cookies();
    let read = seen.address().and_then(|address| {
        let event = serde_json::from_str(event.get()).map_err(|_| not_a_request())?;
        Ok((event, address))
    });
    let (mut event, address) = match read {
        Ok((event, address)) => (event, Ok(address)),
        Err(problem) => (seen.refused(), Err(problem)),
    };
    remove_url(&mut event);
    (event, address)
}

/// Removes all fields from which `lambda_http` builds a URL. No function reads the header `Host`.
fn remove_url(event: &mut ApiGatewayV2httpRequest) {
    event.headers.remove(header::HOST);
    event.request_context.domain_name = None;
    event.request_context.stage = None;
    event.raw_path = None;
    event.raw_query_string = None;
}

fn not_a_request() -> Problem {
    Problem::field("", ViolationCode::NotARequest)
}

/// The parts of a gateway event that are checked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    request_context: RequestContext,
    raw_path: String,
    raw_query_string: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    cookies: Option<Vec<String>>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    request_id: Option<String>,
    http: Http,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    source_ip: Option<String>,
}

impl Event {
    /// Moves the cookies, which are a field of their own, into the `Cookie` header.
    fn join_cookies(&mut self) {
        if let Some(cookies) = self.cookies.take().filter(|cookies| !cookies.is_empty()) {
            let headers = self.headers.get_or_insert_default();
            headers.insert(header::COOKIE.as_str().to_owned(), cookies.join("; "));
        }
    }

    /// Returns the URI of the request, or the problem if the event is not a valid request.
    fn address(&self) -> Result<Uri, Problem> {
        self.method().ok_or_else(not_a_request)?;
        let headers = || self.headers.iter().flatten();
        let size: usize = headers().map(|(name, value)| name.len() + value.len()).sum();
        if size > MAX_HEADERS {
            return Err(ProblemCode::HeadersTooLarge.into());
        }
        let readable = headers().all(|(name, value)| field(name, value).is_some());
        let decodes = !self.is_base64_encoded
            || self.body.as_ref().is_none_or(|body| BASE64.decode(body).is_ok());
        if !readable || !decodes || !self.raw_path.starts_with('/') {
            return Err(not_a_request());
        }
        let mut address = escaped(&self.raw_path, "\"<>#`?");
        if let Some(query) = self.raw_query_string.as_ref().filter(|query| !query.is_empty()) {
            address = format!("{address}?{}", escaped(query, "\"<>#"));
        }
        address.parse().map_err(|_| not_a_request())
    }

    fn method(&self) -> Option<Method> {
        Method::from_bytes(self.request_context.http.method.as_bytes()).ok()
    }

    /// Returns a reduced gateway event for a refused request, with the method, caller and
    /// headers as far as they are readable. The problem's language depends on the headers.
    fn refused(self) -> ApiGatewayV2httpRequest {
        let mut event = ApiGatewayV2httpRequest::default();
        event.request_context.http.method = self.method().unwrap_or_default();
        event.request_context.http.source_ip = self.request_context.http.source_ip;
        event.request_context.request_id = self.request_context.request_id;
        for (name, value) in self.headers.iter().flatten() {
            if let Some((name, value)) = field(name, value) {
                // A header beyond the capacity of the map is dropped.
                drop(event.headers.try_insert(name, value));
            }
        }
        event
    }
}

/// Reads a header. A value that is not ASCII is kept as bytes: if it were dropped, a header
/// that restricts the request would seem absent.
fn field(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
}

/// Percent-encodes a part of a URI: the characters `these` and all that a URI may not contain.
fn escaped(part: &str, these: &str) -> String {
    let stays = |byte: u8| byte.is_ascii_graphic() && !these.as_bytes().contains(&byte);
    part.bytes()
        .map(|byte| if stays(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
