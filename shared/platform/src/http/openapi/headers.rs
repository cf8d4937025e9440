//! The headers of responses in the API document.

use crate::http::edge::HEADERS;
use serde_json::{Map, Value, json};

/// The header with a device token.
pub(super) const DEVICE: &str = "Latchkey-Device";

/// Headers of some responses only: name, description, schema.
const OTHER_HEADERS: [(&str, &str, &str); 6] = [
    ("ETag", "The version, for `If-Match`.", r#"{ "type": "string", "pattern": "^\"[0-9]+\"$" }"#),
    (
        "Set-Cookie",
        "The cookie of the session, if the session travels in one, or of the device.",
        r#"{ "type": "string" }"#,
    ),
    (
        DEVICE,
        "The token of a new device, if the request had this header. Keep it, and send it with later requests of this user.",
        r#"{ "type": "string", "pattern": "^lkd_" }"#,
    ),
    (
        "Retry-After",
        "Seconds until trying again makes sense.",
        r#"{ "type": "integer", "minimum": 1 }"#,
    ),
    ("WWW-Authenticate", "The scheme to authenticate with.", r#"{ "const": "Bearer" }"#),
    (
        "Content-Language",
        "The language of the texts.",
        r##"{ "$ref": "#/components/schemas/Language" }"##,
    ),
];

/// All headers, by name.
pub(super) fn headers() -> Map<String, Value> {
    let fixed = HEADERS.iter().map(|(name, value)| {
        (name.as_str().to_owned(), json!({ "required": true, "description": "The same on every response.", "schema": { "const": value } }))
    });
    let others = OTHER_HEADERS.iter().map(|(name, description, schema)| {
        let schema: Value = serde_json::from_str(schema).expect("a schema");
        ((*name).to_owned(), json!({ "required": !["Set-Cookie", DEVICE].contains(name), "description": description, "schema": schema }))
    });
    fixed.chain(others).collect()
}

/// References to the headers of all responses, and to these.
pub(super) fn with_headers(others: &[&str]) -> Value {
    let names = HEADERS.iter().map(|(name, _)| name.as_str()).chain(others.iter().copied());
    names
        .map(|name| (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") })))
        .collect::<Map<_, _>>()
        .into()
}
