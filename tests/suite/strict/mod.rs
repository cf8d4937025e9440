//! Malformed requests are refused before they cause any AWS call or password hash (a
//! hash needs the keys, which such a call reads).

mod address;
mod any_event;
mod body;
mod caller;
mod event;
mod headers;
mod logs;
mod markup;
mod size;

use crate::house::contract::{example, routes};
use domain::identity::Handle;
use domain::policy::Policy;
use domain::secret::{Bearer, BearerKind};
use lambda_runtime::Context;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::world::Ask;
use tests::{Answer, World};

/// Returns a well-formed bearer token that was never issued.
fn made_up(kind: BearerKind) -> String {
    let handle = Handle::parse(&"h".repeat(Handle::LENGTH)).expect("a handle");
    Bearer::new(kind, handle, [7; 32]).reveal()
}

/// Lists every route that takes a body: method, path pattern, a valid body.
pub fn bodies() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("PUT", "/v1/policy", serde_json::to_value(Policy::default()).expect("JSON")),
        ("PUT", "/v1/policy/terms", json!({ "terms": ["zeppelin"] })),
        (
            "POST",
            "/v1/users",
            json!({ "userId": "ann", "name": "Ann", "role": "user", "language": "en", "groups": [] }),
        ),
        ("PATCH", "/v1/users/{userId}", json!({ "name": "Ann", "role": "user", "enabled": true })),
        (
            "POST",
            "/v1/sign-in",
            json!({ "userId": "ann", "password": "a password of ann", "session": "bearer" }),
        ),
        ("POST", "/v1/session/confirm", json!({ "password": "a password of ann" })),
        ("POST", "/v1/me/methods", json!({ "kind": "email", "destination": "ann@example.com" })),
        (
            "PUT",
            "/v1/me/password",
            json!({ "currentPassword": "a password of ann", "newPassword": "another password of ann" }),
        ),
        ("POST", "/v1/challenges/{challengeId}/verify", json!({ "code": "12345678" })),
        ("POST", "/v1/resets", json!({ "userId": "ann" })),
        ("POST", "/v1/resets/{resetId}/challenges", json!({ "kind": "email" })),
        (
            "PUT",
            "/v1/resets/{resetId}/password",
            json!({ "newPassword": "another password of ann" }),
        ),
    ]
}

/// Whether a field of these bodies is optional.
fn is_optional(path: &str, field: &str) -> bool {
    path == "/v1/users/{userId}" || ["role", "language", "groups", "session"].contains(&field)
}

/// Builds a request with an invented bearer token of the kind that its path requires.
fn ask(method: &'static str, pattern: &str) -> Ask {
    let kind =
        if pattern.starts_with("/v1/resets") { BearerKind::Reset } else { BearerKind::Session };
    Ask::new(method, example(pattern)).bearer(&made_up(kind))
}

fn raw(method: &'static str, pattern: &str, body: impl Into<String>) -> Ask {
    ask(method, pattern).body(Value::String(body.into()))
}

/// Returns the static name of an HTTP method.
fn method(name: &str) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE"]
        .into_iter()
        .find(|known| *known == name)
        .expect("a method")
}

/// Returns the function that serves a path pattern.
fn function_of(pattern: &str) -> String {
    routes().into_iter().find(|(_, _, path)| path == pattern).expect("a route").0
}

/// Formats an object with a field inserted before its first.
fn with_first(body: &Value, field: &str) -> String {
    body.to_string().replacen('{', &format!("{{{field},"), 1)
}

/// Returns the pointer and code of every error of a problem.
fn errors(answer: &Answer) -> Vec<(&str, &str)> {
    let errors =
        answer.body["errors"].as_array().unwrap_or_else(|| panic!("no errors: {answer:?}"));
    errors
        .iter()
        .map(|error| {
            (error["pointer"].as_str().expect("a pointer"), error["code"].as_str().expect("a code"))
        })
        .collect()
}

/// Invokes a function with an unchanged event.
async fn hand(world: &World, function: &str, event: &Value) -> Answer {
    Answer::of(world.invoke(function, event, Context::default()).await)
}

fn operations(world: &World) -> Vec<String> {
    world.proxy.take_calls().into_iter().map(|call| call.operation).collect()
}

/// The headers of every answer.
const HEADERS: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    ("referrer-policy", "no-referrer"),
];

#[test]
fn every_route_that_takes_a_body_is_listed_once() {
    // These routes take no body.
    let without = [
        "/v1/me/methods/{methodId}/challenges",
        "/v1/me/registration/finish",
        "/v1/me/registration/postpone",
        "/v1/me/registration/reconfirm",
        "/v1/users/{userId}/temporary-password",
        "/v1/users/{userId}/unlock",
        "/v1/users/{userId}/require-registration",
    ];
    let template: BTreeSet<(String, String)> = routes()
        .into_iter()
        .map(|(_, method, path)| (method, path))
        .filter(|(method, path)| {
            ["POST", "PUT", "PATCH"].contains(&method.as_str()) && !without.contains(&path.as_str())
        })
        .collect();
    let here: Vec<(String, String)> = bodies()
        .iter()
        .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(here.iter().cloned().collect::<BTreeSet<_>>(), template);
    assert_eq!(here.len(), template.len());
}
