//! Estimates how hard a password is to guess: the cheapest way to put it together from parts
//! that attackers try.
//!
//! | part | costs |
//! |---|---|
//! | a word of the dictionary ([`words`](super::words)) | the logarithm of its rank |
//! | what is known of the account, a banned term | [`PERSONAL`], [`TERM`] |
//! | a repetition, a sequence ([`sequence`](super::sequence)) | little, however long it is |
//! | a year, a date, a day of a month | the logarithm of their number |
//! | a separator, such as a hyphen | [`SEPARATOR`] once, [`SEPARATOR_AGAIN`] each further time |
//! | any other character | [`CHARACTER`] |
//!
//! The text is also read without its separators. So they neither add strength nor hide a word or
//! a repetition.
//!
//! A cost is a number of bits: the logarithm, to base 2, of the guesses that find the part.

use super::part::{CHARACTER, Kind, Part};
use super::text::{Text, all_readings, readings, separates};
use super::{sequence, words};
use std::collections::{BTreeMap, BTreeSet};

/// The cost of the first use of a common separator. Each other one costs as much as a character.
const SEPARATOR: f64 = 2.0;
/// The separators that people use most.
const COMMON_SEPARATORS: &str = " -_.,!?@#*+&/:;";
/// The cost of a separator that the password has already.
const SEPARATOR_AGAIN: f64 = 0.5;
/// The cost of a word that the attacker knows about the account.
const PERSONAL: f64 = 1.5;
/// The cost of one of the organisation's banned terms, of which there are at most a thousand.
const TERM: f64 = 10.0;
/// The cost of a year from 2000 to 2039, and of any other year from 1900 to 2099.
const YEAR: f64 = 5.0;
const FAR_YEAR: f64 = 6.6;
/// The cost of a day of a month or a number of a month, in two digits between other characters.
const DAY: f64 = 5.0;
/// The cost of a date in six or eight digits: 365 days of 100 years.
const DATE: f64 = 15.2;

/// The result of an estimate.
#[derive(Debug)]
pub(super) struct Estimate {
    /// The logarithm, to base 2, of the guesses that find the password.
    pub bits: f64,
    /// The kinds of the cheapest parts, with the characters of each.
    pub parts: Vec<(Kind, usize)>,
}

/// Estimates a text, with words known about the account and banned terms.
pub(super) fn estimate(text: &str, personal: &[Text], terms: &[Text]) -> Estimate {
    let text = Text::new(text);
    let mut best = cheapest(&text, personal, terms);
    // The signs of `p@$$w0rd` are separators, or stand for letters.
    let is_mere = |c: char| separates(c) && readings(c).next().is_none();
    for removed in [&separates as &dyn Fn(char) -> bool, &is_mere] {
        let kept = text.without(removed);
        if kept.len() < text.len() {
            let mut joined = cheapest(&kept, personal, terms);
            joined.bits += separators(text.folded.split(|c| !removed(*c)));
            if joined.bits < best.bits {
                best = joined;
            }
        }
    }
    best
}

/// The cost of the separators between characters. They cost nothing where they are the same as
/// the ones before.
fn separators<'a>(between: impl Iterator<Item = &'a [char]>) -> f64 {
    let (mut seen, mut before, mut bits) = (BTreeSet::new(), [].as_slice(), 0.0);
    for separators in between.filter(|separators| !separators.is_empty()) {
        if separators != before {
            let cost = |c: &char| if seen.insert(*c) { first_use(*c) } else { SEPARATOR_AGAIN };
            bits += separators.iter().map(cost).sum::<f64>();
        }
        before = separators;
    }
    bits
}

fn first_use(separator: char) -> f64 {
    if COMMON_SEPARATORS.contains(separator) { SEPARATOR } else { CHARACTER }
}

