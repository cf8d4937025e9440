//! Mobile phone numbers, read by the metadata of Google's libphonenumber.
//!
//! Only the metadata of the crate `phonenumber` is used. Its parser strips the national prefix of
//! a country from numbers that begin with it (rust-phonenumber issue 81: it refuses
//! `+2250712345678`), turns letters into digits, and loses leading zeros; its patterns match the
//! beginning of a number. Here the digits stay as they were typed, and a pattern matches all of
//! them. If they are valid without a national prefix taken off, none is.

use crate::error::ViolationCode;
use crate::typed::{Field, clean};
use phonenumber::metadata::{DATABASE, Descriptor, Descriptors, Format, Metadata};
use regex::Regex;
use std::sync::PoisonError;

/// The identifier of numbers that belong to no country, such as those of satellite phones.
const NO_COUNTRY: &str = "001";
/// The prefix before a country code that the ITU recommends (E.164). Some countries have others.
const INTERNATIONAL_PREFIX: &str = "00";
/// The longest country code, in digits.
const COUNTRY_CODE: usize = 3;

/// A country with phone numbers.
#[derive(Clone, Copy)]
pub struct Country(&'static Metadata);

impl Country {
    /// The country with an ISO 3166 code in capitals; `None` if there is none, or it has no phone
    /// numbers.
    pub fn of(code: &str) -> Option<Country> {
        DATABASE.by_id(code).filter(|_| code != NO_COUNTRY).map(Country)
    }
}

/// Reads a mobile number, and returns it in E.164. It has a country code after `+`, or is written
/// as it is dialled in `country`.
///
/// # Errors
/// `countryCodeMissing` for a number without both; `notAPhoneNumber` for other text, and for
/// numbers that cannot receive SMS.
pub fn read(text: &str, country: Option<Country>) -> Result<String, ViolationCode> {
    let cleaned = clean(Field::Phone, text).ok_or(ViolationCode::NotAPhoneNumber)?;
    let are_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let found = match (cleaned.strip_prefix('+'), country) {
        (Some(digits), _) if are_digits(digits) => international(digits),
        (None, Some(country)) if are_digits(&cleaned) => dialled_in(country, &cleaned),
        (None, None) if are_digits(&cleaned) => return Err(ViolationCode::CountryCodeMissing),
        (Some(_) | None, _) => None,
    };
    found.ok_or(ViolationCode::NotAPhoneNumber)
}

/// Reads a number that begins with its country code.
fn international(digits: &str) -> Option<String> {
    let (code, national) = split(digits)?;
    let main = *DATABASE.by_code(&code)?.first()?;
    mobile(main, national)
}

/// Reads a number as it is dialled in a country: in the national format, or with a country code
/// after the international prefix or without one.
fn dialled_in(Country(meta): Country, digits: &str) -> Option<String> {
    let own = meta.international_prefix().and_then(|prefix| beginning(prefix.as_str(), digits));
    let after_prefix = own.or_else(|| digits.strip_prefix(INTERNATIONAL_PREFIX));
    mobile(meta, digits)
        .or_else(|| international(after_prefix?))
        .or_else(|| mobile(meta, digits.strip_prefix(&meta.country_code().to_string())?))
}

/// Splits a number at the end of its country code.
fn split(digits: &str) -> Option<(u16, &str)> {
    (1..=COUNTRY_CODE).find_map(|length| {
        let (code, national) = digits.split_at_checked(length)?;
        let code = code.parse().ok()?;
        DATABASE.by_code(&code).map(|_| (code, national))
    })
}

/// The number in E.164, if it can receive SMS with or without the country's national prefix.
fn mobile(meta: &Metadata, digits: &str) -> Option<String> {
    let code = meta.country_code();
    let plain = meta.national_prefix().and_then(|prefix| digits.strip_prefix(prefix));
    let candidates = [Some(digits.into()), plain.map(str::to_owned), without_prefix(meta, digits)];
    let found = candidates.into_iter().flatten().find(|national| {
        region(code, national).is_some_and(|meta| takes_sms(meta.descriptors(), national))
    });
    found.map(|national| format!("+{code}{national}"))
}

/// Takes the national prefix and the number of a carrier off a number, as the country's rule says.
/// In some countries this adds an area code.
fn without_prefix(meta: &Metadata, digits: &str) -> Option<String> {
    let prefix = meta.national_prefix_for_parsing()?.as_str();
    with_regex(&format!("^(?:{prefix})"), |regex| {
        let found = regex.captures(digits)?;
        let last = (found.len() > 1).then(|| found.get(found.len() - 1)).flatten();
        match (meta.national_prefix_transform_rule(), last) {
            (Some(rule), Some(_)) => Some(regex.replace(digits, rule).into_owned()),
            (Some(_), None) | (None, _) => Some(digits[found.get(0)?.end()..].to_owned()),
        }
    })
}

/// The region that a national number belongs to. Several may share a country code.
fn region(code: u16, national: &str) -> Option<&'static Metadata> {
    let regions = DATABASE.by_code(&code)?;
    if let [only] = regions[..] {
        return Some(only);
    }
    regions.into_iter().find(|meta| match meta.leading_digits() {
        Some(pattern) => beginning(pattern.as_str(), national).is_some(),
        None => is_valid(meta.descriptors(), national),
    })
}

