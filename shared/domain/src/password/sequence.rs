//! Repetitions and sequences: parts that follow from the characters before them.

use super::part::{CHARACTER, Kind, Part};
use super::text::{Text, are_alike};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The cost of repeating what stands directly before, and what stands further away or backwards.
const REPEAT: f64 = 1.0;
const REPEAT_AFAR: f64 = 3.0;
/// The cost of repeating it with other signs for letters, such as `p4ssword` after `passw0rd`.
const REPEAT_ALIKE: f64 = 5.0;
/// The cost of a block whose characters each follow the ones of an earlier block, such as `def`
/// after `abc`, or `2wsx` after `1qaz`.
const SHIFTED: f64 = 5.0;
/// The cost of the first character of a sequence, if it is the first or last of its line.
const OBVIOUS_START: f64 = 1.0;
/// The cost of a sequence's direction, if it takes each character of a line, and if not.
const ALONG: f64 = 1.0;
const OTHER_WAY: f64 = 4.0;
/// The cost of each change of direction on a keyboard.
const TURN: f64 = 2.5;
/// The characters of the shortest repetition that is not directly repeated, and of the shortest
/// sequence in an alphabet.
const SHORTEST: usize = 3;
/// The characters of the shortest sequence on a keyboard, and of the shortest block that follows
/// another. Three characters in such an order occur in most words.
const SHORTEST_ON_KEYS: usize = 4;
/// The most characters from a block to the one that it follows.
const LONGEST_BLOCK: usize = 16;
/// The most places in an alphabet from one character of a sequence to the next, and from one block
/// to the one that follows it.
const LONGEST_STEP: i32 = 2;
const LONGEST_BLOCK_STEP: i32 = 3;

/// A set of characters in a known order: an alphabet in one row, or a keyboard in several. Each
/// row is followed by what its keys give with Shift.
type Board = &'static [(&'static str, &'static str)];

