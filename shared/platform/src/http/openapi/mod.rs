//! Makes the OpenAPI 3.1 document of the API, which `infra/openapi.json` holds.
//!
//! Paths come from the rows of the routes, and schemas with their examples from the
//! types that requests are parsed into and responses are made of. Statuses, texts, ranges and headers
//! come from the code that uses them. Only descriptions are written for the
//! document. Tests alone compile this module; no function contains it.

mod headers;
pub mod operation;

use crate::http::problem::ProblemBody;
use crate::http::route::{Route, Routes};
use crate::http::routes::{API, directory, policy, registration, reset, sign_in, verify};
use crate::texts::text;
use domain::account::{MAX_GROUPS, MAX_NAME};
use domain::challenge::DIGITS;
use domain::flow::directory::view::ResetEligibility;
use domain::identity::{GroupName, UserId};
use domain::language::Language;
use domain::password::terms::{MAX_TERMS, TERM_LENGTH};
use domain::policy::LONGEST_SHORT_NAME;
use domain::policy::ranges::RANGES;
use headers::{headers, with_headers};
use operation::{COOKIE, Operation, RESET, Row, SESSION, Schemas, reference, schema};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The whole document.
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let problem = schema::<ProblemBody>(&mut schemas);
    let mut paths: Map<String, Value> = Map::new();
    let mut responses = Map::new();
    for (row, operation) in operations() {
        for (name, codes) in operation.refusals(&row) {
            responses.entry(name).or_insert_with(|| refusal(&problem, &codes));
        }
        let path = paths.entry(row.path).or_insert_with(|| json!({}));
        path[&row.method] = operation.describe(&row, &mut schemas);
    }
    refine(&mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Latchkey",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Self-service password reset",
            "description": "Sign in, register a phone number or an email address, and reset a forgotten password by a code. Bodies are JSON in UTF-8; unknown fields are refused. Errors are problems (RFC 9457) with a stable `code`, a support code, and texts in English or Traditional Chinese.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": "/", "description": "Where Latchkey is deployed" }],
        "tags": TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": paths,
        "components": {
            "securitySchemes": {
                SESSION: { "type": "http", "scheme": "bearer", "description": "The `bearer` of a session." },
                COOKIE: { "type": "apiKey", "in": "cookie", "name": crate::http::request::cookie::NAME, "description": "The cookie of a session, for pages of the configured address only." },
                RESET: { "type": "http", "scheme": "bearer", "description": "The `bearer` of a reset." },
            },
            "headers": headers(),
            "responses": responses,
            "schemas": schemas,
        }
    })
}

/// All routes of the API, each with its description.
fn operations() -> Vec<(Row, Operation)> {
    let of = |routes: &fn() -> Routes| {
        let Routes { function, rows } = routes();
        let mut described = descriptions(function);
        let row = |route: Route| {
            let at = described.iter().position(|operation| operation.id == route.id);
            let at = at.unwrap_or_else(|| panic!("no description of {}", route.id));
            let method = route.method.as_str().to_lowercase();
            let Route { path, query, access, .. } = route;
            (Row { function, method, path, query, access }, described.swap_remove(at))
        };
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        assert!(described.is_empty(), "{function}: a description without a route");
        rows
    };
    API.iter().flat_map(of).collect()
}

/// The descriptions of a function's routes.
fn descriptions(function: &str) -> Vec<Operation> {
    match function {
        "policy" => policy::operations(),
        "directory" => directory::operations(),
        "sign-in" => sign_in::operations(),
        "registration" => registration::operations(),
        "reset" => reset::operations(),
        "verify" => verify::operations(),
        unknown => panic!("no descriptions of the routes of {unknown}"),
    }
}

/// The functions that serve the API, which are the tags of their operations.
const TAGS: [(&str, &str); 6] = [
    ("policy", "The policy of the organisation, and its public parts"),
    ("directory", "Accounts, for administrators and the help desk"),
    ("sign-in", "Sign-in and sessions"),
    ("registration", "Your methods and password"),
    ("reset", "Reset of a forgotten password"),
    ("verify", "Verification of codes"),
];

