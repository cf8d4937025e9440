//! Forbids import cycles: within a crate, no file imports a file that imports it,
//! directly or through others. Code that two files share belongs in a third.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The crates that must have no import cycles, by their source folder.
const CRATES: [&str; 2] = ["shared/domain/src", "shared/platform/src"];

/// Returns the files of a crate by module path, such as `flow::reset::start`.
fn modules(source: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut folders = vec![source.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(source).expect("below it").with_extension("");
                let parts: Vec<String> =
                    below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
                let name = parts.join("::");
                let name = name.strip_suffix("::mod").unwrap_or(&name);
                let name = if ["lib", "main", "mod"].contains(&name) { "" } else { name };
                found.insert(name.to_owned(), path);
            }
        }
    }
    found
}

/// Returns the paths that the `use` lines of a file name, from the root of its crate.
fn used(module: &str, text: &str) -> Vec<String> {
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    let uses = text.split("\nuse ").skip(1).filter_map(|rest| rest.split_once(';'));
    let mut paths = Vec::new();
    for (path, _) in uses {
        let path: String = path.split_whitespace().collect();
        for path in flattened(&path) {
            let path = match path.split_once("::") {
                Some(("crate", rest)) => rest.to_owned(),
                Some(("self", rest)) => format!("{module}::{rest}"),
                Some(("super", rest)) => match rest.strip_prefix("super::") {
                    Some(rest) => {
                        let above = parent.rsplit_once("::").map_or("", |(above, _)| above);
                        format!("{above}::{rest}")
                    }
                    None => format!("{parent}::{rest}"),
                },
                // A module declared in this file, as in `use ranges::Range`.
                _ => format!("{module}::{path}"),
            };
            paths.push(path.trim_start_matches("::").to_owned());
        }
    }
    paths
}

/// Expands `a::{b, c::{d, e}}` to `a::b`, `a::c::d`, `a::c::e`.
fn flattened(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else { return vec![path.to_owned()] };
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.flat_map(|part| flattened(&format!("{before}{part}"))).collect()
}

/// Returns the files that each file of a crate imports.
fn arrows(source: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let modules = modules(source);
    let file_of = |path: &str| {
        let mut path = path;
        loop {
            if modules.contains_key(path) {
                return Some(path.to_owned());
            }
            path = path.rsplit_once("::")?.0;
        }
    };
    let of = |(module, file): (&String, &PathBuf)| {
        let text = std::fs::read_to_string(file).expect("a text");
        let named = used(module, &text);
        let named = named.iter().filter_map(|path| file_of(path)).filter(|file| file != module);
        (module.clone(), named.collect())
    };
    modules.iter().map(of).collect()
}

/// Returns an import path from a file back to itself, if there is one.
fn circle(arrows: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    arrows.keys().find_map(|from| {
        let mut ways: Vec<Vec<String>> = vec![vec![from.clone()]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            for to in arrows.get(way.last()?)? {
                if to == from {
                    return Some([way, vec![to.clone()]].concat());
                }
                if seen.insert(to.clone()) {
                    ways.push([way.clone(), vec![to.clone()]].concat());
                }
            }
        }
        None
    })
}

#[test]
fn no_file_needs_a_file_that_needs_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    for source in CRATES {
        let arrows = arrows(&root.join(source));
        assert!(arrows.values().map(BTreeSet::len).sum::<usize>() > 20, "{source} was not read");
        assert_eq!(circle(&arrows), None, "{source}: a circle of files");
    }
}

#[test]
fn a_circle_is_found() {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let file = dir.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("written");
    };
    write("lib.rs", "//! A crate.\npub mod a;\npub mod b;\n");
    write("a.rs", "//! A.\nuse crate::{b::{c::C, D}, e};\n");
    write("b/mod.rs", "//! B.\npub mod c;\n");
    write("b/c.rs", "//! C.\nuse super::super::a::A;\n");
    let way = circle(&arrows(dir.path())).expect("a circle");
    assert_eq!(way, ["a", "b::c", "a"]);
}
