//! `plimsoll replay` on real git repositories: which commits count, what is proposed, what it
//! follows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::Repo;
use common::git::git_in;

const DOCKERFILE: &str =
    "FROM node:20\nWORKDIR /app\nCOPY package.json ./\nRUN npm ci\nCOPY src src\n";

fn workflow(on: &str, more: &str) -> String {
    format!(
        "on:\n  push:\n{on}jobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      \
         - uses: actions/checkout@v4\n{more}      - uses: docker/setup-buildx-action@v3\n      \
         - uses: docker/build-push-action@v6\n        with:\n          context: .\n          push: true\n          \
         tags: example/app:latest\n          cache-from: type=gha\n          cache-to: type=gha,mode=max\n"
    )
}

/// Three commits: one, a source, a manifest.
fn repo() -> Repo {
    let repo = Repo::new()
        .file("Dockerfile", DOCKERFILE)
        .file(".github/workflows/image.yml", workflow("    branches: [main]\n", ""))
        .file("package.json", "1")
        .file("src/a.js", "1")
        .file("docs/a.md", "1");
    repo.commit("one");
    repo.write("src/a.js", "2");
    repo.commit("two");
    repo.write("package.json", "2");
    repo.commit("three");
    repo
}

fn page(repo: &Repo, args: &[&str]) -> String {
    let mut all = vec!["replay"];
    all.extend(args);
    let run = repo.run(&all);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
    run.out
}

#[test]
fn builds_are_counted_and_reasons_given() {
    let repo = repo();
    let page = page(&repo, &[]);
    assert!(page.starts_with("app: 2 builds of main, 2026-01-31 to 2026-01-31\n"), "{page}");
    assert!(page.contains("50.0 %    1 of 2 ran line 4    RUN npm ci"), "{page}");
    assert!(page.contains("1 times: line 3 `COPY package.json ./`: files changed"), "{page}");
    assert!(page.contains("most often src/a.js (1)"), "{page}");
}

#[test]
fn json_is_the_same_each_time() {
    let repo = repo();
    let json = page(&repo, &["--json"]);
    assert_eq!(json, page(&repo, &["--json"]));
    assert!(json.contains("\"renames\": []"), "{json}");
}

