//! Text messages. Each fits one part, which is what an SMS is paid by: the long
//! text if it fits, else the short one. The last line of a code's message binds
//! the code to our host, so that a phone offers it on no other page (WebOTP,
//! WICG's "Origin-bound one-time codes").

use super::topic;
use crate::texts::text;
use domain::port::{Content, Outgoing};
use zeroize::Zeroizing;

/// Septets of a message of one part, in the GSM 7-bit alphabet (3GPP TS 23.038,
/// 23.040).
const SEPTETS: usize = 160;
/// UTF-16 units of a message of one part, if a character is not in that alphabet.
const UNITS: usize = 70;
/// Septets of each part of a longer message: a part begins with its number.
const SEPTETS_OF_MANY: usize = 153;
/// UTF-16 units of each part of a longer message.
const UNITS_OF_MANY: usize = 67;

/// The GSM 7-bit default alphabet, without the letters and digits of ASCII.
const ONE_SEPTET: &str = "\n\r !\"#$%&'()*+,-./:;<=>?@_¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ";
/// Its extension, each character of which needs an escape before it.
const TWO_SEPTETS: &str = "\u{c}[\\]^{|}~€";

/// The text of a message in its language, for a host of at most
/// [`crate::settings::LONGEST_HOST`] characters.
pub fn render(message: &Outgoing<'_>, host: &str) -> Zeroizing<String> {
    let key = format!("sms.{}", topic(&message.content));
    match &message.content {
        Content::Code { code, .. } => {
            let last_line = Zeroizing::new(format!("\n@{host} #{}", code.reveal()));
            fullest(message, &key, &[("code", code.reveal())], &last_line)
        }
        // The short text leaves out the name that the notice is about.
        Content::Notice { about: Some(about), .. } => {
            fullest(message, &key, &[("about", about)], "")
        }
        Content::Notice { about: None, .. } => say(message, &key, &[]),
    }
}

/// The long text with `end`, if both fit one part; else the short text with
/// `end`.
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

/// The number of parts that a text is sent, and paid, as.
pub fn parts(text: &str) -> u32 {
    let (length, whole, each) = match text.chars().map(septets).sum::<Option<usize>>() {
        Some(septets) => (septets, SEPTETS, SEPTETS_OF_MANY),
        None => (text.encode_utf16().count(), UNITS, UNITS_OF_MANY),
    };
    if length <= whole { 1 } else { length.div_ceil(each) as u32 }
}

/// The septets of a character. `None` for one that makes the message UTF-16.
fn septets(c: char) -> Option<usize> {
    match c {
        _ if c.is_ascii_alphanumeric() || ONE_SEPTET.contains(c) => Some(1),
        _ if TWO_SEPTETS.contains(c) => Some(2),
        _ => None,
    }
}
