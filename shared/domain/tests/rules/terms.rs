//! The organisation's banned terms: the rules for the list, and how a password is scored
//! against it.

use crate::account;
use crate::password::judge;
use domain::error::{Violation, ViolationCode};
use domain::password::terms::{LEAST_POINTS, MAX_TERMS, Terms};
use domain::policy::Policy;
use proptest::prelude::*;

fn parse<T: AsRef<str>>(list: &[T]) -> Result<Terms, Vec<Violation>> {
    Terms::parse(list.iter().map(|term| term.as_ref().to_owned()).collect())
}

fn terms(list: &[&str]) -> Terms {
    parse(list).expect("terms")
}

#[test]
fn a_term_has_four_to_sixteen_characters_and_is_listed_once() {
    let not_a_term =
        |place: usize| Violation::new(&format!("/terms/{place}"), ViolationCode::NotATerm);
    #[rustfmt::skip]
    let table: [(&[&str], &[usize]); 11] = [
        (&[], &[]),
        (&["acme", "sixteen letters.", "北市大學", "北部海岸觀光遊憩風景特定管理區處", "🔑🔒🗝🚪"], &[]),
        (&["abc", "seventeen letters", "", "北市大", "   abc   "], &[0, 1, 2, 3, 4]),
        (&["  acme  ", "\tacne\n"], &[]),
        (&["ac\0me", "acme\u{7}", "ac\nme"], &[0, 1, 2]),
        (&["acme", "ACME"], &[1]),
        (&["goal", "g0al", "g0@1", "G0@l"], &[1, 2, 3]),
        (&["acme", "widget", "acme ", "wid", "widget"], &[2, 3, 4]),
        // NFC: a combining accent is not a character of its own.
        (&["cafe\u{301}", "café"], &[1]),
        (&["cae\u{301}"], &[0]),
        (&["e\u{301}e\u{301}e\u{301}e\u{301}"], &[]),
    ];
    for (list, wrong) in table {
        let found = parse(list).err().unwrap_or_default();
        assert_eq!(
            found,
            wrong.iter().map(|place| not_a_term(*place)).collect::<Vec<_>>(),
            "{list:?}"
        );
    }
    assert_eq!(
        terms(&["  Acme 0ne ", "cafe\u{301}"]).written().collect::<Vec<_>>(),
        ["Acme 0ne", "café"],
        "as they were written"
    );
}

#[test]
fn a_list_has_at_most_a_thousand_terms() {
    let many = |count: usize| {
        (0..count)
            .map(|i| format!("term {i}"))
            .map(|term| term.replace('1', "i").replace('0', "z"))
            .collect::<Vec<_>>()
    };
    assert_eq!(MAX_TERMS, 1000);
    assert_eq!(parse(&many(1000)).expect("terms").written().count(), 1000);
    assert_eq!(parse(&many(1001)).err(), Some(vec![Violation::out_of_range("/terms", 0, 1000)]));
}

#[test]
fn a_list_is_stored_as_written_and_read_strictly() {
    let stored = serde_json::to_value(terms(&["Acme 0ne", "widget"])).unwrap();
    assert_eq!(stored, serde_json::json!(["Acme 0ne", "widget"]));
    assert_eq!(serde_json::from_value::<Terms>(stored).unwrap().points("acme onewidget"), 2);
    assert!(serde_json::from_value::<Terms>(serde_json::json!(["abc"])).is_err());
}

#[test]
fn a_term_is_one_point_and_so_is_each_other_character() {
    #[rustfmt::skip]
    let table: [(&[&str], &str, usize); 20] = [
        (&[], "abcdefghijklmno", 15),
        (&["contoso"], "contoso", 1), (&["contoso"], "CONTOSO", 1), (&["contoso"], "C0nt0$0", 1), (&["C0NT0S0"], "contoso", 1),
        // One typing error: a character changed, added or left out, also at either end.
        (&["contoso"], "contaso", 1), (&["contoso"], "conttoso", 1), (&["contoso"], "contso", 1), (&["contoso"], "xcontoso", 1), (&["contoso"], "contosox", 1),
        (&["contoso"], "ontoso", 1), (&["contoso"], "contos", 1),
        // Two errors are too many.
        (&["contoso"], "cantasoxyz", 10), (&["contoso"], "cnotosxyz", 9),
        // Examples from Microsoft's Entra documentation.
        (&["contoso", "blank"], "C0ntos0Blank12", 2 + 1), (&["contoso", "blank"], "ContoS0Bl@nkf9!", 2 + 2),
        // Of several divisions into terms, the one with the fewest points counts.
        (&["abcd", "cdefgh"], "abcdefgh", 2), (&["aaaa"], "aaaaaaaaaaaaaaa", 3),
        (&["台北大學"], "台北大學台北大学!!", 4),
        (&["sixteen letters."], "sixteen letters..", 1),
    ];
    for (list, text, points) in table {
        assert_eq!(terms(list).points(text), points, "{list:?} in {text:?}");
    }
}

