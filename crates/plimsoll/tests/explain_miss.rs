//! `plimsoll explain-miss` on real git repositories: causes down to the file and the value.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use common::Repo;

const DOCKERFILE: &str = "\
FROM node:20 AS build
ARG GIT_SHA
ENV MODE=prod
WORKDIR /app
COPY package.json pnpm-lock.yaml ./
RUN pnpm install
COPY src src
RUN pnpm build
FROM node:20-slim
COPY --from=build /app/dist dist
";

fn workflow(mode: &str, more: &str) -> String {
    format!(
        "on:\n  push:\n    branches: [main]\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      \
         - uses: actions/checkout@v4\n      - uses: docker/setup-buildx-action@v3\n      \
         - uses: docker/build-push-action@v6\n        with:\n          context: .\n          push: true\n          \
         tags: example/app:latest\n          cache-from: type=registry,ref=example/app:cache\n          \
         cache-to: type=registry,ref=example/app:cache,mode={mode}\n{more}"
    )
}

/// A repository with one commit.
fn repo(mode: &str, more: &str) -> Repo {
    let repo = Repo::new()
        .file("Dockerfile", DOCKERFILE)
        .file(".github/workflows/image.yml", workflow(mode, more))
        .file("package.json", "1")
        .file("pnpm-lock.yaml", "1")
        .file("src/a.js", "1")
        .file("src/b.js", "1");
    repo.commit("one");
    repo
}

/// The page without the lines on top and the notes below.
fn steps(repo: &Repo, args: &[&str]) -> String {
    let mut all = vec!["explain-miss"];
    all.extend(args);
    let run = repo.run(&all);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.out);
    run.out.split("\n\n").nth(1).unwrap().to_owned()
}

#[test]
fn files_are_named_and_chains_lead_to_them() {
    let repo = repo("max", "");
    repo.write("package.json", "2");
    std::fs::remove_file(repo.path().join("src/a.js")).unwrap();
    repo.write("src/c.js", "1");
    let b = repo.path().join("src/b.js");
    std::fs::set_permissions(b, std::fs::Permissions::from_mode(0o755)).unwrap();
    repo.commit("two");
    let page = steps(&repo, &["HEAD~1..HEAD"]);
    assert_eq!(
        page,
        "  line 4     hits    WORKDIR /app
  line 5     runs    COPY package.json pnpm-lock.yaml ./
                     modified  package.json
  line 6     runs    RUN pnpm install
                     <- line 5 COPY package.json pnpm-lock.yaml ./: package.json
  line 7     runs    COPY src src
                     removed   src/a.js
                     mode      src/b.js
                     added     src/c.js
                     and line 6, which it needs, misses as well
  line 8     runs    RUN pnpm build
                     <- line 7 COPY src src: src/a.js, src/b.js, src/c.js
  line 10    runs    COPY --from=build /app/dist dist
                     <- line 8 (build) <- line 7 COPY src src: src/a.js, src/b.js, src/c.js
                     unless the stage it copies from writes the same bytes as before",
    );
    assert_eq!(page, steps(&repo, &["HEAD"]), "one commit is compared with its parent");
    let one = repo.run(&["explain-miss", "HEAD", "--step", "8"]);
    assert!(one.out.contains("RUN pnpm build"), "{}", one.out);
    assert!(one.out.contains("removed   src/a.js"), "{}", one.out);
    assert!(!one.out.contains("line 6"), "{}", one.out);
}

#[test]
fn values_are_shown_with_both_sides() {
    let repo = repo("max", "          build-args: GIT_SHA=${{ github.sha }}\n");
    let changed = DOCKERFILE
        .replace("MODE=prod", "MODE=\"a\u{1b}[31m\u{202e}\"")
        .replace("node:20-slim", "node:22-slim")
        .replace("pnpm build", "pnpm build --fast");
    repo.write("Dockerfile", changed);
    repo.commit("two");
    let page = steps(&repo, &["HEAD"]);
    assert!(page.contains("GIT_SHA is another in every build\n"), "{page}");
    assert!(page.contains("MODE has another value\n                     before  prod\n"), "{page}");
    assert!(page.contains("after   a\\u{1b}[31m\\u{202e}\n"), "{page}");
    assert!(page.contains("before  RUN pnpm build\n"), "{page}");
    assert!(page.contains("after   RUN pnpm build --fast\n"), "{page}");
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let image =
        "<- line 9 FROM node:22-slim: the base image is another: node:20-slim -> node:22-slim";
    assert!(page.contains(image), "{page}");
    assert!(page.contains("and line 8 (build), which it needs, misses as well"), "{page}");
}

#[test]
fn the_origin_of_a_copy_and_what_is_new_are_said() {
    let repo = Repo::new().file("Dockerfile", "FROM a\nCOPY --from=tool:1 /x /x\nRUN one\n");
    repo.commit("one");
    repo.write("Dockerfile", "FROM a\nCOPY --from=tool:2 /x /x\nRUN one\nRUN two\n");
    repo.commit("two");
    let page = steps(&repo, &["HEAD"]);
    assert!(page.contains("what it copies from is another\n"), "{page}");
    assert!(page.contains("before  tool:1\n") && page.contains("after   tool:2\n"), "{page}");
    assert!(page.contains("RUN two\n                     it is new"), "{page}");
}

#[test]
fn layers_that_the_setup_loses_are_said() {
    let repo = repo("min", "");
    repo.write("src/a.js", "2");
    repo.commit("two");
    let page = steps(&repo, &["HEAD"]);
    let lost = "with mode=min its layer is not kept, and a step that runs needs it";
    assert!(page.contains(&format!("RUN pnpm install\n                     {lost}\n")), "{page}");
    let inline = workflow("min", "").replace("registry,ref=example/app:cache,mode=min", "inline");
    repo.write(".github/workflows/image.yml", inline);
    let page = steps(&repo, &["HEAD"]);
    assert!(page.contains("with type=inline its layer is not kept"), "{page}");
}

