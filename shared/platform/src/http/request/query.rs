//! The query of an address: on the routes that read one, parameters they know,
//! each once; on any other, nothing. Whatever else is in an address, such as a
//! secret, is refused before anybody is looked for.

use crate::http::problem::Refusal;
use crate::http::request::body::escaped;
use axum::extract::{MatchedPath, Query, Request};
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::Response;
use domain::error::{Problem, ViolationCode};
use std::collections::BTreeSet;

/// Routes that read parameters. A HEAD is a GET.
const READ: [(Method, &str, &[&str]); 4] = [
    (Method::PUT, "/v1/policy", &["dryRun"]),
    (Method::GET, "/v1/policy/history", &["limit", "cursor"]),
    (Method::GET, "/v1/users", &["search", "group", "limit", "cursor"]),
    (Method::GET, "/v1/groups", &["limit", "cursor"]),
];

/// Lets a request pass whose parameters its route reads.
pub(in crate::http) async fn known(
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let route = READ.iter().find(|(of, pattern, _)| of == method && *pattern == path.as_str());
    let names = route.map_or(&[][..], |(_, _, names)| *names);
    let mut seen = BTreeSet::new();
    for (name, value) in pairs(request.uri()) {
        let pointer = format!("/{}", escaped(&name));
        if !names.contains(&name.as_str()) {
            return Err(Problem::field(&pointer, ViolationCode::UnknownParameter).into());
        }
        // What is no UTF-8 was replaced by this when it was read.
        if value.contains(char::REPLACEMENT_CHARACTER) {
            return Err(Problem::field(&pointer, ViolationCode::WrongType).into());
        }
        if !seen.insert(name) {
            return Err(Problem::field(&pointer, ViolationCode::RepeatedParameter).into());
        }
    }
    Ok(next.run(request).await)
}

/// A parameter of a request that was let pass.
pub(in crate::http) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    pairs(uri).into_iter().find_map(|(of, value)| (of == name).then_some(value))
}

fn pairs(uri: &Uri) -> Vec<(String, String)> {
    Query::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default()
}
