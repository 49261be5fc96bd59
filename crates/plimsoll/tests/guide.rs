//! The guide's commands, run: what a page shows is what the program prints.
//!
//! A block fenced as `console` begins each command with `$ ` and shows its output below;
//! `...` alone on a line stands for any lines. Every page runs in a copy of examples/olorin.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::Repo;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The commands of a page with the output they show.
fn commands(page: &str) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        match line {
            "```console" => open = true,
            "```" => open = false,
            line if open => match line.strip_prefix("$ ") {
                Some(command) => all.push((command.to_owned(), Vec::new())),
                None => all.last_mut().unwrap().1.push(line.to_owned()),
            },
            _ => {}
        }
    }
    all
}

/// Whether the output is as shown, `...` standing for any lines.
fn fits(shown: &[String], got: &[&str]) -> bool {
    match shown.split_first() {
        None => got.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=got.len()).any(|skip| fits(rest, &got[skip..]))
        }
        Some((first, rest)) => {
            got.split_first().is_some_and(|(line, left)| line == first && fits(rest, left))
        }
    }
}

/// Who commits and when, for pages that make a history.
const GIT: [(&str, &str); 8] = [
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_AUTHOR_NAME", "Ada"),
    ("GIT_AUTHOR_EMAIL", "ada@example.org"),
    ("GIT_AUTHOR_DATE", "2026-01-31T12:00:00Z"),
    ("GIT_COMMITTER_NAME", "Ada"),
    ("GIT_COMMITTER_EMAIL", "ada@example.org"),
    ("GIT_COMMITTER_DATE", "2026-01-31T12:00:00Z"),
];

#[test]
fn every_command_of_the_guide_prints_what_is_shown() {
    let mut pages: Vec<PathBuf> =
        fs::read_dir(root().join("docs/guide")).unwrap().map(|e| e.unwrap().path()).collect();
    pages.push(root().join("README.md"));
    let mut wrong = Vec::new();
    let mut ran = 0;
    for page in pages {
        let repo = Repo::new();
        let copied = Command::new("cp")
            .arg("-r")
            .arg(root().join("examples/olorin"))
            .arg(repo.path().join("olorin"))
            .status();
        assert!(copied.unwrap().success());
        let program = Path::new(env!("CARGO_BIN_EXE_plimsoll")).parent().unwrap().to_path_buf();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        for (command, shown) in commands(&fs::read_to_string(&page).unwrap()) {
            let done = Command::new("sh")
                .args(["-c", &command])
                .current_dir(repo.path().join("olorin"))
                .env("PATH", &path)
                .env("COLUMNS", "100")
                .env("PLIMSOLL_HOME", repo.path().join("home"))
                .envs(GIT)
                .env_remove("GITHUB_STEP_SUMMARY")
                .output()
                .unwrap();
            let text = format!(
                "{}{}",
                String::from_utf8_lossy(&done.stdout),
                String::from_utf8_lossy(&done.stderr)
            );
            let got: Vec<&str> = text.lines().collect();
            if !fits(&shown, &got) {
                wrong.push(format!(
                    "{}: $ {command}\nshows\n{}\nbut prints\n{text}",
                    page.display(),
                    shown.join("\n")
                ));
            }
            ran += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(ran >= 5, "only {ran} commands were run");
}
