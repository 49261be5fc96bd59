//! `plimsoll build` put to a real engine, and to ones that break.
//!
//! `scripts/test-engine` starts the engine and makes the base images.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{Repo, Run};
use plimsoll_measure::engine::client_program;
use plimsoll_model::BuildReport;

const WORKS: &str = "FROM python:3.11-slim AS builder\nRUN head -c 5000 /dev/zero > /made; echo NONCE\n\
                     FROM python:3.11-slim\nCOPY --from=builder /made /made\nCOPY file .\n";

/// A repository with a service, and a temporary folder and a state of its own.
struct Story {
    repo: Repo,
    nonce: String,
}

impl Story {
    fn new(dockerfile: &str) -> Self {
        assert!(common::engine(), "no engine: run scripts/test-engine");
        Self::without_engine(dockerfile)
    }

    fn without_engine(dockerfile: &str) -> Self {
        let repo = Repo::new();
        let nonce = format!("{:?}", repo.path()).chars().filter(char::is_ascii_digit).collect();
        let story = Self { repo, nonce };
        story.file("Dockerfile", &dockerfile.replace("NONCE", &story.nonce));
        story.file("file", "x");
        fs::create_dir_all(story.temp()).unwrap();
        story
    }

    fn file(&self, path: &str, text: &str) {
        let full = self.repo.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }

    fn temp(&self) -> PathBuf {
        self.repo.path().parent().unwrap().join("temp")
    }

    fn tag(&self) -> String {
        format!("plimsoll-build-test:{}", self.nonce)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.arg("build").args(args).current_dir(self.repo.path()).env("COLUMNS", "120");
        command.env("TMPDIR", self.temp()).env("XDG_STATE_HOME", self.temp().join("state"));
        command
    }

    fn run(&self, args: &[&str]) -> Run {
        run(&mut self.command(args))
    }

    /// What is left behind: files, and the name of the image.
    fn left(&self) -> Vec<String> {
        let mut left = names(&self.temp());
        left.extend(names(&self.repo.path()));
        left.retain(|name| !["Dockerfile", "file", "state"].contains(&name.as_str()));
        let inspect = ["image", "inspect", &self.tag()];
        let done = Command::new("docker").args(inspect).output().unwrap();
        left.extend(done.status.success().then(|| self.tag()));
        left
    }
}

