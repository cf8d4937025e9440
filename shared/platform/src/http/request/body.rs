//! Reads request bodies: one JSON object with known fields only.

use crate::http::problem::Refusal;
use crate::http::request::media_type::MediaType;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use domain::error::{Problem, ProblemCode, Violation, ViolationCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The longest body in bytes. A thousand terms of 16 Chinese characters in UTF-8 fit.
pub const MAX_BODY: usize = 64 * 1024;

/// The accepted values of `Content-Type`: JSON, and JSON Merge Patch (RFC 7396).
const JSON: [&str; 2] = ["application/json", "application/merge-patch+json"];

/// A request body, read into a type that refuses unknown fields.
///
/// The extractor refuses a body with `unsupportedMediaType`, `bodyTooLarge`, or
/// `invalidRequest`, which names the field.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            return Err(ProblemCode::UnsupportedMediaType.into());
        }
        let bytes =
            to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| ProblemCode::BodyTooLarge)?;
        parse(&bytes).map(Body).map_err(Refusal)
    }
}

/// Whether the body is declared as JSON in UTF-8. Other parameters mean nothing for JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Some(kind) = value.to_str().ok().and_then(MediaType::parse) else { return false };
    let mut charsets = kind.parameters.iter().filter(|(name, _)| name == "charset");
    JSON.contains(&kind.essence.as_str())
        && charsets.all(|(_, charset)| charset.eq_ignore_ascii_case("utf-8"))
}

/// Parses one JSON object.
///
/// # Errors
/// `invalidRequest`, with a JSON pointer to the field.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let not_json = || Problem::field("", ViolationCode::NotJson);
    // The derived reader would also accept an array of the fields.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(not_json());
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize(&mut json) {
        Ok(value) => json.end().map(|()| value).map_err(|_| not_json()),
        // serde reports some wrong types as syntax errors. The body is parsed again, as any
        // JSON, to distinguish the two.
        Err(_) if serde_json::from_slice::<Value>(bytes).is_err() => Err(not_json()),
        Err(error) => Err(Problem::invalid(vec![violation(&error)])),
    }
}

/// The beginnings of serde's messages, which are the only sign of the kind of error. With
/// any other message, the value has the wrong type.
const WORDS: [(&str, ViolationCode); 4] = [
    ("unknown field `", ViolationCode::UnknownField),
    ("missing field `", ViolationCode::MissingField),
    ("duplicate field `", ViolationCode::RepeatedField),
    ("unknown variant `", ViolationCode::UnknownValue),
];

/// Returns the violation that a message of serde describes.
fn violation(error: &serde_path_to_error::Error<serde_json::Error>) -> Violation {
    use serde_path_to_error::Segment;
    let (words, place) = (error.inner().to_string(), pointer(error.path()));
    let known =
        WORDS.iter().find_map(|(beginning, code)| Some((*code, words.strip_prefix(beginning)?)));
    let Some((code, rest)) = known else { return Violation::new(&place, ViolationCode::WrongType) };
    let is_there = match error.path().iter().next_back() {
        // The path of an unknown field ends with the field itself.
        Some(Segment::Map { key }) if code == ViolationCode::UnknownField => {
            rest.starts_with(&format!("{key}`"))
        }
        _ => code == ViolationCode::UnknownValue,
    };
    match rest.split_once('`') {
        Some((name, _)) if !is_there => Violation::new(&format!("{place}/{name}"), code),
        _ => Violation::new(&place, code),
    }
}

/// Formats a path in a body as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let part = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    path.iter().map(part).collect()
}

/// Escapes a name for a JSON pointer.
pub(in crate::http) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
