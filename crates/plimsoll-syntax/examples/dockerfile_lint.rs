//! Compares our build checks with BuildKit's.
//!
//! `dockerfile_lint FOLDER LINT.jsonl` reads a line for each file, `{"file": …, "warnings":
//! [{"line", "rule", "detail"}], "error": …}`, and looks for the files in FOLDER.
#![expect(clippy::print_stdout, reason = "it prints")]
#![expect(clippy::disallowed_methods, reason = "an example is not part of the pure crate")]

use std::collections::BTreeSet;
use std::io::Error;
use std::path::Path;

use plimsoll_syntax::LineIndex;
use plimsoll_syntax::dockerfile::{self, Inputs, lint::lint};
use serde_json::Value;

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, expected] = args.as_slice() else {
        return Err(Error::other("usage: dockerfile_lint FOLDER LINT.jsonl"));
    };
    let (mut same, mut different, mut absent) = (0, 0, 0);
    for line in std::fs::read_to_string(expected)?.lines() {
        let case: Value = serde_json::from_str(line)?;
        let name = case["file"].as_str().unwrap_or("");
        let Ok(source) = std::fs::read(Path::new(folder).join(name)) else {
            absent += 1;
            continue;
        };
        let (ours, theirs) = (ours(&String::from_utf8_lossy(&source)), theirs(&case));
        if ours == theirs {
            same += 1;
            continue;
        }
        different += 1;
        ours.difference(&theirs).for_each(|found| println!("{name}: only ours: {found}"));
        theirs.difference(&ours).for_each(|found| println!("{name}: only BuildKit's: {found}"));
    }
    println!("lint: {same} same, {different} different, {absent} absent");
    Ok(())
}

/// The warnings, each with a number where it is repeated, and whether there is an error.
fn numbered(warnings: Vec<String>, error: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for warning in warnings {
        let copies = found.iter().filter(|other: &&String| other.starts_with(&warning)).count();
        found.insert(format!("{warning} #{copies}"));
    }
    found.extend(error.then(|| "an error".to_owned()));
    found
}

fn ours(source: &str) -> BTreeSet<String> {
    let file = dockerfile::parse(source);
    let linted = lint(source, &dockerfile::stages(&file), &Inputs::default(), &[]);
    let index = LineIndex::new(source);
    let shown = linted.warnings.iter().map(|warning| {
        let line = index.line(warning.span.start);
        format!("{line} {}: {}", warning.check.as_str(), warning.detail)
    });
    numbered(shown.collect(), linted.refused || linted.fails)
}

fn theirs(case: &Value) -> BTreeSet<String> {
    let shown = case["warnings"].as_array().into_iter().flatten().map(|warning| {
        let text = |key: &str| warning[key].as_str().unwrap_or("").to_owned();
        format!("{} {}: {}", warning["line"], text("rule"), text("detail"))
    });
    numbered(shown.collect(), !case["error"].is_null())
}
