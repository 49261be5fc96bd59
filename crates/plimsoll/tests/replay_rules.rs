//! What the git history does to findings: it is quoted, and what it shows not to matter is advice.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::Repo;

const DOCKERFILE: &str =
    "FROM node:20-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD [\"node\", \"a.js\"]\n";

/// A repository whose Dockerfile copies everything before it installs.
fn repo() -> Repo {
    let repo = Repo::new()
        .file("Dockerfile", DOCKERFILE)
        .file(".dockerignore", ".git\nnode_modules\ndocs\n")
        .file("package.json", "{\"name\": \"a\"}")
        .file("package-lock.json", "{\"name\": \"a\", \"lockfileVersion\": 3}")
        .file("a.js", "0")
        .file("docs/a.md", "0");
    repo.commit("first");
    repo
}

#[test]
fn a_finding_quotes_how_often_the_install_ran() {
    let repo = repo();
    for n in 1..=4 {
        repo.write("a.js", n.to_string());
        repo.commit("source");
    }
    repo.write("docs/a.md", "1");
    repo.commit("docs");
    let page = repo.run(&["review", "--full"]).out;
    let plain: Vec<&str> = page.split_whitespace().collect();
    let quote = "`RUN npm ci` (line 4) ran in 4 of the last 5 builds of main, in 4 of them because \
                 of `COPY . .` (line 3)";
    assert!(plain.join(" ").contains(quote), "{page}");
    assert!(page.contains("should-fix[cache/copy-all-before-install]"), "{page}");
}

#[test]
fn what_the_history_shows_not_to_matter_is_advice() {
    let repo = repo();
    for n in 0..24 {
        repo.write("docs/a.md", format!("more {n}"));
        repo.commit("docs");
    }
    let page = repo.run(&["review", "--full"]).out;
    assert!(page.contains("advice[cache/copy-all-before-install]"), "{page}");
    assert!(page.contains("ran in 0 of the last 24 builds"), "{page}");
    let page = repo.run(&["review", "--full", "--no-replay"]).out;
    assert!(page.contains("should-fix[cache/copy-all-before-install]"), "{page}");
    assert!(!page.contains("of the last"), "{page}");
}

#[test]
fn a_fix_says_what_it_is_worth() {
    let repo = repo();
    for n in 1..=4 {
        repo.write("a.js", n.to_string());
        repo.commit("source");
    }
    repo.write("package.json", "{\"name\": \"b\"}");
    repo.commit("manifest");
    let run = repo.run(&["fix", "cache/copy-all-before-install"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("+COPY package.json package-lock.json ./"), "{}", run.out);
    assert!(
        run.err.contains("the cache answers 33.3 % of the steps today and 65.0 % with this change")
            && run.err.contains("`RUN npm ci` ran 5 times and would have run 1"),
        "{}",
        run.err
    );
    let run = repo.run(&["fix", "cache/copy-all-before-install", "--write"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let wanted = DOCKERFILE.replace(
        "COPY . .\nRUN npm ci\n",
        "COPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n",
    );
    assert_eq!(repo.read("Dockerfile"), wanted);
    let again = repo.run(&["fix", "cache/copy-all-before-install"]);
    assert!(again.err.contains("nothing to fix"), "{}", again.err);
}

#[test]
fn an_order_that_may_need_more_is_left_alone() {
    let more = [
        ("package.json", "{\"scripts\": {\"postinstall\": \"node a.js\"}}"),
        ("package.json", "{\"dependencies\": {\"b\": \"file:./b\"}}"),
        ("Dockerfile", "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n"),
        ("Dockerfile", "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN cd web && npm ci\n"),
        ("Dockerfile", "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN ./prepare.sh\nRUN npm ci\n"),
        ("Dockerfile", "FROM node:20\nWORKDIR /app\nCOPY . ./web\nRUN npm ci\n"),
    ];
    for (path, text) in more {
        let repo = repo();
        repo.write(path, text);
        repo.commit("more");
        let run = repo.run(&["fix", "cache/copy-all-before-install", "--unsafe"]);
        assert!(run.err.contains("nothing to fix"), "{text}\n{}\n{}", run.out, run.err);
    }
}
