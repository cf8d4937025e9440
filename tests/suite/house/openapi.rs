//! Checks that the committed OpenAPI document matches the code and is complete.

use crate::house::contract::routes;
use domain::error::ProblemCode;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use tests::contract::{DOCUMENT, errors};

#[test]
fn the_committed_document_matches_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/openapi.json");
    let text =
        serde_json::to_string_pretty(&platform::http::openapi::document()).expect("JSON") + "\n";
    if std::env::var_os("LATCHKEY_WRITE_GOLDEN").is_some() {
        std::fs::write(&file, text).expect("it can be written");
        return;
    }
    let committed = std::fs::read_to_string(&file).expect("it is there");
    let same = committed == text;
    assert!(
        same,
        "infra/openapi.json differs from the code; update it: LATCHKEY_WRITE_GOLDEN=1 cargo test -p tests --test suite -- openapi::"
    );
}

/// The operations of the document: method, path, operation.
fn operations() -> impl Iterator<Item = (String, &'static str, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().expect("paths").iter();
    paths.flat_map(|(path, item)| {
        item.as_object()
            .expect("operations")
            .iter()
            .map(move |(method, operation)| (method.to_uppercase(), path.as_str(), operation))
    })
}

#[test]
fn the_document_has_the_routes_of_the_template_and_their_functions() {
    let documented: BTreeSet<(String, String, String)> = operations()
        .map(|(method, path, operation)| {
            (operation["tags"][0].as_str().expect("a tag").to_owned(), method, path.to_owned())
        })
        .collect();
    assert_eq!(documented, routes().into_iter().collect());
}

#[test]
fn every_example_fits_its_schema_and_every_body_has_one() {
    let schemas = DOCUMENT["components"]["schemas"].as_object().expect("schemas");
    for (name, schema) in schemas {
        let reference = serde_json::json!({ "$ref": format!("#/components/schemas/{name}") });
        for example in schema["examples"].as_array().into_iter().flatten() {
            assert_eq!(errors(&reference, example), Vec::<String>::new(), "{name}");
        }
    }
    let has_example = |content: &Value| {
        let media =
            content.as_object().expect("a media type").values().next().expect("a media type");
        let name = media["schema"]["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next())
            .expect("a reference");
        assert!(schemas[name]["examples"].is_array(), "{name} has no example");
    };
    for (_, _, operation) in operations() {
        operation.get("requestBody").into_iter().for_each(|body| has_example(&body["content"]));
        let responses = operation["responses"].as_object().expect("responses").values();
        responses.filter_map(|response| response.get("content")).for_each(has_example);
    }
}

#[test]
fn every_problem_is_in_the_document_with_its_texts() {
    let responses = DOCUMENT["components"]["responses"].as_object().expect("responses");
    let said: String = responses
        .values()
        .map(|response| response["description"].as_str().expect("a text"))
        .collect();
    // No operation of the document answers with these two: an undocumented
    // method answers with the first, a direct invocation of `directory` with the
    // second.
    let elsewhere = [ProblemCode::MethodNotAllowed, ProblemCode::AdministratorExists];
    for code in ProblemCode::ALL {
        assert_eq!(
            said.contains(&format!("`{}`: ", code.as_str())),
            !elsewhere.contains(code),
            "{code:?}"
        );
    }
}