#[test]
fn a_password_needs_five_points() {
    let terms = terms(&["zeppelinotter", "quartzviolin", "sixteenletters.x"]);
    let judge = |text: &str| judge(text, &account(), &Policy::default(), &terms);
    let refused = Some(ViolationCode::PasswordTerm);
    assert_eq!(LEAST_POINTS, 5);
    #[rustfmt::skip]
    let table = [
        ("sixteenletters.x", refused), ("sixteenletters.", refused), ("sixteenletters.xy", refused),
        ("zeppelinotterquartzviolin", refused), ("Z3ppelinotter-Qu@rtzviolin", refused),
        // Two terms and the characters that remain: four points, then five.
        ("zeppelinotter#%*quartzviolin", refused), ("zeppelinotter#%&;*quartzviolin", None),
        ("purple walrus sings bass", None),
    ];
    for (text, expected) in table {
        assert_eq!(judge(text), expected, "{text} has {} points", terms.points(text));
    }
    assert_eq!(
        (
            terms.points("zeppelinotter#%*quartzviolin"),
            terms.points("zeppelinotter#%&;*quartzviolin")
        ),
        (3, 5)
    );
}

#[test]
fn a_term_counts_as_a_common_password() {
    // The password has enough points, but an attacker who knows the term guesses it at once.
    let (text, listed) = ("quimtazzvek1234567", terms(&["Quimtazzvek"]));
    let judge = |terms: &Terms| judge(text, &account(), &Policy::default(), terms);
    assert!(listed.points(text) >= LEAST_POINTS);
    assert_eq!(
        (judge(&Terms::default()), judge(&listed)),
        (None, Some(ViolationCode::PasswordTerm))
    );
}

/// Whether two texts differ by at most one character changed, added or left
/// out.
fn within_one(a: &[char], b: &[char]) -> bool {
    let same_start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same_start..], &b[same_start..]);
    let tail = |text: &[char], from: usize| text.get(from..).map(<[char]>::to_vec);
    a == b
        || tail(a, 1) == tail(b, 1) && !a.is_empty() && !b.is_empty()
        || tail(a, 1).as_deref() == Some(b)
        || tail(b, 1).as_deref() == Some(a)
}

/// Computes the points of a text by a simple algorithm, to compare with the real one.
fn points(list: &[String], text: &str) -> usize {
    let text: Vec<char> = text.chars().collect();
    let list: Vec<Vec<char>> = list.iter().map(|term| term.chars().collect()).collect();
    let mut fewest = vec![0];
    for end in 1..=text.len() {
        let is_term = |start: &usize| list.iter().any(|term| within_one(&text[*start..end], term));
        let best = (0..end)
            .filter(|start| is_term(start) || start + 1 == end)
            .map(|start| fewest[start] + 1)
            .min();
        fewest.push(best.expect("one character at least"));
    }
    fewest[text.len()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn points_equal_a_count_piece_by_piece(list in proptest::collection::btree_set("[abc]{4,6}|[abc密]{15,16}", 0..5), text in "([abc]|密){0,24}") {
        let list: Vec<String> = list.into_iter().collect();
        let terms = parse(&list).expect("terms");
        prop_assert_eq!(terms.points(&text), points(&list, &text));
    }

    #[test]
    fn a_term_with_one_error_is_one_point(term in "[a-z]{4,16}", place in 0usize..16, other in "[a-z]", slip in 0..3) {
        let terms = terms(&[&term]);
        let mut text: Vec<char> = term.chars().collect();
        let (place, other) = (place % text.len(), other.chars().next().expect("a letter"));
        match slip {
            0 => text[place] = other,
            1 => text.insert(place, other),
            _ => drop(text.remove(place)),
        }
        prop_assert_eq!(terms.points(&text.iter().collect::<String>()), 1);
        prop_assert_eq!(terms.points(&text.iter().collect::<String>().to_uppercase().replace('O', "0").replace('A', "@")), 1);
    }
}
