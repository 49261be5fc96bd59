//! The main job from the outside: verdicts, waivers, due dates, formats, fixes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Repo, run_in};

const GOOD: &str = "FROM alpine:3.22 AS build\nRUN echo x > /app\nFROM alpine:3.22\nCOPY --from=build /app /app\nUSER 1000\nCMD [\"/app\"]\n";

#[test]
fn a_refused_dockerfile_is_rejected_with_its_line() {
    let repo = Repo::new().file("Dockerfile", "FROM alpine:3.22\nRUNN x\n");
    let run = repo.run(&["review"]);
    assert_eq!(run.code, 11);
    assert!(run.out.starts_with("REJECTED  repo  "), "{}", run.out);
    assert!(run.out.contains("blocking[dockerfile/refused-by-buildkit]"), "{}", run.out);
    assert!(run.out.contains("2 | RUNN x"), "{}", run.out);
    let run = repo.run(&["review", "--fail-on", "never"]);
    assert_eq!(run.code, 0);
}

#[test]
fn what_is_left_out_is_there_for_a_build() {
    let docker = "FROM alpine:3.22\nCOPY parts /parts\nUSER 1000\nCMD [\"/x\"]\n";
    let repo = Repo::new()
        .file("Dockerfile", docker)
        .file("parts/Dockerfile", "RUNN x\n")
        .file("plimsoll.toml", "exclude = [\"parts\"]\n");
    let run = repo.run(&["review", "--full"]);
    assert!(!run.out.contains("copy-source-missing:"), "{}", run.out);
    assert!(!run.out.contains("refused-by-buildkit]"), "{}", run.out);
}

#[test]
fn missing_figures_are_not_proven() {
    let repo = Repo::new().file("Dockerfile", GOOD);
    let run = repo.run(&["review"]);
    assert_eq!(run.code, 12, "{}", run.out);
    assert!(run.out.starts_with("NOT PROVEN"), "{}", run.out);
    assert_eq!(repo.run(&["review", "--fail-on", "rejected"]).code, 0);
}

#[test]
fn a_waiver_lets_one_finding_through_until_its_day() {
    let text = "FROM alpine:3.22\n# plimsoll: allow dockerfile/refused-by-buildkit until=2027-01-31 reason=\"on purpose\"\nRUNN x\n";
    let repo = Repo::new().file("Dockerfile", text);
    let run = repo.run(&["review", "--today", "2027-01-31"]);
    assert_eq!(run.code, 12, "{}", run.out);
    assert!(
        run.out.contains(
            "waived until 2027-01-31: dockerfile/refused-by-buildkit at Dockerfile:3:1: on purpose"
        ),
        "{}",
        run.out
    );
    let run = repo.run(&["review", "--today", "2027-02-01"]);
    assert_eq!(run.code, 11);
    assert!(run.out.contains("this waiver ran out on 2027-01-31"), "{}", run.out);
}

#[test]
fn a_stale_waiver_is_a_finding() {
    let toml = "[[waiver]]\nrule = \"dockerfile/refused-by-buildkit\"\nuntil = \"2027-01-31\"\nreason = \"x\"\n";
    let repo = Repo::new().file("Dockerfile", GOOD).file("plimsoll.toml", toml);
    let run = repo.run(&["review"]);
    assert!(run.out.contains("config/stale-waiver"), "{}", run.out);
    let repo = Repo::new()
        .file("Dockerfile", GOOD)
        .file("plimsoll.toml", toml.replace("refused", "refusd"));
    let run = repo.run(&["review"]);
    assert!(run.out.contains("there is no dockerfile/refusd-by-buildkit"), "{}", run.out);
}

#[test]
fn a_budget_that_rejects_is_said_at_the_top() {
    let toml = "[budgets]\n\"context.bytes\" = \"1 kB\"\n";
    let repo = Repo::new()
        .file("Dockerfile", "FROM alpine:3.22\nUSER 1000\nCOPY . /a\n")
        .file(".dockerignore", ".git\n")
        .file("large", "x".repeat(5000))
        .file("plimsoll.toml", toml);
    let run = repo.run(&["review"]);
    assert_eq!(run.code, 11, "{}", run.out);
    let head: Vec<&str> = run.out.lines().take(3).collect();
    assert!(
        head[2].contains("context sent is 5.") && head[2].contains("the budget is 1"),
        "{head:?}"
    );
}

#[test]
fn whether_a_path_is_sent() {
    let repo = Repo::new()
        .file("Dockerfile", "FROM alpine:3.22\nCOPY src go.mod /a/\n")
        .file("go.mod", "module a\n")
        .file("src/a.go", "package a\n")
        .file("README.md", "a\n");
    for (path, said) in [
        ("go.mod", "go.mod is sent: there is no ignore file"),
        ("src/a.go", "src/a.go is sent"),
        ("README.md", "README.md is not sent: no COPY, ADD or mount of the build names it"),
        ("none.txt", "none.txt is not sent: it is not in the context"),
    ] {
        let run = repo.run(&["context", "--why", path]);
        assert!(run.code == 0 && run.out.contains(said), "{path}: {}{}", run.out, run.err);
    }
    assert_eq!(repo.run(&["context", "--why", "go.mod", "--json"]).code, 2);
    let run = repo.run(&["fix", "src"]);
    assert!(run.code == 2 && run.err.contains("plimsoll fix --path src"), "{}", run.err);
}

