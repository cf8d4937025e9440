//! What is not exactly a request is refused, before it costs anything.

use crate::contract::{example, routes};
use domain::account::Handle;
use domain::policy::Policy;
use domain::secret::{Bearer, BearerKind};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tests::world::{Ask, FUNCTIONS};
use tests::{Answer, Fault, World};

/// A bearer of the right form that nobody ever got.
fn made_up(kind: BearerKind) -> String {
    let handle = Handle::parse(&"h".repeat(Handle::LENGTH)).expect("a handle");
    Bearer::new(kind, handle, [7; 32]).reveal()
}

/// Every route that takes a body: method, path pattern, a right body.
pub fn bodies() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("PUT", "/v1/policy", serde_json::to_value(Policy::default()).expect("JSON")),
        ("PUT", "/v1/policy/terms", json!({ "terms": ["zeppelin"] })),
        ("POST", "/v1/users", json!({ "userId": "ann", "name": "Ann", "role": "user", "language": "en", "groups": [] })),
        ("PATCH", "/v1/users/{userId}", json!({ "name": "Ann", "role": "user", "enabled": true })),
        ("POST", "/v1/sign-in", json!({ "userId": "ann", "password": "a password of ann", "session": "bearer" })),
        ("POST", "/v1/session/confirm", json!({ "password": "a password of ann" })),
        ("POST", "/v1/me/methods", json!({ "kind": "email", "destination": "ann@example.com" })),
        ("PUT", "/v1/me/password", json!({ "currentPassword": "a password of ann", "newPassword": "another password of ann" })),
        ("POST", "/v1/challenges/{challengeId}/verify", json!({ "code": "12345678" })),
        ("PUT", "/v1/policy/terms", json!({ "terms": ["latchkey"] })),
        ("POST", "/v1/resets", json!({ "userId": "ann" })),
        ("POST", "/v1/resets/{resetId}/challenges", json!({ "kind": "email" })),
        ("PUT", "/v1/resets/{resetId}/password", json!({ "newPassword": "another password of ann" })),
    ]
}

/// A request with the bearer that its path asks for; nobody ever got it.
fn ask(method: &'static str, pattern: &str) -> Ask {
    let kind = if pattern.starts_with("/v1/resets") { BearerKind::Reset } else { BearerKind::Session };
    Ask::new(method, example(pattern)).bearer(&made_up(kind))
}

fn raw(method: &'static str, pattern: &str, body: impl Into<String>) -> Ask {
    ask(method, pattern).body(Value::String(body.into()))
}

/// The text of an object with something put before its first field.
fn with_first(body: &Value, field: &str) -> String {
    body.to_string().replacen('{', &format!("{{{field},"), 1)
}

