//! Identifiers that leave the system: challenge IDs, outbox IDs, support codes,
//! timestamps.

use crate::{BEGIN, challenge};
use domain::audit::SupportCode;
use domain::challenge::{ChallengeId, LedgerId};
use domain::destination::TypedName;
use domain::kind::Kind;
use domain::outbox::{OutboxId, OutboxKind};
use domain::reset::ResetId;
use domain::time::{Span, Time};
use proptest::prelude::*;
use std::collections::HashSet;

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Email), Just(Kind::MobilePhone)]
}

fn typed() -> impl Strategy<Value = Option<TypedName>> {
    prop::option::of(any::<[u8; 12]>().prop_map(TypedName))
}

fn ledger() -> impl Strategy<Value = LedgerId> {
    prop_oneof![
        Just(LedgerId::Registration),
        Just(LedgerId::Devices),
        (kind(), typed()).prop_map(|(kind, typed)| LedgerId::Reset { kind, typed }),
    ]
}

fn challenge_id() -> impl Strategy<Value = ChallengeId> {
    let place = (kind(), 0..3u8, typed(), 0..4u8);
    (any::<u16>(), place, 6..=8u8, any::<i64>(), any::<[u8; 16]>()).prop_map(
        |(kid, (kind, slot, typed, ledger), digits, expires, random)| {
            let ledger = match ledger {
                0 => LedgerId::Registration,
                1 => LedgerId::Devices,
                2 => LedgerId::Reset { kind, typed: None },
                _ => LedgerId::Reset { kind, typed },
            };
            ChallengeId { kid, kind, digits, expires: Time(expires), ledger, slot, typed, random }
        },
    )
}