#[test]
fn the_working_tree_is_compared_as_git_would() {
    let repo = repo("max", "");
    let page = steps(&repo, &["HEAD.."]);
    assert!(!page.contains("runs"), "nothing changed:\n{page}");
    repo.write("src/a.js", "2");
    repo.write("src/new.js", "x");
    symlink("/etc", repo.path().join("src/out")).unwrap();
    let fifo = repo.path().join("src/pipe");
    assert!(Command::new("mkfifo").arg(fifo).status().unwrap().success());
    let run = repo.run(&["explain-miss", "HEAD.."]);
    assert!(run.out.starts_with("app: 3 of 6 steps run in the working tree after "), "{}", run.out);
    for line in ["modified  src/a.js", "added     src/new.js", "added     src/out\n"] {
        assert!(run.out.contains(line), "{}", run.out);
    }
    assert!(run.out.contains("src/pipe is neither file, link nor"), "{}", run.out);
    assert!(!run.out.contains("src/out/"), "a link is not followed: {}", run.out);
    // What the ignore file keeps back is not read, not even where it cannot be.
    let secret = repo.path().join("node_modules");
    std::fs::create_dir(&secret).unwrap();
    repo.write("node_modules/x", "1");
    repo.write(".dockerignore", "node_modules\nsrc/pipe\nsrc/new.js\nsrc/out\n");
    repo.write("src/a.js", "1");
    let page = steps(&repo, &["HEAD.."]);
    assert!(!page.contains("runs"), "{page}");
}

#[test]
fn an_edit_that_keeps_size_and_second_is_seen() {
    let repo = repo("max", "");
    for _ in 0..5 {
        repo.write("src/a.js", "2");
        let page = steps(&repo, &["HEAD.."]);
        assert!(page.contains("modified  src/a.js"), "{page}");
        repo.write("src/a.js", "1");
        let page = steps(&repo, &["HEAD.."]);
        assert!(!page.contains("runs"), "{page}");
    }
}

#[test]
fn a_git_context_has_no_working_tree() {
    let repo = repo("max", "");
    let workflow = workflow("max", "").replace("          context: .\n", "");
    repo.write(".github/workflows/image.yml", workflow);
    let run = repo.run(&["explain-miss", "HEAD.."]);
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    assert!(run.err.contains("what is not committed is not built"), "{}", run.err);
}

#[test]
fn merges_are_compared_with_the_branch_they_went_into() {
    let repo = repo("max", "");
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.write("src/side.js", "1");
    repo.commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("package.json", "2");
    repo.commit("main");
    repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    let page = steps(&repo, &["HEAD"]);
    assert!(page.contains("added     src/side.js"), "{page}");
    assert!(!page.contains("package.json\n                     modified"), "{page}");
}

#[test]
fn a_renamed_dockerfile_is_the_same() {
    let repo = repo("max", "");
    repo.git(&["mv", "Dockerfile", "api.Dockerfile"]);
    let workflow = workflow("max", "          file: api.Dockerfile\n");
    repo.write(".github/workflows/image.yml", workflow);
    repo.commit("two");
    let run = repo.run(&["explain-miss", "HEAD"]);
    assert!(run.out.contains("0 of 6 steps run"), "{}{}", run.out, run.err);
    assert!(run.out.contains("  api.Dockerfile was Dockerfile before\n"), "{}", run.out);
}

#[test]
fn wrong_names_are_usage_and_no_repository_is_missing() {
    let repo = repo("max", "");
    for (args, hint) in [
        (&["nope"][..], "git log"),
        (&["HEAD..nope"], "git log"),
        (&["HEAD"], "name two commits"),
        (&["a...b"], "A..B"),
        (&["HEAD..HEAD", "--step", "3"], "4, 5, 6, 7, 8, 10"),
        (&["HEAD..HEAD", "--service", "x"], "the services are app"),
        (&["a\u{1b}[31mb"], "git log"),
    ] {
        let mut all = vec!["explain-miss"];
        all.extend(args);
        let run = repo.run(&all);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{args:?} {}", run.err);
        assert!(run.err.contains("hint: ") && run.err.contains(hint), "{args:?} {}", run.err);
        assert!(!run.err.contains('\u{1b}'), "{}", run.err);
    }
    let none = Repo::new().file("Dockerfile", "FROM a\n");
    let run = none.run(&["explain-miss", "HEAD"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    assert!(run.err.contains("is in no git repository"), "{}", run.err);
    none.git(&["init", "-q"]);
    let run = none.run(&["explain-miss", "HEAD"]);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("no commit yet"), "{}", run.err);
}

#[test]
fn json_is_the_same_each_time() {
    let repo = repo("min", "          build-args: GIT_SHA=${{ github.sha }}\n");
    repo.write("src/a.js", "2");
    repo.commit("two");
    let run = |args: &[&str]| repo.run(args).out;
    let json = run(&["explain-miss", "HEAD", "--json"]);
    assert_eq!(json, run(&["explain-miss", "HEAD", "--json"]));
    for part in ["\"not-kept\"", "\"every_build\": true", "\"change\": \"modified\""] {
        assert!(json.contains(part), "{part} {json}");
    }
}

#[test]
fn a_commit_that_cannot_be_built_is_said() {
    let repo = repo("max", "");
    repo.write("Dockerfile", "FROM a\nCOPY gone /x\n");
    repo.commit("two");
    let run = repo.run(&["explain-miss", "HEAD"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    assert!(run.err.contains("cannot be built: line 2: \"/gone\": not found"), "{}", run.err);
}
