//! A thousand passwords: which are refused, and which are accepted.
//!
//! `data/passwords/corpus` drew them. Each group has a heading that names its source.

use crate::account;
use crate::password::judge;
use domain::password::terms::Terms;
use domain::policy::Policy;

const REFUSED: &str = include_str!("../passwords/refused.txt");
const ACCEPTED: &str = include_str!("../passwords/accepted.txt");
/// The number of passwords in each file.
const EACH: usize = 500;

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
