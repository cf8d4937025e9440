//! URLs: path and method exactly as written, and no query parameter that the
//! route does not read.

use super::{HEADERS, ask, body, errors, function_of, made_up, method, operations};
use crate::house::contract::{example, routes, rows};
use domain::secret::BearerKind;
use platform::http::route::Route;
use serde_json::json;
use std::collections::BTreeSet;
use tests::World;
use tests::world::{Ask, FUNCTIONS};

#[tokio::test(flavor = "multi_thread")]
async fn a43_an_undeclared_parameter_is_refused_before_the_bearer_is_read() {
    let world = World::new().await;
    let secret = made_up(BearerKind::Session);
    let read: BTreeSet<&str> = rows().iter().flat_map(|row| row.query).copied().collect();
    let mut names = vec!["access_token", "bearer", "password", "code", "userId", "_method", "lang"];
    names.extend(&read);
    assert!(names.len() >= 12, "{names:?}");
    for Route { method: name, path: pattern, query, .. } in rows() {
        let method = method(name.as_str());
        let path = example(pattern);
        for parameter in names.iter().filter(|parameter| !query.contains(parameter)) {
            for ask in [
                ask(method, pattern),
                Ask::new(method, ""),
                ask(method, pattern).header("idempotency-key", "not, one"),
            ] {
                let answer = world
                    .ask(Ask { path: format!("{path}?{parameter}={secret}"), ..ask })
                    .await
                    .expect(400);
                let expected = vec![(format!("/{parameter}"), "unknownParameter".to_owned())];
                let refused: Vec<_> = errors(&answer)
                    .into_iter()
                    .map(|(pointer, code)| (pointer.to_owned(), code.to_owned()))
                    .collect();
                assert_eq!(
                    (answer.code(), refused),
                    ("invalidRequest", expected),
                    "{method} {pattern}"
                );
                assert!(
                    !format!("{answer:?}").contains(&secret),
                    "{method} {pattern}: the secret is sent back"
                );
            }
        }
        for parameter in query {
            for query in [
                format!("{parameter}=a&{parameter}=a"),
                format!("{parameter}&{parameter}"),
                format!("{parameter}=a&x=y&{parameter}=b"),
            ] {
                let answer = world
                    .ask(Ask { path: format!("{path}?{query}"), ..ask(method, pattern) })
                    .await
                    .expect(400);
                let (place, code) = errors(&answer)[0];
                let repeated = (format!("/{parameter}"), "repeatedParameter");
                assert!(
                    (place, code) == (repeated.0.as_str(), repeated.1)
                        || (place, code) == ("/x", "unknownParameter"),
                    "{query}: {answer:?}"
                );
            }
        }
        if method == "GET" {
            assert_eq!(
                world.ask(Ask::new("HEAD", format!("{path}?bearer={secret}"))).await.status,
                400,
                "{pattern}"
            );
        }
        // An empty query string equals none.
        let (none, empty) = (
            world.ask(Ask::new(method, path.clone())).await,
            world.ask(Ask::new(method, format!("{path}?"))).await,
        );
        assert_eq!((none.status, none.code()), (empty.status, empty.code()), "{method} {pattern}");
        operations(&world);
    }
    for (function, _) in FUNCTIONS.iter() {
        let nowhere = world
            .ask_function(function, Ask::new("GET", format!("/v1/nowhere?bearer={secret}")))
            .await;
        assert_eq!((nowhere.status, nowhere.code()), (404, "notFound"), "{function}");
    }
    for (path, method) in [
        ("/v1/sign-in", "GET"),
        ("/v1/me", "POST"),
        ("/v1/users", "DELETE"),
        ("/v1/policy", "OPTIONS"),
    ] {
        let answer =
            world.ask(Ask::new(method, format!("{path}?bearer={secret}"))).await.expect(405);
        assert!(
            answer.code() == "methodNotAllowed" && answer.headers.contains_key("allow"),
            "{method} {path}"
        );
    }
    assert_eq!(operations(&world), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a43_a_parameter_with_an_invalid_value_costs_no_call() {
    let world = World::new().await;
    #[rustfmt::skip]
    let refused = [
        ("GET", "/v1/users", "limit=0", "/limit"), ("GET", "/v1/users", "limit=abc", "/limit"), ("GET", "/v1/users", "limit=01", "/limit"), ("GET", "/v1/users", "limit=%2b5", "/limit"),
        ("GET", "/v1/users", "search=", "/search"), ("GET", "/v1/users", "group=", "/group"), ("GET", "/v1/groups", "limit=", "/limit"), ("GET", "/v1/policy/history", "limit=-1", "/limit"),
        ("GET", "/v1/users", "cursor=x", "/cursor"), ("GET", "/v1/groups", "cursor=", "/cursor"), ("GET", "/v1/policy/history", "cursor=1.YQ.YQ", "/cursor"),
        ("PUT", "/v1/policy", "dryRun=yes", "/dryRun"), ("PUT", "/v1/policy", "dryRun=TRUE", "/dryRun"), ("PUT", "/v1/policy", "dryRun", "/dryRun"), ("PUT", "/v1/policy", "dryRun=1", "/dryRun"),
    ];
    for (method, path, query, pointer) in refused {
        let answer = world
            .ask(Ask { path: format!("{path}?{query}"), ..ask(method, path) })
            .await
            .expect(400);
        assert_eq!(errors(&answer)[0].0, pointer, "{path}?{query}");
    }
    // Checking a cursor reads the keys once, and no table.
    assert_eq!(operations(&world), ["GetSecretValue"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_part_of_a_path_costs_no_call() {
    let world = World::new().await;
    let long = "u".repeat(255);
    let user_ids =
        ["%20", "a%20b", "a%00", "a%0Ab", "a%2Fb", "a%3Fb", "a%23b", "a%25b", "%E2%84%AA", &long];
    let kinds = ["pigeon", "Email", "email%20", "EMAIL", "mobilephone", "0", "%20"];
    let challenges = [
        "x",
        "%20",
        "AAAA",
        "AQABAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D",
        "AgABAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];
    let resets = ["x", "%20", "AAAAAAAAAAAAAAAAAAAAAA"];
    for (_, name, pattern) in routes().into_iter().filter(|(_, _, pattern)| pattern.contains('{')) {
        let method = method(&name);
        let body = body(method, &pattern);
        let put = |parameter: &str, value: &str| pattern.replace(parameter, value);
        let mut paths: Vec<(String, u16, &str)> = Vec::new();
        if pattern.contains("{userId}") {
            let of = |id: &&str| {
                (example(&put("{userId}", id)).replace("/x", "/email"), 404, "notFound")
            };
            paths.extend(user_ids.iter().map(of));
            paths.push((example(&put("{userId}", "%ff")), 400, "invalidRequest"));
        }
        if pattern.contains("{methodId}") {
            paths.extend(
                kinds.iter().map(|kind| (example(&put("{methodId}", kind)), 404, "notFound")),
            );
        }
        if pattern.contains("{challengeId}") {
            paths.extend(challenges.iter().map(|id| (put("{challengeId}", id), 404, "notFound")));
        }
        if pattern.contains("{resetId}") {
            // The same answer as for any reset that is not the bearer's.
            paths.extend(resets.iter().map(|id| (put("{resetId}", id), 410, "resetEnded")));
        }
        assert!(!paths.is_empty(), "{pattern}");
        for (path, status, code) in paths {
            let ask = Ask { path, body: body.clone(), ..ask(method, &pattern) }
                .header("if-match", "\"1\"");
            let what = format!("{method} {}", ask.path);
            let answer = world.ask_function(&function_of(&pattern), ask).await;
            assert_eq!((answer.status, answer.code()), (status, code), "{what}");
        }
        assert_eq!(operations(&world), Vec::<String>::new(), "{method} {pattern}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a51_other_spellings_of_a_path_are_not_found() {
    let world = World::new().await;
    #[rustfmt::skip]
    let paths = [
        "/", "/v1", "/v1/", "/v2/me", "/V1/ME", "/v1/Me", "//v1/me", "/v1//me", "/v1/me/", "/v1/me//", "/v1/%6de", "/v1/me%00", "/v1/me;x=y", "/v1\\me", "/v1/me%2f", "/v1%2fme",
        "/v1/./me", "/v1/users/../me", "/v1/users/%2e%2e/me", "/v1/%2e/me", "/v1/me/.", "/v1/me/..", "/./v1/me", "/v1/me .", "/v1/me\t", "/v1/mé", "/v1/ｍｅ",
        "/v1/sign-in/", "/v1/sign_in", "/v1/SIGN-IN", "/v1/resets/x/challenges/", "/v1/resets/x/y", "/v1/users/x/y", "/.env", "/api/messages", "/_aws/ses", "/favicon.ico", "/index.html", "/v1/openapi.json", "/health",
    ];
    for (function, _) in FUNCTIONS.iter() {
        for path in paths {
            for method in ["GET", "POST", "DELETE", "OPTIONS"] {
                let answer = world.ask_function(function, Ask::new(method, path)).await;
                assert_eq!(
                    (answer.status, answer.code()),
                    (404, "notFound"),
                    "{function}: {method} {path}"
                );
                assert!(
                    HEADERS.iter().all(|(name, value)| answer.headers[*name] == *value),
                    "{function}: {path}"
                );
            }
        }
        // A function does not answer another function's paths.
        for (other, method, pattern) in routes().into_iter().filter(|(other, ..)| other != function)
        {
            let answer = world
                .ask_function(function, Ask { path: example(&pattern), ..Ask::new("GET", "") })
                .await;
            assert_eq!(answer.status, 404, "{function} answers {method} {pattern} of {other}");
        }
    }
    assert_eq!(operations(&world), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a51_get_and_head_change_nothing() {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let (session, reset) = (world.session(&ann).await, world.start_reset(&ann.user_id).await);
    let sent = world.ask_code(&reset).await.expect(202);
    let code = world.code_for("ann.private@example.com").await;
    let before = world.items().await;
    let patterns: BTreeSet<String> = routes().into_iter().map(|(_, _, pattern)| pattern).collect();
    for pattern in &patterns {
        let path = pattern
            .replace("{userId}", &ann.user_id)
            .replace("{methodId}", "email")
            .replace("{challengeId}", &sent.text("challengeId"))
            .replace("{resetId}", &reset.id);
        let is_read = routes().iter().any(|(_, method, of)| method == "GET" && of == pattern);
        for method in ["GET", "HEAD", "TRACE"] {
            for bearer in [&admin, &session, &reset.bearer] {
                let body = json!({ "code": code, "userId": ann.user_id, "password": ann.password, "newPassword": "another ptarmigan of ann" });
                let ask =
                    Ask::new(method, &path).bearer(bearer).header("if-match", "\"1\"").body(body);
                let status = world.ask(ask).await.status;
                assert!(status == 405 || is_read && method != "TRACE", "{method} {path}: {status}");
            }
        }
    }
    assert_eq!(world.items().await, before, "a GET or HEAD changed the table");
    // Following every link of a mail, as a scanner does, used up no code.
    world.verify(&reset.bearer, &sent.text("challengeId"), &code).await.expect(200);
}
