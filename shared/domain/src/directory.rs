//! Account search: the words and groups that an account is found by, and the filter of a search.

use crate::account::Account;
use crate::error::{Problem, Violation, ViolationCode};
use crate::identity::GroupName;
use crate::typed::{Field, clean};
use std::collections::BTreeSet;

/// The number of words of a display name that the account is found by. Four are enough for
/// given names and family names, and limit the index rows of one account.
const MAX_WORDS: usize = 4;

/// Folds text for a search, so that width, ligatures and capitals make no difference. Text without
/// a visible character becomes empty. It never decides which account a user ID belongs to.
fn fold(text: &str) -> String {
    clean(Field::Search, text).unwrap_or_default()
}

/// A folded word that is not empty: a user ID, or a word of a display name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word(String);

impl Word {
    /// The longest word, in bytes: as long as the longest user ID. A longer word is cut, in
    /// accounts and in searches, since a word is part of a table key.
    pub const MAX_BYTES: usize = crate::identity::UserId::MAX_BYTES;

    fn of(folded: &str) -> Word {
        Word(folded[..folded.floor_char_boundary(Word::MAX_BYTES)].to_owned())
    }

    /// The word as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first character, which is the partition of the word's index rows. A search can use a
    /// single character, since one can be a whole name in Chinese.
    pub fn initial(&self) -> char {
        self.0.chars().next().expect("a word is not empty")
    }

    fn begins_with(&self, prefix: &Word) -> bool {
        self.0.starts_with(&prefix.0)
    }
}

/// An index entry that an account is found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoundBy {
    /// A group that the account is in.
    Group(GroupName),
    /// The account's user ID, or a word of its display name.
    Word(Word),
}

impl Account {
    /// All index entries that the account is found by.
    pub fn found_by(&self) -> BTreeSet<FoundBy> {
        let groups = self.groups.iter().cloned().map(FoundBy::Group);
        groups.chain(self.words().into_iter().map(FoundBy::Word)).collect()
    }

    /// The user ID, then the words of the display name, split at white space.
    fn words(&self) -> Vec<Word> {
        let name = fold(&self.name);
        let name = name.split_whitespace().take(MAX_WORDS).map(Word::of);
        std::iter::once(Word::of(&fold(self.user_id.as_str()))).chain(name).collect()
    }
}

/// The filter of a search. An account matches if every word of the filter is the beginning of one
/// of its words, and it is in the group of the filter. An empty filter matches all accounts.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    words: Vec<Word>,
    group: Option<GroupName>,
}

impl Filter {
    /// Reads the words of a search, and the full name of a group.
    ///
    /// # Errors
    /// `notASearch` for a search without a word; `notAGroup` for text that is not a
    /// group name.
    pub fn parse(search: Option<&str>, group: Option<&str>) -> Result<Filter, Problem> {
        let folded = search.map(fold);
        let words: Vec<Word> =
            folded.iter().flat_map(|text| text.split_whitespace()).map(Word::of).collect();
        let mut violations = Vec::new();
        // A caller who wants all accounts omits the search.
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

    /// The group of the filter.
    pub fn group(&self) -> Option<&GroupName> {
        self.group.as_ref()
    }

    /// The word to look up in the index: the longest, since it matches the fewest accounts.
    pub fn word(&self) -> Option<&Word> {
        self.words.iter().max_by_key(|word| word.0.len())
    }

    /// Whether an account matches the filter now.
    pub fn fits(&self, account: &Account) -> bool {
        let words = account.words();
        let has = |prefix: &Word| words.iter().any(|word| word.begins_with(prefix));
        self.words.iter().all(has)
            && self.group.as_ref().is_none_or(|group| account.groups.contains(group))
    }

    /// The word whose index row adds the account to the results. Several words of an account
    /// may match; the account is listed once, by the first of them.
    pub fn shown_by(&self, account: &Account) -> Option<Word> {
        let prefix = self.word()?;
        let mut words = account.words();
        // The user ID comes first: it never changes, so the account keeps its position while a
        // caller reads page after page.
        let user_id = words.remove(0);
        if user_id.begins_with(prefix) {
            return Some(user_id);
        }
        words.into_iter().filter(|word| word.begins_with(prefix)).min()
    }

    /// The filter as text, different for each filter. Paging cursors contain it.
    pub fn name(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(Word::as_str).collect();
        // A word contains no space, and a group name no line break.
        format!("{}\n{}", words.join(" "), self.group.as_ref().map_or("", GroupName::as_str))
    }
}
