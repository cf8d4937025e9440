//! Identity rules: user IDs, group names, and the destinations that codes may be sent to.

use crate::keys;
use domain::destination::Destination;
use domain::identity::{GroupName, TypedUserId, UserId};
use domain::kind::{Channel, Kind};
use proptest::prelude::*;

fn canonical(text: &str) -> Option<String> {
    UserId::parse(text).map(|id| id.as_str().to_owned())
}

#[test]
fn spellings_of_a_user_id_have_one_canonical_form() {
    #[rustfmt::skip]
    let table: &[(&str, &[&str])] = &[
        ("ann@example.com", &["Ann@Example.com", "ANN@EXAMPLE.COM", "ａｎｎ@example.com", "ＡＮＮ＠ＥＸＡＭＰＬＥ．ＣＯＭ"]),
        // NFC combines a letter and its accent into one character.
        ("zoë", &["Zoë", "zoe\u{308}", "ZOE\u{308}", "ZOË"]),
        ("王小明", &["王小明"]),
        ("δοκιμή", &["Δοκιμή", "ΔΟΚΙΜΉ"]),
        ("カタカナ", &["ｶﾀｶﾅ"]),
        // Invisible characters, which PRECIS forbids in every user ID.
        ("ann", &["\u{ff41}nn\u{200b}", "ann\u{200d}", "a\u{200c}nn", "ann\u{ad}", "\u{202e}ann", "\u{202a}ann\u{202c}", "ann\u{fe0f}", "\u{feff}a\u{2060}nn\u{e007f}"]),
        // White space at both ends.
        ("ann", &[" ann", "ann\t", "ann\n", "\u{a0}ann\u{3000}", "\u{200b} ann \u{200b}"]),
        // Typographic marks.
        ("o'malley@example.com", &["o’malley@example.com", "O‘Malley@example.com", "oʼmalley@example.com", "o´malley@example.com", "o＇malley@example.com"]),
        ("kim-lee", &["kim\u{2010}lee", "kim\u{2011}lee", "kim–lee", "kim\u{2212}lee"]),
        // A joiner that belongs to the writing of a word stays.
        ("می\u{200c}خواهم", &["می\u{200c}خواهم\u{200b}"]),
    ];
    for (id, spellings) in table {
        assert_eq!(canonical(id).as_deref(), Some(*id));
        for spelling in *spellings {
            assert_eq!(canonical(spelling).as_deref(), Some(*id), "{spelling:?}");
        }
    }
}

#[test]
fn look_alike_letters_never_become_the_plain_letter() {
    let plain = ["kelvin", "title", "strasse", "ann", "file", "admin"];
    #[rustfmt::skip]
    let table = [
        ("\u{212a}elvin", None, "the Kelvin sign is no letter of an ID"),
        ("t\u{131}tle", Some("t\u{131}tle"), "the dotless i stays one"),
        ("T\u{130}TLE", Some("ti\u{307}tle"), "the dotted capital keeps its dot"),
        ("straße", Some("straße"), "the sharp s stays one"),
        ("STRA\u{1e9e}E", Some("straße"), "and so does its capital"),
        ("\u{fb01}le", None, "a ligature is no letter of an ID"),
        ("аnn", Some("аnn"), "a Cyrillic a is another letter"),
        ("①ann", None, "no enclosed digit"),
        ("ªdmin", None, "no ordinal"),
    ];
    for (typed, expected, why) in table {
        assert_eq!(canonical(typed).as_deref(), expected, "{typed:?}: {why}");
        let handle = keys().handle(&TypedUserId::new(typed.to_owned()));
        for plain in plain {
            assert_ne!(canonical(typed).as_deref(), Some(plain), "{typed:?}");
            assert_ne!(
                handle,
                keys().handle(&TypedUserId::new(plain.to_owned())),
                "{typed:?} leads to {plain}"
            );
        }
    }
}

