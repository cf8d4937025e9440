//! Request bodies: one JSON object in UTF-8 with known fields, each once and of its type.

use super::{ask, bodies, errors, function_of, hand, is_optional, operations, raw, with_first};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::language::Language;
use platform::texts::text;
use serde_json::{Value, json};
use tests::World;
use tests::world::{Ask, event};

/// Content types that the API refuses.
#[rustfmt::skip]
const OTHERS: [&str; 22] = [
    "", " ", "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/problem+json", "application/json5", "application/*", "*/*",
    "application/json; charset=utf-16", "application/json; charset=big5", "application/json, text/plain", "application/json; charset=utf-8, text/plain", "text/plain; application/json",
    "application json", "application/json; charset=\"utf-16\"", "application/json; charset=utf-8; charset=big5", "application/json; charset", "application/json; charset=\"utf-8",
    "application/json; charset=", "application/merge-patch+json; charset=latin1",
];

#[tokio::test(flavor = "multi_thread")]
async fn a42_a_body_needs_the_content_type_of_json() {
    let world = World::new().await;
    let taken = [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/json ; charset=utf-8",
        "application/merge-patch+json",
        "application/merge-patch+json; charset=\"UTF-8\"",
        "application/json;",
        "application/json\t;; charset=\"utf-8\" ;",
        "application/json;charset=\"\\utf-8\"",
        // Parameters that mean nothing for JSON.
        "application/json; version=2",
        "application/json; profile=\"https://example.com/; charset=utf-16\"; charset=utf-8",
    ];
    for (method, path, body) in bodies() {
        let none = world.ask(ask(method, path)).await.expect(415);
        assert_eq!(none.code(), "unsupportedMediaType", "{path}: no body");
        for kind in OTHERS {
            let answer = world
                .ask(ask(method, path).body(body.clone()).header("content-type", kind))
                .await
                .expect(415);
            assert_eq!(answer.code(), "unsupportedMediaType", "{path}: {kind:?}");
        }
        assert_eq!(operations(&world), Vec::<String>::new(), "{path}");
        for kind in taken {
            let answer =
                world.ask(ask(method, path).body(body.clone()).header("content-type", kind)).await;
            assert!(
                answer.status != 415 && answer.body.get("errors").is_none(),
                "{path}: {kind:?} {answer:?}"
            );
        }
        operations(&world);
    }
}

