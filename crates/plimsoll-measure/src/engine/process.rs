//! Runs programs, with bounds on their time and on what is kept of what they print.

use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{Cancel, Ended, KEPT};

/// How long the rest of the output of a program that ended is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a program that is asked to end may take, before it is ended.
const GRACE: Duration = Duration::from_secs(3);
/// How long nothing may be heard before a tick.
const TICK: Duration = Duration::from_millis(100);
/// The longest line; what is longer comes in parts.
const LINE: u64 = 64 << 10;

/// The beginning and the end of a stream, as much as is kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    bytes: Vec<u8>,
    most: usize,
}

impl Kept {
    pub(super) fn new(most: usize) -> Self {
        Self { bytes: Vec::new(), most }
    }

    pub(super) fn push(&mut self, more: &[u8]) {
        self.bytes.extend_from_slice(more);
        if self.bytes.len() > 2 * self.most {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.bytes.len() > self.most {
            let tail = self.bytes.len() - (self.most - self.most / 2);
            self.bytes.drain(self.most / 2..tail);
        }
    }

    pub(super) fn into_text(mut self) -> String {
        self.cut();
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// Runs a program without input to its end. One that outlives `limit` is ended.
///
/// # Errors
/// Where it cannot be started or waited for.
pub(super) fn run(command: &mut Command, limit: Duration) -> io::Result<Ended> {
    let mut err = Kept::new(KEPT);
    let mut keep = |line: Option<&[u8]>| err.push(line.unwrap_or_default());
    let (code, out) = follow_bytes(command, limit, &Cancel::new(), &mut keep)?;
    Ok(Ended { code, out, err: err.into_text() })
}

/// Runs a program without input and calls back with each line that it says beside its result, and
/// with nothing when some time went by. It and all that it started are ended where `cancel` asks
/// for it, and where it outlives `limit`. Gives its exit code; none where it was ended.
///
/// # Errors
/// Where it cannot be started or waited for.
pub(super) fn follow(
    command: &mut Command,
    limit: Duration,
    cancel: &Cancel,
    on: &mut dyn FnMut(Option<&str>),
) -> io::Result<Option<i32>> {
    let mut line = |bytes: Option<&[u8]>| match bytes {
        None => on(None),
        Some(bytes) => on(Some(String::from_utf8_lossy(bytes).trim_end_matches(['\n', '\r']))),
    };
    follow_bytes(command, limit, cancel, &mut line).map(|(code, _)| code)
}

fn follow_bytes(
    command: &mut Command,
    limit: Duration,
    cancel: &Cancel,
    on: &mut dyn FnMut(Option<&[u8]>),
) -> io::Result<(Option<i32>, String)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own: a plugin that it starts is ended with it, and a signal of the terminal
    // reaches us alone, who end it in good order.
    let mut child = command.process_group(0).spawn()?;
    let out = child.stdout.take().map(whole);
    let lines = child.stderr.take().map(lines);
    let code = watch(&mut child, limit, cancel, lines.as_ref(), on);
    if code.is_err() {
        end_group(&child, Signal::KILL);
    }
    let code = code?;
    // A child of its own may still hold the pipes, for as long as it likes.
    let patience = if code.is_some() { PATIENCE } else { Duration::from_secs(1) };
    rest(lines, patience, on);
    let out = out.and_then(|out| out.recv_timeout(patience).ok()).unwrap_or_default();
    Ok((code, out))
}

/// Until the program ends; its code where it did so of itself.
fn watch(
    child: &mut Child,
    limit: Duration,
    cancel: &Cancel,
    lines: Option<&Receiver<Vec<u8>>>,
    on: &mut dyn FnMut(Option<&[u8]>),
) -> io::Result<Option<i32>> {
    let begun = Instant::now();
    let mut asked: Option<Instant> = None;
    let mut pause = Duration::from_millis(2);
    let mut open = lines.is_some();
    loop {
        if let Some(status) = child.try_wait()? {
            if asked.is_some() {
                // What it started may not have heard.
                end_group(child, Signal::KILL);
                return Ok(None);
            }
            return Ok(status.code());
        }
        if asked.is_none() && (cancel.is_cancelled() || begun.elapsed() > limit) {
            end_group(child, Signal::INT);
            asked = Some(Instant::now());
        }
        if asked.is_some_and(|at| at.elapsed() > GRACE) {
            end_group(child, Signal::KILL);
        }
        match lines.filter(|_| open).map(|lines| lines.recv_timeout(TICK)) {
            Some(Ok(line)) => on(Some(&line)),
            Some(Err(RecvTimeoutError::Timeout)) => on(None),
            // It closed its pipe: only its end is left.
            Some(Err(RecvTimeoutError::Disconnected)) => open = false,
            None => {
                thread::sleep(pause);
                pause = (pause * 2).min(TICK);
                on(None);
            }
        }
    }
}

fn rest(lines: Option<Receiver<Vec<u8>>>, patience: Duration, on: &mut dyn FnMut(Option<&[u8]>)) {
    let Some(lines) = lines else { return };
    let until = Instant::now() + patience;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) => on(Some(&line)),
            Err(_) => return,
        }
    }
}

