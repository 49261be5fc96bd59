//! What a measured image settles: where it contradicts what a Dockerfile looks like, nothing is
//! reported; where it confirms it, its figure is quoted. Official images give no false alarm.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use plimsoll_model::{Date, ImageReport, Report, Sources};
use plimsoll_rules::config::Config;
use plimsoll_rules::discover;
use plimsoll_rules::repo::Repo;
use plimsoll_rules::review::{Measured, Review, Terms, review};
use serde_json::{Value, json};

/// A review of files with the images of services.
fn reviewed(files: &[(&str, &str)], images: &[(&str, Value)]) -> Report {
    let mut sources = Sources::default();
    files.iter().for_each(|(path, text)| sources.insert(path, *text));
    let (config, repo) = (Config::default(), Repo::read(&sources));
    let found = discover::discover(&sources, &repo, &config);
    let today = Date::from_ymd(2026, 11, 23).unwrap();
    let mut measured = Measured::default();
    for (service, image) in images {
        let mut image: ImageReport = serde_json::from_value(image.clone()).unwrap();
        // A part of a report stands for an image with files.
        image.visible_files = u64::from(image != ImageReport::default());
        measured.images.insert((*service).to_owned(), image);
    }
    let evidence = Review {
        sources: &sources,
        repo: &repo,
        found: &found,
        measured: &measured,
        config: &config,
        today,
    };
    review(&evidence, &Terms { today, baseline: None, version: "test" })
}

fn said(report: &Report, rule: &str) -> Vec<String> {
    let all = report.findings.iter().filter(|f| f.rule == rule);
    all.map(|f| format!("{} {} {}", f.level, f.primary, f.message)).collect()
}

fn evidence(report: &Report, rule: &str) -> String {
    let all = report.findings.iter().filter(|f| f.rule == rule);
    all.flat_map(|f| f.evidence.clone()).collect::<Vec<_>>().join("; ")
}

/// A rule that reads the Dockerfile: what an image says against it and for it.
fn check(rule: &str, files: &[(&str, &str)], against: Value, confirms: Value, figure: &str) {
    assert_eq!(said(&reviewed(files, &[]), rule).len(), 1, "{rule}: the base case");
    let empty = reviewed(files, &[("app", json!({}))]);
    assert_eq!(said(&empty, rule).len(), 1, "{rule}: an image that tells nothing");
    let quiet = reviewed(files, &[("app", against)]);
    assert_eq!(said(&quiet, rule), Vec::<String>::new(), "{rule}: the image contradicts it");
    let loud = reviewed(files, &[("app", confirms)]);
    assert_eq!(said(&loud, rule).len(), 1, "{rule}: the image confirms it");
    assert!(evidence(&loud, rule).contains(figure), "{rule}: {}", evidence(&loud, rule));
}

#[test]
fn package_lists_that_the_image_has_or_not() {
    let file = [("Dockerfile", "FROM debian:12\nRUN apt-get update && ./install.sh\n")];
    let lists = |bytes| json!({"kind": "package-lists", "bytes": bytes});
    check(
        "image/apt-lists-left",
        &file,
        json!({"needless": [lists(4096)]}),
        json!({"needless": [lists(19_500_000)]}),
        "the image of app has 19.5 MB of package lists",
    );
    let hidden = json!({"path": "var/lib/apt/lists", "bytes": 19_500_000, "layer": 1, "by": 2});
    let hidden = json!({"waste": {"bytes": 19_500_000, "largest": [hidden]}});
    let report = reviewed(&file, &[("app", hidden)]);
    assert!(evidence(&report, "image/apt-lists-left").contains("that a later layer hides"));
}

#[test]
fn tools_that_the_image_has_or_not() {
    let file = [("Dockerfile", "FROM debian:12\nRUN apt-get install -y gcc && ./clean.sh\n")];
    let libc = json!({"kind": "apt", "name": "libc6", "bytes": 9});
    let gcc = json!({"kind": "apt", "name": "gcc", "bytes": 9});
    check(
        "image/build-tools-in-final-stage",
        &file,
        json!({"owners": [libc]}),
        json!({"owners": [libc, gcc], "needless": [{"kind": "compiler", "bytes": 115_562_817}]}),
        "has 116 MB of compilers",
    );
}