/// The response with one of these problems, which share a status.
fn refusal(problem: &str, (status, codes): &(u16, BTreeSet<String>)) -> Value {
    let say = |code: &String| {
        let part = |part: &str| text(Language::English, &format!("problem.{code}.{part}"), &[]);
        format!("`{code}`: {}. {}", part("title").trim_end_matches('.'), part("detail"))
    };
    let headers: &[&str] = match status {
        401 => &["Content-Language", "WWW-Authenticate"],
        429 | 503 => &["Content-Language", "Retry-After"],
        _ => &["Content-Language"],
    };
    let this = json!({ "type": "object", "properties": { "code": { "enum": codes }, "status": { "const": status } } });
    json!({
        "description": codes.iter().map(say).collect::<Vec<_>>().join("\n\n"),
        "headers": with_headers(headers),
        "content": { "application/problem+json": { "schema": { "allOf": [reference(problem), this] } } }
    })
}

/// Adds to the schemas what their types do not express.
fn refine(schemas: &mut Schemas) {
    for (name, schema) in schemas.iter_mut() {
        flow(schema);
        times(schema);
        if name.ends_with("Response")
            || name.ends_with("View")
            || ["Me", "Problem", "FieldError"].contains(&name.as_str())
        {
            require_nullable(schema);
        }
    }
    for range in RANGES {
        let field = at(schemas, "Policy", &range.pointer[1..]);
        match field["type"] == "array" {
            true => bound(field, &json!({ "minItems": range.min, "maxItems": range.max })),
            false => bound(
                field,
                &json!({ "minimum": range.min, "maximum": range.max, "default": range.default }),
            ),
        }
        let says = field["description"].as_str().map(|says| format!("{says} ")).unwrap_or_default();
        let (first, rest) = range.reason.split_at(1);
        field["description"] =
            format!("{says}{}{rest} ({}).", first.to_uppercase(), range.source).into();
    }
    for (name, place, bounds) in bounds() {
        bound(at(schemas, name, place), &bounds);
    }
}

/// Characters that no typed text may have: control characters, and separators of lines.
const CONTROL: &str = r"\x00-\x1F\x7F-\x9F\u2028\u2029";
/// Marks that change the direction of text, which no name may have.
const DIRECTION: &str = r"\u202A-\u202E\u2066-\u2069";
/// Characters that cannot be seen: white space, default-ignorable characters and blank symbols.
/// Those beyond U+FFFF are left out: JavaScript reads each as two characters in a pattern.
const UNSEEN: &str = r"\s\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB";

/// The pattern of a line of text that can be seen, without these characters.
fn line_without(refused: &str) -> String {
    format!("^[^{refused}]*[^{refused}{UNSEEN}][^{refused}]*$")
}

/// The pattern of a typed text, such as a user ID or the words of a search.
pub(in crate::http) fn typed_line() -> String {
    line_without(CONTROL)
}