/// Builds a request whose body the gateway encoded as binary.
fn encoded(ask: Ask, body: &[u8]) -> Value {
    let mut event = event(&ask, 1);
    (event["body"], event["isBase64Encoded"]) = (json!(BASE64.encode(body)), json!(true));
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn a42_a_body_in_base64_has_the_same_rules() {
    let world = World::new().await;
    for (method, path, body) in bodies() {
        let (function, whole) = (function_of(path), body.to_string());
        let ask = |kind: &str| ask(method, path).body(body.clone()).header("content-type", kind);
        let json = || ask("application/json");
        for (ask, bytes, status, expected) in [
            (ask("text/plain"), whole.clone().into_bytes(), 415, "unsupportedMediaType"),
            (ask(""), whole.clone().into_bytes(), 415, "unsupportedMediaType"),
            (json(), vec![b' '; 64 * 1024 + 1], 413, "bodyTooLarge"),
            (json(), vec![b' '; 6 << 20], 413, "bodyTooLarge"),
            (json(), format!("{whole}{{}}").into_bytes(), 400, "notJson"),
            (json(), format!("\u{feff}{whole}").into_bytes(), 400, "notJson"),
            (json(), [whole.as_bytes(), b"\xff"].concat(), 400, "notJson"),
            (json(), whole.encode_utf16().flat_map(u16::to_be_bytes).collect(), 400, "notJson"),
            (json(), Vec::new(), 400, "notJson"),
            (json(), with_first(&body, "\"x\":1").into_bytes(), 400, "unknownField"),
            // Invalid UTF-8 inside a string.
            (json(), [b"{\"".as_slice(), b"\xed\xa0\x80", b"\":1}"].concat(), 400, "notJson"),
        ] {
            let answer = hand(&world, &function, &encoded(ask, &bytes)).await.expect(status);
            let code = if status == 400 { errors(&answer)[0].1 } else { answer.code() };
            assert_eq!(
                code,
                expected,
                "{path}: {}",
                String::from_utf8_lossy(&bytes[..bytes.len().min(99)])
            );
        }
        let mut no_base64 = encoded(json(), b"");
        no_base64["body"] = json!(whole);
        assert_eq!(
            errors(&hand(&world, &function, &no_base64).await.expect(400)),
            [("", "notARequest")],
            "{path}"
        );
        assert_eq!(operations(&world), Vec::<String>::new(), "{path}");

        let plain = world.ask(json()).await;
        let same = hand(&world, &function, &encoded(json(), whole.as_bytes())).await;
        assert_eq!(
            (same.status, same.code()),
            (plain.status, plain.code()),
            "{path}: a valid body is read"
        );
        operations(&world);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a40_a_body_is_exactly_one_object() {
    let world = World::new().await;
    for (method, path, body) in bodies() {
        let whole = body.to_string();
        let values: Vec<Value> = body.as_object().unwrap().values().cloned().collect();
        let deep = |open: &str, close: &str| format!("{}{}", open.repeat(200), close.repeat(200));
        #[rustfmt::skip]
        let mut refused = vec![
            String::new(), " ".into(), "null".into(), "true".into(), "7".into(), "\"text\"".into(), "[]".into(), "[{}]".into(), format!("[{whole}]"), json!(values).to_string(),
            "{".into(), "}".into(), "{]".into(), "{,}".into(), "{'a':1}".into(), "{a:1}".into(), format!("\u{feff}{whole}"), format!("//\n{whole}"),
            format!("{whole}{{}}"), format!("{whole} x"), format!("{whole},"), format!("{whole}\0"), format!("{whole}null"), format!("{whole}\u{feff}"), whole.replacen('}', ",}", 1),
            deep("[", "]"), with_first(&body, &format!("\"x\":{}", deep("[", "]"))), with_first(&body, "\"x\":\"\\ud800\""), with_first(&body, "\"\\ud800\":1"),
        ];
        for (field, value) in body.as_object().unwrap() {
            #[rustfmt::skip]
            let wrong = ["\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u12\"", "\"\t\"", "\"\n\"", "\"\0\"", "'x'", "nul", "NaN", "01", "+1", "1e999"].map(str::to_owned);
            let at = format!("\"{field}\":{value}");
            // Where another type is expected, these values fail by their type first.
            let wrong = wrong.into_iter().filter(|_| value.is_string());
            refused
                .extend(wrong.map(|wrong| whole.replacen(&at, &format!("\"{field}\":{wrong}"), 1)));
        }
        for text in refused {
            let answer = world.ask(raw(method, path, text.clone())).await.expect(400);
            assert_eq!(errors(&answer), [("", "notJson")], "{path}: {text}");
        }
    }
    let deep = format!("{{\"terms\":{}{}}}", "[".repeat(200), "]".repeat(200));
    assert_eq!(
        errors(&world.ask(raw("PUT", "/v1/policy/terms", deep)).await.expect(400)),
        [("", "notJson")]
    );
    assert_eq!(operations(&world), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a38_a_repeated_field_is_refused_with_its_pointer() {
    let world = World::new().await;
    for (method, path, body) in bodies() {
        for (field, value) in body.as_object().unwrap() {
            let pointer = format!("/{field}");
            let escaped = format!(
                "\"\\u{:04x}{}\":{value}",
                field.chars().next().map_or(0, u32::from),
                &field[1..]
            );
            let first =
                [format!("\"{field}\":{value}"), escaped].map(|twice| with_first(&body, &twice));
            // A repeated field is refused without reading its value.
            let open = body.to_string();
            let last = ["null", "{}", "1.5"]
                .map(|other| format!("{},\"{field}\":{other}}}", &open[..open.len() - 1]));
            for text in first.into_iter().chain(last) {
                let answer = world.ask(raw(method, path, text.clone())).await.expect(400);
                assert_eq!(
                    errors(&answer),
                    [(pointer.as_str(), "repeatedField")],
                    "{path}: {text}"
                );
            }
        }
    }
    assert_eq!(operations(&world), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a41_an_unknown_field_is_refused_on_every_route() {
    let world = World::new().await;
    #[rustfmt::skip]
    let unknown = [
        "role", "verified", "password_hash", "passwordHash", "hash", "generation", "gen", "uid", "handle", "revision", "enabled", "registeredAt", "temporaryUntil", "isAdmin", "admin", "reach",
        "colour", "__proto__", "constructor", "$ne", "$gt", "UserId", "user_id", "userid", "Password", "new_password", "kind ", "", " ", "a/b~c", "a`b", "userId\0",
    ];
    for (method, path, body) in bodies() {
        let other = unknown.iter().filter(|name| body.get(**name).is_none());
        for name in other {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            for value in ["true", "\"administrator\"", "[[{}]]", "null"] {
                let text = with_first(&body, &format!("{}:{value}", json!(name)));
                let answer = world.ask(raw(method, path, text.clone())).await.expect(400);
                assert_eq!(errors(&answer), [(pointer.as_str(), "unknownField")], "{path}: {text}");
            }
        }
    }
    assert_eq!(operations(&world), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mistake_has_its_fields_pointer_and_its_own_code_in_both_languages() {
    let world = World::new().await;
    for (method, path, body) in bodies() {
        for field in body.as_object().unwrap().keys() {
            let pointer = format!("/{field}");
            let (mut without, mut of_no_type) = (body.clone(), body.clone());
            without.as_object_mut().unwrap().remove(field);
            of_no_type[field] = json!(1.5);
            let missing = Some((without, "missingField")).filter(|_| !is_optional(path, field));
            for (body, code) in missing.into_iter().chain([(of_no_type, "wrongType")]) {
                for language in Language::ALL.iter().copied() {
                    let ask = ask(method, path)
                        .body(body.clone())
                        .header("accept-language", language.tag());
                    let answer = world.ask(ask).await.expect(400);
                    assert_eq!(errors(&answer), [(pointer.as_str(), code)], "{path}: {body}");
                    let detail = text(language, &format!("violation.{code}"), &[]);
                    assert_eq!(answer.body["errors"][0]["detail"], detail, "{path}: {body}");
                }
            }
            for nested in [json!({ "x": { "y": 1 } }), json!([[1]])] {
                let mut body = body.clone();
                body[field] = nested;
                let answer = world.ask(ask(method, path).body(body.clone())).await.expect(400);
                assert!(errors(&answer)[0].0.starts_with(&pointer), "{path}: {body} {answer:?}");
            }
        }
    }
    for (method, path, field) in [
        ("POST", "/v1/users", "role"),
        ("POST", "/v1/users", "language"),
        ("PATCH", "/v1/users/{userId}", "role"),
        ("POST", "/v1/sign-in", "session"),
        ("POST", "/v1/me/methods", "kind"),
        ("POST", "/v1/resets/{resetId}/challenges", "kind"),
    ] {
        for value in ["", "root", "Email", "email ", "`user`"] {
            let mut body = bodies()
                .into_iter()
                .find(|(m, p, _)| *m == method && *p == path)
                .expect("a body")
                .2;
            body[field] = json!(value);
            let answer = world.ask(ask(method, path).body(body)).await.expect(400);
            assert_eq!(
                errors(&answer),
                [(format!("/{field}").as_str(), "unknownValue")],
                "{path}: {value:?}"
            );
        }
    }
    assert_eq!(operations(&world), Vec::<String>::new());
}
