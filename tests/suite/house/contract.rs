//! Checks that the source code, the template, the local router and the folders have the
//! same routes.

use platform::http::route::{Route, Routes};
use platform::http::routes::API;
use serde_yaml_ng::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tests::World;
use tests::world::{Ask, FUNCTIONS, local_router};

const TEMPLATE: &str = include_str!("../../../infra/template.yaml");

/// The function that serves the web pages. It has no API.
const PORTAL: &str = "portal";

/// A function that the template declares, listed by its package's name.
struct Declared {
    /// The HTTP methods of each path.
    routes: BTreeMap<String, BTreeSet<String>>,
    /// The types of its Lambda event sources.
    events: BTreeSet<String>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value:?}")).to_owned()
}

fn declared() -> BTreeMap<String, Declared> {
    let template: Value = serde_yaml_ng::from_str(TEMPLATE).expect("YAML");
    let resources = template["Resources"].as_mapping().expect("resources");
    let functions =
        resources.values().filter(|resource| resource["Type"] == "AWS::Serverless::Function");
    let declare = |function: &Value| {
        let mut declared = Declared { routes: BTreeMap::new(), events: BTreeSet::new() };
        for event in function["Properties"]["Events"].as_mapping().expect("events").values() {
            declared.events.insert(text(&event["Type"]));
            if event["Type"] == "HttpApi" {
                let methods =
                    declared.routes.entry(text(&event["Properties"]["Path"])).or_default();
                let method = text(&event["Properties"]["Method"]).to_uppercase();
                assert!(methods.insert(method), "an event is listed twice: {event:?}");
            }
        }
        (text(&function["Metadata"]["BuildProperties"]["Binary"]), declared)
    };
    functions.map(declare).collect()
}

/// Whether a path belongs to the API. All other paths are web pages.
fn is_api(path: &str) -> bool {
    path.starts_with("/v1/")
}

/// Returns every route of the API: function, method, path pattern.
pub fn routes() -> Vec<(String, String, String)> {
    let of = |(name, function): (String, Declared)| {
        let routes = function.routes.into_iter().filter(|(path, _)| is_api(path));
        routes.flat_map(move |(path, methods)| {
            let name = name.clone();
            methods.into_iter().map(move |method| (name.clone(), method, path.clone()))
        })
    };
    declared().into_iter().flat_map(of).collect()
}

