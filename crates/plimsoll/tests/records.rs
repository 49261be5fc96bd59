//! Runs recorded and judged again, as somebody does it who was not there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use common::Repo;
use common::records::{blob, forge, manifest, set_manifest};
use serde_json::Value;

const BAD: &str = "FROM alpine\nRUNN x\n";
const GOOD: &str = "FROM alpine:3.22\nCOPY a /a\nUSER 1000\nCMD [\"/a\"]\n";

/// The example with a short history.
fn olorin() -> Repo {
    let repo = Repo::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/olorin/.");
    assert!(Command::new("cp").arg("-r").arg(example).arg(repo.path()).status().unwrap().success());
    repo.commit("one");
    repo.write("backend/poetry.lock", repo.read("backend/poetry.lock") + "\n");
    repo.commit("two");
    repo
}

#[test]
fn a_run_is_judged_again_byte_by_byte_without_its_repository() {
    let repo = olorin();
    let review = repo.run_recorded(&["review", "--record", "--format", "json"]);
    assert_eq!(review.code, 11, "{}", review.err);
    assert!(review.err.starts_with("recorded as run "), "{}", review.err);
    fs::remove_dir_all(repo.path()).unwrap();
    fs::create_dir(repo.path()).unwrap();
    let again = repo.run_recorded(&["judge", "--format", "json"]);
    assert_eq!((again.code, &again.out), (11, &review.out));
    assert!(again.err.contains("the report is the recorded one, byte by byte"), "{}", again.err);
    assert_eq!(fs::read(blob(&repo.runs()[0], "report")).unwrap(), review.out.as_bytes());
    // A copy of the folder alone is judged the same, without a home.
    let copy = repo.path().join("copy");
    assert!(
        Command::new("cp").arg("-r").arg(&repo.runs()[0]).arg(&copy).status().unwrap().success()
    );
    let args = ["judge", "--run", "./copy", "--format", "json"];
    let moved = repo.run_with(&args, |c| {
        c.env_remove("PLIMSOLL_HOME").env_remove("HOME").env_remove("XDG_STATE_HOME");
    });
    assert_eq!((moved.code, moved.out), (11, review.out));
}

#[test]
fn judging_writes_reports_and_exits_as_a_review_does() {
    let repo = Repo::new().file("Dockerfile", BAD);
    repo.recorded(&[]);
    let page = repo.run_recorded(&["judge", "--full", "--output", "r.md", "--output", "r.sarif"]);
    assert_eq!(page.code, 11);
    assert!(page.out.starts_with("REJECTED  repo  "), "{}", page.out);
    assert!(repo.read("r.md").starts_with("# Production sign-off"));
    assert!(repo.read("r.sarif").contains("dockerfile/refused-by-buildkit"));
    assert_eq!(repo.run_recorded(&["judge", "--fail-on", "never"]).code, 0);
    assert_eq!(repo.run_recorded(&["judge", "--output", "r.doc"]).code, 2);
}

#[test]
fn the_day_and_the_baseline_are_those_of_the_record() {
    let repo = Repo::new().file("Dockerfile", GOOD.replace("alpine:3.22", "alpine")).file("a", "x");
    let old = ["--today", "2026-01-01", "--output", "old.json"];
    repo.run(&[&["review", "--fail-on", "never"], &old[..]].concat());
    repo.recorded(&["--today", "2026-03-01", "--baseline", "old.json"]);
    fs::remove_file(repo.path().join("old.json")).unwrap();
    let again = repo.run_recorded(&["judge"]);
    assert!(again.err.contains("byte by byte"), "{}", again.err);
    assert!(again.out.contains("overdue since 2026-01-31"), "{}", again.out);
}

