//! One-time codes: evenly distributed, bound to their challenge, and with one accepted spelling.

use crate::{BEGIN, challenge, keys};
use domain::challenge::{ChallengeId, LedgerId};
use domain::code::{Code, TypedCode};
use domain::destination::TypedName;
use domain::key::Keys;
use domain::kind::Kind;
use domain::time::Span;
use std::collections::HashSet;

fn code(keys: &Keys, id: &ChallengeId) -> String {
    Code::derive(&keys.current().codes, id).reveal().to_owned()
}

/// Derives the codes of 20,000 challenges with consecutive numbers.
fn twenty_thousand() -> Vec<String> {
    let keys = keys();
    (0..20_000u128).map(|n| code(&keys, &challenge(Kind::Email, n, BEGIN))).collect()
}

fn digit(code: &str, place: usize) -> usize {
    usize::from(code.as_bytes()[place] - b'0')
}

/// Returns Pearson's chi-square statistic of the counts of equally likely values.
fn chi_square(values: usize, found: impl Iterator<Item = usize>) -> f64 {
    let mut seen = vec![0u32; values];
    found.for_each(|value| seen[value] += 1);
    let expected = f64::from(seen.iter().sum::<u32>()) / values as f64;
    seen.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum()
}

#[test]
fn a20_twenty_thousand_codes_are_spread_evenly() {
    let codes = twenty_thousand();
    assert!(codes.iter().all(|code| code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit())));
    for place in 0..8 {
        // 27.88 is the 99.9 % quantile of the chi-square distribution with 9 degrees of
        // freedom: uniform digits exceed it once in 1,000 tests.
        let found = chi_square(10, codes.iter().map(|code| digit(code, place)));
        assert!(found < 27.88, "place {place}: chi-square {found}");
    }
    assert!(codes.iter().any(|code| code.starts_with("00")), "leading zeros are kept");
    let different: HashSet<&String> = codes.iter().collect();
    // About two equal pairs are expected among 20,000 random codes; a stuck source gives
    // thousands.
    assert!(codes.len() - different.len() < 20);
}

#[test]
fn a20_a_code_does_not_predict_the_next() {
    let codes = twenty_thousand();
    let number = |code: &String| code.parse::<i64>().expect("digits");
    for lag in [1, 2, 10] {
        let pairs = || codes.iter().zip(&codes[lag..]);
        // Chi-square test of independence of each digit of a code and each digit of the later
        // code. 160.1 is the 99.99 % quantile with 99 degrees of freedom: independent uniform
        // digits exceed it once in 10,000 tests.
        for (place, later) in (0..8).flat_map(|place| (0..8).map(move |later| (place, later))) {
            let found = chi_square(
                100,
                pairs().map(|(code, next)| 10 * digit(code, place) + digit(next, later)),
            );
            assert!(found < 160.1, "places {place} and {later}, {lag} apart: chi-square {found}");
        }
        // No difference between two codes repeats often, as it would with a counter.
        let mut steps: Vec<i64> = pairs()
            .map(|(code, next)| (number(next) - number(code)).rem_euclid(100_000_000))
            .collect();
        steps.sort_unstable();
        let again = steps.windows(2).filter(|two| two[0] == two[1]).count();
        assert!(again < 20, "{again} steps come again, {lag} apart");
        let near = steps.iter().filter(|step| **step < 1000 || **step > 100_000_000 - 1000).count();
        assert!(near < 10, "{near} codes lie beside the one before, {lag} apart");
    }
}

#[test]
fn a_code_has_the_digits_its_challenge_names() {
    for digits in 6..=8 {
        for n in 0..200u128 {
            let id = ChallengeId { digits, ..challenge(Kind::Email, n, BEGIN) };
            assert_eq!(code(&keys(), &id).len(), usize::from(digits));
        }
    }
}

