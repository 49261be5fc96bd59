//! Credential helpers: programs that keep what Docker's configuration would hold in clear text.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::credentials::Secret;
use super::settings::Settings;
use crate::descriptor::text;

/// The longest answer that is read.
const LIMIT: u64 = 64 << 10;

/// The user that says that the secret is an identity token.
const TOKEN_USER: &str = "<token>";

/// Asks `docker-credential-NAME` for what it has under `key`; none where it has nothing.
///
/// # Errors
/// A line for a person. What the helper printed is not in it: it may be the secret.
pub(super) fn ask(settings: &Settings, name: &str, key: &str) -> Result<Option<Secret>, String> {
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        return Err("the name of its credential helper is no name of a program".into());
    }
    let program = format!("docker-credential-{name}");
    let path = find(settings, &program)
        .ok_or_else(|| format!("its credential helper {program} is in no folder of the PATH"))?;
    let failed = |why: &str| format!("its credential helper {program} {why}");
    let mut child = Command::new(path)
        .arg("get")
        .env("PATH", &settings.path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&format!("cannot be started: {error}")))?;
    let answer = talk(&mut child, key, settings.helper);
    if answer.is_err() {
        // It may be gone already; then there is nothing to end.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| failed(&error.to_string()))?;
    let answer = answer.map_err(failed)?;
    if !status.success() {
        let nothing = String::from_utf8_lossy(&answer).contains("credentials not found");
        return if nothing { Ok(None) } else { Err(failed(&format!("failed ({status})"))) };
    }
    read(&answer).ok_or_else(|| failed("did not answer with a user and a secret"))
}

/// A program in the absolute folders of the path: `.` or an empty entry would run what lies in the
/// repository under review.
fn find(settings: &Settings, program: &str) -> Option<PathBuf> {
    let runs = |file: &PathBuf| {
        file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    let folders = std::env::split_paths(&settings.path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(program)).find(runs)
}

/// Says the key and takes the answer, until the program ends or time is over. The pipe is read on
/// a thread that nobody waits for: a grandchild may keep it open after the program is gone.
fn talk(child: &mut Child, key: &str, timeout: Duration) -> Result<Vec<u8>, &'static str> {
    let deadline = Instant::now() + timeout;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not listen closes its end; what it answers tells more.
        let _ = stdin.write_all(key.as_bytes());
    }
    let Some(stdout) = child.stdout.take() else { return Err("has no output") };
    let (sender, answers) = mpsc::channel();
    std::thread::spawn(move || {
        let mut answer = Vec::new();
        let read = stdout.take(LIMIT).read_to_end(&mut answer);
        // Whoever no longer waits needs no answer.
        let _ = sender.send(read.map(|_| answer));
    });
    let answer = answers.recv_timeout(timeout).map_err(|_| "does not answer in time")?;
    let answer = answer.map_err(|_| "cannot be read from")?;
    wait(child, deadline)?;
    Ok(answer)
}

fn wait(child: &mut Child, deadline: Instant) -> Result<(), &'static str> {
    while child.try_wait().map_err(|_| "cannot be waited for")?.is_none() {
        if Instant::now() >= deadline {
            return Err("does not end in time");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// An empty secret is what some helpers answer for a registry they do not know.
fn read(answer: &[u8]) -> Option<Option<Secret>> {
    let value: Value = serde_json::from_slice(answer).ok()?;
    let user = value.get("Username")?.as_str()?.to_owned();
    let password = text(&value, "Secret");
    Some(match () {
        () if password.is_empty() => None,
        () if user == TOKEN_USER => Some(Secret::Identity(password)),
        () => Some(Secret::Password { user, password }),
    })
}