#[test]
fn packages_that_the_image_has_or_not() {
    let pip =
        |name: &str| json!({"kind": "pip", "name": name, "version": "1.8.4", "bytes": 700_000});
    check(
        "image/package-manager-left",
        &[("Dockerfile", "FROM python:3.12\nRUN pip install poetry==1.8.4\nRUN ./clean.sh\n")],
        json!({"owners": [pip("fastapi")]}),
        json!({"owners": [pip("fastapi"), pip("poetry")]}),
        "has poetry 1.8.4: 700 kB by itself",
    );
    let manifest = "{\"dependencies\": {\"a\": \"1\"}, \"devDependencies\": {\"jest\": \"29\"}}";
    let npm = |name: &str| json!({"kind": "npm", "name": name, "bytes": 9});
    check(
        "image/dev-dependencies-installed",
        &[("Dockerfile", "FROM node:22\nRUN npm ci\nRUN ./prune.sh\n"), ("package.json", manifest)],
        json!({"owners": [npm("a")]}),
        json!({"owners": [npm("a"), npm("jest")]}),
        "the image of app has jest",
    );
}

#[test]
fn a_cache_and_bytecode_that_the_image_has_or_not() {
    let cache = json!({"path": "root/.cache/pip/http-v2", "bytes": 12_000_000, "layer": 1});
    check(
        "image/pip-cache-kept",
        &[("Dockerfile", "FROM python:3.12\nRUN pip install fastapi\n")],
        json!({"image": "x"}),
        json!({"needless": [
            {"kind": "package-cache", "bytes": 12_000_000, "largest": [cache]}]}),
        "has 12.0 MB or more of pip's cache",
    );
    let packages =
        |files| json!({"path": "usr/local/lib/python3.12/site-packages", "files": files});
    check(
        "image/python-bytecode-missing",
        &[("Dockerfile", "FROM python:3.12\nRUN uv pip install fastapi\n")],
        json!({"bytecode": {"sources": 2000, "missing": 3, "folders": [packages(3)]}}),
        json!({"bytecode": {"sources": 2000, "missing": 900, "folders": [packages(900)]}}),
        "has 900 modules of packages without bytecode, of 2000 Python files",
    );
}

#[test]
fn a_user_that_the_image_has() {
    let rule = "security/root-user";
    let as_user = |user: &str, uid: u32, command: &str| json!({"config": {"user": user}, "start": {"uid": uid, "command": [command]}});
    check(
        rule,
        &[("Dockerfile", "FROM python:3.12\nCMD [\"x\"]\n")],
        as_user("app", 1000, "x"),
        as_user("", 0, "x"),
        "names no user: it runs with uid 0",
    );
    for (text, command, want) in [
        ("FROM example.org/base:1\nCMD [\"x\"]\n", "x", 1),
        ("FROM example.org/base:1\nCMD [\"x\"]\n", "/docker-entrypoint.sh", 0),
        ("ARG U\nFROM example.org/base:1\nUSER $U\nCMD [\"x\"]\n", "x", 1),
    ] {
        let files = [("Dockerfile", text)];
        assert_eq!(said(&reviewed(&files, &[]), rule).len(), 0, "{text}");
        let report = reviewed(&files, &[("app", as_user("", 0, command))]);
        assert_eq!(said(&report, rule).len(), want, "{text} {command}");
    }
}

#[test]
fn one_image_does_not_speak_for_another() {
    let rule = "security/root-user";
    let file =
        "FROM python:3.12 AS base\nFROM base AS a\nCMD [\"x\"]\nFROM base AS b\nCMD [\"x\"]\n";
    let compose = "services:\n  a:\n    build: {context: ., target: a}\n  b:\n    build: {context: ., target: b}\n";
    let files = [("Dockerfile", file), ("compose.yaml", compose)];
    let image = json!({"start": {"uid": 1000}});
    let names: Vec<String> =
        reviewed(&files, &[]).services.iter().map(|s| s.name.clone()).collect();
    assert_eq!(said(&reviewed(&files, &[]), rule).len(), 2);
    assert_eq!(said(&reviewed(&files, &[(&names[0], image)]), rule).len(), 1);
}

