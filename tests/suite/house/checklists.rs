//! Checks the checklists in `CONTRIBUTING.md`: each step names the test that fails when
//! the step is forgotten, and the files and tests that it names exist.

use super::threats;
use std::path::Path;

const PAGE: &str = include_str!("../../../CONTRIBUTING.md");

/// Returns the numbered steps below *Checklists*, each on one line.
fn steps() -> Vec<String> {
    let section = PAGE.split("\n## ").find(|part| part.starts_with("Checklists")).expect("it");
    let mut steps: Vec<String> = Vec::new();
    for line in section.lines() {
        let number = line.split_once(". ").filter(|(number, _)| number.parse::<u32>().is_ok());
        match number {
            Some((_, step)) => steps.push(step.to_owned()),
            None if line.starts_with("   ") => {
                let step = steps.last_mut().expect("a step");
                *step = format!("{step} {}", line.trim());
            }
            None => {}
        }
    }
    steps
}

/// Returns the code spans of a Markdown text.
fn spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn each_step_names_a_check_that_exists() {
    let tests = threats::tests();
    let steps = steps();
    assert!(steps.len() > 25, "{} steps", steps.len());
    for step in steps {
        let (_, checks) = step.rsplit_once('(').unwrap_or_else(|| panic!("no check: {step}"));
        let checks = checks.strip_suffix(')').unwrap_or_else(|| panic!("no check: {step}"));
        let named = spans(checks);
        assert!(checks.contains("compiler") || !named.is_empty(), "no check: {step}");
        for name in named {
            let (module, test) = name.rsplit_once("::").unwrap_or_else(|| panic!("{name}"));
            let is_it = |(file, found): &(std::path::PathBuf, String)| {
                let file = file.with_extension("");
                found == test && file.iter().any(|part| part.to_str() == Some(module))
            };
            assert!(tests.iter().any(is_it), "no test {name}");
        }
    }
}

#[test]
fn each_file_that_a_step_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    for step in steps() {
        let paths = spans(&step).into_iter().filter(|span| {
            span.contains('/') && !span.contains([' ', '<']) && !span.contains("ja.json")
        });
        for path in paths.filter(|path| {
            ["shared/", "tests/", "infra/", "functions/"].iter().any(|top| path.starts_with(top))
        }) {
            assert!(root.join(path).exists(), "{path} is not there: {step}");
        }
    }
}
