//! Names of users, groups and organisations: what is refused, what is dropped, and which
//! invisible characters stay because they change how a name looks.

use domain::typed::{Field, clean};

const NAMES: [Field; 3] = [Field::DisplayName, Field::GroupName, Field::OrganisationName];

fn check(typed: &str, expected: Option<&str>) {
    for field in NAMES {
        assert_eq!(clean(field, typed).as_deref(), expected, "{field:?} {typed:?}");
    }
}

#[test]
fn a_name_is_one_line_in_one_direction() {
    for typed in
        ["Ann\nBob", "Ann\0", "\0Ann", "Ann\u{1b}[31m", "A\tB", "Ann\u{2028}B", "Ann\u{85}B"]
    {
        check(typed, None);
    }
    for typed in ["Ann\u{202e}nimda", "\u{202e}Ann", "Ann\u{202c}", "Ann\u{2066}x\u{2069}"] {
        check(typed, None);
    }
}

#[test]
fn spellings_that_look_the_same_become_one_name() {
    #[rustfmt::skip]
    let table: &[(&str, &[&str])] = &[
        ("Zoë", &["Zoe\u{308}", "Zo\u{200b}ë", "\u{feff}Zoë ", "Zo\u{ad}ë\u{3164}", "\u{2003}Zoë\r\n"]),
        ("Night shift", &["Night\u{a0}shift", "Night  shift", "Night\u{3000}shift", "Night \u{200b} shift", " Night shift "]),
        ("陳大華", &["陳\u{200b}大華", "陳大\u{e0041}華"]),
        ("Ann", &["A\u{200d}nn", "A\u{200c}nn", "Ann\u{fe0f}", "Ann\u{e0100}", "A\u{180b}nn", "Ann\u{e0067}\u{e007f}", "A\u{34f}nn", "\u{200e}Ann\u{200f}"]),
        ("각", &["\u{1100}\u{1161}\u{11a8}", "가\u{11a8}"]),
        ("⠁⠃", &["⠁⠃"]),
    ];
    for (name, spellings) in table {
        check(name, Some(name));
        for spelling in *spellings {
            check(spelling, Some(name));
        }
    }
}

#[test]
fn a_joiner_stays_where_it_changes_the_writing() {
    #[rustfmt::skip]
    let kept = [
        // Emoji: a family, a profession with a skin tone, a flag of pride, a heart on fire.
        "👨\u{200d}👩\u{200d}👧", "👩🏽\u{200d}⚕\u{fe0f}", "🏳\u{fe0f}\u{200d}🌈", "❤\u{fe0f}\u{200d}🔥", "1\u{fe0f}\u{20e3}", "☎\u{fe0e}",
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        // Persian, Hindi, Malayalam, Bengali, Sinhala, Mongolian.
        "می\u{200c}خواهم", "ه\u{200d}", "क्\u{200d}ष", "क्\u{200c}ष", "ന്\u{200d}", "র\u{200d}্য", "ක්\u{200d}ෂ", "ᠨ\u{180b}",
        // A variant of an ideograph, as in Japanese family names.
        "葛\u{e0100}城", "辻\u{fe00}",
    ];
    for name in kept {
        check(name, Some(name));
        check(&format!(" {name}\u{200b}"), Some(name));
    }
    #[rustfmt::skip]
    let dropped = [
        ("👨\u{200d}", "👨"), ("👨\u{200d}\u{200b}👩", "👨\u{200d}👩"), ("A\u{200d}👩", "A👩"), ("1\u{fe0f}2", "12"), ("🏴\u{e0067}\u{e0062}", "🏴"), ("🏴\u{e007f}", "🏴"),
        ("王\u{200d}明", "王明"), ("م\u{200c}A", "مA"), ("\u{200c}مي", "مي"), ("葛\u{fe0f}城", "葛城"), ("A\u{fe00}", "A"), ("👨\u{fe0f}\u{fe0f}", "👨\u{fe0f}"),
    ];
    for (typed, name) in dropped {
        check(typed, Some(name));
    }
}