#[test]
fn the_page_of_the_form_names_every_field() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/run-record.md");
    let page = fs::read_to_string(page).unwrap();
    let repo = olorin();
    repo.write("backend/run.sh", b"# \xff\n");
    std::os::unix::fs::symlink("x", repo.path().join("link")).unwrap();
    repo.run(&["review", "--output", "old.json"]);
    let run = repo.recorded(&["--baseline", "old.json"]);
    let read = |path: &Path| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap();
    let mut words = BTreeSet::new();
    names(&manifest(&run), &mut words);
    names(&read(&blob(&run, "sources")), &mut words);
    words.extend(read(&blob(&run, "measured")).as_object().unwrap().keys().cloned());
    for line in fs::read_to_string(run.join("events.jsonl")).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        words.extend(event.as_object().unwrap().keys().cloned());
        words.insert(event["event"].as_str().unwrap().to_owned());
    }
    assert!(words.len() > 40, "{words:?}");
    let unsaid: Vec<_> = words.iter().filter(|w| !page.contains(&format!("`{w}`"))).collect();
    assert!(unsaid.is_empty(), "{unsaid:?}");
}

/// The names of all fields of JSON.
fn names(value: &Value, all: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| names(value, all)),
        Value::Object(fields) => {
            all.extend(fields.keys().cloned());
            fields.values().for_each(|value| names(value, all));
        }
        _ => {}
    }
}

#[test]
fn without_record_nothing_is_written() {
    let repo = Repo::new().file("Dockerfile", GOOD);
    repo.run_recorded(&["review"]);
    assert!(!repo.home().exists());
}

#[test]
fn a_record_says_which_commit_and_whether_files_were_others() {
    let repo = Repo::new().file("Dockerfile", GOOD).file("a", "x").file("scripts/go.sh", "true\n");
    assert_eq!(manifest(&repo.recorded(&[]))["repository"].get("commit"), None);
    let commit = repo.commit("one");
    let of = |repo: &Repo| manifest(&repo.recorded(&[]))["repository"].clone();
    assert_eq!(of(&repo)["commit"], commit.as_str());
    assert_eq!(of(&repo)["changed"], 0);
    repo.write("Dockerfile", BAD);
    repo.write("new.Dockerfile", GOOD);
    fs::remove_file(repo.path().join("scripts/go.sh")).unwrap();
    assert_eq!(of(&repo)["changed"], 3);
    let shown = repo.run_recorded(&["runs", "show"]).out;
    assert!(shown.contains(&format!("repo at {}, 3 of the files read", &commit[..12])), "{shown}");
    assert!(shown.contains("4 paths seen") && shown.contains("rejected, "), "{shown}");
}

#[test]
fn what_is_not_read_is_not_called_changed() {
    let repo = Repo::new()
        .file("api/Dockerfile", GOOD)
        .file("api/a", "x")
        .file("api/tool.sh", b"# \xff\n")
        .file("api/vendor/x.sh", "true\n")
        .file("api/old/x.sh", "true\n")
        .file("api/plimsoll.toml", "exclude = [\"old\"]\n")
        .file("other/Dockerfile", BAD);
    repo.commit("one");
    for path in ["api/a", "api/vendor/x.sh", "api/old/x.sh", "other/Dockerfile"] {
        repo.write(path, "another\n");
    }
    fs::remove_file(repo.path().join("api/vendor/x.sh")).unwrap();
    fs::remove_file(repo.path().join("api/old/x.sh")).unwrap();
    let changed = |run: &Path| manifest(run)["repository"]["changed"].clone();
    assert_eq!(changed(&repo.recorded(&["api"])), 0);
    repo.write("api/tool.sh", b"# \xfe\xff\n");
    assert_eq!(changed(&repo.recorded(&["api"])), 1);
}

#[test]
fn only_the_owner_reads_a_record_and_sha256sum_agrees() {
    let repo = Repo::new().file("Dockerfile", GOOD);
    let run = repo.recorded(&[]);
    let mut folders = vec![repo.home(), run.parent().unwrap().to_path_buf(), run.clone()];
    while let Some(folder) = folders.pop() {
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        for path in fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            let name = path.file_name().unwrap().to_str().unwrap();
            let sum = Command::new("sha256sum").arg(&path).output().unwrap().stdout;
            assert!(name.contains('.') || sum.starts_with(name.as_bytes()), "{name}");
        }
    }
}

