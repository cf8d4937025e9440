//! The organisation's banned terms, which a password must not consist of.
//!
//! They are searched for as Entra searches for banned passwords: text is folded, and a term
//! matches with up to one typing error.

use crate::error::{Violation, ViolationCode};
use crate::typed::{Field, clean};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// The most terms in a list (Entra).
pub const MAX_TERMS: usize = 1000;
/// The length of a term, in characters (Entra). A shorter term would match too often.
pub const TERM_LENGTH: RangeInclusive<usize> = 4..=16;
/// The number of points that a password needs (Entra). It gets one point for each term in it
/// and one for each other character.
pub const LEAST_POINTS: usize = 5;
/// The longest part of a password that can match a term: one character longer than the longest
/// term.
const LONGEST_PIECE: usize = *TERM_LENGTH.end() + 1;

/// Folds text for the search: lower case, with common substitutions such as `$` for `s` undone
/// (Entra). Each character is replaced by exactly one.
pub(super) fn fold(text: &str) -> Vec<char> {
    let lower = |c: char| c.to_lowercase().next().unwrap_or(c);
    let back = |c: char| match c {
        '0' => 'o',
        '1' => 'l',
        '$' => 's',
        '@' => 'a',
        c => c,
    };
    text.chars().map(lower).map(back).collect()
}

#[derive(Clone, Debug)]
struct Term {
    /// The term as the administrator wrote it, in NFC like a password.
    written: String,
    folded: Vec<char>,
}

/// A list of up to a thousand different terms.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(into = "Vec<String>", try_from = "Vec<String>")]
pub struct Terms(Vec<Term>);

impl Terms {
    /// Reads a list of terms as they were typed.
    ///
    /// # Errors
    /// `outOfRange` for too many terms; `notATerm` for each term that is too short, too
    /// long or has control characters, or that folds to the same text as an earlier one.
    pub fn parse(list: Vec<String>) -> Result<Terms, Vec<Violation>> {
        if list.len() > MAX_TERMS {
            return Err(vec![Violation::out_of_range("/terms", 0, MAX_TERMS as u32)]);
        }
        let (mut terms, mut seen, mut found) = (Vec::new(), BTreeSet::new(), Vec::new());
        for (place, term) in list.iter().enumerate() {
            let written = clean(Field::Term, term).unwrap_or_default();
            let folded = fold(&written);
            if TERM_LENGTH.contains(&folded.len()) && seen.insert(folded.clone()) {
                terms.push(Term { written, folded });
            } else {
                found.push(Violation::new(&format!("/terms/{place}"), ViolationCode::NotATerm));
            }
        }
        if found.is_empty() { Ok(Terms(terms)) } else { Err(found) }
    }

    /// Whether the list has no terms.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The terms as the administrator wrote them.
    pub fn written(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|term| term.written.as_str())
    }

    /// Whether a password consists of these terms: it has too few points.
    pub fn make_up(&self, password: &str) -> bool {
        self.points(password) < LEAST_POINTS
    }

    /// Returns the points of a password: the fewest that any division into terms and single
    /// characters gives.
    pub fn points(&self, password: &str) -> usize {
        let text = fold(password);
        let mut fewest = vec![0; text.len() + 1];
        for (at, lengths) in self.found_in(&text).into_iter().enumerate() {
            let terms = (1..=LONGEST_PIECE).filter(|length| lengths >> length & 1 == 1);
            let before = terms.map(|length| fewest[at + 1 - length]).chain([fewest[at]]).min();
            fewest[at + 1] = before.unwrap_or_default() + 1;
        }
        fewest[text.len()]
    }

    /// Returns, for each character, the lengths of the parts that end there and are within edit
    /// distance one of a term: bit `n` for a length of `n` characters.
    ///
    /// Wu and Manber's bitap algorithm keeps one bit for each prefix of a term, so the
    /// work is always the number of terms times the number of characters.
    fn found_in(&self, text: &[char]) -> Vec<u32> {
        let alphabet: Vec<char> =
            text.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let place = |c: &char| alphabet.binary_search(c).ok();
        let letters: Vec<usize> = text.iter().filter_map(place).collect();
        let mut found = vec![0; text.len()];
        for Term { folded, .. } in &self.0 {
            let mut fitting = vec![0u32; alphabet.len()];
            for (bit, letter) in
                folded.iter().enumerate().filter_map(|(bit, c)| Some((bit, place(c)?)))
            {
                fitting[letter] |= 1 << bit;
            }
            let length = folded.len();
            let ends = |state: u32| state >> (length - 1) & 1;
            // Bit `k` of each state: the first `k` characters of the term end here unchanged,
            // with one character changed, with one added, or with one missing.
            let (mut same, mut changed, mut added, mut missing) = (0u32, 0, 0, 0);
            for (at, letter) in letters.iter().enumerate() {
                let fits = fitting[*letter];
                let before = same;
                same = (before << 1 | 1) & fits;
                changed = (changed << 1) & fits | before << 1 | 1;
                // The added character may be the one before the term, if the password has one.
                added = (added << 1 | u32::from(at > 0)) & fits | before;
                // The missing character may be the first of the term.
                missing = (missing << 1 | 0b10) & fits | same << 1;
                found[at] |= ends(same | changed) << length
                    | ends(added) << (length + 1)
                    | ends(missing) << (length - 1);
            }
        }
        found
    }
}

impl From<Terms> for Vec<String> {
    fn from(terms: Terms) -> Vec<String> {
        terms.0.into_iter().map(|term| term.written).collect()
    }
}

impl TryFrom<Vec<String>> for Terms {
    type Error = &'static str;
    fn try_from(list: Vec<String>) -> Result<Terms, &'static str> {
        Terms::parse(list).map_err(|_| "not a list of terms")
    }
}
