//! The link to the help desk, and what messages show of it.

use crate::policy::Organisation;
use percent_encoding::percent_decode_str;

/// The longest link, in characters.
const LONGEST: usize = 200;
/// How many digits an international number has (ITU-T E.164).
const DIGITS: std::ops::RangeInclusive<usize> = 3..=15;

impl Organisation {
    /// What a message shows of the link to the help desk: the address of a web page, the mail
    /// addresses alone, or the phone number.
    pub fn help_desk_shown(&self) -> Option<String> {
        shown(self.help_desk.as_deref()?)
    }
}

/// What a message shows of a link; `None` if the link is not safe or has another scheme. A safe
/// link has no character that could end an HTML attribute or a header.
pub(super) fn shown(link: &str) -> Option<String> {
    let plain = |text: &str| {
        text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '\\'))
    };
    if link.len() > LONGEST || !plain(link) {
        return None;
    }
    if let Some(rest) = link.strip_prefix("https://") {
        return (!rest.is_empty()).then(|| link.to_owned());
    }
    if let Some(number) = link.strip_prefix("tel:") {
        return number_shown(number);
    }
    // After the addresses may come a subject and more (RFC 6068).
    let addresses = link.strip_prefix("mailto:")?.split('?').next()?;
    let addresses = percent_decode_str(addresses).decode_utf8().ok()?;
    (!addresses.is_empty() && plain(&addresses)).then(|| addresses.into_owned())
}

/// What a message shows of an international number with separators, and perhaps an extension
/// (RFC 3966), such as `+886-2-2345-6789;ext=12`.
fn number_shown(text: &str) -> Option<String> {
    let (number, extension) = text.split_once(";ext=").map_or((text, None), |(n, e)| (n, Some(e)));
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let digits = number.strip_prefix('+')?.replace(['-', '.', '(', ')'], "");
    let valid = is_digits(&digits)
        && DIGITS.contains(&digits.len())
        && extension.is_none_or(|extension| !extension.is_empty() && is_digits(extension));
    let extension = extension.map(|extension| format!(" #{extension}")).unwrap_or_default();
    valid.then(|| format!("{number}{extension}"))
}
