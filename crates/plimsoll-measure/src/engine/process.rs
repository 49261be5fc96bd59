//! Runs a program to its end, with bounds on its time and on what it prints.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How much of what a program prints is kept; the rest is read and dropped.
const KEPT: usize = 16 << 20;

/// How long the rest of the output of a program that ended is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a program ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code; `None` where a signal or its time ended it.
    pub code: Option<i32>,
    /// What it printed as its result; bytes that are no UTF-8 are replaced.
    pub out: String,
    /// What else it printed.
    pub err: String,
}

/// Runs a program without input. One that outlives `limit` is ended.
///
/// # Errors
/// Where it cannot be started or waited for.
pub(super) fn run(
    program: &Path,
    args: &[OsString],
    env: &[(&str, &str)],
    limit: Duration,
) -> io::Result<Ended> {
    let mut command = Command::new(program);
    command.args(args).envs(env.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let out = child.stdout.take().map(reader);
    let err = child.stderr.take().map(reader);
    let begun = Instant::now();
    let mut pause = Duration::from_millis(2);
    let code = loop {
        if let Some(status) = child.try_wait()? {
            break status.code();
        }
        if begun.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            break None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    };
    // A child of its own may still hold the pipes, for as long as it likes.
    let patience = if code.is_some() { PATIENCE } else { Duration::from_secs(1) };
    let text = |reader: Option<Receiver<Vec<u8>>>| {
        let bytes = reader.and_then(|r| r.recv_timeout(patience).ok()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Ok(Ended { code, out: text(out), err: text(err) })
}

/// What came of a program whose output was read while it ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Streamed<T> {
    /// What the reader made of it.
    pub value: T,
    /// What the program complained about, where it failed of itself.
    pub complaint: Option<String>,
}

/// Runs a program without input, and calls back with what it prints as its result. A program
/// whose output is not read to its end is ended, and so is one that outlives `limit`.
///
/// # Errors
/// Where it cannot be started or waited for.
pub(super) fn stream<T>(
    program: &Path,
    args: &[OsString],
    limit: Duration,
    read: impl FnOnce(&mut dyn Read) -> T,
) -> io::Result<Streamed<T>> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut out = child.stdout.take().ok_or_else(|| io::Error::other("it has no output"))?;
    let err = child.stderr.take().map(reader);
    let child = Mutex::new(child);
    let kill = || {
        let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
        // One that has ended already needs no end.
        let _ = child.kill();
    };
    let (value, left) = thread::scope(|scope| {
        let (done, finished) = mpsc::channel::<()>();
        scope.spawn(move || {
            if finished.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                kill();
            }
        });
        let value = read(&mut out);
        // The padding at the end of an archive may be left; a program that has more is ended.
        let rest = io::copy(&mut (&mut out).take(1 << 20), &mut io::sink());
        drop(done);
        let left = !matches!(rest, Ok(count) if count < 1 << 20);
        if left {
            kill();
        }
        (value, left)
    });
    drop(out);
    let mut child = child.into_inner().unwrap_or_else(PoisonError::into_inner);
    let status = child.wait()?;
    if left || status.code() == Some(0) {
        return Ok(Streamed { value, complaint: None });
    }
    let said = err.and_then(|r| r.recv_timeout(PATIENCE).ok()).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let said = said.lines().map(str::trim).find(|line| !line.is_empty());
    let said = said.unwrap_or("it was ended, or does not say why it failed").to_owned();
    Ok(Streamed { value, complaint: Some(said) })
}

fn reader(stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(kept(stream)));
    receiver
}

/// The head and the tail of a stream, as much as is kept.
fn kept(mut stream: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
        if bytes.len() > 2 * KEPT {
            let cut = bytes.len() - KEPT / 2;
            bytes.drain(KEPT / 2..cut);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Ended {
        run(Path::new("/bin/sh"), &["-c".into(), script.into()], &[], limit).unwrap()
    }

    #[test]
    fn output_and_code_are_kept() {
        let ended = shell("echo a; echo b >&2; exit 7", Duration::from_secs(20));
        assert_eq!((ended.code, &*ended.out, &*ended.err), (Some(7), "a\n", "b\n"));
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        assert_eq!(shell("exec sleep 600", Duration::from_millis(50)).code, None);
    }

    #[test]
    fn a_stream_is_read_while_it_runs() {
        let streamed = |script: &str, limit: Duration, most: u64| {
            let args = ["-c".into(), script.into()];
            let read = |out: &mut dyn Read| {
                let mut text = String::new();
                out.take(most).read_to_string(&mut text).unwrap();
                text
            };
            let done = stream(Path::new("/bin/sh"), &args, limit, read).unwrap();
            (done.value, done.complaint)
        };
        let long = Duration::from_secs(60);
        assert_eq!(streamed("echo a", long, 9), ("a\n".to_owned(), None));
        let failed = streamed("echo no >&2; exit 1", long, 9);
        assert_eq!(failed, (String::new(), Some("no".to_owned())));
        // Neither one that does not end nor one that nobody listens to is waited for.
        let ended = streamed("exec sleep 600", Duration::from_millis(50), 9);
        assert!(ended.1.is_some_and(|said| said.starts_with("it was ended")));
        assert_eq!(streamed("exec cat /dev/zero", long, 3), ("\0\0\0".to_owned(), None));
    }

    #[test]
    fn endless_output_is_bounded() {
        let ended = shell("head -c 100000000 /dev/zero; echo end", Duration::from_secs(60));
        assert!(ended.out.len() <= 2 * KEPT && ended.out.ends_with("end\n"));
    }
}
