//! The sender of mails, in the form that SES takes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The longest display name, in characters: as long as the name of an organisation. Encoded, it is
/// shorter than a line of a header, which has at most 998 characters (RFC 5322, 2.1.1).
const LONGEST_NAME: usize = 60;
/// The longest encoded word, in characters (RFC 2047, section 2).
const LONGEST_WORD: usize = 75;
/// What surrounds the text of an encoded word.
const WORD: (&str, &str) = ("=?UTF-8?B?", "?=");

/// A mail address, with or without a display name, as it stands in `From`. It is ASCII: a display
/// name with other characters is in encoded words (RFC 2047), which SES requires.
#[derive(Clone, Debug, PartialEq)]
pub struct MailFrom(String);

impl MailFrom {
    /// Reads an address such as `no-reply@example.com`, or a display name and an address such as
    /// `Example <no-reply@example.com>`; `None` for any other text. The name may have quotes
    /// around it, and no control characters or angle brackets.
    pub fn parse(text: &str) -> Option<MailFrom> {
        let text = text.trim();
        let Some((name, address)) = text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<'))
        else {
            return valid_address(text).map(MailFrom);
        };
        let (name, address) = (unquoted(name.trim()), valid_address(address)?);
        // With an angle bracket in the name, it may be the list of two senders.
        let refused = |c: char| c.is_control() || c == '<' || c == '>';
        let plain = name.chars().count() <= LONGEST_NAME && !name.contains(refused);
        plain.then(|| match name.is_empty() {
            true => MailFrom(address),
            false => MailFrom(format!("{} <{address}>", phrase(&name))),
        })
    }

    /// Returns the sender in ASCII, such as `"Example" <no-reply@example.com>`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn valid_address(text: &str) -> Option<String> {
    domain::typed::mail::read(text).ok()
}

/// Returns a display name without the quotes around it, and without the backslashes in quotes.
fn unquoted(name: &str) -> String {
    let Some(quoted) = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return name.to_owned();
    };
    let mut out = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        // A character after a backslash stands for itself (RFC 5322, 3.2.4).
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out.trim().to_owned()
}

/// Writes a display name as a quoted string or, if it is not ASCII, in encoded words.
fn phrase(name: &str) -> String {
    match name.is_ascii() {
        true => format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
        false => encoded_words(name),
    }
}

/// Encodes a text in words of at most [`LONGEST_WORD`] characters, each with whole characters. A
/// reader drops the spaces between the words (RFC 2047, section 6.2).
fn encoded_words(text: &str) -> String {
    // Three bytes make four characters of Base64.
    let room = (LONGEST_WORD - WORD.0.len() - WORD.1.len()) / 4 * 3;
    let mut words: Vec<String> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.floor_char_boundary(room));
        words.push(format!("{}{}{}", WORD.0, BASE64.encode(part), WORD.1));
        rest = after;
    }
    words.join(" ")
}
