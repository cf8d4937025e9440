//! A thousand passwords: which are refused, and which are accepted.
//!
//! `data/passwords/corpus` drew them. Each group has a heading that names its source.

use crate::account;
use crate::password::judge;
use domain::password::terms::Terms;
use domain::policy::Policy;
use proptest::prelude::*;

const REFUSED: &str = include_str!("../passwords/refused.txt");
const ACCEPTED: &str = include_str!("../passwords/accepted.txt");
/// The number of passwords in each file.
const EACH: usize = 500;

/// Passwords that are easy to guess without separators.
const EASY: [&str; 8] = [
    "passwordpassword",
    "letmeinletmeinletmein",
    "qwertyuiopasdfgh",
    "1234567890123456",
    "summer2026summer2026",
    "thisismypassword",
    "correcthorsebatterystaple",
    "aaaaaaabbbbbbbccccccc",
];

/// The passwords of a file: all lines but headings.
fn passwords(file: &str) -> Vec<&str> {
    file.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")).collect()
}

/// The passwords that are accepted for Ann Example, with the default policy.
fn accepted(file: &'static str) -> Vec<&'static str> {
    let (account, policy, terms) = (account(), Policy::default(), Terms::default());
    let accepted = |text: &&str| judge(text, &account, &policy, &terms).is_none();
    passwords(file).into_iter().filter(accepted).collect()
}

fn is_refused(text: &str) -> bool {
    judge(text, &account(), &Policy::default(), &Terms::default()).is_some()
}

#[test]
fn each_of_500_passwords_that_attackers_try_is_refused() {
    assert_eq!(passwords(REFUSED).len(), EACH);
    assert_eq!(accepted(REFUSED), Vec::<&str>::new());
}

#[test]
fn each_of_500_random_passwords_passphrases_and_sentences_is_accepted() {
    assert_eq!(passwords(ACCEPTED).len(), EACH);
    let (all, accepted) = (passwords(ACCEPTED), accepted(ACCEPTED));
    let refused: Vec<&&str> = all.iter().filter(|text| !accepted.contains(text)).collect();
    assert_eq!(refused, Vec::<&&str>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn separators_neither_add_strength_nor_hide_what_a_password_is(
        text in prop::sample::select(&EASY[..]),
        separator in prop::sample::select(&[" ", "-", "_", ".", ",", "/", "\u{3000}", "\u{b7}", "~", " - "][..]),
        places in prop::collection::vec(any::<bool>(), 40),
        capitals: bool,
    ) {
        let put = |(c, separated): (char, &bool)| if *separated { format!("{c}{separator}") } else { c.to_string() };
        let text = if capitals { text.to_uppercase() } else { text.to_owned() };
        let separated: String = text.chars().zip(places.iter().cycle()).map(put).collect();
        prop_assert!(is_refused(&text), "{}", text);
        prop_assert!(is_refused(&separated), "{}", separated);
    }

    #[test]
    fn random_letters_stay_accepted_with_separators(
        words in prop::collection::vec("[b-df-hj-np-tv-z]{5}", 4),
        separator in prop::sample::select(&[" ", "-", "", "~"][..]),
    ) {
        prop_assert!(!is_refused(&words.join(separator)), "{:?}", words);
    }

    #[test]
    fn a_run_of_any_alphabet_is_refused_in_both_directions(
        first in prop::sample::select(&['a', 'A', 'α', 'а', 'ა', 'ա', 'ก', 'א', 'ㄅ', 'अ'][..]),
        skipped in 0u32..6,
        back: bool,
    ) {
        let mut letters: Vec<char> = (0..15).filter_map(|n| char::from_u32(first as u32 + skipped + n)).collect();
        if back {
            letters.reverse();
        }
        let text: String = letters.into_iter().collect();
        prop_assert!(is_refused(&text), "{}", text);
    }
}
