//! Which passwords are taken.

use domain::error::{Violation, ViolationCode};
use domain::password::{MAX_LENGTH, Password, temporary};
use domain::policy::Policy;
use domain::secret::{ExposeSecret, SecretString};
use proptest::prelude::*;

fn password(text: &str) -> Password {
    Password::new(&SecretString::from(text))
}

/// Why a new password is refused.
fn check(text: &str) -> Option<ViolationCode> {
    let found = password(text).violations(&Policy::default(), "/newPassword");
    assert!(found.len() <= 1 && found.iter().all(|v| v.pointer == "/newPassword"));
    found.first().map(|v| v.code)
}

#[test]
fn length_is_counted_in_code_points() {
    use ViolationCode::PasswordLength;
    #[rustfmt::skip]
    let table = [
        ("nothing", String::new(), Some(PasswordLength)),
        ("14", "a".repeat(14), Some(PasswordLength)),
        ("15", "a".repeat(15), None),
        ("256", "a".repeat(256), None),
        ("257", "a".repeat(257), Some(PasswordLength)),
        ("14 of two bytes each", "é".repeat(14), Some(PasswordLength)),
        ("15 ideographs", "密".repeat(15), None),
        ("64 emoji, 256 bytes", "🔑".repeat(64), None),
        ("256 emoji, 1,024 bytes", "🔑".repeat(256), None),
        ("257 emoji", "🔑".repeat(257), Some(PasswordLength)),
        // NFC comes first: a letter and its accent are one.
        ("14 composed of 28", "e\u{301}".repeat(14), Some(PasswordLength)),
        ("256 composed of 512", "e\u{301}".repeat(256), None),
    ];
    for (what, text, expected) in table {
        assert_eq!(check(&text), expected, "{what}");
    }
}

#[test]
fn a_refusal_says_how_long_it_must_be() {
    let mut policy = Policy::default();
    policy.password.minimum_length = 20;
    let found = password(&"a".repeat(19)).violations(&policy, "/newPassword");
    let expected = Violation { min: Some(20), max: Some(256), ..Violation::new("/newPassword", ViolationCode::PasswordLength) };
    assert_eq!(found, vec![expected]);
    assert_eq!(password(&"a".repeat(20)).violations(&policy, "/newPassword"), vec![]);
}

#[test]
fn any_printing_character_and_no_rule_of_composition() {
    let ascii: String = (' '..='~').collect();
    #[rustfmt::skip]
    let taken = [&ascii, "               ", "aaaaaaaaaaaaaaaa", "correct horse battery", "ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯ", "正確的馬電池釘書針正確的馬電池", "\"'<>&;--/*%00 {{7*7}}", "👩‍👩‍👧‍👦 family of four"];
    for text in taken {
        assert_eq!(check(text), None, "{text:?}");
    }
    for control in ['\0', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9f}'] {
        let text = format!("fifteen and {control} more");
        assert_eq!(check(&text), Some(ViolationCode::PasswordControl), "{control:?}");
    }
}

#[test]
fn nothing_is_shortened_folded_or_trimmed() {
    let bytes = |text: &str| password(text).expose().to_vec();
    for text in ["Ends With A Space ", " begins with one", "CaseMatters", &"a".repeat(300), "x..\0y", "ﬁ", "①", "Ａ"] {
        assert_eq!(bytes(text), text.as_bytes(), "{text:?}");
    }
    assert_eq!(bytes("Zoe\u{308}"), "Zoë".as_bytes(), "NFC: two ways to type one letter");
    assert_eq!(bytes("\u{212b}"), "Å".as_bytes());
}

#[test]
fn longer_than_any_account_can_have_is_known_before_the_hash() {
    assert!(!password(&"a".repeat(MAX_LENGTH)).is_too_long());
    assert!(password(&"a".repeat(MAX_LENGTH + 1)).is_too_long());
    assert!(!password(&"🔑".repeat(MAX_LENGTH)).is_too_long());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_temporary_password_can_be_read_aloud_and_is_taken(random: [u8; 20]) {
        let secret = temporary(random);
        let text = secret.expose_secret();
        let groups: Vec<&str> = text.split('-').collect();
        prop_assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), vec![4; 5]);
        prop_assert!(groups.concat().chars().all(|c| "abcdefghjkmnpqrstuvwxyz23456789".contains(c)), "{}", text);
        prop_assert_eq!(check(text), None);
    }
}

#[test]
fn a_temporary_password_uses_every_symbol_and_every_byte() {
    let all: std::collections::BTreeSet<char> =
        (0..=255u8).flat_map(|byte| temporary([byte; 20]).expose_secret().chars().collect::<Vec<_>>()).filter(|c| *c != '-').collect();
    assert_eq!(all.len(), 31);
    let base = temporary([0; 20]).expose_secret().to_owned();
    for place in 0..20 {
        let mut random = [0; 20];
        random[place] = 1;
        assert_ne!(temporary(random).expose_secret(), base, "byte {place}");
    }
}
