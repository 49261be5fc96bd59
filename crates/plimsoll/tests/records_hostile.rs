//! Records made to hurt: refused with their reason, or judged, and never worse.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::records::{blob, forge, keep, manifest, set_manifest};
use common::{Repo, Run};
use serde_json::{Value, json};

fn recorded() -> (Repo, PathBuf) {
    let repo = Repo::new()
        .file("api/Dockerfile", "FROM alpine\nCOPY a /a\nRUN apk add x\n")
        .file(".github/workflows/x.yml", "on: push\njobs: {}\n")
        .file("api/a", "x");
    repo.commit("one");
    repo.write("api/a", "y");
    repo.commit("two");
    let run = repo.recorded(&[]);
    (repo, run)
}

/// No control character but line breaks reaches the terminal.
fn assert_harmless(run: &Run) {
    for text in [&run.out, &run.err] {
        let bad = text.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(bad, None, "{text}");
    }
}

/// The record is refused, with words that say why.
fn assert_refused(repo: &Repo, why: &str) {
    let run = repo.run_recorded(&["judge"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    assert!(run.err.contains("failed to read the run at ") && run.err.contains(why), "{}", run.err);
    assert!(run.err.len() < 1000, "{}", run.err);
    assert_harmless(&run);
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Changes every value of a kind in JSON.
fn each(value: &mut Value, change: &dyn Fn(&str, &mut Value)) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|v| each(v, change)),
        Value::Object(all) => {
            for (key, value) in all {
                change(key, value);
                each(value, change);
            }
        }
        _ => {}
    }
}

#[test]
fn a_damaged_blob_is_named() {
    let (repo, run) = recorded();
    for name in ["measured", "sources", "report"] {
        let path = blob(&run, name);
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        bytes[whole.len() / 2] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let hex = path.file_name().unwrap().to_str().unwrap();
        assert_refused(&repo, &format!("{name}: blob {hex}: it is damaged: its "));
        fs::remove_file(&path).unwrap();
        assert_refused(&repo, &format!("{name}: blob {hex}: "));
        fs::write(&path, whole).unwrap();
    }
    let events = run.join("events.jsonl");
    fs::write(&events, fs::read_to_string(&events).unwrap().replace("judge", "nudge")).unwrap();
    let shown = repo.run_recorded(&["runs", "show"]);
    assert_eq!(shown.code, 3);
    assert!(shown.err.contains("events.jsonl: it is damaged"), "{}", shown.err);
}

#[test]
fn links_and_special_files_are_not_followed() {
    let (repo, run) = recorded();
    let path = blob(&run, "measured");
    let aside = repo.path().join("aside");
    fs::rename(&path, &aside).unwrap();
    symlink(&aside, &path).unwrap();
    assert_refused(&repo, "is no regular file");
    fs::remove_file(&path).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert_refused(&repo, "is no regular file");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_refused(&repo, "is no regular file");
    fs::remove_dir(&path).unwrap();
    fs::rename(&aside, &path).unwrap();
    let blobs = run.join("blobs");
    fs::rename(&blobs, repo.path().join("blobs")).unwrap();
    symlink(repo.path().join("blobs"), &blobs).unwrap();
    assert_refused(&repo, "blobs is no folder");
    fs::remove_file(&blobs).unwrap();
    fs::rename(repo.path().join("blobs"), &blobs).unwrap();
    let manifest = run.join("manifest.json");
    fs::rename(&manifest, &aside).unwrap();
    symlink(&aside, &manifest).unwrap();
    assert_refused(&repo, "manifest.json is no regular file");
}

#[test]
fn an_index_that_no_review_writes_is_refused() {
    let (repo, run) = recorded();
    let index = read(&blob(&run, "sources"));
    let text = keep(&run, b"FROM scratch\n");
    let not_text = keep(&run, b"\xff\xfe");
    let entry = |path: &str, kind: &str| json!({ "path": path, "kind": kind });
    let with = |mut entry: Value, more: &Value| {
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    };
    let long = "d/".repeat(300) + "x";
    for (entries, why) in [
        (json!([entry("../../etc/passwd", "file")]), "is no path within a repository"),
        (json!([entry("/etc/passwd", "file")]), "is no path within a repository"),
        (json!([entry("a\u{0}b", "file")]), "is no path within a repository"),
        (json!([entry(&long, "file")]), "is too long for a path"),
        (json!([entry("b", "file"), entry("a", "file")]), "is not in its place"),
        (json!([entry("a", "file"), entry("a", "file")]), "is not in its place"),
        (json!([with(entry("a", "folder"), &json!({ "text": text }))]), "its kind cannot have"),
        (json!([with(entry("a", "file"), &json!({ "link": "b" }))]), "its kind cannot have"),
        (json!([with(entry("a", "file"), &json!({ "text": not_text }))]), "is no UTF-8"),
        (json!([entry("a\u{1b}[31m", "door\u{1b}[31m")]), "unknown variant"),
        (
            json!([with(entry("a", "file"), &json!({ "text": { "sha256": "../x", "size": 1 } }))]),
            "64 digits",
        ),
    ] {
        let mut index = index.clone();
        index["entries"] = entries;
        forge(&run, "sources", index.to_string().as_bytes());
        assert_refused(&repo, why);
    }
}