#[test]
fn an_invalid_user_id_is_refused() {
    let long = "a".repeat(UserId::MAX_BYTES + 1);
    for text in [
        "",
        " ",
        "ann example",
        "\u{200b}",
        "\u{3164}",
        "an\nn",
        "an\tn",
        "ann\0",
        "ann\r\nBcc: x",
        "\u{1b}[31m",
        "ann\u{a0}b",
        "ann\u{3000}b",
        "ann☺",
        ".",
        "..",
        " .. ",
        "\u{200b}.",
        "．．",
        "…/",
        "a/b",
        "a／b",
        "a？b",
        "a％2eb",
        "a＼b",
        &long,
    ] {
        assert_eq!(canonical(text), None, "{text:?}");
    }
    assert!(canonical(&"a".repeat(UserId::MAX_BYTES)).is_some());
    // A text that exceeds the limit only after folding is refused too, since the limit applies
    // to the stored form.
    let grows = "\u{ff76}".repeat(UserId::MAX_BYTES / 3) + "aaaaa";
    assert_eq!(canonical(&grows).map(|id| id.len() <= UserId::MAX_BYTES), None);
}

#[test]
fn the_form_alone_decides_which_text_is_looked_up() {
    let long = "a".repeat(UserId::MAX_BYTES);
    for typed in ["ann", " ann", "ann\n", "a b", "a/b", "..", "correct horse", "ann☺", &long] {
        assert!(!TypedUserId::new(typed.to_owned()).is_ruled_out(), "{typed:?}");
    }
    let longer = long + "a";
    for typed in
        ["", " ", "\u{3000}\u{200b}", "\u{2800}", "an\nn", "ann\0", "\u{85}a\u{9b}b", &longer]
    {
        let typed_user_id = TypedUserId::new(typed.to_owned());
        assert!(typed_user_id.is_ruled_out(), "{typed:?}");
        assert_eq!(typed_user_id.canonical(), None, "{typed:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_canonical_user_id_is_its_own_canonical_form(text in "\\PC{0,40}") {
        if let Some(id) = canonical(&text) {
            prop_assert_eq!(canonical(&id), Some(id.clone()));
            prop_assert!(!id.is_empty() && id.len() <= UserId::MAX_BYTES && !id.contains(char::is_whitespace));
        }
    }

    #[test]
    fn an_accepted_address_is_accepted_again_and_stays_one_line(text in "[ -~\r\n\u{a0}ａ字]{0,30}@[ -~\r\n]{0,20}\\.[a-z]{2,3}") {
        if let Ok(address) = Destination::parse(Channel::Mail, &text, None) {
            let stored = address.as_str();
            prop_assert!(stored.bytes().all(|b| b.is_ascii_graphic() && !b"\"\\,<>()[];: ".contains(&b)), "{:?}", stored);
            prop_assert_eq!(stored.matches('@').count(), 1);
            prop_assert_eq!(Destination::parse(Channel::Mail, stored, None).ok(), Some(address.clone()));
        }
    }
}

fn email(text: &str) -> Option<String> {
    Destination::parse(Channel::Mail, text, None).ok().map(|address| address.as_str().to_owned())
}

#[test]
fn a_mail_address_is_one_recipient() {
    #[rustfmt::skip]
    let taken = [
        ("ann@example.com", "ann@example.com"), (" ann@example.com ", "ann@example.com"), ("ann@example.com\r\n", "ann@example.com"),
        ("ａｎｎ＠example.com", "ann@example.com"), ("\u{202a}ann@example.com\u{202c}", "ann@example.com"), ("ann@exam\u{ad}ple.com", "ann@example.com"),
        ("o’neil@example.co.uk", "o'neil@example.co.uk"), ("{{7*7}}@example.com", "{{7*7}}@example.com"), ("a!b#c$d&e*f-g/h=i^j_k`l{m|n}o~@example.com", "a!b#c$d&e*f-g/h=i^j_k`l{m|n}o~@example.com"),
        // A host name in another script gets its ASCII form, as in browsers.
        ("ann@bücher.example", "ann@xn--bcher-kva.example"), ("ann@BU\u{308}CHER.example", "ann@xn--bcher-kva.example"), ("ann@例え.jp", "ann@xn--r8jz45g.jp"), ("ann@example。com", "ann@example.com"),
        ("ann@faß.example", "ann@xn--fa-hia.example"), ("an\u{200d}n@exam\u{200c}ple.com", "ann@example.com"), ("ann@क्\u{200d}ष.com", "ann@xn--11b2ezcw70k.com"), ("ann@می\u{200c}خواهم.com", "ann@xn--mgbn2ecje63gr19l.com"), ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"), ("ann@r3---sn.example.com", "ann@r3---sn.example.com"), ("ann@3m.com", "ann@3m.com"),
        ("Ann.Example+tag@EXAMPLE.Com", "Ann.Example+tag@example.com"), ("o'neil@example.co.uk", "o'neil@example.co.uk"), ("a@b.example.com", "a@b.example.com"),
    ];
    for (typed, stored) in taken {
        assert_eq!(email(typed).as_deref(), Some(stored), "{typed:?}");
    }
    let long = format!("{}@example.com", "a".repeat(65));
    let longer = format!("ann@{}.com", "a.".repeat(130));
    #[rustfmt::skip]
    let refused = [
        "", "ann", "@example.com", "ann@", "ann@example", "ann@localhost", "ann@@example.com", "ann@example.com@example.com", &long, &longer,
        // Tries to inject headers, address lists, display names, comments and source routes.
        "ann@example.com\r\nBcc: eve@example.com", "ann@example.com\nBcc:eve@example.com", "ann\r\n@example.com", "ann@example.com\0",
        "ann@example.com,eve@example.com", "ann@example.com, eve@example.com", "ann@example.com;eve@example.com", "ann@example.com eve@example.com", "ann,eve@example.com",
        "Ann <ann@example.com>", "<ann@example.com>", "\"Ann\" <ann@example.com>", "\"ann\"@example.com", "\"ann@eve\"@example.com", "ann\\@example.com",
        "(comment)ann@example.com", "ann(comment)@example.com", "@relay.example.com:ann@example.com", "mailto:ann@example.com", "friends:ann@example.com;",
        "ann@[127.0.0.1]", "ann@[IPv6:::1]", "ann@example..com", ".ann@example.com", "ann.@example.com", "a..b@example.com", "ann@-example.com", "ann@example-.com",
        // Letters before the @ that need SMTPUTF8.
        "änn@example.com", "a\u{308}nn@example.com", "王@example.com", "ann\u{131}@example.com",
        // A host name has letters, digits and inner hyphens, and its last label is not a number.
        "ann@192.168.0.1", "ann@example.1", "ann@1.2", "ann@exa!mple.com", "ann@exa_mple.com", "ann@example.com%20", "ann@example.com?subject=x", "ann@example.com#x", "ann@example.com/", "ann@example.com:25",
        "ann@example.com.", "ann@.example.com", "ann@xn--a.example", "ann@xn--.example", "ann@example.com\u{200b}\u{2028}x", "ann@exam ple.com", "ann@ex\u{a0}ample.com",
        // What a copied link brings along.
        "ann?subject=x@example.com", "ann%20@example.com", "ann%40example.com", "an\u{a0}n@example.com",
        "<a href=x>@example.com", "a b@example.com", "ann @example.com",
    ];
    for typed in refused {
        assert_eq!(email(typed), None, "{typed:?}");
    }
}

fn phone(text: &str) -> Option<String> {
    Destination::parse(Channel::Sms, text, None).ok().map(|number| number.as_str().to_owned())
}

#[test]
fn a_phone_number_is_valid_and_written_in_one_way() {
    #[rustfmt::skip]
    let taken = [
        ("+61 491 570 156", "+61491570156"), ("+61491570156", "+61491570156"), ("+61-491-570-156", "+61491570156"), (" +61 (491) 570 156 ", "+61491570156"),
        ("+886 912 345 678", "+886912345678"), ("+1 202 555 0123", "+12025550123"), ("+886 (0)912-345-678", "+886912345678"), ("+44 (0) 7400 123456", "+447400123456"), ("+1 (202) 555.0123", "+12025550123"),
        // Numbers that begin with what would be a national prefix elsewhere.
        ("+2250712345678", "+2250712345678"), ("+2290197123456", "+2290197123456"), ("+242061234567", "+242061234567"), ("+39 312 345 6789", "+393123456789"),
        // Digits of other scripts, full-width signs, invisible characters, typographic dashes.
        ("＋８８６９１２９９８８８８", "+886912998888"), ("+٨٨٦٩١٢٩٩٨٨٨٨", "+886912998888"), ("+۸۸۶۹۱۲۹۹۸۸۸۸", "+886912998888"), ("+८८६९१२९९८८८८", "+886912998888"), ("＋８８６（０）９１２－９９８－８８８", "+886912998888"),
        ("\u{202d}+886 912\u{fe0d} 998 888\u{202c}", "+886912998888"), ("+886\u{a0}912‑998–888", "+886912998888"), ("\u{feff}+886912998888\r\n", "+886912998888"), ("+886 912ー998ー888", "+886912998888"),
    ];
    for (typed, stored) in taken {
        assert_eq!(phone(typed).as_deref(), Some(stored), "{typed:?}");
    }
    #[rustfmt::skip]
    let refused = [
        "", "+", "+61", "0491 570 156", "491570156", "+0061 491 570 156", "++61 491 570 156", "+61 +491 570 156", "61+491570156", "+61 491 570 156\0", "+61 491\n570 156", "+61\t491570156",
        "+1 415 2OO 1234", "+1 800 FLOWERS", "+61 491 570 156 x5", "+61 491 570 156#12", "tel:+61491570156", "+⁶¹491570156", "+六一491570156", "+61 491 570 15O", "+61*491570156", "+44 7700 900123", "+999 123 456 789", "+61 491 570 156 7890 1234", "+61 491", "112", "911",
        "+61 491 570 156 ext. 5", "+61491570156;ext=5", "+61 491 570 156,+61 491 570 157", "ann@example.com",
    ];
    for typed in refused {
        assert_eq!(phone(typed), None, "{typed:?}");
    }
}

#[test]
fn a_kind_takes_only_its_own_addresses() {
    assert_eq!(email("+61 491 570 156"), None);
    assert_eq!(phone("ann@example.com"), None);
    for kind in Kind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(*kind));
    }
    for text in ["", "Email", "phone", "sms", "mobilephone"] {
        assert_eq!(text.parse::<Kind>().ok(), None, "{text:?}");
    }
}

#[test]
fn a_mask_shows_one_letter_or_two_digits() {
    let mask =
        |channel, text| Destination::parse(channel, text, None).expect("an address").masked();
    assert_eq!(mask(Channel::Mail, "ann.private@example.com"), "a•••@example.com");
    assert_eq!(mask(Channel::Sms, "+61 491 570 156"), "•••56");
}

#[test]
fn a_group_name_is_a_line_of_one_to_sixty_four_characters() {
    let group = |text: &str| GroupName::parse(text).map(|group| group.as_str().to_owned());
    let long = "字".repeat(GroupName::MAX_CHARACTERS);
    for (text, name) in
        [("staff", "staff"), (" staff ", "staff"), ("Help Desk", "Help Desk"), (&long, &long)]
    {
        assert_eq!(group(text).as_deref(), Some(name), "{text:?}");
    }
    for text in ["", " ", "sta\nff", "sta\u{7f}ff", "\u{85}x\0", &(long.clone() + "字")] {
        assert_eq!(group(text), None, "{text:?}");
    }
}
