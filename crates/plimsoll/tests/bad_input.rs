//! Repositories made to hurt: a clear answer, the right exit code, no hang, no escape codes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::process::Command;

use common::Repo;

/// No control character but line breaks reaches the terminal.
fn assert_harmless(text: &str) {
    let bad = text.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(bad, None, "{text}");
}

#[test]
fn an_empty_repository_is_not_proven() {
    let run = Repo::new().run(&["review"]);
    assert_eq!(run.code, 11, "{}", run.out);
    assert!(run.out.contains("config/no-service"), "{}", run.out);
}

#[test]
fn a_path_that_is_no_folder_is_an_error() {
    let repo = Repo::new().file("a", "x");
    for path in ["nowhere", "a"] {
        let run = repo.run(&["review", path]);
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
        assert!(run.err.starts_with("error: failed to read the repository at "), "{}", run.err);
        assert!(run.err.contains("hint: "), "{}", run.err);
    }
}

#[test]
fn a_huge_dockerfile_is_said_and_not_read() {
    let repo = Repo::new().file("Dockerfile", "FROM scratch\n".repeat(50_000_000 / 13));
    let run = repo.run(&["review"]);
    assert!(run.out.contains("Dockerfile: it is larger than"), "{}", run.out);
    assert_ne!(run.code, 0);
}

#[test]
fn invalid_utf8_is_read_as_far_as_it_goes() {
    let repo = Repo::new()
        .file("Dockerfile", b"FROM alpine:3.22\nLABEL a=\"\xff\xfe\"\nRUN \x1b[31m\xc3\n");
    let run = repo.run(&["review", "--full"]);
    assert_harmless(&run.out);
    assert_harmless(&run.err);
    assert!(run.out.contains("Dockerfile"), "{}", run.out);
}

#[test]
fn links_in_a_circle_are_not_followed() {
    let repo = Repo::new().file("Dockerfile", "FROM alpine:3.22\nCOPY . /a\n").file("a/b", "x");
    symlink("..", repo.path().join("a/up")).unwrap();
    symlink("loop", repo.path().join("loop")).unwrap();
    symlink("/etc", repo.path().join("etc")).unwrap();
    let run = repo.run(&["review"]);
    assert!(matches!(run.code, 10..=12), "{} {}", run.out, run.err);
}

#[test]
fn a_yaml_bomb_costs_what_it_weighs() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..20 {
        let aliases = vec![format!("*a{}", i - 1); 10].join(", ");
        let _ = writeln!(bomb, "a{i}: &a{i} [{aliases}]");
    }
    let _ = writeln!(bomb, "jobs: *a19\n");
    let repo = Repo::new()
        .file(".github/workflows/x.yml", &bomb)
        .file("compose.yml", bomb.replace("jobs", "services"));
    let run = repo.run(&["review"]);
    assert!(run.out.contains("aliases expand to more than"), "{}", run.out);
}

#[test]
fn a_fifo_is_never_opened() {
    let repo = Repo::new().file("b/Dockerfile", "FROM alpine:3.22\nCOPY . /a\n");
    assert!(Command::new("mkfifo").arg(repo.path().join("Dockerfile")).status().unwrap().success());
    let run = repo.run(&["review"]);
    assert!(
        run.out.contains("Dockerfile: it is no regular file and was not opened"),
        "{}",
        run.out
    );
}

#[test]
fn names_with_control_characters_are_made_visible() {
    let repo =
        Repo::new().file("a\u{1b}[31mb\u{202e}/Dockerfile", "FROM alpine\nCOPY ../x /x\nBAD\n");
    for format in ["terminal", "markdown", "html", "json", "sarif", "junit", "github"] {
        let run = repo.run(&["review", "--full", "--format", format]);
        assert_harmless(&run.out);
        assert!(!run.out.contains('\u{202e}') || format == "json" || format == "sarif", "{format}");
    }
}

#[test]
fn deep_folders_end() {
    let deep = "d/".repeat(200);
    let repo = Repo::new().file(&format!("{deep}Dockerfile"), "FROM alpine:3.22\n");
    let run = repo.run(&["review"]);
    assert!(run.out.contains("folders deep"), "{}", run.out);
}

#[test]
fn a_wrong_command_line_is_usage() {
    let repo = Repo::new();
    for args in [
        &["nope"][..],
        &["review", "--format", "x"],
        &["review", "--output", "x.doc"],
        &["explain", "a/b"],
        &["fix", "a/b"],
    ] {
        let run = repo.run(args);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{args:?}: {}", run.err);
        assert!(run.err.starts_with("error: "), "{}", run.err);
    }
}

#[test]
fn what_is_left_out_of_a_large_manifest_is_said() {
    let names = (0..600).map(|i| format!("    \"p{i}\": \"file:../p{i}\"")).collect::<Vec<_>>();
    let manifest = format!("{{\n  \"dependencies\": {{\n{}\n  }}\n}}\n", names.join(",\n"));
    let repo = Repo::new()
        .file("Dockerfile", "FROM alpine:3.22\n")
        .file("package.json", manifest)
        .file("pom.xml", "<!DOCTYPE project>\n<project/>\n");
    let run = repo.run(&["review", "--format", "json"]);
    assert!(run.out.contains("more than 500 local dependencies"), "{}", run.out);
    assert!(run.out.contains("it was not looked at"), "{}", run.out);
}
