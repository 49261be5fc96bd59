//! The reference case, end to end: rejected as it is; one command later nothing blocks, the
//! image builds, and the service in it answers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use common::{Repo, engine};

fn example() -> Repo {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/olorin");
    let mut repo = Repo::new();
    for path in files(&root) {
        let inside = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        repo = repo.file(&inside, std::fs::read(&path).unwrap());
    }
    repo
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() { all.extend(files(&entry)) } else { all.push(entry) }
    }
    all
}

fn blocking(repo: &Repo) -> usize {
    let run = repo.run(&["review", "--format", "json", "--fail-on", "never"]);
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let all = report["findings"].as_array().unwrap().iter();
    all.filter(|f| f["level"] == "blocking").count()
}

#[test]
fn one_command_leaves_nothing_that_blocks() {
    let repo = example();
    assert_eq!(repo.run(&["review"]).code, 11);
    assert_eq!(blocking(&repo), 7);
    let run = repo.run(&["fix", "path-dependency", "--write"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(blocking(&repo), 0);
    let again = repo.run(&["fix", "path-dependency"]);
    assert!(again.err.contains("nothing to mend"), "{}{}", again.out, again.err);
}

#[test]
fn the_mended_image_is_proven_and_answers() {
    if !engine() {
        return;
    }
    let repo = example();
    let run = repo.run(&["fix", "path-dependency", "--prove", "--write"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let proof = run.out.split("\nPROVEN  backend: widen-context\n").nth(1).unwrap();
    assert!(proof.contains("The requested command export does not exist."), "{proof}");
    for module in ["bayit_translation", "bayit_voice_pipeline", "olorin_core", "olorin_shared"] {
        assert!(proof.contains(&format!("load {module} ")), "{proof}");
    }
    assert!(proof.contains("application app.main"), "{proof}");
    assert!(proof.contains("cached   pip install"), "{proof}");
    assert!(proof.contains("the image has the new code"), "{proof}");
    let answer = Service::start(&repo).get("/health");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.ends_with("{\"status\":\"ok\"}"), "{answer}");
}

/// The service in a container that goes with the test.
struct Service {
    name: String,
    address: String,
}

fn docker(args: &[&str]) -> String {
    // The client of the engine's own version, where another one stands before it on the path.
    let client = if Path::new("/usr/bin/docker").exists() { "/usr/bin/docker" } else { "docker" };
    let done = Command::new(client).args(args).env("DOCKER_BUILDKIT", "1").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

impl Service {
    fn start(repo: &Repo) -> Self {
        let name = format!("plimsoll-olorin-{}", std::process::id());
        let (root, file) = (repo.path(), repo.path().join("backend/Dockerfile"));
        docker(&["build", "-q", "-t", &name, "-f", file.to_str().unwrap(), root.to_str().unwrap()]);
        docker(&["run", "-d", "--rm", "--name", &name, "-p", "127.0.0.1::8080", &name]);
        let address = docker(&["port", &name, "8080"]);
        Self { name, address }
    }

    /// The answer to a request, once the service gives one.
    fn get(&self, path: &str) -> String {
        let begun = Instant::now();
        loop {
            match self.once(path) {
                Some(answer) if !answer.is_empty() => return answer,
                _ => assert!(begun.elapsed() < Duration::from_secs(60), "no answer in a minute"),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn once(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "-f", &self.name]).output();
        let _ = Command::new("docker").args(["image", "rm", "-f", &self.name]).output();
    }
}