#[test]
fn a_code_belongs_to_one_challenge_one_purpose_and_one_key() {
    let at = BEGIN;
    let id = |kid, kind, digits, expires, n: u128| ChallengeId {
        kid,
        digits,
        expires,
        ..challenge(kind, n, at)
    };
    let this = id(1, Kind::Email, 8, at, 1);
    let keys = keys();
    let code_of_this = code(&keys, &this);
    assert_eq!(code_of_this, code(&keys, &this.clone()), "a second send has the same code");
    #[rustfmt::skip]
    let others = [
        ("another random part", id(1, Kind::Email, 8, at, 2)),
        ("another kind", id(1, Kind::MobilePhone, 8, at, 1)),
        ("another expiry", id(1, Kind::Email, 8, at + Span(1), 1)),
        ("another generation", id(2, Kind::Email, 8, at, 1)),
        ("another purpose", ChallengeId { ledger: LedgerId::Registration, ..this.clone() }),
        ("another ledger", ChallengeId { ledger: LedgerId::Devices, ..this.clone() }),
        ("another slot", ChallengeId { slot: 1, ..this.clone() }),
        ("another typed destination", ChallengeId { typed: Some(TypedName([1; 12])), ..this.clone() }),
    ];
    for (what, other) in others {
        assert_ne!(code_of_this, code(&keys, &other), "{what}");
    }
    assert!(
        !code_of_this.ends_with(&code(&keys, &id(1, Kind::Email, 6, at, 1))),
        "a shorter code is not the end of a longer one"
    );
    let other_key = Keys::parse(&format!(
        r#"{{"ids": "{0}", "generations": [{{"kid": 1, "key": "{0}"}}]}}"#,
        "I".repeat(43)
    ))
    .unwrap();
    assert_ne!(code_of_this, code(&other_key, &this), "another key");
}

#[test]
fn a19_a_typed_code_has_digits_only_beside_spaces_hyphens_and_invisible_characters() {
    #[rustfmt::skip]
    let taken = [
        "123456", "1234567", "12345678", "1234 5678", "123 456", " 12345678 ", "1 2 3 4 5 6 7 8", "00000000", "1234-5678", "1234\u{2011}5678", "1234 – 5678", "-1234567",
        "12345678\n", "\t12345678", "12345678\r\n", "1234\u{a0}5678", "1234\u{3000}5678", "12345678\u{200b}", "\u{202d}12345678\u{202c}", "1\u{fe0f}2\u{ad}345678",
        "１２３４５６７８", "１2345678", "١٢٣٤٥٦٧٨", "۱۲۳۴۵۶۷۸", "१२३४५६७८", "𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖",
    ];
    #[rustfmt::skip]
    let refused = [
        "", " ", "-", "12345", "123456789", "1234 56789", "1234567a", "12E45678", "1234567O", "abcdefgh", "+12345678", "1234.567", "0x123456", "1e100000",
        "1234567\0", "1234\u{1b}5678", "¼½¾²³¹⁴⁵", "①②③④⑤⑥⑦⑧", "一二三四五六七八", "ⅠⅡⅢⅣⅤⅥⅦⅧ",
    ];
    for text in taken {
        assert!(TypedCode::parse(text).is_some(), "{text:?}");
    }
    for text in refused {
        assert!(TypedCode::parse(text).is_none(), "{text:?}");
    }
}

#[test]
fn a_code_matches_itself_as_typed_and_nothing_else() {
    let code = Code::derive(&keys().current().codes, &challenge(Kind::Email, 1, BEGIN));
    let text = code.reveal().to_owned();
    let typed = |text: &str| code.matches(&TypedCode::parse(text).expect("a code"));
    assert!(typed(&text));
    assert!(typed(&format!("{} {}", &text[..4], &text[4..])));
    for place in 0..8 {
        let mut other = text.clone().into_bytes();
        other[place] = b'0' + (other[place] - b'0' + 1) % 10;
        assert!(!typed(std::str::from_utf8(&other).unwrap()), "place {place} differs");
    }
    assert!(!typed(&text[..6]) && !typed(&text[2..]), "a part of the code");
}
