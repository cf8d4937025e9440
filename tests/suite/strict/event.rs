//! Gateway events: every event, however malformed, gets an answer with Latchkey's headers.

use super::{HEADERS, errors, hand, operations};
use serde_json::{Value, json};
use tests::world::{Ask, FUNCTIONS, event};
use tests::{Answer, World};

/// Builds the event of this request with a raw header, as the gateway may pass it.
fn with(ask: Ask, name: &str, value: &str) -> Value {
    let mut event = event(&ask, 1);
    event["headers"][name] = json!(value);
    event
}

fn is_whole(answer: &Answer, what: &str) {
    for (name, value) in HEADERS {
        assert_eq!(answer.headers.get(name).map(String::as_str), Some(value), "{what}: {name}");
    }
    assert_eq!(
        (answer.headers["content-type"].as_str(), answer.text("supportCode").len() >= 8),
        ("application/problem+json", true),
        "{what}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_beyond_ascii_never_counts_as_valid_or_as_absent() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    let me = || Ask::new("GET", "/v1/me").bearer(&admin);
    for value in ["é", "語", "\u{80}", "\u{ff}", "a\u{a0}b", "🔑", "\ttab\t"] {
        for name in [
            "accept-language",
            "user-agent",
            "x-anything",
            "referer",
            "if-match",
            "origin",
            "host",
            "x-forwarded-proto",
        ] {
            let answer = hand(&world, "sign-in", &with(me(), name, value)).await.expect(200);
            assert_eq!(answer.body["user"]["userId"], "admin@example.com", "{name}: {value}");
        }
        let mut cookies = event(&me(), 1);
        cookies["cookies"] = json!([format!("theme={value}"), "a=b"]);
        hand(&world, "sign-in", &cookies).await.expect(200);
    }
    // A restricting header that cannot be read does not count as absent.
    let cookie = format!("__Host-latchkey={admin}");
    let by_cookie = || Ask::new("GET", "/v1/me").cookie(&cookie);
    hand(&world, "sign-in", &event(&by_cookie(), 1)).await.expect(200);
    assert_eq!(
        hand(&world, "sign-in", &with(by_cookie(), "authorization", "é")).await.expect(401).code(),
        "signInRequired"
    );
    assert_eq!(
        hand(&world, "sign-in", &with(by_cookie(), "sec-fetch-site", "é")).await.expect(403).code(),
        "crossSite"
    );
    let end = || {
        Ask::new("DELETE", "/v1/sessions").cookie(&cookie).header("sec-fetch-site", "same-origin")
    };
    assert_eq!(
        hand(&world, "sign-in", &with(end(), "origin", "é")).await.expect(403).code(),
        "crossSite"
    );
    let create = || {
        Ask::new("POST", "/v1/users").bearer(&admin).body(json!({ "userId": "eve", "name": "Eve" }))
    };
    assert_eq!(
        errors(
            &hand(&world, "directory", &with(create(), "idempotency-key", "é")).await.expect(400)
        ),
        [("", "notAnIdempotencyKey")]
    );
    assert_eq!(
        hand(&world, "directory", &with(create(), "content-type", "application/jsoné"))
            .await
            .expect(415)
            .code(),
        "unsupportedMediaType"
    );
    let delete = Ask::new("DELETE", "/v1/users/admin@example.com").bearer(&admin);
    assert_eq!(
        hand(&world, "directory", &with(delete, "if-match", "\"1\"é")).await.expect(412).code(),
        "preconditionFailed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_refuses_a_request_that_http_does_not_allow() {
    let world = World::new().await;
    let get = |path: &str| event(&Ask::new("GET", path).header("accept-language", "zh-TW"), 1);
    let put = |pointer: &str, value: Value| {
        let mut event = get("/v1/me");
        *event.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
        event
    };
    let mut events: Vec<Value> =
        ["\0", "\u{1}", "\n", "\r\nset-cookie: a=b", "\u{1b}[31m", "\u{7f}"]
            .iter()
            .flat_map(|control| {
                let mut cookies = get("/v1/me");
                cookies["cookies"] = json!([format!("a={control}")]);
                [
                    with(
                        Ask::new("GET", "/v1/me").header("accept-language", "zh-TW"),
                        "x-anything",
                        &format!("x{control}y"),
                    ),
                    cookies,
                ]
            })
            .collect();
    for name in ["", " ", "x y", "é", "x:", "x\n", "(x)"] {
        events.push(with(
            Ask::new("GET", "/v1/me").header("accept-language", "zh-TW"),
            name,
            "value",
        ));
    }
    for method in ["", " ", "G T", "GET /v1/me", "GÉT", "GET\n"] {
        events.push(put("/requestContext/http/method", json!(method)));
    }
    for path in
        ["", "v1/me", "*", "reset.example.com:443", "https://reset.example.com/v1/me", " /v1/me"]
    {
        events.push(put("/rawPath", json!(path)));
    }
    events.push(put("/rawPath", json!(format!("/{}", "p".repeat(70_000)))));
    events.push({
        let mut event = get("/v1/me");
        (event["body"], event["isBase64Encoded"]) = (json!("no base64!"), json!(true));
        event
    });
    for (function, _) in FUNCTIONS.iter() {
        for event in &events {
            let answer = hand(&world, function, event).await.expect(400);
            let what =
                format!("{function}: {}", event.to_string().chars().take(500).collect::<String>());
            is_whole(&answer, &what);
            assert_eq!(errors(&answer), [("", "notARequest")], "{what}");
            assert_eq!(
                (answer.headers["content-language"].as_str(), answer.text("title").as_str()),
                ("zh-TW", "要求的內容不正確"),
                "{what}"
            );
        }
    }
    assert_eq!(operations(&world), Vec::<String>::new());
}

/// Texts that make a URL invalid where `lambda_http` inserts them.
pub(super) const NO_URL: [&str; 14] = [
    "", " ", "a b", "[", "]", "[::1", "a:99999", "%", "@", "a@b:c", "xn--a", "^", "://", "a/b?c#d",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_host_a_protocol_or_a_stage_that_makes_no_url_changes_nothing() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    let me = || Ask::new("GET", "/v1/me").bearer(&admin);
    for text in NO_URL {
        for name in ["host", "Host", "x-forwarded-proto", "x-forwarded-host"] {
            let answer = hand(&world, "sign-in", &with(me(), name, text)).await.expect(200);
            assert_eq!(answer.body["user"]["userId"], "admin@example.com", "{name}: {text}");
        }
        for name in ["domainName", "domainPrefix", "stage", "routeKey"] {
            for host in [json!("reset.example.com"), json!(text), Value::Null] {
                let mut event = event(&me(), 1);
                event["requestContext"][name] = json!(text);
                if host.is_null() {
                    event["headers"].as_object_mut().expect("headers").remove("host");
                } else {
                    event["headers"]["host"] = host;
                }
                let answer = hand(&world, "sign-in", &event).await.expect(200);
                assert_eq!(answer.body["user"]["userId"], "admin@example.com", "{name}: {text}");
            }
        }
        // A path that a URL parser would normalise matches no route.
        for path in [format!("/v1/me/..{text}/me"), format!("//{text}/v1/me")] {
            let mut event = event(&me(), 1);
            event["rawPath"] = json!(path);
            assert_eq!(hand(&world, "sign-in", &event).await.expect(404).code(), "notFound");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_headers_than_a_request_can_hold_are_refused_as_too_large() {
    let world = World::new().await;
    let mut event = event(&Ask::new("GET", "/v1/me").header("accept-language", "zh-TW"), 1);
    let headers = event["headers"].as_object_mut().expect("headers");
    headers.extend((0..40_000).map(|number| (format!("x-{number}"), json!(""))));
    let answer = hand(&world, "sign-in", &event).await.expect(431);
    is_whole(&answer, "40,000 headers");
    assert_eq!(
        (answer.code(), answer.headers["content-language"].as_str()),
        ("headersTooLarge", "zh-TW")
    );
}

/// Returns events that cannot be read as a request.
fn unreadable() -> Vec<Value> {
    let good = event(&Ask::new("GET", "/v1/me"), 1);
    let with = |pointer: &str, value: Value| {
        let mut event = good.clone();
        *event.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
        event
    };
    let mut found = Vec::new();
    for wrong in [json!(7), json!([]), json!([[]]), json!(true), json!({ "x": [1] })] {
        for pointer in [
            "/requestContext",
            "/requestContext/http",
            "/requestContext/http/method",
            "/requestContext/requestId",
            "/rawPath",
        ] {
            found.push(with(pointer, wrong.clone()));
        }
        for pointer in ["/rawQueryString", "/headers/host", "/body"] {
            found.push(with(pointer, wrong.clone()));
        }
    }
    found.push(with("/requestContext", Value::Null));
    found.push(with("/requestContext/http", Value::Null));
    // Fields that no function reads, but `lambda_http` does.
    for name in ["pathParameters", "queryStringParameters", "stageVariables", "path"] {
        let mut event = good.clone();
        event[name] = json!(7);
        found.push(event);
    }
    found.push(with("/requestContext/timeEpoch", json!("now")));
    found.push(with("/requestContext/stage", json!(["$default"])));
    found.push(with("/headers", json!("host: x")));
    found.push(with("/isBase64Encoded", json!("yes")));
    found.push(json!({ "requestContext": {}, "createFirstAdministrator": { "userId": "eve", "name": "Eve" } }));
    found
}

/// Returns Lambda events that are not from the gateway.
fn foreign() -> Vec<Value> {
    vec![
        Value::Null,
        json!(7),
        json!("text"),
        json!([]),
        json!([1, 2]),
        json!({}),
        json!({ "Records": [{ "eventSource": "aws:sqs", "body": "x" }] }),
        json!({ "httpMethod": "GET", "path": "/v1/me", "headers": {}, "multiValueHeaders": {} }),
        json!({ "source": "aws.events", "detail": {} }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_no_request_is_answered_as_an_invalid_one() {
    let world = World::new().await;
    for (function, _) in FUNCTIONS.iter() {
        let events = unreadable()
            .into_iter()
            .chain(foreign().into_iter().filter(|_| *function != "directory"));
        for event in events {
            let answer = hand(&world, function, &event).await.expect(400);
            is_whole(&answer, &format!("{function}: {event}"));
            assert_eq!(
                (answer.code(), errors(&answer)),
                ("invalidRequest", vec![("", "notARequest")]),
                "{function}: {event}"
            );
        }
    }
    // A direct invocation of `directory` gets an answer in its own format.
    for event in foreign() {
        let answer = world.invoke_directly("directory", event.clone()).await;
        assert_eq!(
            (&answer["problem"]["code"], answer.get("statusCode")),
            (&json!("invalidRequest"), None),
            "{event}"
        );
    }
    assert_eq!(operations(&world), Vec::<String>::new());
    assert_eq!(world.items().await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_is_read_alike_raw_or_decoded() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.user(&admin, json!({ "userId": "zoë", "name": "Zoë" })).await;
    for path in [
        "/v1/users/zoë",
        "/v1/users/zo%C3%AB",
        "/v1/users/zoe%CC%88",
        "/v1/users/ZOË",
        "/v1/users/ zoë",
    ] {
        let view = event(&Ask::new("GET", path).bearer(&admin), 1);
        assert_eq!(
            hand(&world, "directory", &view).await.expect(200).body["userId"],
            "zoë",
            "{path}"
        );
    }
    for path in [
        "/v1/users/a b",
        "/v1/users/a?b",
        "/v1/users/a#b",
        "/v1/users/a\"b",
        "/v1/users/<a>",
        "/v1/users/a`b",
        "/v1/users/a\nb",
        "/v1/users/a\\b",
    ] {
        let mut view = event(&Ask::new("GET", "/").bearer(&admin), 1);
        view["rawPath"] = json!(path);
        assert_eq!(hand(&world, "directory", &view).await.expect(404).code(), "notFound", "{path}");
    }
    for query in ["<b>", "a b", "\"", "#", "é", "`", "%", "%zz", "a=\n", "{}", "\\", "^|"] {
        let list = event(&Ask::new("GET", format!("/v1/groups?{query}")).bearer(&admin), 1);
        let answer = hand(&world, "directory", &list).await.expect(400);
        assert_eq!(errors(&answer)[0].1, "unknownParameter", "{query}: {answer:?}");
    }
    for query in
        ["search=zoë", "search=zo%C3%AB", "search=ZO%c3%8b", "search=zoë&limit=5", "&search=zoë&"]
    {
        let list = event(&Ask::new("GET", format!("/v1/users?{query}")).bearer(&admin), 1);
        assert_eq!(
            hand(&world, "directory", &list).await.expect(200).body["items"][0]["userId"],
            "zoë",
            "{query}"
        );
    }
}