#[test]
fn every_route_that_writes_a_body_is_here() {
    // These take none.
    let without =
        ["/v1/me/methods/{kind}/challenges", "/v1/me/registration/finish", "/v1/me/registration/postpone", "/v1/me/registration/reconfirm"];
    let template: BTreeSet<(String, String)> = routes()
        .into_iter()
        .map(|(_, method, path)| (method, path))
        .filter(|(method, path)| ["POST", "PUT", "PATCH"].contains(&method.as_str()) && !without.contains(&path.as_str()))
        .collect();
    assert_eq!(bodies().iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect::<BTreeSet<_>>(), template);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_json_by_its_name() {
    let world = World::new().await;
    #[rustfmt::skip]
    let refused = [
        "", " ", "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/problem+json", "application/json5", "application/*", "*/*",
        "application/json; charset=utf-16", "application/json; charset=big5", "application/json, text/plain", "application/json; charset=utf-8, text/plain", "text/plain; application/json",
        "application/json; version=2", "application json",
    ];
    let taken = [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/json ; charset=utf-8",
    ];
    for (method, path, body) in bodies() {
        let none = world.ask(ask(method, path)).await.expect(415);
        assert_eq!(none.code(), "unsupportedMediaType", "{path}: no body");
        for kind in refused {
            let answer = world.ask(ask(method, path).body(body.clone()).header("content-type", kind)).await.expect(415);
            assert_eq!(answer.code(), "unsupportedMediaType", "{path}: {kind:?}");
        }
        for kind in taken {
            let answer = world.ask(ask(method, path).body(body.clone()).header("content-type", kind)).await;
            assert!(![400, 415].contains(&answer.status) || answer.code() == "invalidRequest", "{path}: {kind:?} {answer:?}");
            assert_ne!(answer.code(), "unsupportedMediaType", "{path}: {kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_one_object_of_known_fields() {
    let world = World::new().await;
    for (method, path, body) in bodies() {
        let whole = body.to_string();
        let values: Vec<Value> = body.as_object().unwrap().values().cloned().collect();
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
        #[rustfmt::skip]
        let nowhere = [
            String::new(), " ".into(), "null".into(), "true".into(), "7".into(), "\"text\"".into(), "[]".into(), "[{}]".into(), format!("[{whole}]"), json!(values).to_string(),
            "{".into(), "}".into(), "{]".into(), "{,}".into(), "{'a':1}".into(), "{a:1}".into(), format!("\u{feff}{whole}"), format!("//\n{whole}"),
            format!("{whole}{{}}"), format!("{whole} x"), format!("{whole},"), format!("{whole}\0"), format!("{whole}null"), whole.replacen('}', ",}", 1),
        ];
        for text in nowhere {
            let answer = world.ask(raw(method, path, text.clone())).await.expect(400);
            assert_eq!((answer.code(), &answer.body["errors"][0]["code"]), ("invalidRequest", &json!("wrongType")), "{path}: {text}");
        }
        assert_eq!(world.ask(raw(method, path, deep)).await.expect(400).code(), "invalidRequest", "{path}");

        let refused = async |text: String, pointer: &str| {
            let answer = world.ask(raw(method, path, text.clone())).await.expect(400);
            let expected =
                json!([{ "pointer": pointer, "code": "wrongType", "detail": "Is missing, unknown, or not of the expected type." }]);
            assert_eq!(answer.body["errors"], expected, "{path}: {text}");
        };
        for unknown in ["colour", "__proto__", "verified", "generation", "passwordHash", "UserId", "a/b~c"] {
            let pointer = unknown.replace('~', "~0").replace('/', "~1");
            refused(with_first(&body, &format!("\"{unknown}\":1")), &format!("/{pointer}")).await;
        }
        for (field, value) in body.as_object().unwrap() {
            // Twice: the object's mistake, not the field's.
            refused(with_first(&body, &format!("\"{field}\":{value}")), "").await;
            // Nobody's type of a field.
            for wrong in [json!({ "x": { "y": 1 } }), json!([[1]])] {
                let mut body = body.clone();
                body[field] = wrong;
                let answer = world.ask(raw(method, path, body.to_string())).await.expect(400);
                let pointer = answer.body["errors"][0]["pointer"].as_str().unwrap();
                assert!(pointer.starts_with(&format!("/{field}")), "{path} {field}: {pointer}");
            }
            if value.is_string() {
                for wrong in ["\"\\ud800\"", "\"\\u12\"", "\"\t\"", "\"\n\"", "1e999", "nul"] {
                    let text = whole.replacen(&format!("\"{field}\":{value}"), &format!("\"{field}\":{wrong}"), 1);
                    assert_ne!(text, whole);
                    assert_eq!(world.ask(raw(method, path, text.clone())).await.expect(400).code(), "invalidRequest", "{path}: {text}");
                }
            }
        }
    }
    assert_eq!(operations(&world), Vec::<String>::new(), "none of it reached the table");
}

fn operations(world: &World) -> Vec<String> {
    world.proxy.take_calls().into_iter().map(|call| call.operation).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_at_most_64_kib() {
    let world = World::new().await;
    let most = 64 * 1024;
    for (method, path, body) in bodies() {
        let padded = |size: usize| format!("{}{body}", " ".repeat(size - body.to_string().len()));
        for size in [most + 1, 65 * 1024 + 1, 6 << 20] {
            let answer = world.ask(raw(method, path, padded(size))).await.expect(413);
            assert_eq!(answer.code(), "bodyTooLarge", "{path}: {size}");
        }
        assert_eq!(operations(&world), Vec::<String>::new(), "{path}");
        assert_ne!(world.ask(raw(method, path, padded(most))).await.status, 413, "{path}: what fits is read");
        operations(&world);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_password_costs_no_hash_and_no_call() {
    let world = World::new().await;
    let long = |size: usize| "p".repeat(size);
    // A megabyte is no body; sixty thousand letters are nobody's password.
    for (method, path, field) in [
        ("POST", "/v1/sign-in", "password"),
        ("POST", "/v1/session/confirm", "password"),
        ("PUT", "/v1/me/password", "currentPassword"),
        ("PUT", "/v1/resets/{resetId}/password", "newPassword"),
    ] {
        let mut body = bodies().into_iter().find(|(_, of, _)| *of == path).expect("a body").2;
        body[field] = json!(long(1 << 20));
        assert_eq!(world.ask(ask(method, path).body(body)).await.expect(413).code(), "bodyTooLarge", "{path}");
    }
    for size in [257, 60_000] {
        let body = json!({ "userId": "ann", "password": long(size) });
        assert_eq!(world.ask(Ask::new("POST", "/v1/sign-in").body(body)).await.expect(401).code(), "signInFailed");
        let body = json!({ "currentPassword": long(size), "newPassword": "another password of ann" });
        assert_eq!(world.ask(ask("PUT", "/v1/me/password").body(body)).await.expect(422).code(), "currentPasswordWrong");
        let body = json!({ "password": long(size) });
        assert_eq!(world.ask(ask("POST", "/v1/session/confirm").body(body)).await.expect(422).code(), "currentPasswordWrong");
    }
    assert_eq!(operations(&world), Vec::<String>::new());
}

/// Routes that anybody may call.
const PUBLIC: [(&str, &str); 4] = [("GET", "/v1/limits"), ("GET", "/v1/organisation"), ("POST", "/v1/sign-in"), ("POST", "/v1/resets")];

#[tokio::test(flavor = "multi_thread")]
async fn every_other_route_asks_for_its_bearer() {
    let world = World::new().await;
    let (session, reset) = (made_up(BearerKind::Session), made_up(BearerKind::Reset));
    #[rustfmt::skip]
    let refused = [
        String::new(), "Bearer".into(), "Bearer ".into(), format!("Basic {session}"), format!("Basic {reset}"), session.clone(), reset.clone(), format!("Bearer {session},Bearer {session}"),
        format!("Bearer {reset}, {reset}"), format!("Bearer {session}x"), format!("Bearer {}", &session[..60]), format!("Bearer \"{session}\""), "Bearer null".into(), "Bearer lks_".into(),
    ];
    for (_, method, pattern) in routes() {
        if PUBLIC.contains(&(method.as_str(), pattern.as_str())) {
            continue;
        }
        let method = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|known| *known == method).expect("a method");
        let (status, code) = if pattern.starts_with("/v1/resets/") { (410, "resetEnded") } else { (401, "signInRequired") };
        let check = |answer: &Answer, what: &str| {
            assert_eq!((answer.status, answer.code()), (status, code), "{method} {pattern}: {what:?}");
            assert_eq!(
                answer.headers.get("www-authenticate").map(String::as_str),
                (status == 401).then_some("Bearer"),
                "{method} {pattern}"
            );
        };
        let right = bodies().into_iter().find(|(m, p, _)| *m == method && *p == pattern).map(|(.., body)| body);
        let plain = || Ask { body: right.clone(), ..Ask::new(method, example(&pattern)) };
        check(&world.ask(plain()).await, "no header");
        for header in &refused {
            check(&world.ask(plain().header("authorization", header)).await, header);
        }
        // In no other place, and no bearer of the other kind.
        let (own, other) = if status == 410 { (&reset, &session) } else { (&session, &reset) };
        for query in [format!("access_token={own}"), format!("bearer={own}")] {
            let ask = Ask { path: format!("{}?{query}", example(&pattern)), ..plain() };
            check(&world.ask(ask.cookie(&format!("session={own}"))).await, &query);
        }
        let cookie = format!("__Host-latchkey={reset}");
        check(&world.ask(plain().cookie(&cookie).header("sec-fetch-site", "same-origin")).await, "a reset's in the cookie");
        if !pattern.ends_with("/verify") {
            check(&world.ask(plain().bearer(other)).await, "the other kind");
        }
        assert_eq!(operations(&world), Vec::<String>::new(), "{method} {pattern}: no call for that");
    }
}

/// What every answer says to a browser.
const HEADERS: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    ("referrer-policy", "no-referrer"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers_and_every_refusal_is_a_problem() {
    let world = World::with_source_limit(3).await;
    let admin = world.session(&world.administrator().await).await;
    let policy = world.ask(Ask::new("GET", "/v1/policy").bearer(&admin)).await.expect(200).body["policy"].clone();
    let user = world.user(&admin, json!({ "userId": "ann", "name": "Ann" })).await;
    let ann = world.session(&user).await;
    let user_named = |id: &str| json!({ "userId": id, "name": "Ann" });
    let put = |tag: &str| Ask::new("PUT", "/v1/policy").bearer(&admin).header("if-match", tag).body(policy.clone());
    let reset = |user: &str| Ask::new("POST", "/v1/resets").body(json!({ "userId": user }));
    #[rustfmt::skip]
    let mut asks = vec![
        Ask::new("GET", "/v1/limits"), Ask::new("GET", "/v1/policy").bearer(&admin), put("\"7\""), Ask::new("PUT", "/v1/policy").bearer(&admin).body(policy.clone()),
        Ask::new("POST", "/v1/users").bearer(&admin).body(user_named("bob")), Ask::new("POST", "/v1/users").bearer(&admin).body(user_named("bob")),
        Ask::new("POST", "/v1/users").bearer(&admin).body(json!({})), Ask::new("GET", "/v1/users/nobody").bearer(&admin), Ask::new("GET", "/v1/users").bearer(&ann), Ask::new("GET", "/v1/me"),
        Ask::new("PUT", "/v1/me"), raw("POST", "/v1/sign-in", " ".repeat(1 << 17)), Ask::new("POST", "/v1/sign-in"), Ask::new("GET", "/v1/resets/x"), reset("ann"),
        Ask::new("GET", "/v1/users/%ff").bearer(&admin), Ask::new("GET", "/v1/users/%").bearer(&admin),
    ];
    let mut on = policy.clone();
    on["scope"] = json!({ "type": "all" });
    asks.push(Ask::new("PUT", "/v1/policy").bearer(&admin).header("if-match", "\"0\"").body(on));
    asks.extend(["ann", "bob", "eve", "mallory"].map(reset));
    asks.push(
        Ask::new("PUT", "/v1/me/password")
            .bearer(&ann)
            .body(json!({ "currentPassword": "wrong", "newPassword": "a new and longer password" })),
    );
    asks.push(Ask::new("POST", "/v1/me/methods").bearer(&ann).body(json!({ "kind": "email", "destination": "ann@example.com" })));
    asks.push(Ask::new("DELETE", "/v1/session").bearer(&ann));

    let mut seen: BTreeMap<u16, usize> = BTreeMap::new();
    let mut check = |answer: &Answer, what: &str| {
        *seen.entry(answer.status).or_default() += 1;
        for (name, value) in HEADERS {
            assert_eq!(answer.headers.get(name).map(String::as_str), Some(value), "{name} of {what}");
        }
        assert!(
            answer.headers["vary"].contains("Accept-Language") && !answer.headers.contains_key("access-control-allow-origin"),
            "{what}"
        );
        assert!(!answer.headers.contains_key("set-cookie") && !answer.headers.contains_key("server"), "{what}");
        if answer.status >= 400 {
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{what}");
            let fields: BTreeSet<&str> = answer.body.as_object().expect("a problem").keys().map(String::as_str).collect();
            assert!(fields.is_superset(&["type", "title", "status", "detail", "code", "supportCode"].into()), "{what}: {answer:?}");
            let known: BTreeSet<&str> = ["type", "title", "status", "detail", "code", "supportCode", "retryAfter", "errors"].into();
            assert!(fields.is_subset(&known), "{what}: {answer:?}");
            assert_eq!(
                (&answer.body["status"], answer.text("type")),
                (&json!(answer.status), format!("urn:latchkey:problem:{}", answer.code())),
                "{what}"
            );
            let retry = answer.headers.get("retry-after").map(|seconds| seconds.parse::<u64>().expect("seconds"));
            assert_eq!(retry, answer.body["retryAfter"].as_u64(), "{what}");
            assert_eq!(retry.is_some(), [429, 503].contains(&answer.status), "{what}");
        } else if answer.status != 204 {
            assert_eq!(answer.headers["content-type"], "application/json", "{what}");
        }
    };
    for ask in asks {
        let what = format!("{} {}", ask.method, ask.path);
        check(&world.ask(ask.header("origin", "https://evil.example")).await, &what);
    }
    world.proxy.set_rule(|_, _| Some(Fault::AccessDenied));
    check(&world.ask(Ask::new("GET", "/v1/limits")).await, "a table that refuses");
    let statuses: Vec<u16> = seen.into_keys().collect();
    assert_eq!(
        statuses,
        [200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422, 428, 429, 503],
        "every status was looked at"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_none_is_not_found_by_any_function() {
    let world = World::new().await;
    #[rustfmt::skip]
    let paths = [
        "/", "/v1", "/v1/", "/v2/me", "/V1/ME", "//v1/me", "/v1//me", "/v1/me/", "/v1/%6de", "/v1/me%00", "/v1/me;x=y",
        "/v1/sign-in/", "/v1/resets/x/challenges/", "/v1/resets/x/y", "/v1/users/x/y", "/.env", "/api/messages", "/_aws/ses", "/favicon.ico", "/index.html", "/v1/openapi.json", "/health",
    ];
    for (function, _) in FUNCTIONS {
        for path in paths {
            for method in ["GET", "POST", "DELETE", "OPTIONS"] {
                let answer = world.ask_function(function, Ask::new(method, path)).await;
                assert_eq!((answer.status, answer.code()), (404, "notFound"), "{function}: {method} {path}");
                assert!(HEADERS.iter().all(|(name, value)| answer.headers[*name] == *value), "{function}: {path}");
            }
        }
        // Dots are resolved, and lead nowhere that the plain path does not.
        for dots in ["/v1/./me", "/v1/users/../me", "/v1/users/%2e%2e/me"] {
            let (plain, dotted) =
                (world.ask_function(function, Ask::new("GET", "/v1/me")).await, world.ask_function(function, Ask::new("GET", dots)).await);
            assert!([401, 404].contains(&plain.status) && dotted.status == plain.status, "{function}: {dots}");
        }
        // A path of another function is none of its own.
        for (other, method, pattern) in routes().into_iter().filter(|(other, ..)| other != function) {
            let answer = world.ask_function(function, Ask { path: example(&pattern), ..Ask::new("GET", "") }).await;
            assert_eq!(answer.status, 404, "{function} answers {method} {pattern} of {other}");
        }
    }
    assert_eq!(operations(&world), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_what_the_caller_says_of_itself_is_not_believed() {
    let world = World::with_source_limit(2).await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on(&admin).await;
    let start = async |n: usize, source: &str| {
        let ask = Ask::new("POST", "/v1/resets").body(json!({ "userId": format!("user{n}") })).source(source);
        let ask = ask.header("x-forwarded-for", format!("198.51.100.{n}")).header("forwarded", format!("for=198.51.100.{n}"));
        world.ask(ask.header("x-real-ip", format!("198.51.100.{n}")).header("x-amzn-request-id", "chosen")).await
    };
    for source in ["192.0.2.9", "2001:db8:1:2::1", "::ffff:203.0.113.5"] {
        start(1, source).await.expect(201);
        start(2, source).await.expect(201);
        assert_eq!(start(3, source).await.expect(429).code(), "tooManyFromAddress", "{source}");
    }
    // One subscriber has a whole /64, and one IPv4 address two spellings.
    assert_eq!(start(4, "2001:db8:1:2:ffff::9").await.status, 429);
    assert_eq!(start(5, "203.0.113.5").await.status, 429);
    start(6, "2001:db8:1:3::1").await.expect(201);
}
