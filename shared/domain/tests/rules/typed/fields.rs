//! What each field folds, drops and refuses.

use domain::typed::{Field, clean};

/// Cleans each text of a table and compares the outcome.
fn check(field: Field, table: &[(&str, Option<&str>)]) {
    for (typed, expected) in table {
        assert_eq!(clean(field, typed).as_deref(), *expected, "{field:?} {typed:?}");
    }
}

#[test]
fn nothing_visible_is_left_of_blank_text_in_any_field() {
    #[rustfmt::skip]
    let blank = [
        "", " ", "\t", "\r\n", "\u{a0}", "\u{3000}", "\u{2003}", "\u{200b}", "\u{200b} \u{200b}", "\u{200c}\u{200d}", "\u{200e}\u{200f}", "\u{ad}", "\u{feff}", "\u{2060}",
        "\u{115f}", "\u{1160}", "\u{3164}", "\u{ffa0}", "\u{2800}", "\u{2800}\u{2800}", "\u{34f}", "\u{61c}", "\u{180e}", "\u{17b4}", "\u{fe0f}", "\u{e0001}", "\u{e0061}\u{e007f}",
        "\u{e0100}", "\u{1d159}", "\u{1d173}", "\u{fff9}\u{fffb}", "\u{16fe4}",
    ];
    for field in Field::ALL {
        for text in blank {
            assert_eq!(clean(*field, text), None, "{field:?} {text:?}");
        }
    }
}

#[test]
fn a_user_id_loses_what_cannot_be_seen_and_keeps_its_letters() {
    #[rustfmt::skip]
    check(Field::UserId, &[
        ("Ann@Example.com", Some("Ann@Example.com")), ("\u{202a}ann\u{202c}\u{200b}\n", Some("ann")), ("\u{200b}\u{a0}ann\u{a0}\u{200b}", Some("ann")), ("a\u{ad}n\u{e0041}n\u{fe0f}", Some("ann")),
        ("o’malley", Some("o'malley")), ("“ann”", Some("\"ann\"")), ("a—b…", Some("a--b...")), ("an\nn", None), ("\0ann", None), ("ann\u{9b}", None), ("ann\u{2028}x", None),
        ("a n", Some("a n")), ("ß", Some("ß")), ("١٢٣", Some("١٢٣")),
    ]);
}

#[test]
fn a_temporary_password_is_read_as_dictated() {
    #[rustfmt::skip]
    check(Field::TemporaryPassword, &[
        ("k7mw-x2pd-9qfh-t4vb-h3ks", Some("k7mwx2pd9qfht4vbh3ks")), ("K7MW X2PD 9QFH T4VB H3KS ", Some("k7mwx2pd9qfht4vbh3ks")), ("k7mw – x2pd\u{2011}9qfh\u{ad}t4vb\r\nh3ks", Some("k7mwx2pd9qfht4vbh3ks")),
        ("ｋ７ｍｗ－ｘ２ｐｄ", Some("k7mwx2pd")), ("k٧mw", Some("k7mw")), ("k7mw.", Some("k7mw.")), ("k7mw_x", Some("k7mw_x")),
    ]);
}

#[test]
fn a_term_and_a_link_keep_their_inner_text() {
    check(
        Field::Term,
        &[
            (" zeppe\u{200b}lin ", Some("zeppelin")),
            ("two  words", Some("two  words")),
            ("e\u{301}te\u{301}s", Some("étés")),
            ("zepp\u{0}elin", None),
        ],
    );
    check(
        Field::HelpDesk,
        &[
            (" https://help.example.com/\u{200b}\n", Some("https://help.example.com/")),
            ("mailto:help@example.com", Some("mailto:help@example.com")),
            ("https://help.example.com/\u{1b}x", None),
        ],
    );
}

#[test]
fn a_search_ignores_width_case_marks_and_what_cannot_be_seen() {
    #[rustfmt::skip]
    check(Field::Search, &[
        ("O’MALLEY", Some("o'malley")), ("O´Malley", Some("o'malley")), ("ＡＮＮ", Some("ann")), ("a\u{200d}n\u{ad}n", Some("ann")), ("ann  Béa", Some("ann  béa")), ("Anne\u{2011}Marie", Some("anne-marie")),
        ("\u{202e}", None), ("a\u{0}b", None),
    ]);
}
