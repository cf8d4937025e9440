//! The dictionary: common words of several languages, names, common passwords, and long
//! passwords and phrases that attackers try. `data/passwords/README.md` states its sources.

use super::part::{CHARACTER, Kind, Part};
use super::text::{Text, readings};
use fst::raw::{Fst, Node, Output};
use std::sync::LazyLock;

/// The dictionary, as `examples/password_dictionary.rs` wrote it. A word is in it as [`Text`]
/// folds it; its value is its [`Kind`] and its bits.
static DICTIONARY: LazyLock<Fst<&[u8]>> = LazyLock::new(|| {
    let bytes: &[u8] = include_bytes!("../../data/passwords/dictionary.fst");
    Fst::new(bytes).expect("the example writes a transducer")
});

/// The value of a word is its bits in halves, and two bits for its kind.
const HALVES: f64 = 2.0;
const KIND_BITS: u32 = 2;

/// The cost of one capital at either end of a word, or of capitals only.
const CAPITALS: f64 = 1.0;
/// The cost of other capitals.
const ODD_CAPITALS: f64 = 3.0;
/// The cost of signs in place of letters, such as `p4ssw0rd`.
const LEET: f64 = 1.5;
/// The cost of a word written backwards.
const BACKWARDS: f64 = 1.0;

/// Finds the words in a text, forwards and backwards.
pub(super) fn find(text: &Text, parts: &mut Vec<Part>) {
    for start in 0..text.len() {
        find_from(text, start, |end, bits, kind| parts.push(Part::new(start, end, bits, kind)));
    }
    let (reversed, length) = (text.reversed(), text.len());
    for start in 0..length {
        find_from(&reversed, start, |end, bits, kind| {
            parts.push(Part::new(length - end, length - start, bits + BACKWARDS, kind));
        });
    }
}

/// The words that begin at one character: where each ends, its bits and its kind.
fn find_from(text: &Text, start: usize, mut found: impl FnMut(usize, f64, Kind)) {
    let mut open = vec![(DICTIONARY.root(), Output::zero(), start, false)];
    while let Some((node, output, at, leet)) = open.pop() {
        if node.is_final() && at > start {
            let value = output.cat(node.final_output()).value();
            let halves = u32::try_from(value >> KIND_BITS).unwrap_or(u32::MAX);
            let bits = f64::from(halves) / HALVES;
            let leet = if leet { LEET } else { 0.0 };
            found(at, bits + leet + capitals(&text.typed[start..at]), kind_of(value));
        }
        let Some(c) = text.folded.get(at).copied() else { continue };
        open.extend(follow(node, output, c).map(|(node, output)| (node, output, at + 1, leet)));
        let readings = readings(c).filter_map(|letter| follow(node, output, letter));
        open.extend(readings.map(|(node, output)| (node, output, at + 1, true)));
    }
}

/// Follows one character in the dictionary.
fn follow(mut node: Node<'static>, mut output: Output, c: char) -> Option<(Node<'static>, Output)> {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        let transition = node.transition(node.find_input(byte)?);
        output = output.cat(transition.out);
        node = DICTIONARY.node(transition.addr);
    }
    Some((node, output))
}

/// The cost of the capitals of a word.
fn capitals(word: &[char]) -> f64 {
    let is_capital = |c: &&char| c.is_uppercase();
    match word.iter().filter(is_capital).count() {
        0 => 0.0,
        1 if word.first().is_some_and(|c| c.is_uppercase()) => CAPITALS,
        1 if word.last().is_some_and(|c| c.is_uppercase()) => CAPITALS,
        capitals if capitals == word.iter().filter(|c| c.is_alphabetic()).count() => CAPITALS,
        _ => ODD_CAPITALS,
    }
}

/// The kind of a word. `data/passwords/make` has the same numbers.
fn kind_of(value: u64) -> Kind {
    match value & ((1 << KIND_BITS) - 1) {
        0 => Kind::Common,
        1 => Kind::Calendar,
        _ => Kind::Word,
    }
}

/// Returns a word as the dictionary has it, and its value; `None` if the word costs no less than
/// its characters. Of several values of a word, the lowest is the one to keep.
pub fn dictionary_entry(word: &str, kind: u64, bits: f64) -> Option<(String, u64)> {
    let word: String = Text::new(word).folded.iter().collect();
    let halves = (bits * HALVES).round();
    let all: f64 = word.chars().map(|_| CHARACTER).sum();
    (halves < all * HALVES).then_some((word, (halves as u64) << KIND_BITS | kind))
}
