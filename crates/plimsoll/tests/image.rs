//! `plimsoll image` on archives made here: every form of what it says, and what it refuses.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::io::Write as _;
use std::process::{Command, Stdio};

use common::archive::{docker, layer};
use common::{Repo, Run};
use serde_json::{Value, json};

/// An image with something to say of everything.
fn image() -> Vec<u8> {
    let cache = format!("root/.cache/pip/wheel: {}", "c".repeat(30_000));
    let twin = "t".repeat(8000);
    let layers = [
        layer(&["usr/", "usr/bin/", "755 usr/bin/sh: #!x", "root/", &cache]),
        layer(&["app/", &format!("app/a.bin: {twin}"), &format!("app/b.bin: {twin}")]),
        layer(&[
            "root/.cache/.wh.pip",
            "755 app/start: #!/bin/missing\n",
            "app/latest -> a.bin",
            "app/bad\u{1b}[2J\u{202e}<script>name: hostile",
        ]),
    ];
    docker(&layers, &json!({"Entrypoint": ["/app/start"], "User": "1000", "Env": ["PATH=/bin"]}))
}

fn repo() -> Repo {
    Repo::new().file("app.tar", image())
}

/// What reaches a terminal or a page must not be obeyed by it.
fn assert_harmless(text: &str) {
    let bad = text.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(bad, None, "{text}");
    assert!(!text.contains('\u{202e}'), "{text}");
}

