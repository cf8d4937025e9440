//! Renders text messages. Each fits one part, the unit in which SMS are billed: the long
//! text if it fits, otherwise the short one. The last line of a message with a code binds
//! the code to Latchkey's host, so that a phone offers it on no other site (WebOTP, WICG's
//! "Origin-bound one-time codes").

use super::topic;
use crate::texts::text;
use domain::notice::Notice;
use domain::port::{Content, Outgoing};
use zeroize::Zeroizing;

/// The length of a message of one part, in septets of the GSM 7-bit alphabet (3GPP TS
/// 23.038, 23.040).
const SEPTETS: usize = 160;
/// The length of a message of one part in UTF-16 units, if a character is not in that alphabet.
const UNITS: usize = 70;
/// The length of each part of a longer message, in septets: each part begins with its number.
const SEPTETS_OF_MANY: usize = 153;
/// The length of each part of a longer message, in UTF-16 units.
const UNITS_OF_MANY: usize = 67;

/// The GSM 7-bit default alphabet, without ASCII letters and digits.
const ONE_SEPTET: &str = "\n\r !\"#$%&'()*+,-./:;<=>?@_¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ";
/// The extension of that alphabet: each character takes an escape septet and a second one.
const TWO_SEPTETS: &str = "\u{c}[\\]^{|}~€";

/// Renders the text of a message in its language, for a host of at most
/// [`crate::settings::LONGEST_HOST`] characters.
pub fn render(message: &Outgoing<'_>, host: &str) -> Zeroizing<String> {
    let key = format!("sms.{}", topic(&message.content));
    match &message.content {
        Content::Code { code, .. } => {
            let last_line = Zeroizing::new(format!("\n@{host} #{}", code.reveal()));
            fullest(message, &key, &[("code", code.reveal())], &last_line)
        }
        // The short text omits the name that the notice is about.
        Content::Notice { about: Some(about), .. } => {
            fullest(message, &key, &[("about", about)], "")
        }
        Content::Notice { notice: Notice::PasswordReset, methods, .. } => {
            fullest(message, &key, &[("count", &methods.usable.to_string())], "")
        }
        Content::Notice { about: None, .. } => say(message, &key, &[]),
    }
}

/// Returns the long text with `end`, if both fit one part; otherwise the short text with `end`.
fn fullest(
    message: &Outgoing<'_>,
    key: &str,
    values: &[(&str, &str)],
    end: &str,
) -> Zeroizing<String> {
    let whole = |key: &str| {
        let mut whole = say(message, key, values);
        whole.push_str(end);
        whole
    };
    Some(whole(key))
        .filter(|long| fits_one_part(long))
        .unwrap_or_else(|| whole(&format!("{key}.short")))
}

fn say(message: &Outgoing<'_>, key: &str, values: &[(&str, &str)]) -> Zeroizing<String> {
    let mut values = values.to_vec();
    values.push(("organisation", &message.organisation.short_name));
    Zeroizing::new(text(message.language, key, &values))
}

/// Whether a text is sent as one part.
pub fn fits_one_part(text: &str) -> bool {
    parts(text) == 1
}

/// Returns the number of parts that a text is sent, and billed, as.
pub fn parts(text: &str) -> u32 {
    let (length, whole, each) = match text.chars().map(septets).sum::<Option<usize>>() {
        Some(septets) => (septets, SEPTETS, SEPTETS_OF_MANY),
        None => (text.encode_utf16().count(), UNITS, UNITS_OF_MANY),
    };
    if length <= whole { 1 } else { length.div_ceil(each) as u32 }
}

/// Returns the septets that a character takes. `None` if it is not in the GSM alphabet, so
/// that the message is sent as UTF-16.
fn septets(c: char) -> Option<usize> {
    match c {
        _ if c.is_ascii_alphanumeric() || ONE_SEPTET.contains(c) => Some(1),
        _ if TWO_SEPTETS.contains(c) => Some(2),
        _ => None,
    }
}
