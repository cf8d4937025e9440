//! The classes of characters over all of Unicode, compared with the tables of other crates.

use domain::identity::UserId;
use domain::typed::class::{Class, is_visible};
use domain::typed::{Field, clean};
use precis_core::profile::PrecisFastInvocation;
use precis_profiles::UsernameCaseMapped;
use regex::Regex;

/// The joiners, which PRECIS allows in some scripts and cleaning therefore keeps.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

fn all() -> impl Iterator<Item = char> {
    '\0'..=char::MAX
}

/// The characters that the tables of the crate `regex` know. Those of cleaning are newer.
fn assigned() -> impl Iterator<Item = char> {
    let unassigned = class(r"(?s:\p{Cn})");
    all().filter(move |c| !unassigned(*c))
}

/// Whether one character matches a pattern.
fn class(pattern: &str) -> impl Fn(char) -> bool {
    let regex = Regex::new(&format!("^{pattern}$")).expect("a pattern");
    move |c| regex.is_match(c.encode_utf8(&mut [0; 4]))
}

#[test]
fn every_invisible_character_is_dropped_from_a_user_id_and_none_can_be_in_one() {
    let is_invisible = class(r"(?s:\p{Default_Ignorable_Code_Point})");
    let mut found = 0;
    for c in all().filter(|c| is_invisible(*c) && !JOINERS.contains(c)) {
        found += 1;
        let text = format!("a{c}b");
        assert_eq!(clean(Field::UserId, &text).as_deref(), Some("ab"), "{c:?}");
        // No user ID has it, so the dropped character cannot tell two accounts apart.
        assert!(UsernameCaseMapped::enforce(&*text).is_err(), "{c:?}");
        assert_eq!(UserId::parse(&text), UserId::parse("ab"), "{c:?}");
    }
    assert!(found > 4_000, "{found}");
}

#[test]
fn white_space_around_a_user_id_is_dropped_and_none_can_be_in_one() {
    for c in all().filter(|c| c.is_whitespace()) {
        assert_eq!(UserId::parse(&format!("{c}ann{c}")), UserId::parse("ann"), "{c:?}");
        assert_eq!(UserId::parse(&format!("a{c}nn")), None, "{c:?}");
    }
}

#[test]
fn control_characters_are_refused_wherever_the_table_says_so() {
    for c in all().filter(|c| c.is_control()) {
        for field in Field::ALL.iter().filter(|f| f.rule().refuses.contains(&Class::Control)) {
            assert_eq!(clean(*field, &format!("a{c}b")), None, "{field:?} {c:?}");
        }
    }
}

#[test]
fn digits_of_every_script_are_read_and_no_other_character_becomes_one() {
    let is_digit = class(r"\p{Nd}");
    let mut scripts = 0;
    for c in assigned() {
        let cleaned = clean(Field::Code, &format!("{c}1"));
        match cleaned.as_deref().and_then(|text| text.strip_suffix('1')) {
            Some(digit) if digit.len() == 1 && digit.as_bytes()[0].is_ascii_digit() => {
                assert!(is_digit(c), "{c:?} was read as {digit}");
                scripts += usize::from(digit == "0");
            }
            _ => assert!(!is_digit(c), "{c:?} is a digit"),
        }
    }
    assert!(scripts >= 70, "{scripts}");
    for zero in ['0', '٠', '۰', '०', '০', '๐', '０', '𝟎', '𝟘', '𝟢', '𝟬', '𝟶', '🯰']
    {
        let digits: String = (0..10).filter_map(|n| char::from_u32(zero as u32 + n)).collect();
        assert_eq!(clean(Field::Code, &digits).as_deref(), Some("0123456789"), "{zero}");
    }
}

#[test]
fn a_character_without_ink_is_not_visible() {
    let unseen = class(
        r"(?s:[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Cc}\x{2800}\x{fff9}-\x{fffb}\x{16fe4}\x{1d159}])",
    );
    for c in all() {
        assert_eq!(is_visible(c), !unseen(c), "{c:?}");
    }
}

#[test]
fn every_dash_may_stand_in_a_number_a_code_and_a_temporary_password() {
    let is_dash = class(r"\p{Dash}");
    for c in all().filter(|c| is_dash(*c)) {
        assert_eq!(clean(Field::Code, &format!("1{c}2")).as_deref(), Some("12"), "{c:?}");
        assert_eq!(clean(Field::Phone, &format!("+1{c}2")).as_deref(), Some("+12"), "{c:?}");
    }
}