/// Lengths and patterns that the code checks beyond the type. Each entry names a schema
/// and a field in it; an empty name means the whole schema.
fn bounds() -> Vec<(&'static str, &'static str, Value)> {
    let name = line_without(&format!("{CONTROL}{DIRECTION}"));
    let line = |longest: usize| json!({ "minLength": 1, "maxLength": longest, "pattern": name });
    let user_id =
        json!({ "minLength": 1, "maxLength": UserId::MAX_BYTES, "pattern": typed_line() });
    let country = json!({ "pattern": "^[A-Z]{2}$" });
    let groups = json!({ "maxItems": MAX_GROUPS, "items": reference("GroupName") });
    let term = json!({ "type": "string", "minLength": TERM_LENGTH.start(), "maxLength": TERM_LENGTH.end() });
    vec![
        ("GroupName", "", line(GroupName::MAX_CHARACTERS)),
        ("StartReset", "userId", user_id.clone()),
        ("CreateUser", "userId", user_id),
        ("CreateUser", "name", line(MAX_NAME)),
        ("CreateUser", "groups", groups.clone()),
        ("PatchUser", "name", line(MAX_NAME)),
        ("PatchUser", "groups", groups),
        ("AddMethod", "country", country.clone()),
        ("SendCode", "country", country),
        ("VerifyCode", "code", json!({ "minLength": DIGITS.start() })),
        ("CanResetResponse", "reason", json!({ "enum": ResetEligibility::REASONS })),
        ("SaveTerms", "terms", json!({ "maxItems": MAX_TERMS, "items": term })),
        ("Organisation", "name", line(60)),
        ("Organisation", "shortName", line(LONGEST_SHORT_NAME)),
        ("Organisation", "accentColour", json!({ "pattern": "^#[0-9A-Fa-f]{6}$" })),
        (
            "Organisation",
            "helpDesk",
            json!({ "pattern": "^(https://|mailto:|tel:\\+)", "maxLength": 200 }),
        ),
        (
            "Policy",
            "smsCountries",
            json!({ "items": { "type": "string", "pattern": "^[A-Z]{2}$" } }),
        ),
    ]
}

/// The schema of this name or, given a path such as `code/digits`, of a field in it.
/// References are followed.
fn at<'a>(schemas: &'a mut Schemas, name: &str, path: &str) -> &'a mut Value {
    if path.is_empty() {
        return schemas.get_mut(name).unwrap_or_else(|| panic!("no schema {name}"));
    }
    let (first, rest) =
        path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let schema = &schemas[name];
    // If the schema has several shapes, take the one with the field.
    let shape = schema["oneOf"]
        .as_array()
        .and_then(|shapes| shapes.iter().position(|shape| !shape["properties"][first].is_null()));
    let field = shape.map_or(schema, |shape| &schema["oneOf"][shape])["properties"][first].clone();
    if let (Some(target), Some(rest)) =
        (field["$ref"].as_str().and_then(|path| path.rsplit('/').next()), rest)
    {
        return at(schemas, target, rest);
    }
    let schema = schemas.get_mut(name).expect("it was there");
    let schema = if let Some(shape) = shape { &mut schema["oneOf"][shape] } else { schema };
    schema["properties"].get_mut(first).unwrap_or_else(|| panic!("no {path} in {name}"))
}

/// Adds bounds to a schema.
fn bound(field: &mut Value, bounds: &Value) {
    let field = field.as_object_mut().expect("a schema");
    field.extend(bounds.as_object().expect("bounds").clone());
}

/// Turns descriptions, which come from doc comments, into one line without links.
fn flow(schema: &mut Value) {
    match schema {
        Value::Array(values) => values.iter_mut().for_each(flow),
        Value::Object(fields) => {
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = text.replace('\n', " ").replace("[`", "`").replace("`]", "`");
            }
            fields.values_mut().for_each(flow);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Marks fields whose names end in `At` or `Until` as times (RFC 3339).
fn times(schema: &mut Value) {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, field) in properties {
        if name.ends_with("At") || name.to_lowercase().ends_with("until") {
            field["format"] = "date-time".into();
        }
    }
}

/// Makes the nullable fields of a response required: they are always there, `null` if
/// they have no value. A field that may be absent says so in its type, by
/// `schema(nullable = false)`.
fn require_nullable(schema: &mut Value) {
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    let is_null = |kind: &Value| kind == "null" || kind["type"] == "null";
    let nullable = |field: &Value| {
        ["type", "oneOf"]
            .iter()
            .any(|key| field[key].as_array().is_some_and(|all| all.iter().any(is_null)))
    };
    let required = |name: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|it| it == name))
    };
    let always: Vec<&String> = properties
        .iter()
        .filter(|(name, field)| required(name) || nullable(field))
        .map(|(name, _)| name)
        .collect();
    schema["required"] = json!(always);
}
