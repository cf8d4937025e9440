//! Invisible characters that change how their neighbours look: joiners in emoji and in Arabic and
//! Indic scripts, variation selectors, and the tags in the flags of England, Scotland and Wales.
//! All others have no effect, so that two names which differ by them look the same.

use icu_properties::props::{
    Emoji, EmojiModifier, ExtendedPictographic, GeneralCategory, Ideographic, JoiningType,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::char::canonical_combining_class;

/// The two joiners. PRECIS and IDNA allow them in some scripts.
pub(crate) const JOINERS: [char; 2] = [NON_JOINER, JOINER];
const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';
/// The first character of the flags that are written with tags.
const BLACK_FLAG: char = '\u{1f3f4}';
/// The last tag of such a flag.
const CANCEL_TAG: char = '\u{e007f}';
/// The most tags of a flag, with the last one: `gbeng` and [`CANCEL_TAG`], and some to spare.
const FLAG_TAGS: usize = 8;
/// The sign that encloses a digit, as in a keycap emoji.
const KEYCAP: char = '\u{20e3}';

/// Whether an invisible character can change how its neighbours look.
pub(super) fn may_join(c: char) -> bool {
    JOINERS.contains(&c)
        || matches!(
            c,
            '\u{180b}'..='\u{180d}'
                | '\u{180f}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{e0020}'..='\u{e007f}'
                | '\u{e0100}'..='\u{e01ef}'
        )
}

/// Whether the invisible character between these parts of a text changes how it looks.
pub(super) fn joins(before: &[char], c: char, after: &[char]) -> bool {
    let last = before.last().copied();
    let follows = |fits: &dyn Fn(char) -> bool| last.is_some_and(fits);
    match c {
        NON_JOINER => {
            is_beside_virama(before, after) || connects_on(before) && connects_back(after)
        }
        JOINER => {
            is_beside_virama(before, after)
                || connects_on(before)
                || connects_back(after)
                || is_between_emoji(before, after)
        }
        '\u{fe0e}' | '\u{fe0f}' => follows(&|base| match base {
            '0'..='9' | '#' | '*' => after.first() == Some(&KEYCAP),
            _ => CodePointSetData::new::<Emoji>().contains(base),
        }),
        '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}' => follows(&has_variants),
        '\u{180b}'..='\u{180d}' | '\u{180f}' => follows(&|c| matches!(c, '\u{1820}'..='\u{18aa}')),
        CANCEL_TAG => follows(&is_tag),
        c if is_tag(c) => follows(&is_tag) || last == Some(BLACK_FLAG) && is_whole_flag(after),
        _ => false,
    }
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0020}'..='\u{e007e}')
}

/// Whether this text begins with the other tags of a flag.
fn is_whole_flag(after: &[char]) -> bool {
    after.iter().take(FLAG_TAGS).find(|c| !is_tag(**c)) == Some(&CANCEL_TAG)
}

/// Whether a joiner stands beside the sign that removes the vowel of an Indic letter, among other
/// marks of the letter.
fn is_beside_virama(before: &[char], after: &[char]) -> bool {
    const VIRAMA: u8 = 9;
    const NOT_A_MARK: u8 = 0;
    let in_marks = |letters: &mut dyn Iterator<Item = &char>| {
        let classes = letters.map(|c| canonical_combining_class(*c));
        classes.take_while(|class| *class != NOT_A_MARK).any(|class| class == VIRAMA)
    };
    in_marks(&mut before.iter().rev()) || in_marks(&mut after.iter())
}

/// How the first of these letters connects to its neighbours. Marks above and below a letter are
/// passed over.
fn joining_type<'a>(letters: impl Iterator<Item = &'a char>) -> Option<JoiningType> {
    let types = CodePointMapData::<JoiningType>::new();
    letters.map(|c| types.get(*c)).find(|joining| *joining != JoiningType::Transparent)
}

/// Whether a text ends with a letter that connects to the next one, as most Arabic letters do.
fn connects_on(before: &[char]) -> bool {
    let last = joining_type(before.iter().rev());
    matches!(last, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
}

/// Whether a text begins with a letter that connects to the one before.
fn connects_back(after: &[char]) -> bool {
    let first = joining_type(after.iter());
    matches!(first, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

/// Whether a joiner stands between two pictures (Unicode Standard Annex 29, GB11).
fn is_between_emoji(before: &[char], after: &[char]) -> bool {
    let is_picture = |c: &char| CodePointSetData::new::<ExtendedPictographic>().contains(*c);
    let extends = |c: &char| {
        matches!(c, '\u{fe0e}' | '\u{fe0f}')
            || CodePointSetData::new::<EmojiModifier>().contains(*c)
    };
    before.iter().rev().find(|c| !extends(c)).is_some_and(is_picture)
        && after.first().is_some_and(is_picture)
}

/// Whether a character has variants that a selector chooses: ideographs, mathematical symbols,
/// and letters of the Myanmar and Phags-pa scripts.
fn has_variants(c: char) -> bool {
    CodePointSetData::new::<Ideographic>().contains(c)
        || CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::MathSymbol
        || matches!(c, '\u{1000}'..='\u{109f}' | '\u{a840}'..='\u{a87f}' | '\u{aa60}'..='\u{aa7f}')
}
