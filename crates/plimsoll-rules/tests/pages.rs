//! The page of a rule is its documentation and its test: the files of "Example" must give
//! the findings written there, those of "Use instead" none, and a fix must end the finding.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test is not part of the pure crate")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_model::{Applicability, Edit, Report, Sources, apply_edits};
use plimsoll_rules::review::Measured;
use plimsoll_rules::{Rule, all_rules};

type Files = BTreeMap<String, String>;

/// How the block of a page begins that holds the image of a service.
const IMAGE: &str = "image of ";
/// How the block begins that holds what was tried of the image of a service, as a report in JSON does.
const CHECKS: &str = "checks of ";
/// How the block begins that holds the cold starts of a service, as `plimsoll boot --json` prints them.
const BOOTS: &str = "boots of ";

/// The fenced blocks below a heading: info string and body.
fn blocks(page: &str, heading: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut here = false;
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match &mut open {
            Some((_, _)) if line == "```" => blocks.extend(open.take()),
            Some((_, body)) => {
                body.push_str(line);
                body.push('\n');
            }
            None if line.starts_with("## ") => here = line == format!("## {heading}"),
            None if here && line.starts_with("```") => {
                open = Some((line[3..].to_owned(), String::new()))
            }
            None => {}
        }
    }
    assert!(open.is_none(), "a block under {heading} is not closed");
    blocks
}

fn files(page: &str, heading: &str) -> Files {
    let named = |(info, body): (String, String)| Some((info.split_once(' ')?.1.to_owned(), body));
    blocks(page, heading).into_iter().filter_map(named).collect()
}

fn report(files: &Files) -> Report {
    let mut sources = Sources { name: "example".into(), ..Sources::default() };
    let mut measured = Measured::default();
    for (path, text) in files {
        if let Some(service) = path.strip_prefix(CHECKS) {
            let checks = serde_json::from_str(text).unwrap_or_else(|e| panic!("{path}: {e}"));
            measured.checks.insert(service.to_owned(), checks);
            continue;
        }
        if let Some(service) = path.strip_prefix(BOOTS) {
            let boots = serde_json::from_str(text).unwrap_or_else(|e| panic!("{path}: {e}"));
            measured.boots.insert(service.to_owned(), boots);
            continue;
        }
        match path.strip_prefix(IMAGE) {
            // What was measured of a service stands in the page as `plimsoll image --json` prints it.
            Some(service) => {
                let image = serde_json::from_str(text).unwrap_or_else(|e| panic!("{path}: {e}"));
                measured.images.insert(service.to_owned(), image);
            }
            None => sources.insert(path, text.clone()),
        }
    }
    common::reviewed(&sources, &measured)
}

fn said(report: &Report, rule: &Rule) -> Vec<String> {
    let findings = report.findings.iter().filter(|f| f.rule == rule.name);
    findings.map(|f| format!("{} {} {}", f.level, f.primary, f.message)).collect()
}

/// Applies the mechanical fixes of a rule's findings.
fn fixed(files: &Files, report: &Report, rule: &Rule) -> Option<Files> {
    let mut edits: BTreeMap<&str, Vec<Edit>> = BTreeMap::new();
    let fixes =
        report.findings.iter().filter(|f| f.rule == rule.name).filter_map(|f| f.fix.as_ref());
    for fix in fixes.filter(|f| f.applicability != Applicability::Display) {
        fix.edits.iter().for_each(|e| edits.entry(&e.path).or_default().push(e.clone()));
    }
    if edits.is_empty() {
        return None;
    }
    let mut after = files.clone();
    for (path, edits) in edits {
        let text = apply_edits(files.get(path).map_or("", String::as_str), &edits);
        after
            .insert(path.to_owned(), text.unwrap_or_else(|e| panic!("{}: {path}: {e}", rule.name)));
    }
    Some(after)
}

fn check(rule: &Rule) -> Vec<String> {
    let mut wrong = Vec::new();
    let example = files(rule.page, "Example");
    let want: Vec<String> = blocks(rule.page, "Example")
        .into_iter()
        .filter(|(info, _)| info == "findings")
        .flat_map(|(_, body)| body.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    if want.is_empty() {
        wrong.push("the page has no findings block under Example".to_owned());
    }
    let before = report(&example);
    let got = said(&before, rule);
    if got != want {
        wrong.push(format!(
            "the page says\n    {}\n  the rule says\n    {}",
            want.join("\n    "),
            got.join("\n    ")
        ));
    }
    for finding in before.findings.iter().filter(|f| f.rule == rule.name) {
        if finding.consequence.is_empty() || finding.remedy.is_empty() {
            wrong.push(format!("{} has no consequence or no remedy", finding.primary));
        }
    }
    let mut better = example.clone();
    better.extend(files(rule.page, "Use instead"));
    better.retain(|_, text| text != "(removed)\n");
    let still = said(&report(&better), rule);
    if !still.is_empty() {
        wrong.push(format!("under Use instead it still says\n    {}", still.join("\n    ")));
    }
    if let Some(after) = fixed(&example, &before, rule) {
        let left = said(&report(&after), rule);
        let unfixed = before.findings.iter().filter(|f| f.rule == rule.name);
        let unfixed = unfixed
            .filter(|f| f.fix.as_ref().is_none_or(|x| x.applicability == Applicability::Display))
            .count();
        if left.len() > unfixed {
            wrong.push(format!(
                "after its fix it still says\n    {}\n  of\n{}",
                left.join("\n    "),
                after.into_values().collect::<Vec<_>>().join("\n---\n")
            ));
        }
    }
    wrong
}

#[test]
fn every_page_proves_its_rule() {
    let mut wrong = Vec::new();
    for rule in all_rules() {
        wrong.extend(check(rule).into_iter().map(|w| format!("{}\n  {w}", rule.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_page_has_its_parts() {
    for rule in all_rules() {
        let page = rule.page;
        assert!(page.starts_with(&format!("# {}\n", rule.name)), "{}: the title", rule.name);
        for heading in ["What it checks", "Why it matters", "Example", "Use instead", "References"]
        {
            assert!(page.contains(&format!("\n## {heading}\n")), "{}: no {heading}", rule.name);
        }
        assert!(
            !blocks(page, "Use instead").is_empty(),
            "{}: nothing under Use instead",
            rule.name
        );
    }
}

#[test]
fn every_rule_is_registered_and_named_after_its_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let mut on_disk = Vec::new();
    for section in
        std::fs::read_dir(&root).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir())
    {
        for file in std::fs::read_dir(&section).unwrap().map(|e| e.unwrap().path()) {
            if file.extension().is_some_and(|e| e == "md") {
                let part = |p: &Path| p.file_stem().unwrap().to_str().unwrap().replace('_', "-");
                on_disk.push(format!("{}/{}", part(&section), part(&file)));
            }
        }
    }
    let mut registered: Vec<String> = all_rules().map(|r| r.name.to_owned()).collect();
    on_disk.sort();
    registered.sort();
    assert_eq!(on_disk, registered);
    for rule in all_rules() {
        assert!(rule.name.starts_with(rule.section.as_str()), "{}", rule.name);
    }
}
