//! The parts that the estimate puts a password together from.

use std::ops::RangeInclusive;

/// The cost of a character that is part of nothing: as zxcvbn, ten guesses. Characters that
/// people choose are not random.
pub(super) const CHARACTER: f64 = 3.32;
/// What a part of a password is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word of a language, or a name.
    Word,
    /// One of the most common passwords, or a long one of a breach, or a famous phrase.
    Common,
    /// The name of a month, a day, a season or a number.
    Calendar,
    /// A word known about the account.
    Personal,
    /// One of the organisation's banned terms.
    Term,
    /// A repetition.
    Repeat,
    /// A sequence, neighbouring keys, a year or a date.
    Sequence,
    /// A separator.
    Separator,
    /// A character that is part of nothing.
    Other,
}

/// A part that a password may be put together from.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) start: usize,
    /// Where it may end. Repetitions and sequences may end early.
    pub(super) ends: RangeInclusive<usize>,
    pub(super) bits: f64,
    pub(super) kind: Kind,
}

impl Part {
    /// A part with one end.
    pub(super) fn new(start: usize, end: usize, bits: f64, kind: Kind) -> Part {
        Part { start, ends: end..=end, bits, kind }
    }
    /// A part that has at least `least` characters and may end at each later one up to `end`.
    pub(super) fn run(start: usize, least: usize, end: usize, bits: f64, kind: Kind) -> Part {
        Part { start, ends: start + least..=end, bits, kind }
    }
}
