//! Search: which accounts a search finds.

use crate::account;
use domain::account::{Account, Role};
use domain::directory::{Filter, FoundBy, Word};
use domain::identity::{GroupName, UserId};
use domain::kind::{Kind, MethodId};
use domain::policy::Policy;
use domain::time::{Span, Time};
use std::collections::BTreeSet;

fn named(user_id: &str, name: &str) -> Account {
    Account {
        user_id: UserId::parse(user_id).expect("a user ID"),
        name: name.to_owned(),
        ..account()
    }
}

fn search(text: &str) -> Filter {
    Filter::parse(Some(text), None).expect("a search")
}

fn words(account: &Account) -> Vec<String> {
    let word = |by: FoundBy| match by {
        FoundBy::Word(word) => Some(word.as_str().to_owned()),
        FoundBy::Group(_) => None,
    };
    account.found_by().into_iter().filter_map(word).collect()
}

#[test]
fn a_user_id_and_four_words_of_a_name_are_indexed_once_each() {
    #[rustfmt::skip]
    let table: [(&str, &str, &[&str]); 7] = [
        ("ann@example.com", "Ann Example", &["ann", "ann@example.com", "example"]),
        ("ann", "Ann ANN ａｎｎ ann", &["ann"]),
        ("mei", "陳美", &["mei", "陳美"]),
        ("mei", "陳　美玲", &["mei", "美玲", "陳"]),
        ("x", "One Two Three Four Five", &["four", "one", "three", "two", "x"]),
        ("zoe\u{308}", "Zoe\u{308} ﬁsh", &["fish", "zoë"]),
        ("x", "①②", &["12", "x"]),
    ];
    for (user_id, name, expected) in table {
        assert_eq!(words(&named(user_id, name)), expected, "{user_id} {name}");
    }
}

#[test]
fn a_word_never_outgrows_its_key() {
    // NFKC turns this one character into eighteen.
    for name in ["\u{fdfa}".repeat(128), "字".repeat(128), "a".repeat(128)] {
        let account = named(&"u".repeat(UserId::MAX_BYTES), &name);
        assert!(
            words(&account).iter().all(|word| (1..=Word::MAX_BYTES).contains(&word.len())),
            "{name}"
        );
        assert!(search(&name).fits(&account), "{name}");
        assert!(search(account.user_id.as_str()).fits(&account));
    }
}

#[test]
fn the_beginning_of_a_word_finds() {
    let ann = named("ann.b@example.com", "Ann Béatrice O'Brien");
    let mei = named("mei", "陳美玲");
    #[rustfmt::skip]
    let table = [
        (&ann, "a", true), (&ann, "ANN", true), (&ann, "ann.b@", true), (&ann, "ann.b@example.com", true), (&ann, "o'b", true), (&ann, "ＢÉ", true), (&ann, "be\u{301}a", true),
        (&ann, "brien", false), (&ann, "example", false), (&ann, "bea", false), (&ann, "annn", false), (&ann, "ann.b@example.com.tw", false),
        (&ann, "o'b ann", true), (&ann, "  ann   béatrice ", true), (&ann, "ann x", false), (&ann, "a a a", true),
        (&mei, "陳", true), (&mei, "陳美", true), (&mei, "陳美玲", true), (&mei, "美", false), (&mei, "陈", false),
    ];
    for (account, text, found) in table {
        assert_eq!(search(text).fits(account), found, "{text:?}");
    }
}

#[test]
fn look_alike_letters_find_no_other_account() {
    for (name, text) in [
        ("Istanbul", "\u{131}"),
        ("\u{131}sparta", "i"),
        ("Strasse", "straß"),
        ("Straße", "strass"),
        ("Ann", "а"),
    ] {
        assert!(!search(text).fits(&named("x", name)), "{name} by {text}");
    }
    // A search may match another Unicode character for the same letter, such as the Kelvin sign.
    assert!(search("\u{212a}el").fits(&named("x", "Kelvin")));
}

#[test]
fn an_account_found_by_several_words_is_listed_once() {
    #[rustfmt::skip]
    let table = [
        (named("ann", "Annette Anna"), "an", Some("ann")),
        (named("x", "Annette Anna"), "an", Some("anna")),
        (named("x", "Annette Anna"), "anne", Some("annette")),
        (named("zed", "Anna Zed"), "z", Some("zed")),
        (named("x", "Bob"), "an", None),
    ];
    for (account, text, expected) in table {
        let shown = search(text).shown_by(&account);
        assert_eq!(shown.as_ref().map(Word::as_str), expected, "{text}");
        assert!(
            shown.is_none_or(|word| account.found_by().contains(&FoundBy::Word(word))),
            "{text}"
        );
    }
}

#[test]
fn an_empty_filter_is_refused() {
    let long = "g".repeat(65);
    for (search, group, pointer) in [
        (Some(""), None, "/search"),
        (Some(" \u{3000}"), None, "/search"),
        (None, Some(""), "/group"),
        (None, Some(long.as_str()), "/group"),
    ] {
        let refused = Filter::parse(search, group).expect_err("a refusal");
        assert_eq!(refused.violations[0].pointer, pointer);
    }
    assert!(Filter::parse(None, None).expect("no filter").fits(&account()));
}

#[test]
fn a_group_is_found_by_its_whole_name() {
    let mut ann = named("ann", "Ann");
    ann.groups = BTreeSet::from([GroupName::parse("Staff").expect("a group")]);
    for (group, search, found) in [
        ("Staff", None, true),
        (" Staff ", None, true),
        ("staff", None, false),
        ("Sta", None, false),
        ("Staff", Some("an"), true),
        ("Staff", Some("bo"), false),
    ] {
        assert_eq!(
            Filter::parse(search, Some(group)).expect("a filter").fits(&ann),
            found,
            "{group} {search:?}"
        );
    }
}

#[test]
fn two_filters_have_two_names() {
    let filters = [
        (None, None),
        (Some("a"), None),
        (None, Some("a")),
        (Some("a b"), None),
        (Some("ab"), None),
        (Some("a"), Some("b")),
    ];
    let names: BTreeSet<String> = filters
        .iter()
        .map(|(search, group)| Filter::parse(*search, *group).expect("a filter").name())
        .collect();
    assert_eq!(names.len(), filters.len());
    assert_eq!(
        search("A  b").name(),
        search("ａ b").name(),
        "two spellings of a filter have one name"
    );
}

#[test]
fn a_method_from_before_a_required_registration_does_not_count_as_registered() {
    let policy = Policy::default();
    let mut ann = account();
    ann.methods.insert(MethodId::only(Kind::Email), crate::method(Kind::Email, 1));
    let verified = ann.methods.get(MethodId::only(Kind::Email)).expect("a method").verified_at;
    for (required, counts) in [
        (None, 1),
        (Some(verified - Span(1)), 1),
        (Some(verified), 1),
        (Some(Time(verified.0 + 1)), 0),
    ] {
        ann.registration_required_at = required;
        assert_eq!(ann.registered_kinds(&policy).len(), counts, "{required:?}");
        assert_eq!(ann.usable_kinds(&policy).len(), 1, "it still counts for a reset");
    }
    ann.registration_required_at = None;
    ann.role = Role::Administrator;
    assert_eq!(ann.registered_kinds(&policy).len(), 1);
    assert!(
        ann.registered_kinds(&Policy { methods: BTreeSet::from([Kind::MobilePhone]), ..policy })
            .is_empty()
    );
}
