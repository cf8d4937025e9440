//! The characters of a password as the estimate compares them.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The zero of each script whose digits are read as `0` to `9`.
const ZEROS: [char; 6] = ['٠', '۰', '०', '০', '๐', '߀'];

/// Characters that are read as a letter, and that letter. People write `p4$$w0rd`, and attackers
/// try it.
#[rustfmt::skip]
const LEET: &[(char, char)] = &[
    ('0', 'o'), ('1', 'i'), ('1', 'l'), ('2', 'z'), ('3', 'e'), ('4', 'a'), ('5', 's'), ('6', 'g'),
    ('7', 't'), ('7', 'l'), ('8', 'b'), ('9', 'g'), ('@', 'a'), ('$', 's'), ('!', 'i'), ('!', 'l'),
    ('|', 'i'), ('|', 'l'), ('+', 't'), ('(', 'c'), ('<', 'c'), ('[', 'c'), ('{', 'c'), ('%', 'x'),
    ('#', 'h'), ('€', 'e'),
];

/// The most characters that are read. A text is no easier to guess than its beginning, and the
/// work grows with the square of the length: with these it is below 2 ms.
const LONGEST: usize = 100;

/// The beginning of a password, character by character.
pub(super) struct Text {
    /// As typed, without width and other variants of NFKC, and without combining marks.
    pub typed: Vec<char>,
    /// The same characters in lower case, Latin letters without accents, digits as `0` to `9`.
    pub folded: Vec<char>,
}

impl Text {
    /// Folds a text.
    pub(super) fn new(text: &str) -> Text {
        let kept = text.chars().filter(|c| !is_combining_mark(*c)).take(LONGEST);
        let typed: Vec<char> = kept.map(plain).collect();
        Text { folded: typed.iter().copied().map(fold).collect(), typed }
    }

    /// The text without some of its characters.
    pub(super) fn without(&self, removed: impl Fn(char) -> bool) -> Text {
        let kept = |chars: &[char]| {
            let both = chars.iter().zip(&self.folded);
            both.filter(|(_, folded)| !removed(**folded)).map(|(c, _)| *c).collect()
        };
        Text { typed: kept(&self.typed), folded: kept(&self.folded) }
    }

    /// The text backwards.
    pub(super) fn reversed(&self) -> Text {
        let reversed = |chars: &[char]| chars.iter().rev().copied().collect();
        Text { typed: reversed(&self.typed), folded: reversed(&self.folded) }
    }

    /// The number of characters.
    pub(super) fn len(&self) -> usize {
        self.folded.len()
    }
}

/// The character that this one is a variant of, such as `A` of the full-width `Ａ`. One that NFKC
/// makes several of stays.
fn plain(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let mut compatible = std::iter::once(c).nfkc();
    match (compatible.next(), compatible.next()) {
        (Some(plain), None) => plain,
        _ => c,
    }
}

fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let base = std::iter::once(c).nfd().next().filter(char::is_ascii).unwrap_or(c);
    let digit = ZEROS.iter().find_map(|zero| {
        (base as u32).checked_sub(*zero as u32).and_then(|value| char::from_digit(value, 10))
    });
    digit.unwrap_or_else(|| base.to_lowercase().next().unwrap_or(base))
}

/// Whether people put this character between words. Symbols such as emoji are no separators.
pub(super) fn separates(c: char) -> bool {
    c.is_whitespace()
        || c.is_ascii_punctuation()
        || matches!(c, '\u{a1}'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}')
            && !c.is_alphanumeric()
}

/// A folded character, and the letters that it is read as.
pub(super) fn all_readings(c: char) -> impl Iterator<Item = char> {
    std::iter::once(c).chain(readings(c))
}

/// The letters that a folded character is read as.
pub(super) fn readings(c: char) -> impl Iterator<Item = char> {
    // No letter is read as another.
    let signs = if c.is_alphabetic() { &[] } else { LEET };
    signs.iter().filter(move |(sign, _)| *sign == c).map(|(_, letter)| *letter)
}

/// Whether two folded characters are the same, or one is read as the other.
pub(super) fn are_alike(a: char, b: char) -> bool {
    a == b || readings(a).any(|letter| letter == b) || readings(b).any(|letter| letter == a)
}
