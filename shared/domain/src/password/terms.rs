//! The organisation's own terms, which passwords must not be made of: looked
//! for as Entra looks for banned passwords, folded and with one slip.

use crate::error::{Violation, ViolationCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use unicode_normalization::UnicodeNormalization;

/// Most terms of a list (Entra).
pub const MAX_TERMS: usize = 1000;
/// Characters of a term (Entra): a shorter one would be found everywhere.
pub const TERM_LENGTH: RangeInclusive<usize> = 4..=16;
/// Points a password needs (Entra): one for each term in it, one for each
/// other character.
pub const LEAST_POINTS: usize = 5;
/// Characters of a piece that is taken for a term: it may have one more.
const LONGEST_PIECE: usize = *TERM_LENGTH.end() + 1;

/// A text as it is looked through: lower case, and the substitutions that
/// everybody makes taken back (Entra). One character stays one.
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
    /// As the administrator wrote it, in NFC like a password.
    written: String,
    folded: Vec<char>,
}

/// Up to a thousand different terms.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(into = "Vec<String>", try_from = "Vec<String>")]
pub struct Terms(Vec<Term>);

impl Terms {
    /// Reads a list; else everything that is wrong with it. White space around
    /// a term does not count. A term is there once, however it is written.
    pub fn parse(list: Vec<String>) -> Result<Terms, Vec<Violation>> {
        if list.len() > MAX_TERMS {
            return Err(vec![Violation::out_of_range("/terms", 0, MAX_TERMS as u32)]);
        }
        let (mut terms, mut seen, mut found) = (Vec::new(), BTreeSet::new(), Vec::new());
        for (place, term) in list.iter().enumerate() {
            let written: String = term.trim().nfc().collect();
            let folded = fold(&written);
            let fits =
                TERM_LENGTH.contains(&folded.len()) && !written.chars().any(char::is_control);
            if fits && seen.insert(folded.clone()) {
                terms.push(Term { written, folded });
            } else {
                found.push(Violation::new(&format!("/terms/{place}"), ViolationCode::NotATerm));
            }
        }
        if found.is_empty() { Ok(Terms(terms)) } else { Err(found) }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The terms as they were written.
    pub fn written(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|term| term.written.as_str())
    }

    /// Whether a password is made of these terms, with too little beside them.
    pub fn make_up(&self, password: &str) -> bool {
        self.points(password) < LEAST_POINTS
    }

    /// The points of a password, counted so that there are as few as can be.
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

    /// For each character, the lengths of the pieces that end with it and are
    /// within edit distance one of a term: bit `n` for `n` characters.
    ///
    /// All beginnings of a term are followed at once, one bit each (Wu and
    /// Manber's bitap), so the work is terms times characters, whatever they are.
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
            // Bit `k`: the term up to its character `k` ends here, as it is,
            // with one character changed, one added, one left out.
            let (mut same, mut changed, mut added, mut missing) = (0u32, 0, 0, 0);
            for (at, letter) in letters.iter().enumerate() {
                let fits = fitting[*letter];
                let before = same;
                same = (before << 1 | 1) & fits;
                changed = (changed << 1) & fits | before << 1 | 1;
                // The first character may be the one added, if there is one.
                added = (added << 1 | u32::from(at > 0)) & fits | before;
                // The term's first may be the one left out.
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
        Terms::parse(list).map_err(|_| "these are no terms")
    }
}
