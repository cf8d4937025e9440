//! Text messages, each in one part: the network charges by part, and joins
//! parts badly. A code ends with the line that binds it to our pages (WebOTP,
//! origin-bound one-time codes), and no message holds a link.

use crate::texts::{all, text};
use domain::challenge::Purpose;
use domain::notice::Notice;
use domain::port::{Content, Outgoing};
use zeroize::Zeroizing;

/// What one part holds: septets of the GSM 7-bit alphabet or, where a
/// character is not in it, units of UTF-16 (3GPP TS 23.038).
const SEPTETS: usize = 160;
const UNITS: usize = 70;

/// The message of one part: the fullest text that fits. `host` is that of our
/// pages.
///
/// The shortest text of every kind fits with the longest host, short name and
/// code that are allowed, in each language; a test renders them.
pub fn render(message: &Outgoing<'_>, host: &str) -> Zeroizing<String> {
    let (key, code, about) = match &message.content {
        Content::Code { code, purpose, .. } => {
            let key = match purpose {
                Purpose::Reset => "sms.code.reset",
                Purpose::Registration => "sms.code.registration",
            };
            (key, Some(code.reveal()), None)
        }
        Content::Notice { notice, about } => {
            let key = match notice {
                Notice::PasswordReset => "sms.notice.passwordReset",
                Notice::PasswordChanged => "sms.notice.passwordChanged",
                Notice::MethodAdded => "sms.notice.methodAdded",
                Notice::MethodChanged => "sms.notice.methodChanged",
                Notice::MethodRemoved => "sms.notice.methodRemoved",
                Notice::PasswordIssued => "sms.notice.passwordIssued",
                Notice::AdministratorReset => "sms.notice.administratorReset",
            };
            (key, None, *about)
        }
    };
    let shorter = format!("{key}.short");
    let has_shorter = all(message.language).contains_key(&shorter);
    let say = |key: &str| {
        let values = [
            ("shortName", message.organisation.short_name.as_str()),
            ("code", code.unwrap_or_default()),
            ("about", about.unwrap_or_default()),
        ];
        let mut said = Zeroizing::new(text(message.language, key, &values));
        if let Some(code) = code {
            said.push_str(&format!("\n@{host} #{code}"));
        }
        said
    };
    let full = say(key);
    if fits(&full) || !has_shorter { full } else { say(&shorter) }
}

fn fits(text: &str) -> bool {
    match septets(text) {
        Some(septets) => septets <= SEPTETS,
        None => text.encode_utf16().count() <= UNITS,
    }
}

/// The length in the GSM 7-bit alphabet; `None` where a character is not in
/// it. Some take two places.
fn septets(text: &str) -> Option<usize> {
    const ALPHABET: &str = "\n\r !\"#$%&'()*+,-./:;<=>?@_¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ";
    const EXTENSION: &str = "[\\]^{|}~€";
    let places = |c: char| match c {
        _ if c.is_ascii_alphanumeric() || ALPHABET.contains(c) => Some(1),
        _ if EXTENSION.contains(c) => Some(2),
        _ => None,
    };
    text.chars().map(places).sum()
}
