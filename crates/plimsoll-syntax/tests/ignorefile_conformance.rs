//! Moby's own cases for ignore files, and 2,000 generated ones with moby's answers.
#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that reads data where it is there"
)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_syntax::ignorefile::{IgnoreFile, Matcher, ParentState, Pattern, PatternError};
use serde_json::Value;

type Verdict = Result<bool, PatternError>;

fn data(name: &str) -> Option<String> {
    let folder =
        env::var("PLIMSOLL_CONFORMANCE").map_or_else(|_| found_above(), |p| Some(p.into()));
    let text = folder.and_then(|folder| fs::read_to_string(folder.join(name)).ok());
    if text.is_none() {
        println!("{name}: no conformance data here, nothing checked");
    }
    text
}

fn found_above() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.map(|folder| folder.join("shared/conformance")).find(|folder| folder.is_dir())
}

fn cases(name: &str) -> Option<Vec<Value>> {
    let cases: Vec<Value> = serde_json::from_str(&data(name)?).unwrap();
    Some(
        cases
            .into_iter()
            .filter(|case| matches!(case["os"].as_str(), None | Some("any" | "unix")))
            .collect(),
    )
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|s| s.as_str().unwrap().to_owned()).collect()
}

fn matcher(raw: &[String]) -> Result<Matcher, PatternError> {
    Matcher::new(&raw.iter().map(|raw| Pattern::from_raw(raw)).collect::<Vec<_>>())
}

fn agrees(verdict: &Verdict, expected: &Value) -> bool {
    match expected {
        Value::Bool(expected) => verdict.as_ref() == Ok(expected),
        _ => verdict.is_err(),
    }
}

/// The folders above a path as moby's test makes them.
fn folders(path: &str) -> Vec<&str> {
    match path.rfind('/') {
        None => Vec::new(),
        Some(0) => vec!["", "/"],
        Some(last) => path[..last]
            .match_indices('/')
            .map(|(at, _)| &path[..at])
            .chain([&path[..last]])
            .collect(),
    }
}

fn stepped(matcher: &Matcher, path: &str) -> Verdict {
    let mut state = ParentState::default();
    for folder in folders(path) {
        state = matcher.step(folder, &state)?;
    }
    Ok(matcher.step(path, &state)?.decision().ignored)
}

fn after_parent(matcher: &Matcher, path: &str) -> Verdict {
    let mut matched = false;
    for folder in folders(path) {
        matched = matcher.matches_after(folder, matched)?;
    }
    matcher.matches_after(path, matched)
}

fn answer(api: &str, matcher: &Matcher, path: &str) -> Verdict {
    match api {
        "Matches" => matcher.matches(path),
        "MatchesOrParentMatches" => matcher.matches_or_parent(path),
        "MatchesUsingParentResult" => after_parent(matcher, path),
        "MatchesUsingParentResults" => stepped(matcher, path),
        "MatchesUsingParentResultsNoContext" => {
            Ok(matcher.step(path, &ParentState::default())?.decision().ignored)
        }
        other => panic!("unknown api {other}"),
    }
}

#[test]
fn matches_as_moby_matches() {
    let Some(cases) = cases("patternmatcher.json") else { return };
    let mut answers = 0;
    for case in &cases {
        let matcher = matcher(&strings(&case["patterns"]));
        if case["new_ok"] == true {
            assert!(matcher.is_ok(), "{case}");
        }
        for api in case["api"].as_str().unwrap().split('|') {
            let path = case["path"].as_str().unwrap();
            let verdict = matcher.clone().and_then(|matcher| answer(api, &matcher, path));
            assert!(agrees(&verdict, &case["expected"]), "{api} {verdict:?} {case}");
            answers += 1;
        }
    }
    assert_eq!((cases.len(), answers), (138, 350));
}

#[test]
fn refuses_what_moby_refuses() {
    let Some(cases) = cases("patternmatcher-new.json") else { return };
    for case in &cases {
        let matcher = matcher(&strings(&case["patterns"]));
        assert_eq!(matcher.is_ok(), case["expected"] == "ok", "{case}");
        let Ok(matcher) = matcher else { continue };
        if let Some(length) = case["cleaned_len"].as_u64() {
            assert_eq!(matcher.len() as u64, length, "{case}");
        }
        assert_eq!(matcher.has_exceptions(), case["exclusions"] == true, "{case}");
    }
    assert_eq!(cases.len(), 6);
}

#[test]
fn answers_as_moby_answers_generated_files() {
    let Some(text) = data("patternmatcher-generated.jsonl") else { return };
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut apart = 0;
    for case in &cases {
        let file = IgnoreFile::parse(case["ignorefile"].as_str().unwrap());
        let raw: Vec<String> = file.patterns.iter().map(Pattern::raw).collect();
        assert_eq!(raw, strings(&case["patterns"]), "{case}");
        let path = case["path"].as_str().unwrap();
        let matcher = Matcher::new(&file.patterns);
        let walked = matcher.clone().and_then(|m| m.decide(path)).map(|d| d.ignored);
        assert!(agrees(&walked, &case["expected"]), "{walked:?} {case}");
        let verdict = matcher.and_then(|matcher| matcher.matches_or_parent(path));
        apart += usize::from(!agrees(&verdict, &case["expected"]));
    }
    println!("{apart} answers of MatchesOrParentMatches differ from those of a walk");
    assert_eq!(cases.len(), 2000);
}

#[test]
fn reads_as_moby_reads() {
    let Some(cases) = cases("ignorefile.json") else { return };
    for case in &cases {
        let file = IgnoreFile::parse(case["content"].as_str().unwrap());
        let raw: Vec<String> = file.patterns.iter().map(Pattern::raw).collect();
        assert_eq!(raw, strings(&case["expected"]));
    }
    assert_eq!(cases.len(), 1);
}
