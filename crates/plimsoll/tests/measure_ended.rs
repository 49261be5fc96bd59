//! `plimsoll review --measure` that cannot begin, or is interrupted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use common::finished;
use common::measured::{DOCKERFILE, Server, Story};

#[test]
fn a_service_that_is_not_there_is_a_fault_of_the_command() {
    let story = Story::without_engine().serves("api", "", &Server::default()).committed();
    let run = finished(&mut story.command(&["--service", "apo"]));
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("there is no service apo"), "{}", run.err);
    assert!(run.err.contains("the services are api"), "{}", run.err);
    assert_eq!(story.repo.runs().len(), 0);
}

#[test]
fn an_engine_that_is_not_there_is_missing() {
    let story = Story::without_engine().serves("api", "", &Server::default()).committed();
    let dead = story.repo.path().with_file_name("dead.sock");
    drop(UnixListener::bind(&dead).unwrap());
    let host = format!("unix://{}", dead.display());
    let run = finished(story.command(&[]).env("DOCKER_HOST", host));
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("no Docker Engine answers"), "{}", run.err);
    assert_eq!(std::fs::read_dir(story.temp()).unwrap().count(), 0);
    assert_eq!(story.repo.runs().len(), 0);
}

/// Measures until a line is said, interrupts, and holds the end to what it must be.
fn interrupted(story: &Story, line: &str) {
    let mut command = story.command(&[]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|said| said.contains(line)), "it does not come to {line}");
    let rest = thread::spawn(move || lines.collect::<Vec<_>>());
    thread::sleep(Duration::from_millis(700));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130), "{:?}", rest.join());
    assert_eq!(story.left(), [""; 0]);
    assert_eq!(story.repo.runs().len(), 0);
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    let slow = DOCKERFILE.replace("USER", "RUN sleep 643\nUSER");
    let main = Server::default().text();
    let building =
        Story::new().service("api", None, &[("Dockerfile", &slow), ("main.py", &main)]).committed();
    interrupted(&building, "COPY main.py");
    let deaf = Server { before: "time.sleep(600)", ..Server::default() };
    let starting = Story::new().serves("api", "--memory 512Mi", &deaf).committed();
    interrupted(&starting, "starting it as in");
}
