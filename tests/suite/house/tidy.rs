//! Repository rules that a test can check.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// A member of the workspace: its folder and its dependencies, without
/// dev-dependencies.
struct Member {
    folder: PathBuf,
    dependencies: BTreeSet<String>,
}

fn members() -> BTreeMap<String, Member> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let metadata = std::process::Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let member = |package: &Value| {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let folder = manifest
            .parent()
            .and_then(|folder| folder.strip_prefix(root()).ok())
            .expect("a folder of ours")
            .to_owned();
        let dependencies = package["dependencies"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|d| d["kind"].is_null());
        let dependencies = dependencies.map(|d| text(&d["name"])).collect();
        (text(&package["name"]), Member { folder, dependencies })
    };
    metadata["packages"].as_array().expect("a list").iter().map(member).collect()
}

#[test]
fn crates_depend_in_one_direction() {
    let members = members();
    for (name, member) in &members {
        let ours: BTreeSet<&str> = member
            .dependencies
            .iter()
            .filter(|d| members.contains_key(*d))
            .map(String::as_str)
            .collect();
        let allowed: &[&str] = match (name.as_str(), member.folder.starts_with("functions")) {
            (_, true) => &["platform", "domain"],
            ("domain", _) => &[],
            ("platform", _) => &["domain"],
            // `local` simulates AWS: it uses AWS calls, not Latchkey's types.
            ("local" | "hello", _) => &[],
            ("tests", _) => &["domain", "platform", "local"],
            _ => panic!("{name} is not listed here"),
        };
        assert!(
            ours.iter().all(|d| allowed.contains(d)),
            "{name} depends on {ours:?}, but only {allowed:?} is allowed"
        );
    }
}

#[test]
fn only_the_platform_depends_on_aws_and_http() {
    let members = members();
    let of_the_world = |name: &str| {
        ["aws-", "lambda_", "tower", "tokio", "hyper", "reqwest"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
            || ["axum", "http", "getrandom", "rand"].contains(&name)
    };
    let found: Vec<_> =
        members["domain"].dependencies.iter().filter(|name| of_the_world(name)).collect();
    assert!(found.is_empty(), "the domain depends on {found:?}");
    for (name, member) in
        members.iter().filter(|(_, member)| member.folder.starts_with("functions"))
    {
        let others: Vec<_> = member
            .dependencies
            .iter()
            .filter(|d| !["platform", "domain"].contains(&d.as_str()))
            .collect();
        assert!(others.is_empty(), "{name} depends on {others:?}: only the platform may");
    }
}

/// Reads the Rust files below these folders: path from the root, and text.
fn sources(folders: &[&str]) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut left: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                if !["target", "node_modules"].iter().any(|name| path.ends_with(name)) {
                    left.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a text");
                found.insert(path.strip_prefix(root()).expect("below the root").to_owned(), text);
            }
        }
    }
    assert!(!found.is_empty(), "no Rust file in {folders:?}");
    found
}

#[test]
fn a_function_is_one_short_main() {
    // The build script, which embeds the web pages, is exempt.
    let build = Path::new("functions/portal/build.rs");
    for (path, text) in sources(&["functions"]).into_iter().filter(|(path, _)| path != build) {
        assert!(path.ends_with("src/main.rs"), "{}: a function has only main.rs", path.display());
        let lines = text.lines().count();
        assert!(lines <= 40, "{} has {lines} lines; at most 40", path.display());
    }
}

/// Files that may be longer than 400 lines, each with its reason.
const LONG: &[(&str, &str)] = &[];

#[test]
fn a_file_has_at_most_400_lines() {
    let sources = sources(&["shared", "functions", "infra", "tests"]);
    for (path, text) in &sources {
        let lines = text.lines().count();
        let listed =
            LONG.iter().any(|(long, reason)| Path::new(long) == path && !reason.is_empty());
        assert!(
            lines <= 400 || listed,
            "{} has {lines} lines: split it, or give a reason in `LONG`",
            path.display()
        );
    }
    for (long, _) in LONG {
        let still = sources.get(Path::new(long)).is_some_and(|text| text.lines().count() > 400);
        assert!(still, "{long} is no longer long: remove it from `LONG`");
    }
}

