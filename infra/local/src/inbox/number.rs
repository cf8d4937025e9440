//! Reads phone numbers as tools write them in a query.

/// Restores a `+` that was not encoded: a query reads it as a space, and no
/// address begins with a space.
pub(super) fn number(asked: &str) -> String {
    asked.strip_prefix(' ').map_or_else(|| asked.to_owned(), |digits| format!("+{digits}"))
}
