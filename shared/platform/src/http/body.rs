//! Request bodies: a JSON object of known fields, and nothing else.

use super::problem::Refusal;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use domain::error::{Problem, ProblemCode, ViolationCode};
use serde::de::DeserializeOwned;

/// The largest body, in bytes: a thousand terms of sixteen Chinese characters
/// fit, written as UTF-8.
pub const MAX_BODY: usize = 64 * 1024;

/// What a body may call itself: JSON, or the patch of RFC 7396.
const JSON: [&str; 2] = ["application/json", "application/merge-patch+json"];

/// A body of a type that refuses unknown fields.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut parts = kind.split(';').map(str::trim);
        let is_json = parts.next().is_some_and(|essence| JSON.iter().any(|json| essence.eq_ignore_ascii_case(json)));
        if !is_json || parts.any(|parameter| !parameter.eq_ignore_ascii_case("charset=utf-8")) {
            return Err(ProblemCode::UnsupportedMediaType.into());
        }
        let bytes = to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| ProblemCode::BodyTooLarge)?;
        parse(&bytes).map(Body).map_err(Refusal)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let wrong = |pointer: &str| Problem::field(pointer, ViolationCode::WrongType);
    // A derived struct would take an array of its fields too.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(wrong(""));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| wrong(&pointer(error.path())))?;
    json.end().map_err(|_| wrong(""))?;
    Ok(value)
}

/// A path as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let part = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    path.iter().map(part).collect()
}