#[test]
fn without_git_or_commits_it_is_missing() {
    let repo = Repo::new().file("Dockerfile", DOCKERFILE);
    let run = repo.run(&["replay"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    assert!(run.err.contains("is in no git repository"), "{}", run.err);
    repo.git(&["init", "-q"]);
    let run = repo.run(&["replay"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    assert!(run.err.contains("the repository has no commit yet"), "{}", run.err);
}

#[test]
fn a_shallow_clone_is_said() {
    let repo = repo();
    let from = format!("file://{}", repo.path().display());
    let clone = Repo::new();
    clone.git(&["clone", "-q", "--depth", "2", &from, "clone"]);
    let run = clone.run(&["replay", "clone"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("app: 1 builds"), "{}", run.out);
    assert!(run.out.contains("git fetch --unshallow"), "{}", run.out);
    let run = clone.run(&["explain-miss", "HEAD~1", "clone"]);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("git fetch --unshallow"), "{}", run.err);
}

#[test]
fn a_detached_head_and_merges_follow_first_parents() {
    let repo = repo();
    repo.git(&["checkout", "-q", "-b", "side"]);
    for n in 0..3 {
        repo.write("src/side.js", format!("{n}"));
        repo.commit("side");
    }
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    repo.git(&["checkout", "-q", "--detach"]);
    let page = page(&repo, &[]);
    assert!(page.starts_with("app: 3 builds of a detached HEAD"), "{page}");
    assert!(page.contains("src/side.js (1)"), "{page}");
}

#[test]
fn windows_choose_the_commits() {
    let repo = repo();
    assert!(page(&repo, &["--last", "1"]).starts_with("app: 1 builds"));
    assert!(page(&repo, &["--since", "2026-01-31"]).starts_with("app: 2 builds"));
    let later = page(&repo, &["--since", "2026-02-01"]);
    assert!(later.contains("there is nothing to count"), "{later}");
    repo.git(&["branch", "old", "HEAD~1"]);
    assert!(page(&repo, &["--branch", "old"]).starts_with("app: 1 builds of old"));
    let run = repo.run(&["replay", "--branch", "no\u{1b}[31m"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.err);
    assert!(run.err.contains("no commit is called no\\u{1b}[31m"), "{}", run.err);
    let run = repo.run(&["replay", "--since", "yesterday"]);
    assert_eq!(run.code, 2, "{}", run.err);
}

#[test]
fn commits_without_a_dockerfile_are_listed() {
    let repo = Repo::new().file("src/a.js", "1");
    repo.commit("nothing yet");
    repo.write("Dockerfile", "FROM a\nCOPY src /s\n");
    repo.commit("a Dockerfile");
    repo.write("src/a.js", "2");
    let gone = repo.commit("two");
    repo.git(&["rm", "-q", "Dockerfile"]);
    repo.commit("gone");
    repo.git(&["checkout", "-q", &gone, "--", "Dockerfile"]);
    repo.commit("back");
    let page = page(&repo, &[]);
    assert!(page.contains("2 commits cannot be built and are left out"), "{page}");
    assert!(page.contains("there is no Dockerfile"), "{page}");
    assert!(page.contains("2 builds"), "{page}");
}

#[test]
fn a_renamed_dockerfile_is_followed() {
    let repo =
        Repo::new().file("app/Dockerfile", "FROM a\nCOPY src /s\nRUN one\n").file("app/src/a", "1");
    repo.commit("one");
    repo.write("app/src/a", "2");
    repo.commit("two");
    std::fs::create_dir(repo.path().join("services")).unwrap();
    repo.git(&["mv", "app", "services/web"]);
    repo.write("services/web/Dockerfile", "FROM a\nCOPY src /s\nRUN two\n");
    let moved = repo.commit("moved and changed");
    repo.write("compose.yml", "services:\n  web:\n    build: services/web\n");
    repo.commit("compose");
    let page = page(&repo, &[]);
    let said = format!(
        "services/web/Dockerfile was app/Dockerfile until {} renamed it; its context was app\n",
        &moved[..10]
    );
    assert!(page.contains(&said), "{page}");
    assert!(page.contains("3 builds") && !page.contains("cannot be built"), "{page}");
    assert!(page.contains("1 of 3 ran line 2    COPY src /s"), "{page}");
    let run = repo.run(&["replay", "--pipeline", "now"]);
    assert!(!run.out.contains("renamed it"), "{}", run.out);
}

#[test]
fn only_a_likely_origin_is_followed() {
    let repo =
        Repo::new().file("a.Dockerfile", "FROM a\nRUN 1\nRUN 2\n").file("b/Dockerfile", "FROM b\n");
    repo.commit("one");
    repo.git(&["rm", "-q", "a.Dockerfile", "b/Dockerfile"]);
    repo.write("Dockerfile", "FROM other\nRUN 3\nRUN 4\n");
    repo.commit("two");
    repo.write("Dockerfile", "FROM other\nRUN 3\nRUN 5\n");
    repo.commit("three");
    let page = page(&repo, &[]);
    assert!(!page.contains("renamed it"), "{page}");
    assert!(page.contains("1 commits cannot be built"), "{page}");
}

#[test]
fn path_filters_choose_the_builds() {
    for (on, builds) in [
        ("    branches: [main]\n    paths: ['src/**']\n", 1),
        ("    branches: [main]\n    paths: ['src/**', 'package.json']\n", 2),
        ("    branches: [main]\n    paths: ['**', '!src/**']\n", 2),
        ("    branches: [main]\n    paths-ignore: ['src/**', 'docs/**']\n", 1),
        ("    branches: [main]\n    paths-ignore: ['**.md']\n", 2),
        ("    branches: [main]\n", 3),
    ] {
        let repo = repo();
        repo.write("docs/a.md", "2");
        repo.commit("docs");
        repo.write(".github/workflows/image.yml", workflow(on, ""));
        let page = page(&repo, &[]);
        assert!(page.starts_with(&format!("app: {builds} builds")), "{on}: {page}");
        let left = 3 - builds;
        let said = format!("  {left} more commits change no file that starts the workflow\n");
        assert_eq!(page.contains(&said), left > 0, "{on}: {page}");
    }
}

#[test]
fn proposals_are_files_or_folders() {
    let repo = repo();
    repo.write("../new/Dockerfile", "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\n");
    repo.write("../new.dockerignore", "docs\n");
    repo.write("../empty/x", "");
    let file = page(&repo, &["--against", "../new/Dockerfile"]);
    assert!(file.contains("proposed") && file.contains("COPY . ."), "{file}");
    assert_eq!(file, page(&repo, &["--against", "../new"]), "a folder that has it where it lies");
    let ignore = page(&repo, &["--against", "../new.dockerignore"]);
    let max = ignore.lines().find(|line| line.contains("max")).unwrap();
    assert_eq!(max.matches("50.0 %").count(), 2, "files that no step takes: {ignore}");
    let run = repo.run(&["replay", "--against", "nowhere"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    assert!(run.err.contains("failed to read nowhere"), "{}", run.err);
    let run = repo.run(&["replay", "--against", "../empty"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.err);
    assert!(run.err.contains("hint: looked for Dockerfile.dockerignore"), "{}", run.err);
}

#[test]
fn a_folder_of_a_monorepo_is_replayed_alone() {
    let repo = Repo::new()
        .file("services/api/Dockerfile", "FROM a\nCOPY src /s\n")
        .file("services/api/src/a", "1")
        .file("other", "1");
    repo.commit("one");
    repo.write("services/api/src/a", "2");
    repo.commit("two");
    repo.write("other", "2");
    repo.commit("three");
    // A commit that changes nothing in the folder is no build of it.
    for (path, builds) in [("services/api", 1), ("services", 1), (".", 2)] {
        let page = page(&repo, &[path]);
        assert!(page.contains(&format!("{builds} builds")), "{path}: {page}");
        let ran = format!("1 of {builds} ran line 2    COPY src /s");
        assert!(page.contains(&ran), "{path}: {page}");
    }
    let run = repo.run(&["explain-miss", "HEAD~1", "services/api"]);
    assert!(run.out.contains("modified  src/a"), "{}{}", run.out, run.err);
    repo.write("services/api/src/a", "3");
    let run = repo.run(&["explain-miss", "HEAD..", "services/api"]);
    assert!(run.out.contains("modified  src/a"), "{}{}", run.out, run.err);
}

#[test]
fn submodules_count_where_they_are_checked_out() {
    let inner = Repo::new().file("f", "1");
    inner.commit("inner");
    let from = inner.path().display().to_string();
    let repo = repo();
    repo.write("Dockerfile", "FROM a\nCOPY lib /lib\nRUN make\n");
    repo.git(&["submodule", "add", "-q", &from, "lib"]);
    repo.commit("with a submodule");
    inner.write("f", "2");
    inner.commit("inner two");
    git_in(&repo.path().join("lib"), &["pull", "-q", "origin", "main"]);
    repo.commit("a newer one");
    let on = "    branches: [main]\n";
    repo.write(".github/workflows/image.yml", workflow(on, ""));
    let without = page(&repo, &["--last", "1"]);
    assert!(without.contains("0 of 1 ran line 2    COPY lib /lib"), "{without}");
    let with = "        with:\n          submodules: recursive\n";
    repo.write(".github/workflows/image.yml", workflow(on, with));
    let with = page(&repo, &["--last", "1"]);
    assert!(with.contains("1 of 1 ran line 2    COPY lib /lib"), "{with}");
}

#[test]
fn large_files_kept_elsewhere_are_their_pointers() {
    let pointer = |n: u32| {
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{n:064}\nsize 5\n")
    };
    let repo = Repo::new()
        .file("Dockerfile", "FROM a\nCOPY model.bin /m\nRUN x\n")
        .file(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
        .file("model.bin", pointer(1));
    repo.commit("one");
    repo.write("model.bin", pointer(2));
    repo.commit("two");
    let page = page(&repo, &[]);
    assert!(page.contains("model.bin (1)"), "{page}");
}
