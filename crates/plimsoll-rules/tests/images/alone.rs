//! The rules that judge images alone: a plain image on an official base gives no false alarm.

use serde_json::{Value, json};

use super::{evidence, reviewed, said};

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

#[test]
fn the_text_of_a_secret_is_not_quoted() {
    let mut image = debian();
    image["layers"][3] = json!({"step": "RUN curl -u me:hunter2hunter2 https://example.org > /a"});
    image["secrets"] = json!([
        {"what": "Stripe key", "path": "history", "certain": true},
        {"what": "private key", "path": "app/a.pem", "layer": 3, "certain": true},
        {"what": "private key", "path": "opt/b.pem", "layer": 0, "certain": true}]);
    let report = reviewed(&NODE, &[("app", image)]);
    assert_eq!(said(&report, "image/secret-in-layer").len(), 3);
    let text = serde_json::to_string(&report.findings).unwrap();
    assert!(!text.contains("hunter2") && text.contains("in layer 3"), "{text}");
    assert!(text.contains("the base image brings it"), "{text}");
}
