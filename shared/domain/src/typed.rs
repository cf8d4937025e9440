//! Text that people type: one cleaning step for all fields.
//!
//! Keyboards, documents and chats change a text: they add white space and invisible characters,
//! write digits in another script, or turn an apostrophe into a typographic one. The table in
//! [`Field::rule`] says for each field what is folded to its plain form, what is dropped and
//! what is refused. [`clean`] applies it. The type of each field then checks the form of the
//! cleaned text: a user ID by PRECIS, a phone number by [`phone`], a mail address by [`mail`].
//!
//! Cleaning reads the text alone, so it cannot show whether an account exists. Every text that is
//! not clean is refused before the first call to the table.

pub mod class;
mod joining;
pub mod mail;
pub mod phone;

use crate::typed::class::{Class, ascii_digit, is_invisible, is_visible, narrow, plain_mark};
pub(crate) use crate::typed::joining::JOINERS;
use crate::typed::joining::{joins, may_join};
use unicode_normalization::UnicodeNormalization;

/// A field that people type into.
#[derive(strum::VariantArray, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The user ID, wherever an account is named.
    UserId,
    /// A mail address that codes are sent to.
    MailAddress,
    /// A phone number that codes are sent to.
    Phone,
    /// A one-time code.
    Code,
    /// A temporary password, which was read aloud or copied by hand.
    TemporaryPassword,
    /// The display name of an account.
    DisplayName,
    /// The name of a group.
    GroupName,
    /// The name and the short name of the organisation.
    OrganisationName,
    /// The link to the help desk.
    HelpDesk,
    /// The accent colour.
    Colour,
    /// A banned term.
    Term,
    /// The words of a search.
    Search,
}

impl Field {
    /// All fields.
    pub const ALL: &[Field] = <Field as strum::VariantArray>::VARIANTS;

    /// The rule of a field: the one table of this module.
    #[rustfmt::skip]
    pub const fn rule(self) -> Rule {
        use Class::{Control, Dash, Direction, PhoneMark};
        use Fold::{Case, Compatibility, Composition, Digits, Marks, Width};
        use Invisible::{Dropped, Joiners, Joining};
        use Spaces::{Anywhere, Around, Single};
        match self {
            //                            folded                        white space  invisible  dropped              refused
            Field::UserId            => rule(&[Marks],                       Around,   Joiners, &[],                &[Control]),
            Field::MailAddress       => rule(&[Width, Marks],                Around,   Joiners, &[],                &[Control]),
            Field::Phone             => rule(&[Width, Digits],               Anywhere, Dropped, &[Dash, PhoneMark], &[Control]),
            Field::Code              => rule(&[Digits],                      Anywhere, Dropped, &[Dash],            &[]),
            Field::TemporaryPassword => rule(&[Compatibility, Digits, Case], Anywhere, Dropped, &[Dash],            &[]),
            Field::DisplayName | Field::GroupName | Field::OrganisationName
                                     => rule(&[Composition],                 Single,   Joining, &[],                &[Control, Direction]),
            Field::HelpDesk          => rule(&[],                            Around,   Dropped, &[],                &[Control]),
            Field::Colour            => rule(&[Width],                       Around,   Dropped, &[],                &[Control]),
            Field::Term              => rule(&[Composition],                 Around,   Joining, &[],                &[Control]),
            Field::Search            => rule(&[Compatibility, Case, Marks],  Around,   Dropped, &[],                &[Control]),
        }
    }
}

/// What cleaning does with the text of a field.
pub struct Rule {
    /// The spellings that are folded into one.
    pub folds: &'static [Fold],
    /// What happens to white space.
    pub spaces: Spaces,
    /// What happens to invisible characters.
    pub invisible: Invisible,
    /// The visible characters that are dropped.
    pub drops: &'static [Class],
    /// The characters that the cleaned text may not have. White space at both ends is dropped
    /// first, also a line break.
    pub refuses: &'static [Class],
}

const fn rule(
    folds: &'static [Fold],
    spaces: Spaces,
    invisible: Invisible,
    drops: &'static [Class],
    refuses: &'static [Class],
) -> Rule {
    Rule { folds, spaces, invisible, drops, refuses }
}

