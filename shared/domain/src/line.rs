//! A line of text that people read: a name, a group, an organisation.

/// Whether it is one line that reads as it is written: no control characters,
/// no line or paragraph separator, and nothing that turns the direction of
/// what follows, by which one name can be made to look like another
/// (Unicode Technical Report 36).
pub(crate) fn reads_as_written(text: &str) -> bool {
    let misleads =
        |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !text.chars().any(misleads)
}
