//! What a measured image settles: where it contradicts what a Dockerfile looks like, nothing is
//! reported; where it confirms it, its figure is quoted.

use serde_json::{Value, json};

use super::{evidence, reviewed, said};

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
    let file = [(
        "Dockerfile",
        "FROM debian:12\nRUN apt-get install -y gcc && ./clean.sh\nCMD [\"/app\"]\n",
    )];
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
        &[(
            "Dockerfile",
            "FROM python:3.12\nRUN uv pip install fastapi\nCMD [\"python\", \"-m\", \"app\"]\n",
        )],
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
