//! The query of a URL. A route's row declares its parameters. Undeclared and repeated
//! parameters are refused before any lookup, so a secret in a URL goes no further.

use crate::http::request::body::escaped;
use axum::extract::Query;
use axum::http::Uri;
use domain::error::{Problem, ViolationCode};
use std::collections::BTreeSet;

/// Checks that the query has only parameters of these names, each at most once.
///
/// # Errors
/// `invalidRequest`, with the parameter that is unknown, repeated or not UTF-8.
pub(in crate::http) fn check(uri: &Uri, names: &[&str]) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    for (name, value) in pairs(uri) {
        let pointer = format!("/{}", escaped(&name));
        if !names.contains(&name.as_str()) {
            return Err(Problem::field(&pointer, ViolationCode::UnknownParameter));
        }
        // Decoding puts this character in place of bytes that are not UTF-8.
        if value.contains(char::REPLACEMENT_CHARACTER) {
            return Err(Problem::field(&pointer, ViolationCode::WrongType));
        }
        if !seen.insert(name) {
            return Err(Problem::field(&pointer, ViolationCode::RepeatedParameter));
        }
    }
    Ok(())
}

/// The value of a parameter, in a query that passed [`check`].
pub(in crate::http) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    pairs(uri).into_iter().find_map(|(of, value)| (of == name).then_some(value))
}

fn pairs(uri: &Uri) -> Vec<(String, String)> {
    Query::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default()
}