#[test]
fn the_place_of_records_is_the_users_and_never_the_repository() {
    let repo = Repo::new().file("Dockerfile", GOOD);
    let args = ["review", "--record", "--fail-on", "never"];
    let state = repo.path().with_file_name("state");
    let run = repo.run_with(&args, |c| {
        c.env_remove("PLIMSOLL_HOME").env("XDG_STATE_HOME", &state);
    });
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(fs::read_dir(state.join("plimsoll/runs")).unwrap().count(), 1);
    let home = repo.path();
    let run = repo.run_with(&args, |c| {
        c.env_remove("PLIMSOLL_HOME").env_remove("XDG_STATE_HOME").env("HOME", &home);
    });
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.err);
    assert!(run.err.contains("lies in the repository that is reviewed"), "{}", run.err);
    assert!(!home.join(".local").exists());
    let run = repo.run_with(&args, |c| {
        c.env("PLIMSOLL_HOME", home.join("kept"));
    });
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(fs::read_dir(home.join("kept/runs")).unwrap().count(), 1);
}

#[test]
fn a_record_that_cannot_be_written_is_an_error_and_leaves_nothing() {
    let repo = Repo::new().file("Dockerfile", format!("{GOOD}{}", "# long\n".repeat(20_000)));
    // The limit on the size of files stands for a full disk: writing fails half-way.
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; exec {} review --record",
        env!("CARGO_BIN_EXE_plimsoll")
    );
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).current_dir(repo.path()).env("PLIMSOLL_HOME", repo.home());
    let run = common::finished(&mut shell);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    assert!(run.err.starts_with("error: failed to write the record to "), "{}", run.err);
    assert_eq!(repo.runs(), [] as [&Path; 0]);
    let file = repo.path().join("Dockerfile");
    let run = repo.run_with(&["review", "--record"], |c| {
        c.env("PLIMSOLL_HOME", &file);
    });
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
}

#[test]
fn what_a_killed_run_left_does_not_count_and_goes_in_time() {
    let repo = Repo::new().file("Dockerfile", GOOD);
    let run = repo.recorded(&[]);
    let half = run.with_file_name(".20250101-000000-abcdef.tmp");
    fs::create_dir(&half).unwrap();
    fs::write(half.join("manifest.json"), "{").unwrap();
    assert_eq!(repo.run_recorded(&["runs"]).out.lines().count(), 1);
    let swept = repo.run_recorded(&["runs", "remove", "--older-than", "90d"]);
    assert_eq!((swept.code, swept.out.as_str()), (0, ""), "{}", swept.err);
    assert_eq!(repo.runs(), [run]);
}

#[test]
fn runs_are_listed_selected_and_removed() {
    let repo = Repo::new().file("Dockerfile", GOOD);
    let none = repo.run_recorded(&["runs"]);
    assert_eq!((none.code, none.out.as_str()), (0, ""));
    assert!(none.err.contains("no run is recorded"), "{}", none.err);
    let first = repo.recorded(&[]);
    let old = first.with_file_name("20250101-120000-abcdef");
    fs::rename(&first, &old).unwrap();
    let new = repo.recorded(&["--today", "2027-01-01"]);
    let name = new.file_name().unwrap().to_str().unwrap();
    let listed = repo.run_recorded(&["runs"]).out;
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with(name), "{listed}");
    assert!(lines[0].contains("not proven") && lines[0].ends_with("kB  repo"), "{listed}");
    for (wanted, day) in [("latest", "2027-01-01"), (name, "2027-01-01")] {
        let page = repo.run_recorded(&["judge", "--run", wanted, "--format", "json"]).out;
        assert!(page.contains(day), "{page}");
    }
    assert_eq!(repo.run_recorded(&["judge", "--run", "20250101"]).code, 12);
    for (wanted, code) in [("2", 2), ("", 2), ("20240101", 3), ("./nowhere", 3)] {
        let run = repo.run_recorded(&["judge", "--run", wanted]);
        assert_eq!((run.code, run.out.as_str()), (code, ""), "{wanted}: {}", run.err);
    }
    assert_eq!(repo.run_recorded(&["runs", "remove"]).code, 2);
    assert_eq!(repo.run_recorded(&["runs", "remove", "20250101", "20240101"]).code, 3);
    assert_eq!(repo.runs().len(), 2);
    let removed = repo.run_recorded(&["runs", "remove", "--older-than", "90d"]);
    assert_eq!(removed.out, "removed 20250101-120000-abcdef\n");
    let removed = repo.run_recorded(&["runs", "remove", name, "latest"]);
    assert_eq!(removed.out, format!("removed {name}\n"));
    assert_eq!(repo.runs(), [] as [&Path; 0]);
}

