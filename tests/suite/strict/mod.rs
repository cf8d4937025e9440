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
mod media_type;
mod size;

use crate::house::contract::{example, method, routes};
use crate::house::requests::{bodies, body};
use domain::identity::Handle;
use domain::secret::{Bearer, BearerKind};
use lambda_runtime::Context;
use serde_json::Value;
use std::collections::BTreeSet;
use tests::contract::DOCUMENT;
use tests::world::Ask;
use tests::{Answer, World};

/// Returns a well-formed bearer token that was never issued.
pub fn made_up(kind: BearerKind) -> String {
    let handle = Handle::parse(&"h".repeat(Handle::LENGTH)).expect("a handle");
    Bearer::new(kind, handle, [7; 32]).reveal()
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

/// Returns the function that serves a path pattern.
fn function_of(pattern: &str) -> String {
    routes().into_iter().find(|(_, _, path)| path == pattern).expect("a route").0
}

/// Formats an object with a field inserted before its first.
fn with_first(body: &Value, field: &str) -> String {
    body.to_string().replacen('{', &format!("{{{field},"), 1)
}

/// Returns the pointer and code of every error of a problem.
pub fn errors(answer: &Answer) -> Vec<(&str, &str)> {
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
    let documented = |method: &str, path: &str| {
        !DOCUMENT["paths"][path][method.to_lowercase()]["requestBody"].is_null()
    };
    let template: BTreeSet<(String, String)> = routes()
        .into_iter()
        .map(|(_, method, path)| (method, path))
        .filter(|(method, path)| documented(method, path))
        .collect();
    let here: Vec<(String, String)> = bodies()
        .iter()
        .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(here.iter().cloned().collect::<BTreeSet<_>>(), template);
    assert_eq!(here.len(), template.len());
}
