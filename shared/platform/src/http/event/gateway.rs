//! From an event of the gateway to a request, and from the answer to what the
//! gateway sends (payload format 2.0). Whatever the event holds, it is
//! answered: a function that fails is the gateway's own 500, without our
//! headers, and one that panics has to start again.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::error::{Problem, ProblemCode, ViolationCode};
use lambda_runtime::{Context, LambdaEvent};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::convert::Infallible;
use tower::ServiceExt;

/// Names and values of all headers, in bytes: what an HTTP API lets through.
const MAX_HEADERS: usize = 10_240;

/// Who called, as the gateway says: no header of the caller's is believed.
#[derive(Clone, Default)]
pub(in crate::http) struct Invocation {
    /// The invocation's id, else the gateway's.
    pub id: Option<String>,
    pub source: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Event {
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

/// What the gateway makes an answer of.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    status_code: u16,
    headers: BTreeMap<String, String>,
    cookies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    is_base64_encoded: bool,
}

/// Answers an event through the routes.
pub async fn answer(app: Router, event: LambdaEvent<Box<RawValue>>) -> Result<Answer, Infallible> {
    Ok(serve(app, Event::read(&event.payload), &event.context).await)
}

/// The same for an event that was read; `None` where it could not be.
pub(in crate::http) async fn serve(app: Router, event: Option<Event>, context: &Context) -> Answer {
    let Ok(response) = app.oneshot(request(event, context)).await;
    Answer::of(response).await
}

/// Whether the gateway made an event: nothing else writes where a request came from.
pub(in crate::http) fn has_request_context(event: &RawValue) -> bool {
    let fields: Result<BTreeMap<String, IgnoredAny>, _> = serde_json::from_str(event.get());
    fields.is_ok_and(|fields| fields.contains_key("requestContext"))
}

/// The request of an event. Where it cannot be one it carries the problem, so
/// that it is answered and logged as any other.
fn request(event: Option<Event>, context: &Context) -> Request {
    let invocation = Some(context.request_id.clone()).filter(|id| !id.is_empty());
    let mut request = Request::default();
    let (caller, filled) = match event {
        None => (Invocation { id: invocation, source: None }, Err(no_request())),
        Some(event) => {
            let RequestContext { request_id, http } = &event.request_context;
            (
                Invocation {
                    id: invocation.or_else(|| request_id.clone()),
                    source: http.source_ip.clone(),
                },
                event.fill(&mut request),
            )
        }
    };
    if let Err(problem) = filled {
        request.extensions_mut().insert(problem);
    }
    request.extensions_mut().insert(caller);
    request
}

fn no_request() -> Problem {
    Problem::field("", ViolationCode::NotARequest)
}

impl Event {
    pub(in crate::http) fn read(event: &RawValue) -> Option<Event> {
        serde_json::from_str(event.get()).ok()
    }

    /// Fills a request; its headers first, since they tell the language of a
    /// problem.
    fn fill(self, request: &mut Request) -> Result<(), Problem> {
        let mut headers = self.headers.unwrap_or_default();
        if let Some(cookies) = self.cookies.filter(|cookies| !cookies.is_empty()) {
            headers.insert(header::COOKIE.as_str().to_owned(), cookies.join("; "));
        }
        let size: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let mut readable = true;
        for (name, value) in headers {
            // A value that is not ASCII stays, as bytes that are no text: left
            // out, a header that restricts a request would be taken for absent.
            match (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_bytes(value.as_bytes()),
            ) {
                (Ok(name), Ok(value)) => drop(request.headers_mut().insert(name, value)),
                _ => readable = false,
            }
        }
        *request.method_mut() = Method::from_bytes(self.request_context.http.method.as_bytes())
            .map_err(|_| no_request())?;
        if size > MAX_HEADERS {
            return Err(ProblemCode::HeadersTooLarge.into());
        }
        let mut uri = escaped(&self.raw_path, "\"<>#`?");
        if let Some(query) = self.raw_query_string.filter(|query| !query.is_empty()) {
            uri = format!("{uri}?{}", escaped(&query, "\"<>#"));
        }
        let is_path = self.raw_path.starts_with('/');
        *request.uri_mut() =
            uri.parse().ok().filter(|_| is_path && readable).ok_or_else(no_request)?;
        let body = self.body.unwrap_or_default();
        *request.body_mut() = Body::from(match self.is_base64_encoded {
            true => BASE64.decode(body).map_err(|_| no_request())?,
            false => body.into_bytes(),
        });
        Ok(())
    }
}

/// A part of an address with what cannot stand in one, and these, as `%xx`.
fn escaped(part: &str, these: &str) -> String {
    let stays = |byte: u8| byte.is_ascii_graphic() && !these.as_bytes().contains(&byte);
    part.bytes()
        .map(|byte| if stays(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

impl Answer {
    async fn of(response: Response) -> Answer {
        let (mut parts, body) = response.into_parts();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let cookies = parts.headers.get_all(header::SET_COOKIE).iter().map(text).collect();
        parts.headers.remove(header::SET_COOKIE);
        let all = |name: &HeaderName| {
            parts.headers.get_all(name).iter().map(text).collect::<Vec<_>>().join(", ")
        };
        let headers =
            parts.headers.keys().map(|name| (name.as_str().to_owned(), all(name))).collect();
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let (body, is_base64_encoded) = match String::from_utf8(bytes.into()) {
            Ok(text) => (text, false),
            Err(binary) => (BASE64.encode(binary.as_bytes()), true),
        };
        let body = Some(body).filter(|body| !body.is_empty());
        Answer { status_code: parts.status.as_u16(), headers, cookies, body, is_base64_encoded }
    }
}
