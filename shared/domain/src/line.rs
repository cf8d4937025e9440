//! Single lines of text that are shown to users, such as names.

/// Whether the text is one line that looks like its characters. It may have no control
/// characters, no line or paragraph separators, and no characters that change the direction of
/// the text, which can make one name look like another (Unicode Technical Report 36).
pub(crate) fn reads_as_written(text: &str) -> bool {
    let misleads =
        |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !text.chars().any(misleads)
}
