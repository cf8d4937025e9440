//! The headers of every answer, for every status.

use super::{HEADERS, raw};
use axum::http::{Method, StatusCode};
use domain::access::Access;
use lambda_runtime::{Context, LambdaEvent};
use platform::http::route::{Route, Routes};
use serde_json::json;
use serde_json::value::to_raw_value;
use std::collections::{BTreeMap, BTreeSet};
use tests::world::{Ask, event};
use tests::{Answer, Fault, World};

/// Returns a route that fails without a problem document.
fn broken() -> Routes {
    let handler = async || (StatusCode::INTERNAL_SERVER_ERROR, "a cause that no caller may see");
    let row = Route::new(Method::GET, "/v1/broken", Access::Anyone, "broken", handler);
    Routes { function: "broken", rows: vec![row] }
}

#[tokio::test(flavor = "multi_thread")]
async fn a60_every_answer_carries_the_headers_and_every_refusal_is_a_problem() {
    let world = World::with_source_limit(3).await;
    let admin = world.session(&world.administrator().await).await;
    let policy =
        world.ask(Ask::new("GET", "/v1/policy").bearer(&admin)).await.expect(200).body["policy"]
            .clone();
    let user = world.user(&admin, json!({ "userId": "ann", "name": "Ann" })).await;
    let ann = world.session(&user).await;
    let user_named = |id: &str| json!({ "userId": id, "name": "Ann" });
    let put = |tag: &str| {
        Ask::new("PUT", "/v1/policy").bearer(&admin).header("if-match", tag).body(policy.clone())
    };
    let reset = |user: &str| Ask::new("POST", "/v1/resets").body(json!({ "userId": user }));
    #[rustfmt::skip]
    let mut asks = vec![
        Ask::new("GET", "/v1/limits"), Ask::new("GET", "/v1/policy").bearer(&admin), put("\"7\""), Ask::new("PUT", "/v1/policy").bearer(&admin).body(policy.clone()),
        Ask::new("POST", "/v1/users").bearer(&admin).body(user_named("bob")), Ask::new("POST", "/v1/users").bearer(&admin).body(user_named("bob")),
        Ask::new("POST", "/v1/users").bearer(&admin).body(json!({})), Ask::new("GET", "/v1/users/unknown").bearer(&admin), Ask::new("GET", "/v1/users").bearer(&ann), Ask::new("GET", "/v1/me"),
        Ask::new("PUT", "/v1/me"), raw("POST", "/v1/sign-in", " ".repeat(1 << 17)), Ask::new("POST", "/v1/sign-in"), Ask::new("GET", "/v1/resets/x"), reset("ann"),
        Ask::new("GET", "/v1/users/%ff").bearer(&admin), Ask::new("GET", "/v1/users/%").bearer(&admin),
    ];
    let mut on = policy.clone();
    on["scope"] = json!({ "type": "all" });
    asks.push(Ask::new("PUT", "/v1/policy").bearer(&admin).header("if-match", "\"0\"").body(on));
    asks.extend(["ann", "bob", "eve", "mallory"].map(reset));
    asks.push(
        Ask::new("PUT", "/v1/me/password").bearer(&ann).body(
            json!({ "currentPassword": "wrong", "newPassword": "a new and longer ptarmigan" }),
        ),
    );
    asks.push(
        Ask::new("POST", "/v1/me/methods")
            .bearer(&ann)
            .body(json!({ "kind": "email", "destination": "ann@example.com" })),
    );
    asks.push(Ask::new("DELETE", "/v1/session").bearer(&ann));

    let mut seen: BTreeMap<u16, usize> = BTreeMap::new();
    let mut check = |answer: &Answer, what: &str| {
        *seen.entry(answer.status).or_default() += 1;
        for (name, value) in HEADERS {
            assert_eq!(
                answer.headers.get(name).map(String::as_str),
                Some(value),
                "{name} of {what}"
            );
        }
        assert!(
            answer.headers["vary"].contains("Accept-Language")
                && !answer.headers.keys().any(|name| name.starts_with("access-control-")),
            "{what}"
        );
        assert!(
            !answer.headers.contains_key("set-cookie") && !answer.headers.contains_key("server"),
            "{what}"
        );
        if answer.status >= 400 {
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{what}");
            let fields: BTreeSet<&str> =
                answer.body.as_object().expect("a problem").keys().map(String::as_str).collect();
            assert!(
                fields.is_superset(
                    &["type", "title", "status", "detail", "code", "supportCode"].into()
                ),
                "{what}: {answer:?}"
            );
            let known: BTreeSet<&str> = [
                "type",
                "title",
                "status",
                "detail",
                "code",
                "supportCode",
                "retryAfter",
                "errors",
            ]
            .into();
            assert!(fields.is_subset(&known), "{what}: {answer:?}");
            assert_eq!(
                (&answer.body["status"], answer.text("type")),
                (&json!(answer.status), format!("urn:latchkey:problem:{}", answer.code())),
                "{what}"
            );
            let retry = answer
                .headers
                .get("retry-after")
                .map(|seconds| seconds.parse::<u64>().expect("seconds"));
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
    check(
        &world.ask(Ask::new("GET", "/v1/me").header("x-padding", "p".repeat(10_240))).await,
        "headers that are too large",
    );
    let app = platform::http::edge::wrap(broken(), world.host.clone());
    let event = LambdaEvent::new(
        to_raw_value(&event(&Ask::new("GET", "/v1/broken"), 1)).expect("JSON"),
        Context::default(),
    );
    let answer = platform::http::event::gateway::answer(app, event).await.expect("an answer");
    check(&Answer::of(serde_json::to_value(answer).expect("JSON")), "a library that fails");
    world.proxy.set_rule(|_, _| Some(Fault::AccessDenied));
    check(&world.ask(Ask::new("GET", "/v1/limits")).await, "a table that refuses");
    let statuses: Vec<u16> = seen.into_keys().collect();
    assert_eq!(
        statuses,
        [
            200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422, 428, 429,
            431, 500, 503
        ],
        "every status was checked"
    );
}
