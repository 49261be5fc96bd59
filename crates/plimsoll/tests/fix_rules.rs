//! The mechanical fixes of rules: safe ones by default, unsafe ones on request, those that
//! change the same text one after the other, and nothing that does not end its finding.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::process::Command;

use common::Repo;

fn olorin() -> Repo {
    let repo = Repo::new();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/olorin/.");
    let done = Command::new("cp").args(["-r", root]).arg(repo.path()).status().unwrap();
    assert!(done.success());
    repo
}

/// The findings that have a fix, as rule and applicability.
fn fixable(repo: &Repo) -> Vec<(String, String)> {
    let run = repo.run(&["review", "--format", "json", "--fail-on", "never"]);
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let all = report["findings"].as_array().unwrap().iter().filter(|f| !f["fix"].is_null());
    let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
    all.map(|f| (text(&f["rule"]), text(&f["fix"]["applicability"]))).collect()
}

fn count(all: &[(String, String)], applicability: &str) -> usize {
    all.iter().filter(|(_, a)| a == applicability).count()
}

#[test]
fn safe_fixes_are_written_and_unsafe_ones_on_request() {
    let repo = olorin();
    let before = fixable(&repo);
    assert!(count(&before, "safe") > 1 && count(&before, "unsafe") > 1, "{before:?}");
    let run = repo.run(&["fix", "--write"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("read them with --unsafe"), "{}", run.err);
    let after = fixable(&repo);
    assert_eq!(count(&after, "safe"), 0, "{after:?}");
    assert_eq!(count(&after, "unsafe"), count(&before, "unsafe"), "{after:?}");
    let files = repo.all_files();
    assert!(repo.run(&["fix", "--write"]).err.contains("nothing that is safe to fix"));
    assert!(repo.all_files() == files, "a second run changes nothing");
    let run = repo.run(&["fix", "--unsafe", "--write"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(count(&fixable(&repo), "unsafe"), 0, "{:?}", fixable(&repo));
}

#[test]
fn fixes_of_the_same_text_follow_one_another() {
    // Both rules change the same two lines: one gives the cache a mode, one takes it apart.
    let workflow = "on:\n  push:\n    branches: [main]\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n      - uses: docker/setup-buildx-action@v3\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          cache-from: type=registry,ref=r/a:cache\n          cache-to: type=inline,mode=max\n";
    let dockerfile =
        "FROM alpine:3.22 AS b\nRUN echo x > /x\nFROM alpine:3.22\nCOPY --from=b /x /x\n";
    let repo = Repo::new().file(".github/workflows/a.yml", workflow).file("Dockerfile", dockerfile);
    let rules = ["cache/inline-cache-with-mode", "cache/inline-cache-multistage"];
    let found = fixable(&repo);
    for rule in rules {
        assert!(found.iter().any(|(r, _)| r == rule), "{rule}: {found:?}");
    }
    let run = repo.run(&["fix", rules[0], rules[1], "--unsafe", "--write"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let left = fixable(&repo);
    assert!(rules.iter().all(|r| left.iter().all(|(l, _)| l != r)), "{left:?}\n{}", run.out);
}

#[test]
fn a_line_that_moves_takes_nothing_along() {
    // One rule moves the COPY behind the RUN, another one goes on with the RUN there.
    for (lock, run, mended) in [
        ("package-lock.json", "npm ci", "RUN npm ci && npm cache clean --force\nCOPY . .\n"),
        ("yarn.lock", "yarn install", "RUN yarn install --frozen-lockfile"),
    ] {
        let dockerfile =
            format!("FROM node:22.12-alpine\nUSER node\nWORKDIR /app\nCOPY . .\nRUN {run}\n");
        let repo = Repo::new()
            .file("Dockerfile", &dockerfile)
            .file("package.json", "{\"name\": \"a\"}\n")
            .file(lock, "{}\n")
            .file(".dockerignore", "node_modules\n.git\n");
        let run = repo.run(&["fix", "--unsafe", "--write"]);
        assert_eq!(run.code, 0, "{}", run.err);
        let after = repo.read("Dockerfile");
        assert!(after.contains(mended), "{after}");
        assert!(after.ends_with("\nCOPY . .\n"), "{after}");
    }
}
