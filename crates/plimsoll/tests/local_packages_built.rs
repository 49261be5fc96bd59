//! The table of `local_packages` put to a real engine: what a page says of its build is what the
//! build does, and every fix that is offered is built, loaded and rebuilt.
//!
//! `scripts/test-engine` starts the engine and makes the base images.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::case::{Build, Case, offered};
use common::{engine, run_in};

/// A text with every run of blanks as one.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is wrong with a page, once it is built.
fn check(case: &Case) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(build) = &case.build else { return wrong };
    let repo = case.repo();
    if *build == Build::Works {
        let run = repo.run(&["fix", "path-dependency", "--prove"]);
        if run.code != 0 || !run.out.contains("\nPROVEN  ") {
            wrong.push(format!("{} is to work as it is\n{}{}", case.name, run.out, run.err));
        }
        return wrong;
    }
    let mut proven = 0;
    for strategy in offered(&repo.run(&["fix", "path-dependency"]).out) {
        let args = ["fix", "path-dependency", "--prove", "--strategy", &strategy];
        let run = run_in(&repo.path(), &args);
        // BuildKit inside of Docker Engine 20.10 has no named contexts.
        if run.code == 3 && run.err.contains("cannot give a build named contexts") {
            continue;
        }
        proven += 1;
        let proof = run.out.split("\nPROVEN  ").nth(1);
        let Some(proof) = proof.filter(|_| run.code == 0) else {
            wrong.push(format!("{}: {strategy} is not proven\n{}{}", case.name, run.out, run.err));
            continue;
        };
        let (failed, text) = match build {
            Build::Fails(text) => (true, text),
            Build::Green(text) => (false, text),
            Build::Works => continue,
        };
        let fails = proof.contains("before, the build fails");
        if fails != failed || !plain(proof).contains(&plain(text)) {
            wrong.push(format!("{}: before, `{text}` is to be said\n{proof}", case.name));
        }
    }
    if proven == 0 && case.refused.is_none() {
        wrong.push(format!("{}: no strategy was proven", case.name));
    }
    wrong
}

#[test]
fn every_build_does_what_its_page_says_and_every_fix_is_proven() {
    if !engine() {
        return;
    }
    let cases = Case::all();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let only = std::env::var("PLIMSOLL_CASE").unwrap_or_default();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, |n| n.get().min(4)) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if case.name.contains(&only) {
                        wrong.lock().unwrap().extend(check(case));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