fn run(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or(-1);
    Run { code, out: text(output.stdout), err: text(output.stderr) }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Whether a run ended so and said each of these.
fn check(run: &Run, code: i32, wanted: &[&str]) {
    let all = format!("{}{}", run.out, run.err);
    assert_eq!(run.code, code, "{all}");
    for text in wanted {
        assert!(all.contains(text), "`{text}` is not in\n{all}");
    }
}

fn docker(args: &[&str]) {
    assert!(Command::new("docker").args(args).output().unwrap().status.success(), "{args:?}");
}

#[test]
fn a_build_says_what_each_step_took_and_added() {
    let story = Story::new(WORKS);
    let tag = story.tag();
    let log = story.temp().join("log");
    let first = story.run(&["--tag", &tag, "--log", log.to_str().unwrap()]);
    let wanted =
        ["Docker Engine", "(the default)", "builder", "RUN head -c 5000", "5.00 kB", "context"];
    check(&first, 0, &wanted);
    assert!(first.err.contains("builder 2/2 RUN head"), "{}", first.err);
    assert!(!first.out.contains('\u{1b}'));
    // What is kept is what a replay reads.
    assert!(fs::read_to_string(&log).unwrap().contains("[builder 2/2] RUN head"));
    let again = story.run(&["--json", "--tag", &tag, "--output", "image.tar"]);
    check(&again, 0, &[]);
    let report: BuildReport = serde_json::from_str(&again.out).unwrap();
    assert!(report.own_steps().skip(2).all(|step| step.cached), "{report:?}");
    let copy = report.steps.iter().find(|step| step.command.starts_with("COPY --from")).unwrap();
    assert_eq!(copy.layer_bytes, Some(5000));
    let image = report.image.unwrap();
    assert_eq!(image.tag.as_ref(), Some(&tag));
    let size = story.repo.path().join("image.tar").metadata().unwrap().len();
    assert_eq!(image.archive_bytes, Some(size));
    docker(&["image", "rm", &tag]);
    fs::remove_file(story.repo.path().join("image.tar")).unwrap();
    fs::remove_file(log).unwrap();
    assert_eq!(story.left(), [""; 0]);
}

#[test]
fn a_build_that_fails_is_a_result() {
    let story = Story::new("FROM python:3.11-slim\nRUN printf 'NONCE \\033[31mred\\n'; exit 9\n");
    let tag = story.tag();
    let failed = story.run(&["--tag", &tag]);
    check(&failed, 13, &["the build fails", "failed", "[2/2] RUN printf", "\\u{1b}[31mred", "9"]);
    assert!(!failed.out.contains('\u{1b}') && !failed.err.contains('\u{1b}'));
    story.file("Dockerfile", "FROM python:3.11-slim\nNONSENSE\n");
    let nonsense = story.run(&["--tag", &tag, "--format", "json"]);
    check(&nonsense, 13, &["\"built\": false", "NONSENSE"]);
    assert_eq!(story.left(), [""; 0]);
}

#[test]
fn a_file_that_cannot_be_written_is_known_before_the_build() {
    let story = Story::new("FROM python:3.11-slim\nRUN echo NONCE; sleep 30\n");
    let begun = Instant::now();
    let run = story.run(&["--output", "no/such/folder/image.tar"]);
    check(&run, 3, &["failed to write no/such/folder/image.tar"]);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

/// A build that runs its last step.
fn hanging(story: &Story) -> Child {
    let tag = story.tag();
    let mut command = story.command(&["--tag", &tag, "--output", "image.tar"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let err = BufReader::new(child.stderr.take().unwrap());
    let mut lines = err.lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("RUN echo before")), "it does not come so far");
    // Nobody is to be slowed down by what is not read.
    thread::spawn(move || lines.for_each(drop));
    child
}

#[test]
fn an_interrupted_build_leaves_nothing() {
    for signal in ["-INT", "-TERM"] {
        let story =
            Story::new("FROM python:3.11-slim\nRUN echo before NONCE\nRUN exec sleep 647\n");
        let mut child = hanging(&story);
        thread::sleep(Duration::from_millis(300));
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let begun = Instant::now();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(begun.elapsed() < Duration::from_secs(6));
        assert_eq!(story.left(), [""; 0]);
        // The client is gone, and the engine has ended what it ran.
        let begun = Instant::now();
        while running("sleep 647") || running(&story.tag()) {
            assert!(begun.elapsed() < Duration::from_secs(20), "something still runs");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Whether a process of this machine has such a command line.
fn running(text: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let own = std::process::id().to_string();
    let lines = processes.filter(|process| process.file_name().to_str() != Some(&own));
    let mut lines = lines.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).replace('\0', " ").contains(text))
}

#[test]
fn an_engine_that_is_not_there_is_missing() {
    let story = Story::without_engine(WORKS);
    let dead = story.temp().join("dead.sock");
    drop(UnixListener::bind(&dead).unwrap());
    let host = format!("unix://{}", dead.display());
    let wanted = ["no Docker Engine answers at", &host, "(DOCKER_HOST)", "hint: start the engine"];
    check(&run(story.command(&[]).env("DOCKER_HOST", &host)), 3, &wanted);
    check(&story.run(&["--engine", &host]), 3, &["(asked for)"]);
    check(&story.run(&["--engine", "ssh://me@far"]), 3, &["ssh://me@far", "forward its socket"]);
    check(&story.run(&["--engine", "buildkit:unix:///nowhere.sock"]), 3, &["buildctl"]);
    check(&story.run(&["--engine", "podman"]), 2, &["name docker, buildkit"]);
    fs::remove_file(dead).unwrap();
    assert_eq!(names(&story.temp()), [""; 0]);
}

/// An engine that says its version, and a client before all others that does as a script says.
fn scripted(story: &Story, client: &str) -> Run {
    let folder = story.repo.path().parent().unwrap().join("bin");
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("docker");
    let version = "case \"$*\" in --version) echo 'Docker version 20.10.0, build a'; exit;; esac\n";
    fs::write(&program, format!("#!/bin/sh\n{version}{client}")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let socket = folder.join("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let count = stream.read(&mut request).unwrap_or(0);
            let asked = String::from_utf8_lossy(&request[..count]).into_owned();
            let (status, body) = match asked.contains("/version") || asked.contains("/_ping") {
                true => ("200 OK", r#"{"Version":"20.10.0","ApiVersion":"1.41"}"#),
                false => ("404 Not Found", r#"{"message":"no such thing"}"#),
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n");
            let text = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
            let _ = stream.write_all(text.as_bytes());
        }
    });
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let host = format!("unix://{}", socket.display());
    let done = run(story
        .command(&["--tag", "a", "-o", "image.tar"])
        .env("PATH", path)
        .env("DOCKER_HOST", host));
    fs::remove_dir_all(folder).unwrap();
    done
}

#[test]
fn an_engine_that_breaks_is_no_failed_build() {
    let steps = "echo '#1 [1/2] FROM a' >&2; echo '#1 CACHED' >&2; echo '#2 [2/2] RUN make' >&2\n";
    let breaks = [
        (
            "echo 'rpc error: code = Unavailable desc = error reading from server: EOF' >&2; exit 1",
            "went away during the build",
        ),
        (
            "echo '#2 ERROR: write /var/lib/docker/x: no space left on device' >&2; exit 1",
            "the engine's disk is full in [2/2] RUN make",
        ),
        // Somebody ends the client.
        ("kill -KILL $$", "was ended by a signal"),
    ];
    for (end, said) in breaks {
        let story = Story::without_engine(WORKS);
        let run = scripted(&story, &format!("{steps}{end}"));
        check(&run, 3, &["1/2 FROM a: cached", said, "hint: "]);
        let left: Vec<String> =
            names(&story.temp()).into_iter().filter(|name| name != "state").collect();
        assert_eq!(left, [""; 0]);
        assert_eq!(names(&story.repo.path()).len(), 2);
    }
    // A build that fails for itself does so with the same engine.
    let story = Story::without_engine(WORKS);
    let end = "echo '#2 0.1 no rule to make' >&2; echo '#2 ERROR: exit code: 2' >&2; exit 1";
    check(&scripted(&story, &format!("{steps}{end}")), 13, &["no rule to make"]);
}

#[test]
fn of_several_services_one_is_named() {
    let story = Story::without_engine(WORKS);
    story.file("other/Dockerfile", "FROM scratch\n");
    check(&story.run(&[]), 2, &["name one with --service", "other"]);
    check(&story.run(&["--service", "none"]), 2, &["there is no such service"]);
}

#[test]
fn a_client_is_found_where_the_tests_run() {
    assert!(client_program().is_ok(), "no client that can build: run scripts/test-engine");
}
