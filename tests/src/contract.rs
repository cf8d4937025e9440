//! Checks every answer that a test receives against the OpenAPI document: operation,
//! status, headers and body. An undocumented field fails the test too.

use crate::world::Answer;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

/// The committed OpenAPI document.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../infra/openapi.json");
    serde_json::from_str(text).expect("infra/openapi.json is JSON")
});

/// The OpenAPI document with every object schema closed, so that undocumented fields
/// fail. Clients must accept unknown fields; tests must not.
static CLOSED: LazyLock<Value> = LazyLock::new(|| {
    let mut document = DOCUMENT.clone();
    close(&mut document, false);
    document
});

/// Closes every object schema in a value, that is, forbids further fields. `part`: the
/// value is one branch of an `allOf` and cannot know the fields of the other branches.
fn close(value: &mut Value, part: bool) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| close(value, part)),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match (name.as_str(), field) {
                    // These schemas are closed where a `$ref` uses them.
                    ("schemas", Value::Object(schemas)) => {
                        schemas.values_mut().for_each(|schema| close(schema, true))
                    }
                    (name, field) => close(field, name == "allOf"),
                }
            }
            let is_object =
                ["allOf", "$ref", "properties"].iter().any(|name| fields.contains_key(*name));
            if is_object && !part {
                fields.insert("unevaluatedProperties".into(), json!(false));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Returns the operation of a method and path, if the document has one.
fn operation(method: &str, path: &str) -> Option<&'static Map<String, Value>> {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |pattern: &str| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        pattern.len() == parts.len()
            && pattern
                .iter()
                .zip(&parts)
                .all(|(p, part)| p.starts_with('{') && !part.is_empty() || p == part)
    };
    let literal = |pattern: &str| pattern.split('/').filter(|part| !part.starts_with('{')).count();
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let found = paths
        .iter()
        .filter(|(pattern, _)| fits(pattern))
        .max_by_key(|(pattern, _)| literal(pattern))?;
    // Every path with a GET also answers HEAD requests.
    let method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
    found.1.get(&method)?.as_object()
}

fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(path) => DOCUMENT.pointer(&path[1..]).unwrap_or_else(|| panic!("no {path}")),
        None => value,
    }
}

/// Returns the validator of a schema. Compiles each schema once.
fn validator(schema: &Value) -> Arc<Validator> {
    static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> =
        LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().expect("a lock");
    let compile = || {
        let mut schema = schema.clone();
        close(&mut schema, false);
        schema["components"] = json!({ "schemas": CLOSED["components"]["schemas"] });
        Arc::new(
            jsonschema::draft202012::options()
                .should_validate_formats(true)
                .build(&schema)
                .expect("a schema"),
        )
    };
    compiled.entry(schema.to_string()).or_insert_with(compile).clone()
}

/// Returns the errors of a value against a schema.
pub fn errors(schema: &Value, value: &Value) -> Vec<String> {
    validator(schema)
        .iter_errors(value)
        .map(|error| format!("{} at {:?}", error, error.instance_path().to_string()))
        .collect()
}

/// Panics if an answer differs from the document. `own`: the path belongs to the
/// function that answered.
#[track_caller]
pub fn check(method: &str, path: &str, own: bool, answer: &Answer) {
    let what = format!("{method} {path} answered {answer:?}");
    let Some(operation) = operation(method, path).filter(|_| own) else {
        // An undocumented path may answer with a problem only.
        assert!(
            [400, 404, 405, 431].contains(&answer.status),
            "the document does not list this operation: {what}"
        );
        let problem = json!({ "$ref": "#/components/schemas/Problem" });
        assert!(
            method == "HEAD" || errors(&problem, &answer.body).is_empty(),
            "{what}: {:?}",
            errors(&problem, &answer.body)
        );
        return;
    };
    let response = operation["responses"].get(answer.status.to_string());
    let response = resolve(
        response.unwrap_or_else(|| panic!("the document does not list this status: {what}")),
    );
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let header = resolve(header);
        match answer.headers.get(&name.to_lowercase()) {
            None => assert!(header["required"] != true, "no {name}: {what}"),
            Some(text) => {
                let value = if header["schema"]["type"] == "integer" {
                    text.parse().expect("a number")
                } else {
                    json!(text)
                };
                assert_eq!(
                    errors(&header["schema"], &value),
                    Vec::<String>::new(),
                    "{name}: {what}"
                );
            }
        }
    }
    if method == "HEAD" {
        return;
    }
    match response.get("content").and_then(Value::as_object) {
        None => assert_eq!(answer.body, Value::Null, "{what}"),
        Some(content) => {
            let kind = answer
                .headers
                .get("content-type")
                .unwrap_or_else(|| panic!("no content type: {what}"));
            let media =
                content.get(kind).unwrap_or_else(|| panic!("undocumented content type: {what}"));
            assert_eq!(errors(&media["schema"], &answer.body), Vec::<String>::new(), "{what}");
        }
    }
}
