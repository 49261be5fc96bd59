//! `plimsoll measure`, and two revisions built in turns, put to a real engine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::measured::{Server, Story};
use common::{Run, command, finished};
use plimsoll_model::{CheckState, MeasureComparison, MeasuredService};

fn measure(story: &Story, args: &[&str]) -> Run {
    let mut command = command(&story.repo.path(), &[&["measure"], args].concat());
    command.env("TMPDIR", story.temp()).env("PLIMSOLL_HOME", story.repo.home());
    finished(&mut command)
}

#[test]
fn what_was_measured_is_said_and_recorded_without_a_verdict() {
    let killed = Server { on_term: "None", ..Server::default() };
    let story = Story::new()
        .serves("good", "--memory 512Mi --cpu 1 --port 8080", &Server::default())
        .serves("deaf", "--memory 512Mi --cpu 1 --port 8080", &killed)
        .committed();
    let run = measure(&story, &["--json", "--starts", "1", "--service", "good"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let services: Vec<MeasuredService> = serde_json::from_str(&run.out).unwrap();
    let names: Vec<&str> = services.iter().map(|service| service.service.as_str()).collect();
    assert_eq!(names, ["good"]);
    assert!(
        services[0].checks.iter().all(|check| check.state == CheckState::Passed),
        "{services:?}"
    );
    assert!(services[0].image.is_some() && services[0].builds.is_some());
    // A check that fails is told by the exit code.
    let run = measure(&story, &["--starts", "1", "--service", "deaf"]);
    assert_eq!(run.code, 13, "{}", run.err);
    for wanted in
        ["cold build", "nothing changed", "main.py changed", "[!] stops within 10 s", "image size"]
    {
        assert!(run.out.contains(wanted), "{wanted} is not in\n{}", run.out);
    }
    assert_eq!(story.left(), [""; 0]);
    let judged = story.repo.run_recorded(&["judge", "--fail-on", "never"]);
    assert!(judged.err.contains("was not judged when it was recorded"), "{}", judged.err);
    assert!(judged.out.contains("runtime/killed-on-stop"), "{}", judged.out);
}

#[test]
fn two_revisions_are_built_in_turns_and_held_against_each_other() {
    let story = Story::new().serves("api", "--port 8080", &Server::default()).committed();
    let text = story.repo.read("api/Dockerfile");
    story.repo.write(
        "api/Dockerfile",
        text.replace("USER", "RUN head -c 3000000 /dev/zero > /more\nUSER"),
    );
    story.repo.write("new/Dockerfile", "FROM python:3.11-slim\nCMD [\"true\"]\n");
    let run = measure(&story, &["--json", "--against", "HEAD", "--rounds", "6"]);
    assert_eq!(run.code, 13, "{}", run.err);
    let compared: MeasureComparison = serde_json::from_str(&run.out).unwrap();
    let service = |name: &str| compared.services.iter().find(|s| s.service == name).unwrap();
    assert_eq!(service("new").error.as_deref(), Some("the revision has no such service"));
    let api = service("api");
    assert_eq!((api.build.before.len(), api.build.after.len()), (6, 6));
    assert!(api.build.interval.is_some());
    let step = api.steps.iter().find(|step| step.command.contains("/more")).unwrap();
    assert_eq!((step.time.before.len(), step.time.after.len()), (0, 6));
    let image = api.image.as_ref().unwrap();
    assert_eq!(image.after.unpacked_bytes - image.before.unpacked_bytes, 3_000_000);
    let page = measure(&story, &["--against", "HEAD", "--rounds", "1", "--service", "api"]);
    for wanted in ["1 rounds in turns", "cold build", "+3.00 MB", "fewer than six rounds"] {
        assert!(page.out.contains(wanted), "{wanted} is not in\n{}", page.out);
    }
    assert_eq!(page.code, 0, "{}", page.err);
    assert_eq!(story.left(), [""; 0]);
}

#[test]
fn a_revision_that_is_not_there_is_known_before_anything_is_built() {
    let story = Story::new().serves("api", "--port 8080", &Server::default()).committed();
    let run = measure(&story, &["--against", "nowhere"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("nowhere"), "{}", run.err);
    let run = measure(&story, &["--rounds", "2"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert_eq!(story.left(), [""; 0]);
}
