//! Media types are read as RFC 9110 writes them, section 8.3.1.

use platform::http::request::media_type::MediaType;
use proptest::collection::vec;
use proptest::prelude::*;

fn parsed(text: &str) -> Option<(String, Vec<(String, String)>)> {
    MediaType::parse(text).map(|kind| (kind.essence, kind.parameters))
}

#[test]
fn a_media_type_is_read_with_its_parameters() {
    #[rustfmt::skip]
    let table: [(&str, &[(&str, &str)]); 14] = [
        ("application/json", &[]),
        ("Application/JSON", &[]),
        ("\tapplication/json ", &[]),
        ("application/json;", &[]),
        ("application/json ; ", &[]),
        ("application/json;;\t; charset=utf-8;", &[("charset", "utf-8")]),
        ("application/json; charset=utf-8", &[("charset", "utf-8")]),
        ("application/json\t;\tCharSet=UTF-8", &[("charset", "UTF-8")]),
        ("application/json; charset=\"utf-8\"", &[("charset", "utf-8")]),
        ("application/json;charset=\"\\u\\t\\f-8\"", &[("charset", "utf-8")]),
        ("application/json;a=\"; charset=utf-16\"", &[("a", "; charset=utf-16")]),
        ("application/json;a=\"\\\\\\\"\";b=c", &[("a", "\\\""), ("b", "c")]),
        ("application/json;a=\"\"", &[("a", "")]),
        ("application/json; charset=utf-8; charset=big5", &[("charset", "utf-8"), ("charset", "big5")]),
    ];
    for (text, parameters) in table {
        let parameters =
            parameters.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        assert_eq!(parsed(text), Some(("application/json".to_owned(), parameters)), "{text:?}");
    }
    #[rustfmt::skip]
    let refused = [
        "", " ", "/", "application", "application/", "/json", "application /json", "application/ json", "application//json", "application/json/x",
        "application/json charset=utf-8", "application/json, text/plain", "application/json; charset", "application/json; charset=", "application/json; charset =utf-8",
        "application/json; charset= utf-8", "application/json; charset=utf 8", "application/json; charset=\"utf-8", "application/json; charset=\"utf-8\\",
        "application/json; charset=\"utf-8\"x", "application/json; charset=utf-8\"", "application/json; =utf-8", "application/json; charset='utf-8'=x",
        "application/json; charset=utf-8, text/plain", "application/json; a=\"\0\"", "application/json; a=\"\\\n\"", "application/jsoné", "application/json; é=1",
        "application/json\n; charset=utf-8",
    ];
    for text in refused {
        assert_eq!(parsed(text), None, "{text:?}");
    }
}

/// A token, as section 5.6.2 writes it.
fn token() -> impl Strategy<Value = String> {
    "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}"
}

/// White space that may be around a parameter.
fn space() -> impl Strategy<Value = String> {
    "[ \t]{0,3}"
}

/// A parameter: its name, its value, and how the value is written.
fn parameter() -> impl Strategy<Value = (String, String, String)> {
    let plain = token().prop_map(|value| (value.clone(), value));
    let quoted = vec(
        (any::<char>().prop_filter("text", |c| *c == '\t' || !c.is_control()), any::<bool>()),
        0..12,
    )
    .prop_map(|text| {
        let value: String = text.iter().map(|(c, _)| c).collect();
        let escaped = |(c, escape): &(char, bool)| match *escape || matches!(c, '"' | '\\') {
            true => format!("\\{c}"),
            false => c.to_string(),
        };
        (value, format!("\"{}\"", text.iter().map(escaped).collect::<String>()))
    });
    (token(), prop_oneof![plain, quoted])
        .prop_map(|(name, (value, written))| (name, value, written))
}

proptest! {
    #[test]
    fn every_media_type_of_the_grammar_is_read(
        (kind, subtype) in (token(), token()),
        parameters in vec((space(), space(), proptest::option::of(parameter())), 0..6),
        end in space(),
    ) {
        let mut text = format!("{kind}/{subtype}");
        let mut expected = Vec::new();
        for (before, after, parameter) in parameters {
            text.push_str(&format!("{before};{after}"));
            if let Some((name, value, written)) = parameter {
                text.push_str(&format!("{name}={written}"));
                expected.push((name.to_ascii_lowercase(), value));
            }
        }
        text.push_str(&end);
        let essence = format!("{kind}/{subtype}").to_ascii_lowercase();
        prop_assert_eq!(parsed(&text), Some((essence, expected)), "{:?}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        let _ = parsed(&text);
    }

    #[test]
    fn what_follows_json_is_never_ignored(rest in "[ \t;=\"a-z\\\\,/0-9-]{1,24}") {
        // A text that is read has nothing left over: written anew, it is read alike.
        if let Some((essence, parameters)) = parsed(&format!("application/json{rest}")) {
            let write = |(name, value): &(String, String)| {
                format!(";{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
            };
            let text = essence.clone() + &parameters.iter().map(write).collect::<String>();
            prop_assert_eq!(parsed(&text), Some((essence, parameters)));
        }
    }
}