#[test]
fn a_fault_in_the_configuration_is_a_finding_at_its_line() {
    let repo = Repo::new()
        .file("Dockerfile", GOOD)
        .file("plimsoll.toml", "due-days = \"x\"\n[rules]\n\"a/b\" = \"off\"\n");
    let run = repo.run(&["review"]);
    assert_eq!(run.code, 11);
    assert!(run.out.contains("blocking[config/fault]"), "{}", run.out);
    assert!(run.out.contains("there is no rule `a/b`"), "{}", run.out);
}

#[test]
fn an_old_should_fix_blocks_when_its_day_has_passed() {
    // An image without a tag is a should-fix.
    let repo = Repo::new().file("Dockerfile", GOOD.replace("FROM alpine:3.22\n", "FROM alpine\n"));
    let first = repo.run(&[
        "review",
        "--today",
        "2026-11-23",
        "--output",
        "old.json",
        "--fail-on",
        "rejected",
    ]);
    assert_eq!(first.code, 0, "{}", first.out);
    assert!(first.out.contains("first due 2026-12-23"), "{}", first.out);
    let later = repo.run(&["review", "--today", "2026-12-24", "--baseline", "old.json"]);
    assert_eq!(later.code, 11, "{}", later.out);
    assert!(later.out.contains("overdue since 2026-12-23"), "{}", later.out);
    let without = repo.run(&["review", "--today", "2026-12-24", "--fail-on", "rejected"]);
    assert_eq!(without.code, 0, "{}", without.out);
}

#[test]
fn reports_are_written_whole_in_the_format_of_their_name() {
    let repo = Repo::new().file("Dockerfile", GOOD);
    let mut args = vec!["review"];
    let names = ["r.md", "r.html", "r.json", "r.sarif", "r.xml", "r.txt"];
    names.iter().for_each(|n| args.extend(["--output", n]));
    repo.run(&args);
    let starts = [
        "# Production sign-off",
        "<!doctype html>",
        "{\n  \"schema_version\"",
        "{\n  \"$schema\"",
        "<?xml",
        "NOT PROVEN",
    ];
    for (name, start) in names.iter().zip(starts) {
        assert!(repo.read(name).starts_with(start), "{name}: {}", repo.read(name));
    }
    let run = repo.run(&["review", "--output", "nowhere/r.json"]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("failed to write nowhere/r.json"), "{}", run.err);
    let left: Vec<_> =
        std::fs::read_dir(repo.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|n| !n.to_string_lossy().ends_with(".tmp")), "{left:?}");
}

#[test]
fn two_runs_say_the_same() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let folder = std::path::Path::new(root);
    let args = ["review", "examples/olorin", "--format", "json", "--today", "2026-11-23"];
    let (a, b) = (run_in(folder, &args), run_in(folder, &args));
    assert_eq!(a.out, b.out);
    let report: plimsoll_model::Report = serde_json::from_str(&a.out).unwrap();
    assert_eq!(report.verdict, plimsoll_model::Verdict::Rejected);
}

#[test]
fn init_writes_a_file_that_reads_back_and_never_overwrites() {
    let repo = Repo::new().file("api/Dockerfile", GOOD);
    let run = repo.run(&["init"]);
    assert_eq!((run.code, run.out.as_str()), (0, ""), "{}", run.err);
    let text = repo.read("plimsoll.toml");
    assert!(text.contains("# [service.\"api\"]"), "{text}");
    let all: String = text
        .lines()
        .map(|l| match l.strip_prefix("# ") {
            Some(setting) if setting.contains(" = ") || setting.starts_with('[') => {
                format!("{setting}\n")
            }
            _ => format!("{l}\n"),
        })
        .collect();
    let config = plimsoll_rules::config::Config::parse("plimsoll.toml", &all);
    assert_eq!(config.faults, [], "{all}");
    let again = repo.run(&["init"]);
    assert_eq!(again.code, 2);
    assert_eq!(repo.read("plimsoll.toml"), text);
}

#[test]
fn explain_lists_and_prints_pages() {
    let repo = Repo::new();
    let list = repo.run(&["explain"]);
    assert!(list.out.contains("dockerfile/refused-by-buildkit"), "{}", list.out);
    let page = repo.run(&["explain", "dockerfile/refused-by-buildkit"]);
    assert!(page.out.starts_with("# dockerfile/refused-by-buildkit\n"), "{}", page.out);
    let near = repo.run(&["explain", "refused-by"]);
    assert_eq!(near.code, 2);
    assert!(near.err.contains("did you mean dockerfile/refused-by-buildkit"), "{}", near.err);
}

#[test]
fn completions_and_manual_are_printed() {
    let repo = Repo::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = repo.run(&["completions", shell]);
        assert!(run.code == 0 && run.out.contains("plimsoll"), "{shell}");
    }
    assert!(repo.run(&["man"]).out.contains(".TH plimsoll"), "{}", repo.run(&["man"]).out);
}