#[test]
fn another_version_says_what_became_of_the_verdict() {
    let repo = Repo::new().file("Dockerfile", BAD);
    let run = repo.recorded(&[]);
    let text = fs::read_to_string(blob(&run, "report")).unwrap();
    let mut report: plimsoll_model::Report = serde_json::from_str(&text).unwrap();
    report.plimsoll_version = "0.0.9".to_owned();
    let write = |report: &plimsoll_model::Report| {
        forge(&run, "report", serde_json::to_string(report).unwrap().as_bytes());
    };
    write(&report);
    let same = repo.run_recorded(&["judge"]);
    assert!(same.err.contains("plimsoll 0.1.0 says the same as 0.0.9 did"), "{}", same.err);
    let refused =
        report.findings.iter().position(|f| f.rule == "dockerfile/refused-by-buildkit").unwrap();
    let mut gone = report.findings.remove(refused);
    gone.fingerprint = "0000".to_owned();
    gone.message = "an old rule\u{1b}[31m".to_owned();
    report.findings.push(gone);
    report.verdict = plimsoll_model::Verdict::Approved;
    write(&report);
    let drifted = repo.run_recorded(&["judge"]);
    assert_eq!(drifted.code, 11);
    for line in [
        "the report is not the recorded one: plimsoll 0.0.9 then, 0.1.0 now",
        "verdict: approved then, rejected now",
        "new: dockerfile/refused-by-buildkit: Dockerfile:2:1: ",
        "gone: dockerfile/refused-by-buildkit: Dockerfile:2:1: an old rule\\u{1b}[31m",
    ] {
        assert!(drifted.err.contains(line), "{line}\n{}", drifted.err);
    }
}

#[test]
fn a_verdict_that_was_improved_by_hand_is_noticed() {
    let repo = Repo::new().file("Dockerfile", BAD);
    let run = repo.recorded(&[]);
    let text = fs::read_to_string(blob(&run, "report")).unwrap();
    forge(
        &run,
        "report",
        text.replace("\"verdict\": \"rejected\"", "\"verdict\": \"approved\"").as_bytes(),
    );
    let again = repo.run_recorded(&["judge"]);
    assert_eq!(again.code, 11);
    assert!(again.err.contains("the record was changed"), "{}", again.err);
    assert!(again.err.contains("verdict: approved then, rejected now"), "{}", again.err);
}

#[test]
fn what_a_later_version_adds_is_passed_over_and_a_later_form_is_refused() {
    let repo = Repo::new().file("Dockerfile", GOOD);
    let run = repo.recorded(&[]);
    let mut measured: Value =
        serde_json::from_slice(&fs::read(blob(&run, "measured")).unwrap()).unwrap();
    measured["signatures"] = serde_json::json!([{ "by": "x" }]);
    measured.as_object_mut().unwrap().remove("replays");
    forge(&run, "measured", measured.to_string().as_bytes());
    let mut all = manifest(&run);
    all["signed"] = serde_json::json!({ "key": 1 });
    set_manifest(&run, &all);
    assert!(repo.run_recorded(&["judge"]).err.contains("byte by byte"));
    all["form"] = serde_json::json!(2);
    all["terms"] = serde_json::json!("something else");
    set_manifest(&run, &all);
    let refused = repo.run_recorded(&["judge"]);
    assert_eq!((refused.code, refused.out.as_str()), (3, ""));
    assert!(refused.err.contains("it has form 2, this version reads form 1"), "{}", refused.err);
}
