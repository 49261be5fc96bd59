//! Every case of BuildKit's own tests, where the conformance folder is at hand.
//!
//! Without the folder these tests say so and pass; `conformance_data` says where it is looked for.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stderr, reason = "a skipped test must say so")]
#![expect(clippy::disallowed_methods, reason = "a test is not part of the pure crate")]

mod conformance_data;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use conformance_data::{conformance, json};
use plimsoll_syntax::LineIndex;
use plimsoll_syntax::dockerfile::{self, Inputs, expand};
use serde_json::Value;

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// What BuildKit refuses, in its order, without build arguments.
fn errors(source: &str, inputs: &Inputs) -> Vec<String> {
    let file = dockerfile::parse(source);
    let program = dockerfile::stages(&file);
    let evaluation = dockerfile::evaluate(&program, inputs);
    let parsed = file.errors.iter().chain(&program.errors).map(|error| error.message.clone());
    parsed.chain(evaluation.errors.iter().map(|found| found.error.message.clone())).collect()
}

#[test]
fn trees_are_equal() {
    let Some(folder) = conformance("buildkit-parser/testfiles") else { return };
    let cases = folders(&folder);
    assert_eq!(cases.len(), 33);
    for case in cases {
        let source = fs::read_to_string(case.join("Dockerfile")).unwrap();
        let expected = fs::read_to_string(case.join("result")).unwrap();
        let file = dockerfile::parse(&source);
        assert_eq!(file.errors, [], "{}", case.display());
        assert_eq!(dockerfile::dump(&file), expected.trim_end(), "{}", case.display());
    }
}

#[test]
fn bad_files_are_refused() {
    let Some(folder) = conformance("buildkit-parser/testfiles-negative") else { return };
    let cases = folders(&folder);
    assert_eq!(cases.len(), 4);
    for case in cases {
        let source = fs::read_to_string(case.join("Dockerfile")).unwrap();
        assert_ne!(dockerfile::parse(&source).errors, [], "{}", case.display());
    }
}

#[test]
fn lines_are_those_of_buildkit() {
    let Some(path) = conformance("buildkit-parser/testfile-line/Dockerfile") else { return };
    let source = fs::read_to_string(path).unwrap();
    let index = LineIndex::new(&source);
    let file = dockerfile::parse(&source);
    let lines: Vec<_> = file
        .nodes
        .iter()
        .map(|node| (index.line(node.span.start), index.line(node.span.end)))
        .collect();
    assert_eq!(lines, [(5, 5), (11, 12), (17, 31)]);
}

#[test]
fn heredocs_are_equal() {
    let Some(path) = conformance("buildkit-parser/heredoc-and-errors.json") else { return };
    let data = json(&path);
    let case = &data[0];
    let file = dockerfile::parse(case["dockerfile"].as_str().unwrap());
    assert_eq!(file.errors, []);
    let expected = case["heredocs_per_instruction"].as_array().unwrap();
    assert_eq!(expected.len(), 27);
    assert_eq!(file.nodes.len(), expected.len() + 1);
    for (node, expected) in file.nodes[1..].iter().zip(expected) {
        let found: Vec<Value> = node
            .heredocs
            .iter()
            .map(|heredoc| {
                serde_json::json!({
                    "name": heredoc.name,
                    "content": heredoc.content,
                    "expand": heredoc.expand,
                    "chomp": heredoc.chomp,
                    "fd": heredoc.fd,
                })
            })
            .collect();
        assert_eq!(&Value::Array(found), expected, "{}", node.cooked.text());
    }
}

