//! The directory: what an account is found by, and what is looked for.

use crate::account::Account;
use crate::error::{Problem, Violation, ViolationCode};
use crate::identity::GroupName;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

/// Words of a display name that lead to its account: given names and family
/// names, and a bound on the rows that one account writes.
const MAX_WORDS: usize = 4;

/// Text as it is compared when somebody looks for it: NFKC and lower case, so
/// that width, ligatures and capitals make no difference. It finds people; it
/// never tells which account a user ID means.
fn fold(text: &str) -> String {
    // A lower case letter may be written in two ways again.
    text.nfkc().collect::<String>().to_lowercase().nfkc().collect()
}

/// A folded word, not empty: a user ID, or a word of a display name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word(String);

impl Word {
    /// A longer one is cut, as is what is looked for: it is part of a key,
    /// and the longest user ID fits.
    pub const MAX_BYTES: usize = crate::identity::UserId::MAX_BYTES;

    fn of(folded: &str) -> Word {
        Word(folded[..folded.floor_char_boundary(Word::MAX_BYTES)].to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The character it begins with: what it is filed under. One character is
    /// a whole name in Chinese, so nobody has to type a second one.
    pub fn initial(&self) -> char {
        self.0.chars().next().expect("a word is not empty")
    }

    fn begins_with(&self, looked_for: &Word) -> bool {
        self.0.starts_with(&looked_for.0)
    }
}

/// What leads to an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoundBy {
    Group(GroupName),
    Word(Word),
}

impl Account {
    /// Everything it is found by.
    pub fn found_by(&self) -> BTreeSet<FoundBy> {
        let groups = self.groups.iter().cloned().map(FoundBy::Group);
        groups.chain(self.words().into_iter().map(FoundBy::Word)).collect()
    }

    /// Its user ID, then the words of its name: what stands between spaces.
    fn words(&self) -> Vec<Word> {
        let name = fold(&self.name);
        let name = name.split_whitespace().take(MAX_WORDS).map(Word::of);
        std::iter::once(Word::of(&fold(self.user_id.as_str()))).chain(name).collect()
    }
}

/// Who is looked for: everybody, or those that fit all that is given.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    words: Vec<Word>,
    group: Option<GroupName>,
}

impl Filter {
    /// Reads what somebody typed, and a group's whole name.
    pub fn parse(search: Option<&str>, group: Option<&str>) -> Result<Filter, Problem> {
        let folded = search.map(fold);
        let words: Vec<Word> =
            folded.iter().flat_map(|text| text.split_whitespace()).map(Word::of).collect();
        let mut violations = Vec::new();
        // Who asks for nothing gets everybody by asking for nobody in particular.
        if search.is_some() && words.is_empty() {
            violations.push(Violation::new("/search", ViolationCode::NotASearch));
        }
        let parsed = group.and_then(GroupName::parse);
        if group.is_some() && parsed.is_none() {
            violations.push(Violation::new("/group", ViolationCode::NotAGroup));
        }
        if violations.is_empty() {
            Ok(Filter { words, group: parsed })
        } else {
            Err(Problem::invalid(violations))
        }
    }

    pub fn group(&self) -> Option<&GroupName> {
        self.group.as_ref()
    }

    /// The word to look up: the longest, since it leads to the fewest.
    pub fn word(&self) -> Option<&Word> {
        self.words.iter().max_by_key(|word| word.0.len())
    }

    /// Whether an account, as it is now, is one of those.
    pub fn fits(&self, account: &Account) -> bool {
        let words = account.words();
        let has = |looked_for: &Word| words.iter().any(|word| word.begins_with(looked_for));
        self.words.iter().all(has)
            && self.group.as_ref().is_none_or(|group| account.groups.contains(group))
    }

    /// The word under which an account is shown. Several of its words may
    /// begin alike; it is shown once, by the first of them.
    pub fn shown_by(&self, account: &Account) -> Option<Word> {
        let looked_for = self.word()?;
        let mut words = account.words();
        // The user ID never changes, so nothing moves while somebody pages.
        let user_id = words.remove(0);
        if user_id.begins_with(looked_for) {
            return Some(user_id);
        }
        words.into_iter().filter(|word| word.begins_with(looked_for)).min()
    }

    /// This filter and no other, as text: what a cursor is bound to.
    pub fn name(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(Word::as_str).collect();
        // A word holds no space, and a group no line break.
        format!("{}\n{}", words.join(" "), self.group.as_ref().map_or("", GroupName::as_str))
    }
}