/// Spellings that are folded into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Full-width signs become ASCII.
    Width,
    /// Decimal digits of every script become ASCII digits.
    Digits,
    /// Typographic quotation marks, apostrophes and hyphens become those of ASCII.
    Marks,
    /// Capitals become small letters.
    Case,
    /// Normalization Form C: a letter and its accent become one character.
    Composition,
    /// Normalization Form KC: width, ligatures and superscripts are folded too.
    Compatibility,
}

/// What happens to white space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spaces {
    /// It is dropped at both ends.
    Around,
    /// It is dropped at both ends, and becomes one space inside (RFC 8266, Nickname).
    Single,
    /// It is dropped everywhere.
    Anywhere,
}

/// What happens to invisible characters (Unicode: `Default_Ignorable_Code_Point`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invisible {
    /// They are dropped.
    Dropped,
    /// They are dropped, except the two joiners, which PRECIS and IDNA allow in some scripts.
    Joiners,
    /// They are dropped, except where they change how their neighbours look, as in an emoji.
    Joining,
}

/// Returns the cleaned text of a field. `None` if nothing visible is left, or if the text has a
/// character that the field refuses.
pub fn clean(field: Field, text: &str) -> Option<String> {
    let rule = field.rule();
    let has_fold = |fold| rule.folds.contains(&fold);
    let is_refused = |c: char| rule.refuses.iter().any(|class| class.has(c));
    let is_dropped = |c: char| rule.drops.iter().any(|class| class.has(c));
    let normal = |text: String| match (has_fold(Fold::Compatibility), has_fold(Fold::Composition)) {
        (true, _) => text.nfkc().collect(),
        (false, true) => text.nfc().collect(),
        (false, false) => text,
    };
    let plain = |text: &str| match has_fold(Fold::Marks) {
        true => plain_marks(text),
        false => text.to_owned(),
    };

    // Before NFKC, which turns a typographic apostrophe into a space and an accent, and after it.
    let text = plain(&normal(plain(text)));
    let text = without_invisible(&text, rule.invisible, is_refused);
    let text = text.trim();
    if text.chars().any(is_refused) {
        return None;
    }
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if has_fold(Fold::Width) { narrow(c) } else { c };
        let c = if has_fold(Fold::Digits) { ascii_digit(c).unwrap_or(c) } else { c };
        match (c.is_whitespace(), rule.spaces) {
            (true, Spaces::Anywhere) => {}
            (true, Spaces::Single) if cleaned.ends_with(' ') => {}
            (true, Spaces::Single) => cleaned.push(' '),
            (false, _) if is_dropped(c) => {}
            (true, Spaces::Around) | (false, _) => cleaned.push(c),
        }
    }
    if has_fold(Fold::Case) {
        cleaned = cleaned.to_lowercase();
    }
    // Changing to lower case can undo NFKC, and a dropped character may have separated a letter from
    // its accent.
    cleaned = normal(cleaned);
    cleaned.chars().any(is_visible).then_some(cleaned)
}

/// Replaces typographic marks by those of ASCII.
fn plain_marks(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match plain_mark(c) {
            Some(mark) => plain.push_str(mark),
            None => plain.push(c),
        }
    }
    plain
}

/// Removes the invisible characters that a rule drops. Refused ones stay, to be refused.
fn without_invisible(text: &str, rule: Invisible, is_refused: impl Fn(char) -> bool) -> String {
    let visible = |c: &char| !is_invisible(*c) || is_refused(*c);
    match rule {
        Invisible::Dropped => text.chars().filter(visible).collect(),
        Invisible::Joiners => text.chars().filter(|c| visible(c) || JOINERS.contains(c)).collect(),
        Invisible::Joining => {
            let all: Vec<char> = text.chars().filter(|c| visible(c) || may_join(*c)).collect();
            let mut kept = Vec::with_capacity(all.len());
            for (at, c) in all.iter().enumerate() {
                if visible(c) || joins(&kept, *c, &all[at + 1..]) {
                    kept.push(*c);
                }
            }
            kept.into_iter().collect()
        }
    }
}
