//! Typed text is read as independent implementations read it. `tests/typed/expect` made the
//! tables: phonenumbers, idna and precis-i18n, all in Python. Each difference is explained here.

use domain::destination::Destination;
use domain::identity::UserId;
use domain::kind::Channel;

/// Compares each row of a table (the text, and before it a country) with what `read` returns: the
/// text as it was read, or `-` if it was refused. `explained` says why a row may differ.
fn compare(
    table: &str,
    read: impl Fn(&str, Option<&str>) -> Option<String>,
    explained: impl Fn(&str, &str) -> Option<&'static str>,
) -> usize {
    let mut rows = 0;
    for line in table.lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let (country, text, expected) = match parts[..] {
            [text, expected] => (None, text, expected),
            [country, text, expected] => (Some(country), text, expected),
            _ => panic!("{line:?}"),
        };
        let found = read(text, country).unwrap_or_else(|| "-".to_owned());
        if found != expected {
            let why = explained(text, &found);
            assert!(why.is_some(), "{country:?} {text:?}: found {found:?}, expected {expected:?}");
        }
        rows += 1;
    }
    rows
}

/// A number in E.164, and its country.
fn number(text: &str, country: Option<&str>) -> Option<String> {
    let number = Destination::parse(Channel::Sms, text, country).ok()?;
    Some(format!("{} {}", number.as_str(), number.country()?))
}

#[test]
fn phone_numbers_are_read_as_phonenumbers_reads_them() {
    let explained = |text: &str, found: &str| {
        // Colombia's national prefix is `0`, in some calls followed by the digit of a carrier.
        // libphonenumber always takes the digit off too, so that no number remains.
        let prefix = text.strip_prefix("+570").is_some_and(|rest| found == format!("+57{rest} CO"));
        prefix.then_some("the plain national prefix is tried first")
    };
    assert!(compare(include_str!("agree/phones.tsv"), number, explained) > 10_000);
    assert!(compare(include_str!("agree/dialled.tsv"), number, |_, _| None) > 2_000);
}

#[test]
fn host_names_are_read_as_idna_reads_them() {
    let host = |text: &str, _: Option<&str>| {
        let address = Destination::parse(Channel::Mail, &format!("a@{text}"), None).ok()?;
        address.as_str().strip_prefix("a@").map(str::to_owned)
    };
    let explained = |text: &str, _: &str| {
        text.contains('☕').then_some("UTS 46, as browsers: symbols are valid")
    };
    assert!(compare(include_str!("agree/hosts.tsv"), host, explained) > 400);
}

#[test]
fn user_ids_are_read_as_precis_i18n_reads_them() {
    let user_id = |text: &str, _: Option<&str>| Some(UserId::parse(text)?.as_str().to_owned());
    let explained = |text: &str, found: &str| match text {
        "." | ".." if found == "-" => Some("an ID is one segment of a path"),
        _ if text.contains(['Ꭰ', 'ꭰ']) && found == "-" => {
            Some("RFC 8264 section 7: enforcing it again would change it")
        }
        _ if text.trim() != text => Some("white space around it is dropped"),
        _ if text.contains("a\u{200d}b") => Some("a joiner that PRECIS forbids is dropped"),
        _ => None,
    };
    assert!(compare(include_str!("agree/user_ids.tsv"), user_id, explained) == 2_000);
}
