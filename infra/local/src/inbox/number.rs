//! Phone numbers as tools ask for them.

/// A `+` that was not encoded in a query is read as a space, and no address
/// begins with one.
pub(super) fn number(asked: &str) -> String {
    asked.strip_prefix(' ').map_or_else(|| asked.to_owned(), |digits| format!("+{digits}"))
}