/// The rules that judge images alone.
const OF_IMAGES: [&str; 9] = [
    "image/duplicate-files",
    "image/library-missing",
    "image/needless-files",
    "image/program-cannot-start",
    "image/secret-in-layer",
    "image/setuid-program-added",
    "image/standard-library-without-bytecode",
    "image/wasted-bytes",
    "image/world-writable",
];

fn all_said(files: &[(&str, &str)], image: Value) -> Vec<String> {
    let report = reviewed(files, &[("app", image)]);
    OF_IMAGES.iter().flat_map(|rule| said(&report, rule)).collect()
}

/// What any Debian base has, as it was found in a slim one with Node.
fn debian() -> Value {
    let open = |how: &str, path: &str, owner: &str| json!({"how": how, "path": path, "mode": "4755", "owner": owner});
    let needless = |kind: &str, bytes: u64, path: &str, owner: &str| {
        json!({"kind": kind, "bytes": bytes, "files": 90, "largest": [
            {"path": path, "bytes": bytes, "layer": 0, "owner": owner}]})
    };
    json!({
        "unpacked_bytes": 395_218_260, "visible_bytes": 395_214_876, "visible_files": 14_000,
        "layers": [
            {"bytes": 395_218_260}, {"step": "WORKDIR /app"}, {"step": "COPY . ."},
            {"step": "RUN useradd app"},
        ],
        "start": {"command": ["node", "server.js"], "program": "usr/bin/node", "uid": 999},
        "config": {"user": "app", "working_dir": "/app"},
        "waste": {"bytes": 3384, "files": 6, "largest": [
            {"path": "etc/passwd", "bytes": 839, "files": 1, "layer": 0, "by": 3}]},
        "duplicates": {"bytes": 44_071_869, "groups": 300, "largest": [
            {"bytes": 30_713_416, "count": 2, "layers": [3], "paths": ["usr/bin/git", "usr/lib/git-core/git"]},
            {"bytes": 254_900, "count": 3, "layers": [0], "paths": ["usr/share/doc/libssl3/changelog.gz"]}]},
        "needless": [
            needless("locales", 31_794_886, "usr/share/locale/uk/LC_MESSAGES", "apt coreutils"),
            needless("docs", 17_046_034, "usr/share/doc/libgnutls30", "apt libgnutls30"),
            needless("static-libraries", 10_744_920, "usr/lib/x86_64-linux-gnu/libcrypto.a", "apt libssl-dev"),
            needless("source-maps", 6_805_195, "usr/share/nodejs/web-streams-polyfill/dist", "apt node-fetch"),
            needless("package-manager", 5_794_267, "usr/lib/x86_64-linux-gnu/libapt-pkg.so.6.0.0", "apt libapt-pkg6.0"),
            needless("headers", 55_081_481, "usr/local/include/node/openssl", ""),
        ],
        "permissions": [
            open("set-uid", "usr/bin/chfn", "apt passwd"), open("set-uid", "usr/bin/mount", "apt mount"),
            open("set-uid", "usr/bin/newgrp", "apt login"), open("set-uid", "usr/bin/su", "apt util-linux"),
            open("set-gid", "usr/sbin/unix_chkpwd", "apt libpam-modules-bin"),
            json!({"how": "world-writable", "path": "var/local", "mode": "2777"}),
        ],
        "bytecode": {"sources": 597, "missing": 500, "folders": [
            {"path": "usr/local/lib/python3.12", "bytes": 9_000_000, "files": 500}]},
        "missing_libraries": [
            {"path": "usr/lib/x86_64-linux-gnu/caca/libgl_plugin.so.0.0.0", "libraries": ["libGLU.so.1"], "owner": "apt libcaca0"},
            {"path": "app/node_modules/@img/sharp-linuxmusl-x64/lib/sharp.node", "libraries": ["libc.musl-x86_64.so.1"], "owner": "npm @img/sharp-linuxmusl-x64"},
        ],
        "secrets": [],
    })
}

const NODE: [(&str, &str); 1] = [(
    "Dockerfile",
    "FROM node:20-slim\nWORKDIR /app\nCOPY . .\nRUN useradd app\nUSER app\nCMD [\"node\", \"server.js\"]\n",
)];

