//! Checks the query of a URL. Each route declares its parameters. Undeclared and repeated
//! parameters are refused before any lookup, so a secret in a URL goes no further.

use crate::http::request::body::escaped;
use axum::extract::Query;
use axum::http::Uri;
use domain::error::{Problem, ViolationCode};
use std::collections::BTreeSet;

/// Checks that the query has only parameters with these names, each at most once.
///
/// # Errors
/// `invalidRequest`, with a pointer to the parameter that is unknown, repeated or not UTF-8.
pub(in crate::http) fn check(uri: &Uri, names: &[&str]) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    for (name, value) in pairs(uri) {
        let pointer = format!("/{}", escaped(&name));
        if !names.contains(&name.as_str()) {
            return Err(Problem::field(&pointer, ViolationCode::UnknownParameter));
        }
        // Percent-decoding replaces bytes that are not UTF-8 by this character.
        if value.contains(char::REPLACEMENT_CHARACTER) {
            return Err(Problem::field(&pointer, ViolationCode::WrongType));
        }
        if !seen.insert(name) {
            return Err(Problem::field(&pointer, ViolationCode::RepeatedParameter));
        }
    }
    Ok(())
}

/// Returns the value of a parameter, in a query that passed [`check`].
pub(in crate::http) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    pairs(uri).into_iter().find_map(|(of, value)| (of == name).then_some(value))
}

fn pairs(uri: &Uri) -> Vec<(String, String)> {
    Query::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default()
}
