//! Histories made to hurt: a clear answer, the right exit code, bounded time and memory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::git::{command, git_in};
use common::{Repo, Run};

fn repo() -> Repo {
    let repo = Repo::new()
        .file("Dockerfile", "FROM a\nCOPY src /s\nRUN x\n")
        .file(".dockerignore", "docs\n")
        .file("compose.yml", "services:\n  app:\n    build: .\n")
        .file("src/a", "1");
    repo.commit("one");
    repo.write("src/a", "2");
    repo.commit("two");
    repo
}

/// The file of a loose object.
fn object(repo: &Repo, name: &str) -> PathBuf {
    let id = repo.git(&["rev-parse", name]);
    repo.path().join(".git/objects").join(&id[..2]).join(&id[2..])
}

fn both(repo: &Repo, folder: &str) -> [Run; 2] {
    [repo.run(&["replay", folder]), repo.run(&["explain-miss", "HEAD", folder])]
}

fn assert_harmless(text: &str) {
    let bad = text.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(bad, None, "{text}");
    assert!(!text.contains('\u{202e}'), "{text}");
}

/// Feeds git a history; the branch main has it.
fn import(repo: &Repo, stream: &[u8]) {
    repo.git(&["init", "-q"]);
    let mut child = command(&repo.path())
        .args(["fast-import", "--quiet", "--force"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stream).unwrap();
    assert!(child.wait().unwrap().success());
}

fn data(text: &str) -> String {
    format!("data {}\n{text}\n", text.len())
}

fn commit(mark: usize, message: &str) -> String {
    format!(
        "commit refs/heads/main\nmark :{mark}\ncommitter A <a@b> {} +0000\n{}",
        1_700_000_000 + mark,
        data(message)
    )
}

#[test]
fn damaged_objects_are_named() {
    for name in ["HEAD:src", "HEAD^{tree}", "HEAD:Dockerfile", "HEAD~1"] {
        let repo = repo();
        let file = object(&repo, name);
        let id = repo.git(&["rev-parse", name]);
        for damage in ["gone", "garbage"] {
            std::fs::remove_file(&file).unwrap();
            if damage == "garbage" {
                std::fs::write(&file, "garbage").unwrap();
            }
            for run in both(&repo, ".") {
                assert_eq!((run.code, run.out.as_str()), (3, ""), "{name} {damage} {}", run.err);
                assert!(
                    run.err.contains(&id) && run.err.contains("git fsck"),
                    "{name} {}",
                    run.err
                );
            }
            std::fs::write(&file, "x").unwrap();
        }
    }
}

#[test]
fn a_repository_of_another_form_is_told_from_none() {
    let repo = Repo::new().file("Dockerfile", "FROM a\n");
    repo.git(&["init", "-q", "--object-format=sha256"]);
    repo.commit("one");
    for run in both(&repo, ".") {
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
        assert!(run.err.contains("failed to open the git repository of"), "{}", run.err);
    }
}

#[test]
fn a_partial_clone_works_or_says_what_to_fetch() {
    let repo = repo();
    let clone = Repo::new();
    let at = clone.path();
    git_in(&at, &["clone", "-q", "--bare", &repo.path().display().to_string(), "bare"]);
    git_in(&at.join("bare"), &["config", "uploadpack.allowFilter", "true"]);
    let from = format!("file://{}", at.join("bare").display());
    clone.git(&["clone", "-q", "--filter=blob:none", &from, "partial"]);
    // The Dockerfile is the same at each commit and was fetched for the checkout.
    for run in both(&clone, "partial") {
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(run.out.contains("COPY src /s"), "{}", run.out);
    }
    repo.write("Dockerfile", "FROM a\nCOPY src /s\nRUN y\n");
    repo.commit("three");
    git_in(&at, &["clone", "-q", "--bare", &repo.path().display().to_string(), "bare2"]);
    git_in(&at.join("bare2"), &["config", "uploadpack.allowFilter", "true"]);
    let from = format!("file://{}", at.join("bare2").display());
    clone.git(&["clone", "-q", "--filter=blob:none", &from, "partial2"]);
    for run in both(&clone, "partial2") {
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
        assert!(run.err.contains("git fetch --refetch --no-filter"), "{}", run.err);
    }
}

#[test]
fn escapes_never_reach_the_terminal() {
    let repo = Repo::new()
        .file("Dockerfile", "FROM a\nCOPY . /s\nRUN x\n")
        .file("\u{1b}[31mred\u{202e}", "1");
    repo.commit("one");
    repo.write("\u{1b}[31mred\u{202e}", "2");
    repo.write("Dockerfile", "FROM a\nCOPY . /s\nRUN \u{1b}]0;title\u{7} \u{202e}\n");
    repo.commit("\u{1b}[2Jsubject \u{202e}\r\u{9b}31m");
    repo.git(&["checkout", "-q", "-b", "b\u{202e}c"]);
    for args in [
        &["replay"][..],
        &["replay", "--pipeline", "now"],
        &["replay", "--json"],
        &["explain-miss", "HEAD"],
        &["explain-miss", "HEAD", "--step", "3"],
        &["explain-miss", "HEAD~1.."],
    ] {
        let run = repo.run(args);
        assert_eq!(run.code, 0, "{}", run.err);
        assert_harmless(&run.out);
        assert_harmless(&run.err);
    }
}

#[test]
fn a_long_history_takes_seconds() {
    let mut stream = String::new();
    let _ = write!(
        stream,
        "{}M 100644 inline Dockerfile\n{}",
        commit(1, "one"),
        data("FROM a\nCOPY src /s\nRUN x\n")
    );
    let _ = write!(stream, "M 100644 inline src/a\n{}", data("1"));
    let workflow = "on:\n  push:\n    branches: [main]\n    paths: ['src/**']\njobs:\n  b:\n    runs-on: ubuntu-latest\n    \
                    steps:\n      - uses: actions/checkout@v4\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          push: true\n          tags: a/b:c\n";
    let _ = write!(stream, "M 100644 inline .github/workflows/b.yml\n{}", data(workflow));
    for n in 2..=30_000 {
        stream.push_str(&commit(n, "more"));
        let _ = write!(stream, "M 100644 inline docs/a\n{}", data(&n.to_string()));
    }
    let repo = Repo::new();
    import(&repo, stream.as_bytes());
    repo.git(&["checkout", "-q", "-f", "main"]);
    let started = Instant::now();
    let run = repo.run(&["replay"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("29 999 more commits change no file"), "{}", run.out);
    repo.write(".github/workflows/b.yml", workflow.replace("    paths: ['src/**']\n", ""));
    let run = repo.run(&["replay", "--last", "20000"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("20 000 builds"), "{}", run.out);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(120), "{took:?}");
}

#[test]
fn folders_nested_without_end_are_refused() {
    let deep = "d/".repeat(3_000);
    let mut stream = String::new();
    for (n, context) in [(1, "1"), (2, "2")] {
        let _ = write!(
            stream,
            "{}M 100644 inline Dockerfile\n{}",
            commit(n, "x"),
            data("FROM a\nCOPY src /s\n")
        );
        let _ = write!(stream, "M 100644 inline src/{deep}f\n{}", data(context));
    }
    for ignore in ["", "*.md\n"] {
        let repo = Repo::new();
        let mut stream = stream.clone();
        if !ignore.is_empty() {
            for n in [3, 4] {
                let _ = writeln!(stream, "{}M 100644 inline .dockerignore", commit(n, "x"));
                let _ = writeln!(stream, "{}M 100644 inline src/{deep}f", data(ignore));
                stream.push_str(&data(&n.to_string()));
            }
        }
        import(&repo, stream.as_bytes());
        repo.write("Dockerfile", "FROM a\nCOPY src /s\n");
        repo.write("compose.yml", "services:\n  app:\n    build: .\n");
        for run in both(&repo, ".") {
            assert!(run.code == 0 || run.code == 3, "{ignore:?} {} {}", run.code, run.err);
        }
    }
}

#[test]
fn huge_objects_are_not_read() {
    let repo = repo();
    let head = repo.git(&["rev-parse", "HEAD^{tree}"]);
    // A commit with a message of 20 MiB.
    let message = repo.path().join("../message");
    std::fs::write(&message, "x".repeat(20 << 20)).unwrap();
    let huge = repo.git(&["commit-tree", &head, "-p", "HEAD", "-F", "../message"]);
    repo.git(&["branch", "huge", &huge]);
    for args in [&["replay", "--branch", "huge"][..], &["explain-miss", "huge"]] {
        let run = repo.run(args);
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
        assert!(run.err.contains("has more than 16 MiB and is not read"), "{}", run.err);
    }
    // A Dockerfile of 50 MB.
    repo.write("Dockerfile", "FROM scratch\n".repeat(4_000_000));
    repo.commit("large");
    repo.git(&["checkout", "-q", "HEAD~1", "--", "Dockerfile"]);
    let run = repo.run(&["replay"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    assert!(run.err.contains("bytes"), "{}", run.err);
}

/// A folder of a few objects that has ten times itself in itself, eight times over.
#[test]
fn folders_without_number_are_refused() {
    let repo = repo();
    let make = |rows: &str| {
        std::fs::write(repo.path().join("../rows"), rows).unwrap();
        let rows = std::fs::File::open(repo.path().join("../rows")).unwrap();
        let made = command(&repo.path()).arg("mktree").stdin(rows).output().unwrap();
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    };
    let dockerfile = repo.git(&["rev-parse", "HEAD:Dockerfile"]);
    let ignore = repo.git(&["rev-parse", "HEAD:.dockerignore"]);
    let blob = repo.git(&["rev-parse", "HEAD:src/a"]);
    for file in ["", &format!("100644 blob {blob}\tf\n")] {
        let mut folder = make(file);
        for _ in 0..8 {
            let row = |n| format!("040000 tree {folder}\td{n}\n");
            folder = make(&(0..10).map(row).collect::<String>());
        }
        let root = make(&format!(
            "100644 blob {ignore}\t.dockerignore\n100644 blob {dockerfile}\tDockerfile\n040000 tree {folder}\tsrc\n"
        ));
        let commit = repo.git(&["commit-tree", &root, "-p", "HEAD", "-m", "bomb"]);
        repo.git(&["branch", "-f", "bomb", &commit]);
        for args in [&["replay", "--branch", "bomb"][..], &["explain-miss", "bomb"]] {
            let run = repo.run(args);
            assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
            assert!(run.err.contains("more than 200000 folders"), "{}", run.err);
        }
    }
}

#[test]
fn a_huge_folder_is_not_read() {
    let repo = repo();
    let blob = repo.git(&["rev-parse", "HEAD:src/a"]);
    let id: Vec<u8> =
        (0..20).map(|at| u8::from_str_radix(&blob[at * 2..at * 2 + 2], 16).unwrap()).collect();
    let mut tree = Vec::new();
    for n in 0..350_000 {
        tree.extend_from_slice(format!("100644 {n:0170}\0").as_bytes());
        tree.extend_from_slice(&id);
    }
    std::fs::write(repo.path().join("../tree"), tree).unwrap();
    let huge = repo.git(&["hash-object", "-t", "tree", "-w", "--literally", "../tree"]);
    let root = format!(
        "100644 blob {}\tDockerfile\n040000 tree {huge}\tsrc\n",
        repo.git(&["rev-parse", "HEAD:Dockerfile"])
    );
    std::fs::write(repo.path().join("../root"), root).unwrap();
    let made = command(&repo.path())
        .arg("mktree")
        .stdin(std::fs::File::open(repo.path().join("../root")).unwrap())
        .output()
        .unwrap();
    let tree = String::from_utf8(made.stdout).unwrap();
    let commit = repo.git(&["commit-tree", tree.trim(), "-p", "HEAD", "-m", "huge"]);
    repo.git(&["branch", "huge", &commit]);
    for args in [&["replay", "--branch", "huge"][..], &["explain-miss", "huge"]] {
        let run = repo.run(args);
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
        assert!(run.err.contains("has more than 64 MiB and is not read"), "{}", run.err);
    }
}
