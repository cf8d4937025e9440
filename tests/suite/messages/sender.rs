//! The sender of mails: its display name as a quoted string or in encoded words, read back by
//! another implementation.

use super::python::python;
use platform::settings::Settings;
use platform::settings::mail_from::MailFrom;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;

/// Reads the name and the address of each sender by Python's email package. Its newer parser,
/// `email.headerregistry`, is not used: it keeps the spaces between encoded words, which RFC 2047,
/// section 6.2, forbids.
const READER: &str = r#"
import json, sys
from email.header import decode_header, make_header
from email.utils import parseaddr
def read(sender):
    name, address = parseaddr(sender)
    return [str(make_header(decode_header(name))) if sender.startswith("=?") else name, address]
json.dump([read(sender) for sender in json.load(sys.stdin)], sys.stdout)
"#;

fn sender(text: &str) -> Option<String> {
    MailFrom::parse(text).map(|sender| sender.as_str().to_owned())
}

#[test]
fn a_sender_is_an_address_with_or_without_a_name() {
    let address = "no-reply@example.com";
    #[rustfmt::skip]
    let table = [
        ("no-reply@example.com", "no-reply@example.com"),
        (" no-reply@Example.COM ", "no-reply@example.com"),
        ("<no-reply@example.com>", "no-reply@example.com"),
        ("Example <no-reply@example.com>", "\"Example\" <no-reply@example.com>"),
        ("Example<no-reply@example.com>", "\"Example\" <no-reply@example.com>"),
        ("\"Example\" <no-reply@example.com>", "\"Example\" <no-reply@example.com>"),
        ("Example, Ltd. (IT) <no-reply@example.com>", "\"Example, Ltd. (IT)\" <no-reply@example.com>"),
        ("Exam\"ple\\ <no-reply@example.com>", "\"Exam\\\"ple\\\\\" <no-reply@example.com>"),
        ("\"Exam\\\"ple\" <no-reply@example.com>", "\"Exam\\\"ple\" <no-reply@example.com>"),
        ("a@b.example <no-reply@example.com>", "\"a@b.example\" <no-reply@example.com>"),
        ("範例 <no-reply@example.com>", "=?UTF-8?B?56+E5L6L?= <no-reply@example.com>"),
        ("\"範例\" <no-reply@example.com>", "=?UTF-8?B?56+E5L6L?= <no-reply@example.com>"),
    ];
    for (given, expected) in table {
        assert_eq!(sender(given).as_deref(), Some(expected), "{given}");
    }
    let long = |n: usize| format!("{} <{address}>", "字".repeat(n));
    assert!(sender(&long(60)).is_some());
    #[rustfmt::skip]
    let refused = [
        // What SAM's parser leaves of `MailFrom=Example <no-reply@example.com>`.
        "Example", "", " ", "Example <>", "Example <no-reply>", "Example <no-reply@example.com", "no-reply@example.com>",
        "a@example.com, b@example.com", "A <a@example.com>, B <b@example.com>", "Example <a@example.com> x", "Example <服務@example.com>",
        "Exam\r\nBcc: eve@example.com\r\n <no-reply@example.com>", "Exam\0ple <no-reply@example.com>", "no-reply@example.com\r\nBcc: eve@example.com",
    ];
    for given in refused.iter().copied().map(str::to_owned).chain([long(61)]) {
        assert_eq!(sender(&given), None, "{given:?}");
    }
}

#[test]
fn a_function_does_not_start_with_a_sender_that_cannot_be_read() {
    let read = |sender: Option<&str>| {
        Settings::read(|name| match name {
            "LATCHKEY_BASE_URL" => Some("https://reset.example.com".to_owned()),
            "LATCHKEY_MAIL_FROM" => sender.map(str::to_owned),
            "LATCHKEY_TABLE" | "LATCHKEY_SECRET_ID" => Some("latchkey".to_owned()),
            _ => None,
        })
    };
    let from = read(Some("Example <no-reply@example.com>")).expect("a sender").mail_from;
    assert_eq!(from.as_str(), "\"Example\" <no-reply@example.com>");
    for wrong in [None, Some(""), Some("Example")] {
        let error = read(wrong).expect_err("no sender").to_string();
        assert!(error.contains("LATCHKEY_MAIL_FROM"), "{error}");
    }
}

#[test]
fn every_display_name_is_read_back_by_another_implementation() {
    let character = prop_oneof![
        4 => proptest::char::range(' ', '~'),
        4 => proptest::char::range('一', '鿿'),
        1 => proptest::char::range('\u{a0}', '\u{24f}'),
        1 => proptest::char::range('\u{1f300}', '\u{1f9ff}'),
        1 => Just('\u{200d}'),
        1 => any::<char>(),
    ];
    let name = vec(character, 1..=60).prop_map(|name| name.into_iter().collect::<String>());
    let mut runner = TestRunner::deterministic();
    let (mut names, mut senders) = (Vec::new(), Vec::new());
    while names.len() < 2000 {
        let name: String = name.new_tree(&mut runner).expect("a name").current();
        // A name with control characters or angle brackets is refused. White space around a name means nothing,
        // and quotes around it are those of a quoted string.
        let name = name.trim().to_owned();
        let Some(sender) = sender(&format!("{name} <no-reply@example.com>")) else {
            let refused = |c: char| c.is_control() || c == '<' || c == '>';
            assert!(name.contains(refused), "{name:?}");
            continue;
        };
        assert!(sender.is_ascii() && !sender.contains(char::is_control), "{sender}");
        for word in sender.split(' ') {
            assert!(!word.starts_with("=?") || word.len() <= 75, "{sender}");
        }
        let is_quoted = name.starts_with('"') && name.ends_with('"');
        if !(name.is_empty() || is_quoted) {
            names.push(name);
            senders.push(sender);
        }
    }
    assert!(senders.iter().filter(|sender| sender.matches("=?").count() > 2).count() > 500);
    let read = python(READER, &json!(senders));
    for (name, read) in names.iter().zip(read.as_array().expect("a list")) {
        assert_eq!(*read, json!([name, "no-reply@example.com"]));
    }
}
