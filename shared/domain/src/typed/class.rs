//! Classes of characters, from the Unicode Character Database.

use icu_properties::props::{Dash, DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// A class of characters that a field drops or refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Control characters, and the separators of lines and paragraphs.
    Control,
    /// Characters that change the direction of the text, which can make one name look like
    /// another (Unicode Technical Report 36).
    Direction,
    /// Hyphens, dashes and minus signs of every script.
    Dash,
    /// The other signs that are written between the digits of a phone number.
    PhoneMark,
}

impl Class {
    /// Whether a character belongs to the class.
    pub fn has(self, c: char) -> bool {
        match self {
            Class::Control => c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'),
            Class::Direction => matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'),
            Class::Dash => CodePointSetData::new::<Dash>().contains(c),
            Class::PhoneMark => {
                matches!(c, '(' | ')' | '[' | ']' | '.' | '/' | '~' | '\u{30fc}' | '\u{ff70}')
            }
        }
    }
}

/// Whether a character is invisible wherever a font does not know it.
pub(super) fn is_invisible(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Characters without ink that are no white space and not in the class of invisible characters:
/// the empty pattern of Braille, the marks around an annotation, the filler of Khitan, and the
/// musical symbol for a note without a head.
const BLANK: [char; 6] = ['\u{2800}', '\u{fff9}', '\u{fffa}', '\u{fffb}', '\u{16fe4}', '\u{1d159}'];

/// Whether a character can be seen.
pub fn is_visible(c: char) -> bool {
    !(c.is_whitespace() || Class::Control.has(c) || is_invisible(c) || BLANK.contains(&c))
}

/// Returns the ASCII digit of a decimal digit of any script; `None` for all other characters,
/// such as letters and superscripts.
pub(super) fn ascii_digit(c: char) -> Option<char> {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_digit = |c: char| categories.get(c) == GeneralCategory::DecimalNumber;
    if !is_digit(c) {
        return None;
    }
    // The ten digits of a script follow each other from 0 to 9, and so do the digits of
    // neighbouring scripts (Unicode Standard, 4.6 Numeric Value).
    let before =
        (1..=c as u32).take_while(|n| char::from_u32(c as u32 - n).is_some_and(is_digit)).count();
    char::from_digit(before as u32 % 10, 10)
}

/// Returns the ASCII form of a full-width sign; other characters stay.
pub(super) fn narrow(c: char) -> char {
    const FULL_WIDTH: std::ops::RangeInclusive<char> = '\u{ff01}'..='\u{ff5e}';
    const DISTANCE: u32 = 0xff01 - '!' as u32;
    if FULL_WIDTH.contains(&c) { char::from_u32(c as u32 - DISTANCE).unwrap_or(c) } else { c }
}

/// Returns the ASCII signs that a keyboard or a text program replaced by a typographic sign.
pub(super) fn plain_mark(c: char) -> Option<&'static str> {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{b4}' | '\u{2bb}' | '\u{2bc}' => {
            Some("'")
        }
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{2033}' => Some("\""),
        '\u{2010}' | '\u{2011}' | '\u{2012}' | '\u{2013}' | '\u{2212}' => Some("-"),
        '\u{2014}' => Some("--"),
        '\u{2026}' => Some("..."),
        _ => None,
    }
}