#[rustfmt::skip]
const BOARDS: &[Board] = &[
    // Orders that Unicode does not have.
    &[("一二三四五六七八九十", "")], &[("零一二三四五六七八九", "")], &[("〇一二三四五六七八九", "")],
    &[("壹貳參肆伍陸柒捌玖拾", "")], &[("壹贰叁肆伍陆柒捌玖拾", "")],
    &[("甲乙丙丁戊己庚辛壬癸", "")], &[("子丑寅卯辰巳午未申酉戌亥", "")],
    &[("鼠牛虎兔龍蛇馬羊猴雞狗豬", "")], &[("鼠牛虎兔龙蛇马羊猴鸡狗猪", "")],
    &[("日月火水木金土", "")], &[("金木水火土", "")], &[("東南西北", "")], &[("东南西北", "")], &[("春夏秋冬", "")],
    &[("あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん", "")],
    &[("アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン", "")],
    &[("いろはにほへとちりぬるをわかよたれそつねならむうゐのおくやまけふこえてあさきゆめみしゑひもせす", "")],
    &[("가나다라마바사아자차카타파하", "")], &[("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ", "")], &[("ㅏㅑㅓㅕㅗㅛㅜㅠㅡㅣ", "")],
    &[("αβγδεζηθικλμνξοπρστυφχψω", "")], &[("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "")], &[("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", "")],
    &[("אבגדהוזחטיכלמנסעפצקרשת", "")], &[("ابجدهوزحطيكلمنسعفصقرشتثخذضظغ", "")], &[("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", "")],
    // Keyboards: QWERTY, QWERTZ, AZERTY, Dvorak, ЙЦУКЕН, Zhuyin, kana, Hangul, and the number pad.
    &[("1234567890-=", "!@#$%^&*()_+"), ("qwertyuiop[]\\", "          {}|"), ("asdfghjkl;'", "         :\""), ("zxcvbnm,./", "       <>?")],
    &[("1234567890", "!\"§$%&/()="), ("qwertzuiop", ""), ("asdfghjkl", ""), ("yxcvbnm,.-", "       ;:_")],
    &[("1234567890", "&é\"'(-è_çà"), ("azertyuiop", ""), ("qsdfghjklm", ""), ("wxcvbn,;:!", "")],
    &[("1234567890[]", ""), ("',.pyfgcrl/=", ""), ("aoeuidhtns-", ""), (";qjkxbmwvz", "")],
    &[("1234567890", ""), ("йцукенгшщзхъ", ""), ("фывапролджэ", ""), ("ячсмитьбю.", "")],
    &[("ㄅㄉˇˋㄓˊ˙ㄚㄞㄢㄦ", ""), ("ㄆㄊㄍㄐㄔㄗㄧㄛㄟㄣ", ""), ("ㄇㄋㄎㄑㄕㄘㄨㄜㄠㄤ", ""), ("ㄈㄌㄏㄒㄖㄙㄩㄝㄡㄥ", "")],
    &[("ぬふあうえおやゆよわほへ", ""), ("たていすかんなにらせ", ""), ("ちとしはきくまのりれけむ", ""), ("つさそひこみもねるめろ", "")],
    &[("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", ""), ("ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", ""), ("ㅋㅌㅊㅍㅠㅜㅡ", "")],
    &[("789", ""), ("456", ""), ("123", ""), ("0", "")],
];

/// The board of all alphabets whose order is that of Unicode.
const UNICODE: usize = usize::MAX;

/// Where a character stands on a board.
#[derive(Clone, Copy)]
struct Place {
    board: usize,
    row: i32,
    column: i32,
    /// Whether it is the first or last of its row.
    end: bool,
}

/// The direction from one character to another on the same board.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Step {
    board: usize,
    rows: i32,
    columns: i32,
}

impl Step {
    fn back(self) -> Step {
        Step { rows: -self.rows, columns: -self.columns, ..self }
    }
    /// Whether this leads from a key to one beside it, or at most this far along an alphabet.
    fn is_near(self, most: i32) -> bool {
        let most = if self.is_alphabet() { most } else { 1 };
        (self.rows, self.columns) != (0, 0) && self.rows.abs() <= 1 && self.columns.abs() <= most
    }
    fn is_alphabet(self) -> bool {
        BOARDS.get(self.board).is_none_or(|board| board.len() == 1)
    }
}

static PLACES: LazyLock<HashMap<char, Vec<Place>>> = LazyLock::new(|| {
    let mut places: HashMap<char, Vec<Place>> = HashMap::new();
    for (board, rows) in BOARDS.iter().enumerate() {
        for (row, (plain, shifted)) in rows.iter().enumerate() {
            let length = plain.chars().count();
            for (column, key) in plain.chars().enumerate().chain(shifted.chars().enumerate()) {
                let end = column == 0 || column + 1 == length;
                let place = Place { board, row: row as i32, column: column as i32, end };
                // One key, folded as a password is.
                let folded = Text::new(&key.to_string()).folded;
                if let [key] = folded[..]
                    && key != ' '
                {
                    places.entry(key).or_default().push(place);
                }
            }
        }
    }
    places
});

/// Every place of a character.
fn places(c: char) -> Vec<Place> {
    let mut places = PLACES.get(&c).cloned().unwrap_or_default();
    if c.is_alphanumeric() && !is_ideograph(c) {
        let end = matches!(c, 'a' | 'z' | '0' | '1' | '9' | 'ㄅ');
        places.push(Place { board: UNICODE, row: 0, column: c as i32, end });
    }
    places
}

/// Whether the character is a Chinese character or a Hangul syllable. Their order in Unicode is
/// one that people do not know.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fdf}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Finds the repetitions and sequences in a text.
pub(super) fn find(text: &Text, parts: &mut Vec<Part>) {
    let places: Vec<Vec<Place>> = text.folded.iter().copied().map(places).collect();
    for start in 0..text.len() {
        repeats(&text.folded, start, parts);
        shifted(&places, start, parts);
        for place in &places[start] {
            straight(&places, start, *place, parts);
        }
    }
}

/// The step from one place to a character's place on the same board.
fn step(from: Place, to: &[Place]) -> Option<(Step, Place)> {
    let to = *to.iter().find(|place| place.board == from.board)?;
    let step =
        Step { board: from.board, rows: to.row - from.row, columns: to.column - from.column };
    Some((step, to))
}

/// The longest repetitions that begin here: of what stands directly before, of what stands
/// anywhere before, the same with other signs for letters, and of what stands before read
/// backwards.
fn repeats(text: &[char], start: usize, parts: &mut Vec<Part>) {
    let (mut near, mut far, mut alike) = (0, 0, 0);
    for distance in 1..=start {
        let earlier = text[start - distance..].iter();
        let length = text[start..].iter().zip(earlier).take_while(|(a, b)| a == b).count();
        far = far.max(length);
        let both = text[start..].iter().zip(&text[start - distance..]);
        alike = alike.max(both.take_while(|(a, b)| are_alike(**a, **b)).count());
        if length >= distance {
            near = near.max(length);
        }
    }
    let before = text[..start].iter().rev();
    let mirrored = text[start..].iter().zip(before).take_while(|(a, b)| a == b).count();
    let mut push = |least: usize, length: usize, bits| {
        if length >= least {
            parts.push(Part::run(start, least, start + length, bits, Kind::Repeat));
        }
    };
    push(1, near, REPEAT);
    push(SHORTEST, far, REPEAT_AFAR);
    push(SHORTEST, mirrored, REPEAT_AFAR);
    push(SHORTEST_ON_KEYS, alike, REPEAT_ALIKE);
}

/// The longest block that begins here and follows an earlier one: each of its characters is one
/// step from the character that stands as far before it. The step is the same for all, or back
/// for some of the block's places, such as in `a9b8c7d6`.
fn shifted(places: &[Vec<Place>], start: usize, parts: &mut Vec<Part>) {
    let mut longest = 0;
    for distance in 1..=start.min(LONGEST_BLOCK) {
        for place in &places[start - distance] {
            let near = |(step, _): &(Step, Place)| step.is_near(LONGEST_BLOCK_STEP);
            let Some((first, _)) = step(*place, &places[start]).filter(near) else { continue };
            let mut steps: Vec<Step> = Vec::new();
            for to in &places[start..] {
                let from = &places[start + steps.len() - distance];
                let from = from.iter().find(|place| place.board == first.board);
                let Some((step, _)) = from.and_then(|from| step(*from, to)) else { break };
                let before = steps.len().checked_sub(distance).map(|at| steps[at]);
                if !before.map_or([first, first.back()].contains(&step), |before| before == step) {
                    break;
                }
                steps.push(step);
            }
            longest = longest.max(steps.len());
        }
    }
    if longest >= SHORTEST_ON_KEYS {
        parts.push(Part::run(start, SHORTEST_ON_KEYS, start + longest, SHIFTED, Kind::Sequence));
    }
}

/// The sequences that begin at a place: along an alphabet in one direction, or over neighbouring
/// keys with turns.
fn straight(places: &[Vec<Place>], start: usize, first: Place, parts: &mut Vec<Part>) {
    let begin = if first.end { OBVIOUS_START } else { CHARACTER };
    let (mut bits, mut from, mut direction) = (begin, first, None);
    for (at, to) in places.iter().enumerate().skip(start + 1) {
        let near = |(step, _): &(Step, Place)| step.is_near(LONGEST_STEP);
        let Some((step, place)) = step(from, to).filter(near) else { break };
        bits += match direction {
            None if step.rows == 0 && step.columns.abs() == 1 => ALONG,
            None => OTHER_WAY,
            Some(before) if before == step => 0.0,
            Some(_) if step.is_alphabet() => break,
            Some(_) => TURN,
        };
        (from, direction) = (place, Some(step));
        if at + 1 - start >= if step.is_alphabet() { SHORTEST } else { SHORTEST_ON_KEYS } {
            parts.push(Part::new(start, at + 1, bits, Kind::Sequence));
        }
    }
}