#[test]
fn a_plain_image_on_an_official_base() {
    assert_eq!(all_said(&NODE, debian()), Vec::<String>::new());
}

#[test]
fn an_image_that_nobody_ships_or_looked_at() {
    let mut image = debian();
    image["needless"][0] = json!({"kind": "git", "bytes": 9, "largest": [{"path": "app/.git", "bytes": 9, "layer": 2}]});
    assert_eq!(all_said(&NODE, image.clone()).len(), 1, "the base case");
    let report = reviewed(&NODE, &[("other", image.clone())]);
    assert!(OF_IMAGES.iter().all(|rule| said(&report, rule).is_empty()));
    assert!(!report.passed.iter().any(|passed| OF_IMAGES.contains(&passed.rule.as_str())));
    let dev = ("compose.yaml", "services:\n  app:\n    build: {context: ., target: dev}\n");
    let file = ("Dockerfile", "FROM node:20-slim AS dev\nCOPY . .\nCMD [\"node\"]\n");
    let report = reviewed(&[file, dev], &[("app:dev", image)]);
    assert!(OF_IMAGES.iter().all(|rule| said(&report, rule).is_empty()));
}

#[test]
fn what_is_said_of_the_dockerfile_is_not_said_again() {
    let file = [(
        "Dockerfile",
        "FROM debian:12\nRUN apt-get update && apt-get install -y gcc\nCOPY .env /app/\nCMD [\"x\"]\n",
    )];
    let part = |kind: &str| {
        json!({"kind": kind, "bytes": 60_000_000, "largest": [
        {"path": "x", "bytes": 60_000_000, "layer": 1}]})
    };
    let image = json!({
        "layers": [{}, {"step": "RUN apt-get", "line": 2}, {"step": "COPY .env /app/", "line": 3}],
        "needless": [part("compiler"), part("headers"), part("package-lists")],
        "secrets": [
            {"what": "GitHub token", "path": "app/.env", "line": 1, "layer": 2, "certain": true}],
    });
    let report = reviewed(&file, &[("app", image.clone())]);
    assert_eq!(said(&report, "image/apt-lists-left").len(), 1);
    assert_eq!(said(&report, "image/build-tools-in-final-stage").len(), 1);
    assert!(evidence(&report, "security/secret-file-copied").contains("/app/.env: GitHub token"));
    assert_eq!(all_said(&file, image), Vec::<String>::new());
}

#[test]
fn keys_that_are_no_secret_and_one_that_is() {
    let key =
        |path: &str| json!({"what": "private key", "path": path, "layer": 2, "certain": true});
    for (path, level) in [
        ("app/deploy.pem", "blocking"),
        ("etc/ssh/ssh_host_rsa_key", "blocking"),
        ("etc/ssl/private/ssl-cert-snakeoil.key", "advice"),
        ("app/tests/fixtures/server.key", "advice"),
    ] {
        let mut image = debian();
        image["secrets"] = json!([key(path), key(path)]);
        let said = all_said(&NODE, image);
        assert!(said.len() == 1 && said[0].starts_with(level), "{path}: {said:?}");
    }
}

#[test]
fn a_command_that_something_else_sets() {
    let mut image = debian();
    image["start"]["problems"] = json!([{"kind": "not-found", "program": "serve"}]);
    let steps = |flags: &str| {
        format!(
            "on: push\njobs:\n  b:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n          docker build -t eu.gcr.io/p/app .\n          gcloud run deploy app --image eu.gcr.io/p/app {flags}\n"
        )
    };
    for (flags, level) in [("--quiet", "blocking"), ("--command serve", "should-fix")] {
        let workflow = steps(flags);
        let files = [NODE[0], (".github/workflows/ci.yml", workflow.as_str())];
        let said = all_said(&files, image.clone());
        assert!(said.len() == 1 && said[0].starts_with(level), "{flags}: {said:?}");
    }
    image["start"]["problems"] = json!([{"kind": "no-command"}]);
    assert_eq!(all_said(&NODE, image.clone()).len(), 1);
    let scratch = [("Dockerfile", "FROM scratch\nCOPY . /\n")];
    assert_eq!(all_said(&scratch, image), Vec::<String>::new());
}
