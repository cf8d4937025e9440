//! Reads phone numbers from query strings.

/// Restores a `+` that was not percent-encoded: a query decodes it as a space, and
/// no address begins with a space.
pub(super) fn number(asked: &str) -> String {
    asked.strip_prefix(' ').map_or_else(|| asked.to_owned(), |digits| format!("+{digits}"))
}
