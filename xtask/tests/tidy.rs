//! What the project promises of itself: which crate may see which, that the pure crates are
//! pure, and that generated files are fresh.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_model::Section;
use plimsoll_rules::find_rule;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The crates of the project that each crate may depend on; tests may use more.
const EDGES: [(&str, &[&str]); 9] = [
    ("plimsoll-model", &[]),
    ("plimsoll-syntax", &[]),
    ("plimsoll-graph", &["plimsoll-model", "plimsoll-syntax"]),
    ("plimsoll-rules", &["plimsoll-model", "plimsoll-syntax"]),
    ("plimsoll-oci", &["plimsoll-model"]),
    ("plimsoll-sandbox", &[]),
    (
        "plimsoll-measure",
        &[
            "plimsoll-graph",
            "plimsoll-model",
            "plimsoll-oci",
            "plimsoll-sandbox",
            "plimsoll-syntax",
        ],
    ),
    (
        "plimsoll",
        &[
            "plimsoll-graph",
            "plimsoll-measure",
            "plimsoll-model",
            "plimsoll-oci",
            "plimsoll-rules",
            "plimsoll-syntax",
        ],
    ),
    ("xtask", &["plimsoll-model", "plimsoll-rules"]),
];

/// The `[dependencies]` of a manifest that are crates of the project.
fn own_dependencies(manifest: &Path) -> Vec<String> {
    let text = fs::read_to_string(manifest).unwrap();
    let section = text.split("\n[dependencies]\n").nth(1).unwrap_or("");
    let lines = section.lines().take_while(|l| !l.starts_with('['));
    let names =
        lines.filter_map(|l| l.split(['.', ' ', '=']).next()).filter(|n| n.starts_with("plimsoll"));
    names.map(str::to_owned).collect()
}

#[test]
fn crates_see_only_what_they_may() {
    let allowed: BTreeMap<&str, &[&str]> = EDGES.into_iter().collect();
    let mut manifests: Vec<PathBuf> =
        fs::read_dir(root().join("crates")).unwrap().map(|e| e.unwrap().path()).collect();
    manifests.push(root().join("xtask"));
    for folder in manifests {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let may = allowed
            .get(name.as_str())
            .unwrap_or_else(|| panic!("{name} is not in the table of edges"));
        for dependency in own_dependencies(&folder.join("Cargo.toml")) {
            assert!(may.contains(&dependency.as_str()), "{name} must not see {dependency}");
        }
    }
}

/// Every Rust file of a crate's sources.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() {
            sources(&entry, files);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            files.push(entry);
        }
    }
}

#[test]
fn pure_crates_touch_nothing() {
    const IMPURE: [&str; 7] = [
        "std::fs",
        "std::process",
        "std::env::",
        "std::net",
        "SystemTime",
        "Instant::now",
        "std::thread",
    ];
    for name in ["plimsoll-model", "plimsoll-syntax", "plimsoll-graph", "plimsoll-rules"] {
        let folder = root().join("crates").join(name);
        let lint = fs::read_to_string(folder.join("clippy.toml")).unwrap();
        assert!(lint.contains("disallowed-methods"), "{name} has lost its lint");
        let mut files = Vec::new();
        sources(&folder.join("src"), &mut files);
        assert!(!files.is_empty());
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.lines().filter(|l| !l.trim_start().starts_with("//"));
            for line in code {
                for word in IMPURE {
                    assert!(!line.contains(word), "{}: {line}", file.display());
                }
            }
        }
    }
}

#[test]
fn only_the_ui_prints() {
    let mut files = Vec::new();
    sources(&root().join("crates/plimsoll/src"), &mut files);
    for file in files.iter().filter(|f| !f.ends_with("ui.rs")) {
        let text = fs::read_to_string(file).unwrap();
        for word in ["println!", "eprintln!", "print!(", "io::stdout", "io::stderr"] {
            assert!(!text.contains(word), "{} prints", file.display());
        }
    }
}

#[test]
fn one_crate_may_be_unsafe_and_says_why() {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"forbid\""));
    for (name, _) in EDGES {
        let folder =
            if name == "xtask" { root().join(name) } else { root().join("crates").join(name) };
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        if name != "plimsoll-sandbox" {
            assert!(manifest.contains("[lints]\nworkspace = true"), "{name}");
            continue;
        }
        // Denied, so that each block must be expected, with a reason; and argued.
        assert!(manifest.contains("unsafe_code = \"deny\""));
        assert!(manifest.contains("undocumented_unsafe_blocks = \"deny\""));
        let lints = |text: &str, from: &str| -> Vec<String> {
            let lines = text.split(from).nth(1).unwrap().lines().skip(1);
            let lines = lines.take_while(|l| !l.starts_with('['));
            lines.filter(|l| !l.is_empty()).map(str::to_owned).collect()
        };
        let its = lints(&manifest, "[lints.clippy]");
        for lint in lints(&workspace, "[workspace.lints.clippy]") {
            assert!(its.contains(&lint), "{name} lacks the lint {lint}");
        }
    }
}

#[test]
fn generated_files_are_fresh() {
    let done = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("check").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn every_dependency_has_its_line() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let docs = fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let section = manifest.split("[workspace.dependencies]\n").nth(1).unwrap();
    let names =
        section.lines().take_while(|l| !l.starts_with('[')).filter_map(|l| l.split(' ').next());
    for name in names.filter(|n| !n.is_empty() && !n.starts_with("plimsoll")) {
        assert!(
            docs.contains(&format!("| {name} |")),
            "{name} has no line in docs/dependencies.md"
        );
    }
}

#[test]
fn the_tables_of_checks_name_rules_that_exist() {
    let read = |page| fs::read_to_string(root().join("docs/reference").join(page)).unwrap();
    let table = [read("peers.md"), read("not-checked.md")].concat();
    let sections: Vec<&str> = Section::ALL.iter().map(|section| section.as_str()).collect();
    let named = table.split('`').skip(1).step_by(2).filter(|word| {
        word.split_once('/').is_some_and(|(section, _)| sections.contains(&section))
    });
    let mut count = 0;
    for name in named {
        assert!(find_rule(name).is_some(), "there is no rule {name}");
        count += 1;
    }
    assert!(count > 50, "{count} rules are named");
}
