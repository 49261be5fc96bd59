//! A table of small repositories with local packages, in every ecosystem: those that break in
//! the image build, and as many that work. Each page of `tests/local_packages` is one of them.
//! What a page says of its build is put to a real engine in `local_packages_built.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::case::{Build, Case};

/// The rules that speak of local packages and of what the image is given.
const SECTIONS: [&str; 3] = ["dependencies/", "dockerfile/", "context/source-ignored"];

fn findings(case: &Case) -> Vec<String> {
    let run = case.repo().run(&["review", "--format", "json", "--fail-on", "never"]);
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let all = report["findings"].as_array().unwrap().iter();
    let all = all.filter(|f| {
        let rule = f["rule"].as_str().unwrap();
        f["level"] != "advice" && SECTIONS.iter().any(|s| rule.starts_with(s))
    });
    let line = |f: &serde_json::Value| {
        let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
        let place = &f["primary"];
        format!(
            "{} {} {}:{} {}",
            text(&f["level"]),
            text(&f["rule"]),
            text(&place["path"]),
            place["start"]["line"],
            text(&f["message"])
        )
    };
    all.map(line).collect()
}

#[test]
fn every_case_gets_its_findings_and_no_others() {
    let mut wrong = Vec::new();
    for case in Case::all() {
        let got = findings(&case);
        if got != case.findings {
            wrong.push(format!(
                "{}\n  the page says\n    {}\n  the review says\n    {}",
                case.name,
                case.findings.join("\n    "),
                got.join("\n    ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_a_page_says_of_its_build_agrees_with_its_findings() {
    for case in Case::all() {
        let blocked = case.findings.iter().any(|f| f.starts_with("blocking "));
        let built = case.name.starts_with("python-") || case.name.starts_with("node-");
        assert_eq!(case.build.is_some(), built, "{}: Python and Node are built", case.name);
        if let Some(build) = &case.build {
            assert_eq!(*build != Build::Works, blocked, "{}", case.name);
        }
    }
}