/// The kinds of number that cannot receive SMS, or that toll fraud uses.
fn others(all: &Descriptors) -> [Option<&Descriptor>; 8] {
    [
        all.premium_rate(),
        all.toll_free(),
        all.shared_cost(),
        all.voip(),
        all.personal_number(),
        all.pager(),
        all.uan(),
        all.voicemail(),
    ]
}

fn is_valid(all: &Descriptors, national: &str) -> bool {
    let kinds = others(all).into_iter().chain([all.fixed_line(), all.mobile()]);
    fits(all.general(), national) && kinds.flatten().any(|kind| fits(kind, national))
}

/// Whether a number can be a mobile phone. In countries that do not tell mobile numbers from
/// others (+1), every ordinary number can be one.
fn takes_sms(all: &Descriptors, national: &str) -> bool {
    fits(all.general(), national)
        && !others(all).into_iter().flatten().any(|kind| fits(kind, national))
        && all.mobile().is_some_and(|mobile| fits(mobile, national))
}

fn fits(kind: &Descriptor, national: &str) -> bool {
    let lengths = kind.possible_length();
    (lengths.is_empty() || lengths.iter().any(|length| usize::from(*length) == national.len()))
        && with_regex(&format!("^(?:{})$", kind.national_number().as_str()), |regex| {
            regex.is_match(national)
        })
}

/// The ISO 3166 code of the country of a number in E.164; `None` if it belongs to no country.
pub fn country(number: &str) -> Option<&'static str> {
    let (code, national) = split(number.strip_prefix('+')?)?;
    Some(region(code, national)?.id()).filter(|id| *id != NO_COUNTRY)
}

/// A number in E.164 with spaces between its parts, as it is written in other countries.
pub fn spaced(number: &str) -> String {
    let parts = split(number.trim_start_matches('+'));
    let Some((code, national)) = parts else { return number.to_owned() };
    let main = DATABASE.by_code(&code).and_then(|regions| regions.first().copied());
    let national = main.and_then(|meta| formatted(meta, national)).unwrap_or(national.to_owned());
    format!("+{code} {national}")
}

/// A national number in the first format that fits it.
fn formatted(meta: &Metadata, national: &str) -> Option<String> {
    let formats = match meta.international_formats() {
        [] => meta.formats(),
        formats => formats,
    };
    let begins = |format: &&Format| {
        let digits = format.leading_digits().last();
        digits.is_none_or(|digits| beginning(digits.as_str(), national).is_some())
    };
    formats.iter().filter(begins).find_map(|format| {
        with_regex(&format!("^(?:{})$", format.pattern().as_str()), |regex| {
            regex.is_match(national).then(|| regex.replace(national, format.format()).into_owned())
        })
    })
}

/// Returns what follows the beginning of a number that matches a pattern.
fn beginning<'a>(pattern: &str, digits: &'a str) -> Option<&'a str> {
    with_regex(&format!("^(?:{pattern})"), |regex| Some(&digits[regex.find(digits)?.end()..]))
}

/// Runs `work` with a compiled pattern of the metadata. The newest hundred stay compiled.
fn with_regex<T>(pattern: &str, work: impl FnOnce(&Regex) -> T) -> T {
    let cache = DATABASE.cache();
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    let regex = cache.configure(pattern, |builder| builder.ignore_whitespace(true));
    work(regex.expect("a pattern of the metadata"))
}