fn assert_says(text: &str, wanted: &[&str]) {
    for part in wanted {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
}

#[test]
fn the_page_says_what_the_image_holds() {
    let run = repo().run(&["image", "app.tar", "--full"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_harmless(&run.out);
    let wanted = [
        "app.tar  linux/amd64",
        "in 3 layers",
        "RUN step 1",
        "30.0 kB (65.2 %) are pulled and never seen",
        "root/.cache/pip/wheel",
        "layer 0, deleted by layer 2",
        "8.00 kB are there more than once",
        "user     1000",
        "cannot start: /app/start asks for /bin/missing, which is not in the image",
    ];
    assert_says(&run.out, &wanted);
}

#[test]
fn json_goes_to_the_screen_and_to_a_file() {
    let repo = repo();
    let run = repo.run(&["image", "app.tar", "--json", "-o", "image.json"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(run.out, repo.read("image.json"));
    assert_harmless(&run.out);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report["schema_version"], 1);
    assert_eq!(report["waste"]["bytes"], 30_000);
    assert_eq!(report["layers"].as_array().unwrap().len(), 3);
    assert_eq!(report["start"]["problems"][0]["kind"], "no-interpreter");
}

#[test]
fn the_page_for_browsers_stands_alone() {
    let repo = repo();
    let run = repo.run(&["image", "app.tar", "--html", "image.html"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_says(&run.out, &["app.tar  linux/amd64"]);
    let page = repo.read("image.html");
    assert_harmless(&page);
    let wanted = ["RUN step 1", "treemap", "class=\"lost\"", "cannot start:", "deleted by layer 2"];
    assert_says(&page, &wanted);
    for foreign in ["<script", "http://", "https://", "src=", "href="] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    // What is opened is closed.
    for tag in ["table", "svg", "g", "details", "ul", "dl", "h2", "title", "code"] {
        let open =
            page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(open, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn two_images_side_by_side() {
    let small = docker(&[layer(&["app/", "app/a.bin: a"])], &json!({"Cmd": ["/app/a.bin"]}));
    let repo = repo().file("small.tar", small);
    let run = repo.run(&[
        "image",
        "app.tar",
        "--against",
        "small.tar",
        "--html",
        "c.html",
        "-o",
        "c.json",
    ]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_harmless(&run.out);
    assert_says(
        &run.out,
        &["app.tar  against small.tar", "0 of 3 layers are the same", "app/b.bin"],
    );
    let page = repo.read("c.html");
    assert_harmless(&page);
    assert_says(&page, &["against small.tar", "class=\"more\"", "/app/b.bin", "new files"]);
    assert!(!page.contains("<script"));
    let comparison: Value = serde_json::from_str(&repo.read("c.json")).unwrap();
    assert_eq!(comparison["changed"]["files"], 1);
    let back = repo.run(&["image", "small.tar", "--against", "app.tar", "--html", "b.html"]);
    assert_eq!(back.code, 0, "{}", back.err);
    assert_says(&repo.read("b.html"), &["class=\"less\"", "gone"]);
}

#[test]
fn an_archive_on_standard_input() {
    let run = piped(&repo(), &["image", "-", "--json"], &image());
    assert_eq!(run.code, 0, "{}", run.err);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&report["image"], &report["waste"]["bytes"]), (&json!("-"), &json!(30_000)));
}

fn piped(repo: &Repo, args: &[&str], bytes: &[u8]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(args)
        .current_dir(repo.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses does not read to the end.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn what_is_no_image_is_said() {
    let whole = image();
    let repo = repo()
        .file("cut.tar", &whole[..whole.len() / 2])
        .file("text.tar", "no archive at all")
        .file("empty.tar", "")
        .file("folder/file", "");
    for name in ["cut.tar", "text.tar", "empty.tar", "folder"] {
        let run = repo.run(&["image", name]);
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{name}: {}", run.err);
        assert_says(&run.err, &[&format!("error: failed to read {name}: ")]);
        assert_harmless(&run.err);
    }
    let cut = piped(&repo, &["image", "-"], &whole[..1000]);
    assert_eq!((cut.code, cut.out.as_str()), (3, ""), "{}", cut.err);
}

#[test]
fn an_image_that_is_nowhere() {
    // Nothing listens there, and no name is asked for.
    let run = repo().run(&["image", "localhost:1/nothing:1"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    assert_says(
        &run.err,
        &["error: failed to read localhost:1/nothing:1", "hint: there is no such file"],
    );
}

#[test]
fn nobody_can_look_at_a_view_without_a_terminal() {
    let run = piped(&repo(), &["image", "app.tar", "-i"], b"");
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert_says(&run.err, &["error: --interactive needs a terminal", "hint: "]);
    let stdin = piped(&repo(), &["image", "-", "-i"], b"");
    assert_eq!((stdin.code, stdin.out.as_str()), (2, ""));
    assert_says(&stdin.err, &["error: --interactive reads keys from standard input"]);
    let both = repo().run(&["image", "app.tar", "-i", "--json"]);
    assert_eq!((both.code, both.out.as_str()), (2, ""), "{}", both.err);
}

#[test]
fn a_file_that_cannot_be_written() {
    let run = repo().run(&["image", "app.tar", "--html", "nowhere/image.html"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    assert_says(&run.err, &["failed to write nowhere/image.html"]);
}

#[test]
fn a_review_takes_an_image_that_exists_as_evidence() {
    let repo = repo().file(
        "api/Dockerfile",
        "FROM python:3.11-slim\nCOPY . /app\nUSER 1000\nCMD [\"/app/start\"]\n",
    );
    let args = ["review", "--fail-on", "never", "--format", "json", "--image"];
    let run = repo.run(&[&args[..], &["app.tar"]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|f| f["rule"] == "image/program-cannot-start").unwrap();
    assert_eq!((&found["level"], &found["service"]), (&json!("blocking"), &json!("api")));
    let figures = report["figures"].as_array().unwrap();
    let size = figures.iter().find(|f| f["metric"] == "image.bytes").unwrap();
    assert!(size["figure"]["value"].as_f64().is_some_and(|bytes| bytes > 40_000.0), "{size}");
    for (image, wanted) in
        [("web=app.tar", "write --image SERVICE=IMAGE"), ("=app.tar", "SERVICE=IMAGE")]
    {
        let run = repo.run(&[&args[..], &[image]].concat());
        assert_eq!(run.code, 2, "{}", run.err);
        assert_says(&run.err, &[wanted]);
    }
}

#[test]
fn options_of_measuring_need_it() {
    let run = repo().run(&["review", "--env", "A=b"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert_says(&run.err, &["--env", "--measure"]);
}
