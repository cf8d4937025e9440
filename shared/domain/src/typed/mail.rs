//! Mail addresses that name one mailbox on one host.
//!
//! The part before the `@` is a dot-atom (RFC 5321 4.1.2): no quotes, comments, lists or
//! display names, so that an address can inject no header and no second recipient. The part after
//! it is a host name.

use crate::error::ViolationCode;
use crate::typed::{Field, JOINERS, clean};
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// The longest mail address, in bytes (RFC 5321 4.5.3.1.3).
const LONGEST: usize = 254;
/// The longest part before the `@`, in bytes (RFC 5321 4.5.3.1.1).
const LONGEST_MAILBOX: usize = 64;

/// Reads a mail address. The host name becomes lower case, and a host name in another script its
/// ASCII form, as in browsers (UTS 46).
///
/// # Errors
/// `mailboxNotAscii` for letters before the `@` that need SMTPUTF8, which Amazon SES does not
/// support; `notAnAddress` for other text.
pub fn read(text: &str) -> Result<String, ViolationCode> {
    let cleaned = clean(Field::MailAddress, text).ok_or(ViolationCode::NotAnAddress)?;
    let (mailbox, host) = cleaned.rsplit_once('@').ok_or(ViolationCode::NotAnAddress)?;
    // A joiner stays where IDNA allows it. No other host name and no mailbox has one.
    let host = host_name(host).or_else(|| host_name(&host.replace(JOINERS, "")));
    let host = host.ok_or(ViolationCode::NotAnAddress)?;
    let mailbox = &mailbox.replace(JOINERS, "");
    if !is_dot_atom(mailbox) {
        return Err(ViolationCode::NotAnAddress);
    }
    if !mailbox.is_ascii() {
        return Err(ViolationCode::MailboxNotAscii);
    }
    let address = format!("{mailbox}@{host}");
    let fits = mailbox.len() <= LONGEST_MAILBOX && address.len() <= LONGEST;
    fits.then_some(address).ok_or(ViolationCode::NotAnAddress)
}

/// Whether a text is words of letters, digits and signs, with single dots between them. Letters of
/// every script count.
fn is_dot_atom(text: &str) -> bool {
    text.split('.').all(|word| !word.is_empty() && word.chars().all(is_atom))
}

/// Whether a character may stand in a word before the `@`. Two signs of RFC 5322 `atext` are left
/// out: `?` and `%` come from a copied link (`?subject=`, `%20`), not from a mail service.
fn is_atom(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || "!#$&'*+-/=^_`{|}~".contains(c),
        false => !c.is_whitespace(),
    }
}

/// The ASCII form of a host name with a domain: labels of letters, digits and inner hyphens, of
/// which the last is not a number (RFC 1123 2.1).
fn host_name(text: &str) -> Option<String> {
    let ascii = Uts46::new().to_ascii(
        text.as_bytes(),
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::Verify,
    );
    let ascii = ascii.ok()?;
    let (_, last) = ascii.rsplit_once('.')?;
    (!last.bytes().all(|b| b.is_ascii_digit())).then(|| ascii.into_owned())
}