#[test]
fn sizes_are_bounded() {
    let (repo, run) = recorded();
    let whole = manifest(&run);
    // One large text that many paths share costs nothing on disk.
    let text = keep(&run, " ".repeat(32 << 20).as_bytes());
    let entries: Vec<Value> = (0..40)
        .map(|i| json!({ "path": format!("x{i:02}.sh"), "kind": "file", "text": text }))
        .collect();
    forge(&run, "sources", json!({ "name": "x", "entries": entries }).to_string().as_bytes());
    assert_refused(&repo, "they have more text than is read");
    // Holes cost nothing either.
    set_manifest(&run, &whole);
    fs::File::create(blob(&run, "measured")).unwrap().set_len(1 << 40).unwrap();
    assert_refused(&repo, "it is larger than ");
    fs::write(run.join("manifest.json"), " ".repeat(2 << 20)).unwrap();
    assert_refused(&repo, "it is larger than ");
}

#[test]
fn deep_json_is_refused() {
    let (repo, run) = recorded();
    for deep in ["[".repeat(200_000), "{\"figures\":".repeat(50_000)] {
        forge(&run, "measured", deep.as_bytes());
        assert_refused(&repo, "measured: blob ");
    }
    let whole = fs::read_to_string(run.join("manifest.json")).unwrap();
    let deep = format!("{{\"x\":{}{}", "[".repeat(100_000), whole);
    fs::write(run.join("manifest.json"), deep).unwrap();
    assert_refused(&repo, "manifest.json: ");
}

#[test]
fn control_characters_in_everything_measured_are_made_visible() {
    let (repo, run) = recorded();
    let mut measured = read(&blob(&run, "measured"));
    let fixed = ["kind", "unit", "metric", "service", "setup", "shown", "current"];
    each(&mut measured, &|key, value| {
        if let (Value::String(text), false) = (value, fixed.contains(&key)) {
            text.push_str("\u{1b}[31m\u{202e}\r\u{7}");
        }
    });
    forge(&run, "measured", measured.to_string().as_bytes());
    let mut all = manifest(&run);
    each(&mut all, &|key, value| {
        if let ("name" | "command" | "plimsoll_version" | "commit", Value::String(text)) =
            (key, value)
        {
            text.push_str("\u{1b}[31m\u{7}");
        }
    });
    all["blobs"] = json!({ "a\u{1b}[31m": all["report"] });
    set_manifest(&run, &all);
    for format in ["terminal", "markdown", "html", "json", "sarif", "junit", "github"] {
        let run = repo.run_recorded(&["judge", "--full", "--format", format]);
        assert!((10..=12).contains(&run.code), "{format}: {}", run.err);
        assert_harmless(&run);
    }
    for args in [&["runs"][..], &["runs", "show"]] {
        let run = repo.run_recorded(args);
        assert_eq!(run.code, 0, "{}", run.err);
        assert_harmless(&run);
    }
}

#[test]
fn numbers_beyond_all_measure_do_no_harm() {
    let (repo, run) = recorded();
    let measured = read(&blob(&run, "measured"));
    for huge in
        [json!(u64::MAX), json!(i64::MAX), json!(u32::MAX), json!(0), json!(1e308), json!(-1e308)]
    {
        for keys in [
            &["value", "ratio"][..],
            &["bytes", "files"],
            &["hits", "steps", "count", "builds"],
            &["seconds"],
            &["line", "number", "samples"],
        ] {
            let mut measured = measured.clone();
            each(&mut measured, &|key, value| {
                if keys.contains(&key) && value.is_number() {
                    *value = huge.clone();
                }
            });
            forge(&run, "measured", measured.to_string().as_bytes());
            for format in ["terminal", "html"] {
                let run = repo.run_recorded(&["judge", "--full", "--format", format]);
                assert!(matches!(run.code, 3 | 10..=12), "{keys:?} {huge}: {}", run.err);
                assert!(!run.err.contains("panicked"), "{}", run.err);
            }
        }
    }
    let mut all = manifest(&run);
    for day in ["0001-01-01", "9999-12-31"] {
        all["terms"]["today"] = json!(day);
        all["started"] = json!(format!("{day}T23:59:59Z"));
        all["measured"] = keep(&run, measured.to_string().as_bytes());
        set_manifest(&run, &all);
        let run = repo.run_recorded(&["judge"]);
        assert!((10..=12).contains(&run.code), "{day}: {}", run.err);
        assert_eq!(repo.run_recorded(&["runs", "show"]).code, 0);
    }
}

#[test]
fn a_record_of_somebody_else_does_not_break_the_list() {
    let (repo, run) = recorded();
    let other = run.with_file_name("20260101-000000-000000");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("manifest.json"), "\u{1b}[31m").unwrap();
    symlink("/etc", run.with_file_name("20260101-000000-000001")).unwrap();
    let listed = repo.run_recorded(&["runs"]);
    assert_eq!((listed.code, listed.out.lines().count()), (0, 1), "{}", listed.out);
    assert!(listed.err.contains("20260101-000000-000000: manifest.json: "), "{}", listed.err);
    assert_harmless(&listed);
    // A folder of the repository that is called as a word is no run.
    fs::create_dir(repo.path().join("latest")).unwrap();
    fs::write(repo.path().join("latest/manifest.json"), "{}").unwrap();
    assert!(repo.run_recorded(&["judge"]).err.contains("byte by byte"));
    let removed = repo.run_recorded(&["runs", "remove", "--older-than", "1d"]);
    assert_eq!(removed.out, "removed 20260101-000000-000000\n");
    assert!(Path::new("/etc").is_dir());
}