/// The cheapest way to put a text together from parts.
fn cheapest(text: &Text, personal: &[Text], terms: &[Text]) -> Estimate {
    let mut parts = characters(text);
    words::find(text, &mut parts);
    sequence::find(text, &mut parts);
    dates(text, &mut parts);
    given(text, personal, PERSONAL, Kind::Personal, &mut parts);
    given(text, terms, TERM, Kind::Term, &mut parts);
    parts.sort_by_key(|part| part.start);
    // For each place: the fewest bits that lead there, and the last part on that way.
    let mut best = vec![(f64::INFINITY, 0, Kind::Other); text.len() + 1];
    best[0].0 = 0.0;
    for part in parts {
        let bits = best[part.start].0 + part.bits;
        for end in part.ends {
            if bits < best[end].0 {
                best[end] = (bits, part.start, part.kind);
            }
        }
    }
    let (mut way, mut at) = (Vec::new(), text.len());
    while at > 0 {
        let (_, start, kind) = best[at];
        way.push((kind, at - start));
        at = start;
    }
    Estimate { bits: best[text.len()].0, parts: way }
}

/// Each character by itself.
fn characters(text: &Text) -> Vec<Part> {
    let mut seen = BTreeSet::new();
    let part = |(at, c): (usize, &char)| {
        let (bits, kind) = match (separates(*c), seen.insert(*c)) {
            (false, _) => (CHARACTER, Kind::Other),
            (true, true) => (first_use(*c), Kind::Separator),
            (true, false) => (SEPARATOR_AGAIN, Kind::Separator),
        };
        Part::new(at, at + 1, bits, kind)
    };
    text.folded.iter().enumerate().map(part).collect()
}

/// The places where one of these words stands, also with signs in place of letters.
fn given(text: &Text, words: &[Text], bits: f64, kind: Kind, parts: &mut Vec<Part>) {
    let mut places: BTreeMap<char, Vec<usize>> = BTreeMap::new();
    for (at, c) in text.folded.iter().enumerate() {
        for reading in all_readings(*c) {
            places.entry(reading).or_default().push(at);
        }
    }
    for word in words.iter().map(|word| &word.folded) {
        for start in word.first().and_then(|c| places.get(c)).into_iter().flatten().copied() {
            let end = start + word.len();
            let reads = |(c, of): (&char, &char)| all_readings(*c).any(|reading| reading == *of);
            let stands =
                text.folded.get(start..end).is_some_and(|it| it.iter().zip(word).all(reads));
            parts.extend(stands.then(|| Part::new(start, end, bits, kind)));
        }
    }
}

/// Years, dates, and days of a month.
fn dates(text: &Text, parts: &mut Vec<Part>) {
    let digits: Vec<Option<u32>> = text.folded.iter().copied().map(digit).collect();
    let number = |at: usize, length: usize| {
        digits.get(at..at + length)?.iter().try_fold(0, |sum, digit| Some(sum * 10 + (*digit)?))
    };
    let mut push = |at, length, bits| parts.push(Part::new(at, at + length, bits, Kind::Sequence));
    for at in 0..text.len() {
        match number(at, 4) {
            Some(2000..=2039) => push(at, 4, YEAR),
            Some(1900..=2099) => push(at, 4, FAR_YEAR),
            _ => {}
        }
        let is_digit = |at: usize| digits.get(at).is_some_and(Option::is_some);
        let alone = !is_digit(at.wrapping_sub(1)) && !is_digit(at + 2);
        if let (Some(1..=31), true) = (number(at, 2), alone) {
            push(at, 2, DAY);
        }
        // A year in two or four digits, before or after a month and a day in either order.
        for year in [2, 4] {
            let is_date = |year_at, pair_at| {
                let year = year == 2 || matches!(number(year_at, 4), Some(1900..=2099));
                let pair = (number(pair_at, 2), number(pair_at + 2, 2));
                year && matches!(pair, (Some(1..=12), Some(1..=31)) | (Some(1..=31), Some(1..=12)))
            };
            if number(at, year + 4).is_some() && (is_date(at, at + year) || is_date(at + 4, at)) {
                push(at, year + 4, DATE);
            }
        }
    }
}

/// The value of a digit, also of a Chinese numeral.
fn digit(c: char) -> Option<u32> {
    c.to_digit(10).or_else(|| match c {
        '〇' => Some(0),
        _ => "零一二三四五六七八九".chars().position(|numeral| numeral == c).map(|at| at as u32),
    })
}
