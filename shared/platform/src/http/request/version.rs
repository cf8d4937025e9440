//! Versions for conditional requests: a response states its version in `ETag`, a request that
//! changes something states the version it read in `If-Match` (RFC 9110 8.8.3, 13.1.1).

use crate::http::problem::Refusal;
use axum::Json;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use domain::error::ProblemCode;
use serde::Serialize;

/// Builds a response with the version of its body as `ETag`.
pub fn tagged<T: Serialize>(version: u64, body: T) -> impl IntoResponse + use<T> {
    ([(header::ETAG, format!("\"{version}\""))], Json(body))
}

/// Reads the version that the caller has seen, from one strong entity tag.
///
/// # Errors
/// `preconditionRequired` without the header, `preconditionFailed` for any other value.
pub fn if_match(headers: &HeaderMap) -> Result<u64, Refusal> {
    let value = headers.get(header::IF_MATCH).ok_or(ProblemCode::PreconditionRequired)?;
    let version =
        value.to_str().ok().and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    version.ok_or_else(|| ProblemCode::PreconditionFailed.into())
}