fn end_group(child: &Child, signal: Signal) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        // One that has ended already needs no end.
        let _ = kill_process_group(group, signal);
    }
}

fn whole(mut stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut kept = Kept::new(KEPT);
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            kept.push(&buffer[..count]);
        }
        sender.send(kept.into_text())
    });
    receiver
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    // A reader that is slow slows the program down, rather than fill the memory.
    let (sender, receiver) = mpsc::sync_channel(256);
    thread::spawn(move || send_lines(BufReader::new(stream), &sender));
    receiver
}

fn send_lines(mut stream: impl BufRead, sender: &SyncSender<Vec<u8>>) {
    loop {
        let mut line = Vec::new();
        match (&mut stream).take(LINE).read_until(b'\n', &mut line) {
            Ok(1..) if sender.send(line).is_ok() => {}
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    fn ended(script: &str, limit: Duration) -> Ended {
        run(&mut shell(script), limit).unwrap()
    }

    #[test]
    fn output_and_code_are_kept() {
        let ended = ended("echo a; echo b >&2; exit 7", Duration::from_secs(20));
        assert_eq!((ended.code, &*ended.out, &*ended.err), (Some(7), "a\n", "b\n"));
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        assert_eq!(ended("exec sleep 600", Duration::from_millis(50)).code, None);
    }

    #[test]
    fn endless_output_is_bounded() {
        let script = "head -c 100000000 /dev/zero; echo end; echo end >&2";
        let ended = ended(script, Duration::from_secs(60));
        assert!(ended.out.len() <= KEPT && ended.out.ends_with("end\n"));
        let long = "head -c 50000000 /dev/zero >&2; echo end >&2";
        let ended = run(&mut shell(long), Duration::from_secs(60)).unwrap();
        assert!(ended.err.len() <= KEPT && ended.err.ends_with("end\n"));
    }

    #[test]
    fn lines_are_told_as_they_come() {
        let mut seen = Vec::new();
        let mut on = |line: Option<&str>| seen.extend(line.map(str::to_owned));
        let script = "echo a >&2; sleep 0.3; printf 'b\\r\\nc' >&2";
        let limit = Duration::from_secs(20);
        let done = follow(&mut shell(script), limit, &Cancel::new(), &mut on).unwrap();
        assert_eq!(done, Some(0));
        assert_eq!(seen, ["a", "b", "c"]);
    }

    #[test]
    fn a_wish_ends_the_program_and_all_that_it_started() {
        let begun = Instant::now();
        let cancel = Cancel::new();
        let mut child = None;
        // Neither of them listens to the first signal.
        let script = "trap '' INT; sleep 600 & echo $! >&2; wait; sleep 600";
        let done = {
            let mut on = |line: Option<&str>| {
                child = line.and_then(|line| line.parse::<i32>().ok()).or(child);
                if child.is_some() {
                    cancel.cancel();
                }
            };
            follow(&mut shell(script), Duration::from_secs(60), &cancel, &mut on).unwrap()
        };
        assert_eq!(done, None);
        assert!(begun.elapsed() < Duration::from_secs(10));
        let path = format!("/proc/{}/stat", child.unwrap());
        let alive = || std::fs::read_to_string(&path).is_ok_and(|stat| !stat.contains(") Z "));
        // To be killed takes a moment on a busy machine.
        while alive() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it is still alive");
            thread::sleep(Duration::from_millis(10));
        }
    }
}
