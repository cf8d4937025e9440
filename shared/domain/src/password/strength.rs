//! Estimates with zxcvbn how hard a password is to guess: as it was typed, and without the
//! words that an attacker knows about the account.

use super::terms::{Terms, fold};
use crate::account::Account;
use crate::error::ViolationCode;
use crate::policy::Policy;
use std::collections::BTreeSet;
use zxcvbn::feedback::{Feedback, Warning};
use zxcvbn::matching::patterns::MatchPattern;
use zxcvbn::{Entropy, Score, zxcvbn};

/// The facts that a new password is judged by.
pub struct PasswordContext<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The account that the password is for.
    pub account: &'a Account,
    /// The organisation's banned terms.
    pub terms: &'a Terms,
}

/// The lowest zxcvbn score that is accepted: more than 10^8 guesses, "safely unguessable" (NIST
/// 800-63B-4 3.1.1.2 asks for a blocklist).
pub const LEAST_SCORE: Score = Score::Three;

/// The shortest part of a user ID or a name that is searched for, in characters. Entra searches
/// from four characters, but many first names have three.
const SHORTEST_PART: usize = 3;

/// The name of the product, which attackers try first (ASVS 6.1.2).
const PRODUCT: &str = "latchkey";

/// The reason why a password is too easy to guess; `None` if it is accepted.
pub(super) fn refusal(text: &str, context: &PasswordContext<'_>) -> Option<ViolationCode> {
    let known = known_words(context);
    let inputs: Vec<&str> =
        known.iter().map(String::as_str).chain(context.terms.written()).collect();
    let typed = estimate(text, &inputs);
    if typed.score() < LEAST_SCORE {
        return Some(reason(&typed, &known, context));
    }
    // zxcvbn rates any three words in sequence as strong, such as `ann-password-2026`. So known
    // words, and the separators between words, are removed before a second estimate.
    let rest = without(text, &known)?;
    (estimate(&rest, &inputs).score() < LEAST_SCORE).then_some(ViolationCode::PasswordPersonal)
}

/// The words that an attacker knows about the account (ASVS 6.2.11, NIST 800-63B-4
/// 3.1.1.2): user ID, name, organisation and their parts, in lower case, each once.
fn known_words(context: &PasswordContext<'_>) -> Vec<String> {
    let organisation = &context.policy.organisation;
    let wholes = [
        context.account.user_id.as_str(),
        &context.account.name,
        &organisation.name,
        &organisation.short_name,
        PRODUCT,
    ];
    let parts = wholes.into_iter().flat_map(|whole| whole.split(|c: char| !c.is_alphanumeric()));
    let parts = parts.filter(|part| part.chars().count() >= SHORTEST_PART);
    let mut known = Vec::new();
    for word in wholes.into_iter().chain(parts).map(str::to_lowercase) {
        if !known.contains(&word) {
            known.push(word);
        }
    }
    known
}

/// Removes these words and the separators between words from the text; `None` if it contains
/// none of the words.
fn without(text: &str, words: &[String]) -> Option<String> {
    let mut words: Vec<Vec<char>> = words.iter().map(|word| fold(word)).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let folded = fold(text);
    let separates = |c: &char| c.is_ascii_punctuation() || c.is_whitespace();
    let (mut rest, mut found, mut next) = (String::new(), false, 0);
    for (at, c) in text.chars().enumerate() {
        if let Some(word) = words.iter().find(|word| at >= next && folded[at..].starts_with(word)) {
            (found, next) = (true, at + word.len());
        }
        rest.extend((at >= next && !separates(&c)).then_some(c));
    }
    found.then_some(rest)
}

/// Returns the estimate of zxcvbn. Apart from its arguments, zxcvbn reads only the year of the
/// system clock, to recognise recent dates.
fn estimate(text: &str, inputs: &[&str]) -> Entropy {
    zxcvbn(affordable(&text.chars().map(spread_symbols).collect::<String>()), inputs)
}

/// Moves symbols such as emoji apart in Unicode, so that equal ones stay equal and different
/// ones stay different. zxcvbn treats neighbours in Unicode as a sequence such as `abcd`.
/// People know the order of letters and digits, but not that of emoji.
fn spread_symbols(c: char) -> char {
    if c.is_ascii() || c.is_alphanumeric() { c } else { char::from_u32(c as u32 * 8).unwrap_or(c) }
}

/// Characters that zxcvbn also reads as a letter: one string for each such letter.
const READ_AS_LETTERS: [&str; 12] =
    ["4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2"];

/// Limits the work of zxcvbn: the number of readings of a text times the square of its length.
/// zxcvbn looks up every part of every reading. Twenty well-chosen characters among a hundred
/// would take a second; within this limit the estimate takes no longer than a password hash.
const MOST_WORK: usize = 40_000;

/// Returns the longest beginning of a text that zxcvbn can judge within [`MOST_WORK`]. zxcvbn
/// itself reads at most a hundred characters. A text is no easier to guess than its beginning.
fn affordable(text: &str) -> &str {
    let mut seen = BTreeSet::new();
    for (length, (at, c)) in text.char_indices().enumerate() {
        seen.insert(c);
        if readings(&seen) * (length + 1).pow(2) > MOST_WORK {
            return &text[..at];
        }
    }
    text
}

/// Returns the most readings that zxcvbn makes of these characters. For each letter it tries
/// each character that it reads as that letter. A character read as two letters counts twice.
fn readings(characters: &BTreeSet<char>) -> usize {
    let letters = |sign: char| READ_AS_LETTERS.iter().filter(|signs| signs.contains(sign)).count();
    let choices = |signs: &&str| {
        signs.chars().filter(|sign| characters.contains(sign)).map(letters).sum::<usize>().max(1)
    };
    READ_AS_LETTERS.iter().map(choices).product()
}

/// The most specific reason why the password is easy to guess.
fn reason(found: &Entropy, known: &[String], context: &PasswordContext<'_>) -> ViolationCode {
    let words: BTreeSet<&str> = found
        .sequence()
        .iter()
        .filter_map(|piece| {
            if let MatchPattern::Dictionary(word) = &piece.pattern {
                Some(word.matched_word.as_str())
            } else {
                None
            }
        })
        .collect();
    if known.iter().any(|word| words.contains(word.as_str())) {
        return ViolationCode::PasswordPersonal;
    }
    if context.terms.written().any(|term| words.contains(term.to_lowercase().as_str())) {
        return ViolationCode::PasswordTerm;
    }
    match found.feedback().and_then(Feedback::warning) {
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword
            | Warning::AWordByItselfIsEasyToGuess
            | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
            | Warning::CommonNamesAndSurnamesAreEasyToGuess,
        ) => ViolationCode::PasswordCommon,
        Some(
            Warning::RepeatsLikeAaaAreEasyToGuess
            | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess,
        ) => ViolationCode::PasswordRepeats,
        Some(
            Warning::StraightRowsOfKeysAreEasyToGuess
            | Warning::ShortKeyboardPatternsAreEasyToGuess
            | Warning::SequencesLikeAbcAreEasyToGuess
            | Warning::RecentYearsAreEasyToGuess
            | Warning::DatesAreOftenEasyToGuess,
        ) => ViolationCode::PasswordSequence,
        None => ViolationCode::PasswordGuessable,
    }
}
