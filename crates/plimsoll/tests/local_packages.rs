//! A table of small repositories with local packages, in every ecosystem: those that break in
//! the image build, and as many that work. Each page of `tests/local_packages` is one of them.
//! What a page says of its build is put to a real engine in `local_packages_built.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::Repo;
use common::case::{self, Build, Case};

/// The rules that speak of local packages and of what the image is given.
const SECTIONS: [&str; 3] = ["dependencies/", "dockerfile/", "context/source-ignored"];

fn findings_of(repo: &Repo) -> Vec<String> {
    let run = repo.run(&["review", "--format", "json", "--fail-on", "never"]);
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
        let got = findings_of(&case.repo());
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
            // What breaks only with the releases of some day is to be mended, and does not block.
            let works = *build == Build::Works;
            assert!(!(works && blocked), "{} works and is blocked", case.name);
            assert!(works || !case.is_correct(), "{} breaks and nothing is said", case.name);
        }
    }
}

/// The strategies that `fix` offers, the best first, without those that it would not write.
fn offered(repo: &Repo) -> Vec<String> {
    let run = repo.run(&["fix", "path-dependency"]);
    case::offered(&run.out)
}

/// The findings about local packages that a fix must end.
fn about_packages(repo: &Repo) -> Vec<String> {
    let all = findings_of(repo);
    all.into_iter().filter(|f| f.contains(" dependencies/")).collect()
}

#[test]
fn every_fix_ends_its_findings_and_a_second_run_changes_nothing() {
    let mut wrong = Vec::new();
    for case in Case::all().iter().filter(|c| !c.is_correct()) {
        let strategies = offered(&case.repo());
        if let Some(reason) = &case.refused {
            let out = case.repo().run(&["fix", "path-dependency"]).out;
            if !strategies.is_empty() || !out.contains(reason) {
                wrong.push(format!("{}: `{reason}` is to be said\n{out}", case.name));
            }
        }
        for strategy in strategies {
            let repo = case.repo();
            let args = ["fix", "path-dependency", "--strategy", &strategy, "--write"];
            let run = repo.run(&args);
            if run.code != 0 {
                wrong.push(format!(
                    "{}: {strategy} exits with {}\n{}",
                    case.name, run.code, run.err
                ));
                continue;
            }
            let left = about_packages(&repo);
            if !left.is_empty() {
                wrong.push(format!(
                    "{}: {strategy} leaves\n    {}",
                    case.name,
                    left.join("\n    ")
                ));
            }
            let before = repo.all_files();
            let again = repo.run(&["fix", "path-dependency", "--write"]);
            if !again.err.contains("nothing to mend") || repo.all_files() != before {
                wrong.push(format!(
                    "{}: after {strategy} a second run says\n{}{}",
                    case.name, again.out, again.err
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
