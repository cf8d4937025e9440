//! Media types, as `Content-Type` names them (RFC 9110, section 8.3.1).

/// A media type. Names are in lower case, since their case has no meaning.
#[derive(Debug, PartialEq)]
pub struct MediaType {
    /// The type and subtype, such as `application/json`.
    pub essence: String,
    /// The parameters, in their order. A quoted value is without its quotes and backslashes.
    pub parameters: Vec<(String, String)>,
}

/// White space that is allowed around parameters.
const SPACE: [char; 2] = [' ', '\t'];

impl MediaType {
    /// Reads a media type; `None` for text of any other form.
    pub fn parse(text: &str) -> Option<MediaType> {
        let (kind, rest) = token(text.trim_matches(SPACE))?;
        let (subtype, mut rest) = token(rest.strip_prefix('/')?)?;
        let essence = format!("{kind}/{subtype}").to_ascii_lowercase();
        let mut parameters = Vec::new();
        loop {
            rest = rest.trim_start_matches(SPACE);
            if rest.is_empty() {
                return Some(MediaType { essence, parameters });
            }
            rest = rest.strip_prefix(';')?.trim_start_matches(SPACE);
            // A parameter may be missing, as in `application/json;`.
            let Some((name, after)) = token(rest) else { continue };
            let after = after.strip_prefix('=')?;
            let (value, after) = match after.strip_prefix('"') {
                Some(after) => quoted(after)?,
                None => token(after).map(|(value, after)| (value.to_owned(), after))?,
            };
            parameters.push((name.to_ascii_lowercase(), value));
            rest = after;
        }
    }
}

/// Splits the token (section 5.6.2) at the beginning of a text from the rest; `None` if the text
/// begins with no token.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let parts = text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()));
    (!parts.0.is_empty()).then_some(parts)
}

/// Reads a quoted string (section 5.6.4) whose first quote is before the text. Returns its value
/// and the rest.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        let c = match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => chars.next()?,
            c => c,
        };
        // No control character but the tab, with a backslash or without.
        value.push(Some(c).filter(|c| *c == '\t' || !c.is_control())?);
    }
}