fn outbox_kind() -> impl Strategy<Value = OutboxKind> {
    prop_oneof![
        (ledger(), prop::option::of("[A-Za-z0-9_-]{22}"))
            .prop_map(|(ledger, reset)| OutboxKind::Code(ledger, reset.map(ResetId))),
        Just(OutboxKind::Notice),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_ledger_is_read_as_it_was_written(ledger in ledger()) {
        prop_assert_eq!(LedgerId::parse(&ledger.to_string()), Some(ledger));
    }

    #[test]
    fn a_challenge_id_is_read_as_it_was_written(id in challenge_id()) {
        let text = id.to_string();
        prop_assert_eq!(ChallengeId::parse(&text), Some(id.clone()));
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "it fits in a path");
        let json = serde_json::to_string(&id).unwrap();
        prop_assert_eq!(serde_json::from_str::<ChallengeId>(&json).unwrap(), id);
    }

    #[test]
    fn a_challenge_has_one_spelling(text in "[A-Za-z0-9_-]{59}") {
        prop_assert!(ChallengeId::parse(&text).is_none_or(|id| id.to_string() == text));
        // The same text after a valid prefix.
        let text = format!("AQABAA{}", &text[6..]);
        prop_assert!(ChallengeId::parse(&text).is_none_or(|id| id.to_string() == text));
    }

    #[test]
    fn garbage_is_no_identifier(text in "\\PC{0,60}") {
        prop_assert_eq!(ChallengeId::parse(&text), None);
        prop_assert!(OutboxId::parse(&text).is_none_or(|id| OutboxId::parse(&id.to_string()) == Some(id)));
    }

    #[test]
    fn an_outbox_id_is_read_as_it_was_written(at in 0..4_000_000_000_000i64, what in outbox_kind(), random in "[A-Za-z0-9_-]{12}") {
        let id = OutboxId { at: Time(at), what, random };
        prop_assert_eq!(OutboxId::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn outbox_ids_sort_by_time(a in 0..4_000_000_000_000i64, b in 0..4_000_000_000_000i64) {
        let text = |at| OutboxId { at: Time(at), what: OutboxKind::Notice, random: "r".into() }.to_string();
        prop_assert_eq!(text(a).cmp(&text(b)), a.cmp(&b));
    }

    #[test]
    fn a_support_code_is_two_groups_that_can_be_read_aloud(id in "\\PC{0,40}") {
        let code = SupportCode::of(&id);
        let (first, second) = code.as_str().split_once('-').expect("two groups");
        for group in [first, second] {
            prop_assert_eq!(group.len(), 5);
            prop_assert!(group.chars().all(|c| "0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(c)), "{}", code.as_str());
        }
        prop_assert_eq!(&code, &SupportCode::of(&id));
    }
}

#[test]
fn a_malformed_challenge_id_is_refused() {
    let good = challenge(Kind::Email, 7, BEGIN).to_bytes();
    let text = |bytes: &[u8]| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    };
    assert!(ChallengeId::parse(&text(&good)).is_some());
    let with = |place: usize, value: u8| {
        let mut bytes = good;
        bytes[place] = value;
        text(&bytes)
    };
    #[rustfmt::skip]
    let refused = [
        ("nothing", String::new()), ("another version", with(0, 2)), ("no such kind", with(3, u8::MAX)), ("five digits", with(4, 5)), ("nine digits", with(4, 9)),
        ("a byte less", text(&good[1..])), ("a byte more", text(&[&good[..], &[0]].concat())),
        ("padding", text(&good) + "="), ("a space", text(&good) + " "), ("a line", text(&good) + "\n"),
    ];
    for (what, text) in refused {
        assert_eq!(ChallengeId::parse(&text), None, "{what}");
    }
}

#[test]
fn a_malformed_outbox_id_is_refused() {
    for text in [
        "",
        ".",
        "...",
        "1795424400000",
        "1795424400000.code.-.r",
        "x.notice.-.r",
        "1795424400000.reset.-",
        "1795424400000.notice.-.r.s",
    ] {
        assert_eq!(OutboxId::parse(text), None, "{text:?}");
    }
}

#[test]
fn support_codes_of_ten_thousand_requests_differ() {
    let codes: HashSet<String> =
        (0..10_000).map(|n| SupportCode::of(&format!("request {n}")).as_str().to_owned()).collect();
    assert_eq!(codes.len(), 10_000);
}

#[test]
fn instants_are_written_in_utc_with_milliseconds() {
    #[rustfmt::skip]
    let table = [
        (BEGIN, "2026-11-23T09:00:00.000Z", "2026-11-23"),
        (BEGIN + Span::hours(15) - Span(1), "2026-11-23T23:59:59.999Z", "2026-11-23"),
        (BEGIN + Span::hours(15), "2026-11-24T00:00:00.000Z", "2026-11-24"),
        (Time(0), "1970-01-01T00:00:00.000Z", "1970-01-01"),
        (Time(-1), "1969-12-31T23:59:59.999Z", "1969-12-31"),
    ];
    for (time, text, day) in table {
        assert_eq!((time.to_string().as_str(), time.day().as_str()), (text, day));
    }
}

#[test]
fn the_stated_wait_is_never_too_short() {
    for (ms, seconds) in [
        (0, 0),
        (1, 1),
        (999, 1),
        (1000, 1),
        (1001, 2),
        (86_400_000, 86_400),
        (-1, 0),
        (i64::MIN, 0),
        (i64::MAX, u32::MAX),
    ] {
        assert_eq!(Span(ms).whole_seconds(), seconds, "{ms} ms");
    }
    // DynamoDB's time to live never deletes an item before it expires.
    for (ms, seconds) in [(0, 0), (1, 1), (1000, 1), (1001, 2), (-999, 0)] {
        assert_eq!(Time(ms).epoch_seconds(), seconds, "{ms} ms");
    }
    assert_eq!(Span::days(1), Span::hours(24));
    assert_eq!(Span::hours(1), Span::minutes(60));
    assert_eq!(Span::minutes(1), Span::seconds(60));
    assert_eq!(BEGIN + Span::seconds(90) - BEGIN, Span(90_000));
}
