//! A valid request to each route of the API, for tests that send all of them. What a
//! request needs beside its route stands here alone.

use super::contract::{example, method, rows};
use domain::access::Access;
use domain::policy::Policy;
use serde_json::{Value, json};
use tests::world::Ask;

/// Every route that takes a body: method, path pattern, a valid body.
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
            json!({ "userId": "ann", "password": "a ptarmigan of ann", "session": "bearer" }),
        ),
        ("POST", "/v1/session/confirm", json!({ "password": "a ptarmigan of ann" })),
        ("POST", "/v1/me/methods", json!({ "kind": "email", "destination": "ann@example.com" })),
        (
            "PUT",
            "/v1/me/password",
            json!({ "currentPassword": "a ptarmigan of ann", "newPassword": "another ptarmigan of ann" }),
        ),
        ("POST", "/v1/challenges/{challengeId}/verify", json!({ "code": "12345678" })),
        ("POST", "/v1/resets", json!({ "userId": "ann" })),
        ("POST", "/v1/resets/{resetId}/challenges", json!({ "kind": "email" })),
        (
            "PUT",
            "/v1/resets/{resetId}/password",
            json!({ "newPassword": "another ptarmigan of ann" }),
        ),
    ]
}

/// The valid body of a route, if it takes one.
pub fn body(method: &str, pattern: &str) -> Option<Value> {
    let mut bodies = bodies().into_iter();
    bodies.find(|(m, p, _)| *m == method && *p == pattern).map(|(.., body)| body)
}

/// A valid request to a route, without a bearer. `ids` are path parameters and their
/// values, such as `("{userId}", "ann@example.com")`. A method that they do not name is
/// `email`; any other ID is `x`, which no object has.
pub fn request(name: &str, pattern: &str, ids: &[(&str, &str)]) -> Ask {
    let path = ids.iter().fold(pattern.to_owned(), |path, (id, value)| path.replace(id, value));
    let path = example(&path.replace("{methodId}", "email"));
    // No object has this version.
    let ask = Ask::new(method(name), path).header("if-match", "\"999\"");
    Ask { body: body(name, pattern), ..ask }
}

/// A valid request to each route that takes a session.
pub fn session_requests(ids: &[(&str, &str)]) -> Vec<Ask> {
    let takes_session = |access| !matches!(access, Access::Anyone | Access::Reset);
    let rows = rows().into_iter().filter(|row| takes_session(row.access));
    let asks: Vec<Ask> = rows.map(|row| request(row.method.as_str(), row.path, ids)).collect();
    assert!(asks.len() >= 28, "{} routes", asks.len());
    asks
}
