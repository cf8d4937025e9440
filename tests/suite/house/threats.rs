//! Checks that the threat model and the tests agree: every listed attack has a test,
//! and every attack test has an entry in the threat model.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../THREATS.md");

/// The folders that contain tests.
const FOLDERS: [&str; 3] = ["tests", "shared/domain/tests", "infra/local/tests"];

/// Returns the attack number of a test name such as `a12_…`; `None` for any other name.
fn number(name: &str) -> Option<u32> {
    let (digits, rest) = name.strip_prefix('a')?.split_once('_')?;
    let numbered =
        digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()) && !rest.is_empty();
    numbered.then(|| digits.parse().expect("two digits"))
}

/// Returns the attacks in the page's tables, by number.
fn attacks() -> BTreeMap<u32, String> {
    let mut found = BTreeMap::new();
    for line in PAGE.lines() {
        let Some((number, rest)) = line.strip_prefix("| A").and_then(|row| row.split_once(" | "))
        else {
            continue;
        };
        let number = number.parse().unwrap_or_else(|_| panic!("no number in {line:?}"));
        assert_eq!(
            rest.trim_end_matches('|').split(" | ").filter(|cell| !cell.trim().is_empty()).count(),
            2,
            "{line:?}"
        );
        assert!(found.insert(number, rest.to_owned()).is_none(), "A{number} is listed twice");
    }
    found
}

/// Returns the names of all test functions, with their files.
pub fn tests() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut found = Vec::new();
    let mut left: Vec<PathBuf> = FOLDERS.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a text");
                found.extend(marked(&text).into_iter().map(|name| (path.clone(), name)));
            }
        }
    }
    found
}

/// Returns the names of the functions below a test attribute.
fn marked(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(rest) =
            line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "))
        {
            names.extend(
                std::mem::take(&mut is_test)
                    .then(|| rest.split('(').next().unwrap_or_default().to_owned()),
            );
        }
    }
    names
}

#[test]
fn every_attack_has_a_test_and_every_attack_test_is_listed() {
    let (attacks, tests) = (attacks(), tests());
    assert!(
        attacks.len() > 30 && tests.len() > 100,
        "{} attacks, {} tests",
        attacks.len(),
        tests.len()
    );
    let tested: BTreeSet<u32> = tests.iter().filter_map(|(_, name)| number(name)).collect();
    let without: Vec<_> = attacks.iter().filter(|(number, _)| !tested.contains(number)).collect();
    assert!(without.is_empty(), "attacks without a test: {without:?}");
    let unknown: Vec<_> = tests
        .iter()
        .filter(|(_, name)| number(name).is_some_and(|n| !attacks.contains_key(&n)))
        .collect();
    assert!(unknown.is_empty(), "tests of attacks that THREATS.md does not list: {unknown:?}");
    let near: Vec<_> = tests
        .iter()
        .filter(|(_, name)| name.starts_with('a') && number(name).is_none() && numbered_badly(name))
        .collect();
    assert!(near.is_empty(), "an attack number has two digits: {near:?}");
}

#[test]
fn every_published_attack_names_a_test_of_an_attack_of_this_page() {
    let tests = tests();
    let rows: Vec<&str> = PAGE.lines().filter(|line| line.starts_with("| CVE-")).collect();
    assert_eq!(rows.len(), 5, "{rows:?}");
    for row in rows {
        let named = row.split('`').nth(1).unwrap_or_else(|| panic!("no test in {row:?}"));
        assert!(tests.iter().any(|(_, name)| name == named), "no test is named {named}");
        assert!(number(named).is_some_and(|number| attacks().contains_key(&number)), "{named}");
    }
}

/// Whether a name looks like that of an attack test but has no valid number.
fn numbered_badly(name: &str) -> bool {
    name[1..].starts_with(|c: char| c.is_ascii_digit())
}

#[test]
fn only_functions_with_a_test_attribute_count() {
    let text = "#[test]\nfn a12_one() {}\nfn a13_none() {}\n#[tokio::test(flavor = \"x\")]\n#[ignore]\nasync fn a14_two() {}\n";
    assert_eq!(marked(text), ["a12_one", "a14_two"]);
    assert_eq!(
        ["a12_one", "a1_x", "a123_x", "a12", "a12_", "b12_x", "ab_x"].map(number),
        [Some(12), None, None, None, None, None, None]
    );
}