#[test]
fn only_one_file_builds_keys() {
    const TABLE: &str = "shared/platform/src/dynamodb/table.rs";
    let sources = sources(&["shared", "functions"]);
    let code = |text: &str| {
        text.lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    // A key prefix is a word in capitals before `#`, or a word in capitals alone if the
    // key is constant.
    let word =
        |literal: &str| literal.chars().take_while(char::is_ascii_uppercase).collect::<String>();
    let table = code(&sources[Path::new(TABLE)]);
    let prefixes: BTreeSet<String> = table
        .split('"')
        .skip(1)
        .step_by(2)
        .filter_map(|literal| match word(literal) {
            start if literal[start.len()..].starts_with('#') => Some(format!("\"{start}#")),
            start if start.len() > 1 && start == literal => Some(format!("\"{start}\"")),
            _ => None,
        })
        .collect();
    for known in ["\"ACCT#", "\"LEDGER#", "\"OUTBOX#", "\"ADMINS\"", "\"POLICYDOC\"", "\"U#"] {
        assert!(prefixes.contains(known), "{known} is not among {prefixes:?}");
    }
    for (path, text) in sources.iter().filter(|(path, _)| *path != Path::new(TABLE)) {
        let found: Vec<_> =
            prefixes.iter().filter(|prefix| code(text).contains(prefix.as_str())).collect();
        assert!(found.is_empty(), "{} builds keys itself: {found:?}", path.display());
    }
}

#[test]
fn the_domain_has_no_clock_randomness_or_settings() {
    // `clippy.toml` bans these too, but a build does not read it.
    let banned = [
        "SystemTime::now",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "env::var",
        "getrandom",
        "rand::",
        "OsRng",
        "tokio::",
        "std::fs",
        "std::net",
    ];
    for (path, text) in sources(&["shared/domain/src"]) {
        let found: Vec<_> = banned.iter().filter(|word| text.contains(*word)).collect();
        assert!(found.is_empty(), "{} names {found:?}", path.display());
    }
    let clippy = std::fs::read_to_string(root().join("shared/domain/clippy.toml"))
        .expect("the domain's lints");
    for method in [
        "std::time::SystemTime::now",
        "std::time::Instant::now",
        "jiff::Timestamp::now",
        "std::env::var",
    ] {
        assert!(clippy.contains(&format!("\"{method}\"")), "clippy.toml does not ban {method}");
    }
}

#[test]
fn the_domain_names_no_http_status_and_no_aws_service() {
    for (path, text) in sources(&["shared/domain/src"]) {
        for word in ["StatusCode", "aws_sdk", "axum", "lambda_http"] {
            assert!(!text.contains(word), "{} names {word}: only the edge may", path.display());
        }
    }
}

#[test]
fn a_test_does_not_sleep() {
    for (path, text) in sources(&["shared", "tests/suite", "tests/src"]) {
        let sleeps = text.contains("thread::sleep") || text.contains("time::sleep");
        // A write that conflicted waits before its next try. The system's clock waits, and that
        // of tests does not.
        let may =
            ["platform/src/dynamodb/commit.rs", "platform/src/system.rs", "suite/house/tidy.rs"];
        let may = may.iter().any(|file| path.ends_with(file));
        assert!(!sleeps || may, "{} sleeps", path.display());
    }
}

#[test]
fn no_function_ships_test_dependencies() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let functions = members()
        .into_iter()
        .filter(|(_, member)| member.folder.starts_with("functions"))
        .map(|(name, _)| name);
    let packages: Vec<String> = functions.flat_map(|name| ["--package".to_owned(), name]).collect();
    let tree = std::process::Command::new(cargo)
        .args(["tree", "--offline", "--edges", "normal,build", "--prefix", "none"])
        .args(packages)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8(tree.stdout).expect("UTF-8");
    assert!(tree.contains("aws-sdk-dynamodb "), "it is a tree: {tree}");
    for name in ["utoipa", "jsonschema", "proptest", "dynoxide-rs", "reqwest"] {
        assert!(
            !tree.lines().any(|line| line.starts_with(&format!("{name} "))),
            "a function ships {name}"
        );
    }
}