#[test]
fn instruction_errors_are_equal() {
    let Some(path) = conformance("buildkit-parser/heredoc-and-errors.json") else { return };
    let data = json(&path);
    let cases = data[1]["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 18);
    for case in cases {
        let found = errors(case["dockerfile"].as_str().unwrap(), &Inputs::default());
        let expected = case["error_contains"].as_str().unwrap();
        assert!(found[0].contains(expected), "{case}: {found:?}");
    }
}

#[test]
fn words_expand_as_in_buildkit() {
    let Some(path) = conformance("buildkit-shell/envVarTest") else { return };
    let pairs = [("PWD", "/home"), ("SHELL", "bash"), ("KOREAN", "한국어"), ("NULL", "")];
    let env: BTreeMap<_, _> =
        pairs.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let mut count = 0;
    for line in fs::read_to_string(path).unwrap().lines() {
        // A comment ends the line only at its start: `$#` is a case.
        let line = if line.starts_with('#') { "" } else { line };
        let Some((platform, case)) = line.split_once('|').filter(|(p, _)| p.trim() != "W") else {
            continue;
        };
        let (input, expected) = case.split_once('|').unwrap();
        let found = expand::process_word(input.trim(), '\\', &env);
        let found = found.map_or("error".to_owned(), |expansion| expansion.text);
        assert_eq!(found, expected.trim(), "{platform} {input}");
        count += 1;
    }
    assert_eq!(count, 228);
}

#[test]
fn words_split_as_in_buildkit() {
    let Some(path) = conformance("buildkit-shell/wordsTest") else { return };
    let mut env = BTreeMap::new();
    let mut count = 0;
    for line in fs::read_to_string(path).unwrap().lines() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if let Some(pair) = line.strip_prefix("ENV ") {
            let (key, value) = pair.trim_start().split_once('=').unwrap();
            env.insert(key.to_owned(), value.to_owned());
            continue;
        }
        let (input, expected) = line.split_once('|').unwrap();
        let (input, expected) = (input.trim(), expected.trim_start());
        let found = expand::process_words(input, '\\', &env);
        let found = found.unwrap_or_else(|_| vec!["error".to_owned()]);
        assert_eq!(found, expected.split(',').collect::<Vec<_>>(), "{input}");
        count += 1;
    }
    assert_eq!(count, 24);
}

#[test]
fn matches_are_those_of_buildkit() {
    let Some(path) = conformance("buildkit-shell/process-with-matches.json") else { return };
    let data = json(&path);
    let cases = data.as_array().unwrap();
    assert_eq!(cases.len(), 47);
    let names = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    for case in cases {
        let env: BTreeMap<String, String> = serde_json::from_value(case["envs"].clone()).unwrap();
        let found = expand::process_word(case["input"].as_str().unwrap(), '\\', &env);
        assert_eq!(found.is_err(), case["error"].as_bool().unwrap(), "{case}");
        let unmatched = match found {
            Ok(found) => {
                assert_eq!(found.text, case["expected"].as_str().unwrap(), "{case}");
                assert_eq!(sorted(found.matched), names(&case["matches"]), "{case}");
                found.unmatched
            }
            Err(error) => error.unmatched,
        };
        assert_eq!(sorted(unmatched), names(&case["unmatched"]), "{case}");
    }
}

#[test]
fn tricky_files_get_the_same_verdict() {
    let Some(path) = conformance("buildkit-tricky.json") else { return };
    let data = json(&path);
    let cases = data.as_object().unwrap();
    assert_eq!(cases.len(), 66);
    for (name, case) in cases {
        let found = errors(case["dockerfile"].as_str().unwrap(), &Inputs::default());
        match case["buildkit"]["error"].as_str() {
            None => assert_eq!(found, [""; 0], "{name}"),
            Some(error) => {
                let first = found.first().unwrap_or_else(|| panic!("{name} must be refused"));
                assert!(error.contains(first), "{name}: {first} is not part of {error}");
            }
        }
    }
}

#[test]
fn lint_cases_get_the_same_verdict() {
    let Some(path) = conformance("buildkit-lint.json") else { return };
    let data = json(&path);
    let cases = data.as_array().unwrap();
    assert_eq!(cases.len(), 87);
    for case in cases {
        let mut inputs = Inputs::default();
        for (key, value) in case["frontend_attrs"].as_object().into_iter().flatten() {
            if let (Some(name), Some(value)) = (key.strip_prefix("build-arg:"), value.as_str()) {
                inputs.build_args.insert(name.to_owned(), value.to_owned());
            }
        }
        let found = errors(case["dockerfile"].as_str().unwrap(), &inputs);
        // `check=error=true` turns warnings into errors; that is the checker's verdict.
        let error = case["library_all_targets"]["error"].as_str();
        let error = error.filter(|error| !error.starts_with("lint violation"));
        assert_eq!(!found.is_empty(), error.is_some(), "{case}: {found:?}");
    }
}