/// Returns an example path for a path pattern.
pub fn example(pattern: &str) -> String {
    pattern
        .split('/')
        .map(|part| if part.starts_with('{') { "x" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

/// Returns the HTTP method with this name.
pub fn method(name: &str) -> &'static str {
    METHODS
        .into_iter()
        .find(|known| *known == name)
        .unwrap_or_else(|| panic!("an unknown method {name}"))
}

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// Returns the API's routes in the source code.
pub fn rows() -> Vec<Route> {
    API.iter().flat_map(|routes| routes().rows).collect()
}

/// Reads the routes of the API and of the pages from the source code: function, method, path.
fn all_rows() -> BTreeSet<(String, String, String)> {
    let api = API.iter().flat_map(|routes| {
        let Routes { function, rows } = routes();
        rows.into_iter().map(move |row| (function, row.method, row.path))
    });
    let Routes { function, rows: pages } = platform::http::routes::portal::routes();
    let pages = pages.into_iter().map(move |row| (function, row.method, row.path));
    api.chain(pages)
        .map(|(function, method, path)| (function.into(), method.as_str().into(), path.into()))
        .collect()
}

#[test]
fn the_local_router_has_the_routes_of_the_code() {
    let lines: BTreeMap<String, String> =
        all_rows().into_iter().map(|(function, _, path)| (path, function)).collect();
    if std::env::var_os("LATCHKEY_WRITE_GOLDEN").is_some() {
        write_local_router(&lines);
    }
    let local: BTreeMap<String, String> =
        local_router().into_iter().map(|(path, function)| (path.join("/"), function)).collect();
    assert_eq!(local, lines, "update it with LATCHKEY_WRITE_GOLDEN=1");
}

/// Writes the local router to the end of the workspace's manifest.
fn write_local_router(lines: &BTreeMap<String, String>) {
    const HEADER: &str = "[workspace.metadata.lambda.watch.router]\n";
    let file = root().join("Cargo.toml");
    let manifest = std::fs::read_to_string(&file).expect("the manifest");
    let (before, _) = manifest.split_once(HEADER).expect("a router");
    let lines: String =
        lines.iter().map(|(path, function)| format!("{path:?} = {function:?}\n")).collect();
    std::fs::write(&file, format!("{before}{HEADER}{lines}")).expect("written");
}

#[test]
fn the_template_has_the_routes_of_the_code() {
    let of = |(name, function): (String, Declared)| {
        function.routes.into_iter().flat_map(move |(path, methods)| {
            let name = name.clone();
            methods.into_iter().map(move |method| (name.clone(), method, path.clone()))
        })
    };
    let template: BTreeSet<(String, String, String)> =
        declared().into_iter().flat_map(of).collect();
    assert_eq!(template, all_rows());
}

#[test]
fn functions_folders_and_the_template_are_one_list() {
    let folders: BTreeSet<String> = std::fs::read_dir(root().join("functions"))
        .expect("the folder of functions")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    let declared = declared();
    assert_eq!(folders, declared.keys().cloned().collect());
    for folder in &folders {
        let manifest =
            std::fs::read_to_string(root().join(format!("functions/{folder}/Cargo.toml")))
                .expect("a manifest");
        let manifest: toml::Table = manifest.parse().expect("a manifest");
        assert_eq!(
            manifest["package"]["name"].as_str(),
            Some(folder.as_str()),
            "a package has the name of its folder"
        );
    }
    let with_routes: BTreeSet<&str> = declared
        .iter()
        .filter(|(_, f)| !f.routes.is_empty())
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(with_routes, FUNCTIONS.iter().map(|(name, _)| *name).chain([PORTAL]).collect());
    let on_the_stream: Vec<_> = declared
        .iter()
        .filter(|(_, f)| f.events.contains("DynamoDB"))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(on_the_stream, ["send-code"], "only one function sends");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_the_template_is_answered_and_no_other_method() {
    let world = World::new().await;
    for (function, declared) in declared() {
        for (pattern, methods) in declared.routes.iter().filter(|(path, _)| is_api(path)) {
            for name in METHODS {
                // Without a bearer token and a body, the route itself refuses the request.
                let answer =
                    world.ask_function(&function, Ask::new(method(name), example(pattern))).await;
                let what = format!("{function}: {name} {pattern}: {answer:?}");
                if methods.contains(name) || name == "HEAD" && methods.contains("GET") {
                    assert!(matches!(answer.status, 200 | 400 | 401 | 410 | 415), "{what}");
                } else {
                    assert_eq!(answer.status, 405, "{what}");
                    assert!(name == "HEAD" || answer.code() == "methodNotAllowed", "{what}");
                    let allowed: BTreeSet<String> = answer.headers["allow"]
                        .split(',')
                        .map(|method| method.trim().to_owned())
                        .collect();
                    let mut expected = methods.clone();
                    expected.extend(methods.contains("GET").then(|| "HEAD".to_owned()));
                    assert_eq!(allowed, expected, "{what}");
                }
            }
        }
    }
}

#[test]
fn the_stream_is_filtered_by_the_outbox_key_and_nothing_else() {
    use domain::outbox::{OutboxId, OutboxKind};
    use platform::dynamodb::table::{Key, outbox_row};
    let handle = domain::identity::Handle::parse(&"h".repeat(domain::identity::Handle::LENGTH))
        .expect("a handle");
    let id = OutboxId { at: tests::world::BEGIN, what: OutboxKind::Notice, random: "r".into() };
    let key = Key::outbox(&handle, &id);
    assert_eq!(outbox_row(&key.pk, &key.sk), Some((handle.clone(), id)));
    assert_eq!(outbox_row(&Key::account(&handle).pk, &key.sk), None);
    let pattern = TEMPLATE
        .lines()
        .find_map(|line| line.trim().strip_prefix("- Pattern: "))
        .expect("a filter");
    let pattern: serde_json::Value =
        serde_json::from_str(pattern.trim_matches('\'')).expect("JSON");
    let prefix = key.pk.strip_suffix(handle.as_str()).expect("prefix and handle");
    let expected = serde_json::json!({ "eventName": ["INSERT"], "dynamodb": { "Keys": { "pk": { "S": [{ "prefix": prefix }] } } } });
    assert_eq!(pattern, expected);
    assert_eq!(local::pump::OUTBOX, prefix, "the local pump uses the same filter");
}
