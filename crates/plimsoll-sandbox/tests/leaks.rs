//! That nothing is left: of a container, of one that never ran, and of a Plimsoll that was killed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "these are tests")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use common::{Folder, Jail, cgroups, processes, soon};
use plimsoll_sandbox::Limits;

/// What the driver is to do; it is a test of this file that does nothing where it is not told to.
const STEP: &str = "PLIMSOLL_TEST_STEP";
const TOKEN: &str = "PLIMSOLL_TEST_TOKEN";

/// A Plimsoll to be killed.
#[test]
fn driver() {
    let Ok(step) = std::env::var(STEP) else { return };
    let token = std::env::var(TOKEN).unwrap();
    let say = |word: &str| {
        println!("\nsays {word}");
        std::io::stdout().flush().unwrap();
    };
    let jail = Jail::new().sh(&format!("sleep 1000 & sleep 1000; : {token}"));
    match &*step {
        "prepared" => {
            let _prepared = jail.host.prepare(&jail.spec).unwrap();
            say("there");
            thread::sleep(Duration::from_secs(60));
        }
        "running" => {
            let _container = jail.start().unwrap();
            say("there");
            thread::sleep(Duration::from_secs(60));
        }
        "over and over" => {
            say("there");
            loop {
                drop(jail.start().unwrap());
            }
        }
        "code" => {
            let jail = jail.sh("exit 5");
            say(&jail.run().ended.code.to_string());
        }
        other => panic!("{other}"),
    }
}

/// These tests count what this process has: one at a time, where they share one.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Driver {
    child: Child,
    token: String,
    /// Where it has what it cannot clean up itself.
    _scratch: Folder,
}

impl Driver {
    fn start(step: &str, wrapped: &[&str]) -> (Self, String) {
        let token = format!("token-{}-{}", std::process::id(), step.replace(' ', "-"));
        let exe = std::env::current_exe().unwrap();
        let scratch = Folder::new();
        let mut words: Vec<&str> = wrapped.to_vec();
        words.push(exe.to_str().unwrap());
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .args(["--exact", "driver", "--nocapture", &token])
            .env(STEP, step)
            .env(TOKEN, &token)
            .env("TMPDIR", &scratch.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut said = out.lines().map_while(Result::ok);
        let word = said.find_map(|line| line.strip_prefix("says ").map(str::to_owned));
        // What comes later must not stop it.
        thread::spawn(move || said.for_each(drop));
        (Self { child, token, _scratch: scratch }, word.unwrap())
    }

    /// Whether nothing is left of it, now or soon.
    fn is_gone(&self) -> bool {
        let of_it = format!("-{}-", self.child.id());
        soon(|| processes(&self.token).is_empty() && cgroups(&of_it).is_empty())
    }

    fn left(&self) -> String {
        let lines = processes(&self.token).into_iter().map(|pid| {
            format!(
                "{pid}: {}",
                fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default()
            )
        });
        let lines: Vec<String> = lines.collect();
        format!("{lines:?} {:?}", cgroups(&format!("-{}-", self.child.id())))
    }
}

/// What is mounted on this machine, but for what the Docker Engine of other tests mounts meanwhile.
fn mounts() -> String {
    let all = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let of_docker = |line: &&str| {
        let at = line.split(' ').nth(4).unwrap_or_default();
        at.starts_with("/var/lib/docker/") || at.starts_with("/run/docker/")
    };
    all.lines().filter(|line| !of_docker(line)).map(|line| format!("{line}\n")).collect()
}

#[test]
fn of_a_plimsoll_that_is_killed_nothing_is_left() {
    let _alone = alone();
    let before = mounts();
    for step in ["prepared", "running"] {
        let (mut driver, _) = Driver::start(step, &[]);
        assert!(processes(&driver.token).len() >= 3, "{step}");
        driver.child.kill().unwrap();
        driver.child.wait().unwrap();
        assert!(driver.is_gone(), "{step}: {}", driver.left());
    }
    assert_eq!(mounts(), before);
}

#[test]
fn of_a_plimsoll_that_is_killed_at_any_moment_nothing_runs_on() {
    let _alone = alone();
    let before = mounts();
    for at in 0..25 {
        let (mut driver, _) = Driver::start("over and over", &[]);
        thread::sleep(Duration::from_micros(20_000 + at * 731));
        driver.child.kill().unwrap();
        driver.child.wait().unwrap();
        assert!(soon(|| processes(&driver.token).is_empty()), "{at}: {}", driver.left());
        // An empty cgroup may be left where there was no keeper yet: the next one sweeps.
        Jail::new();
        assert!(driver.is_gone(), "{at}: {}", driver.left());
    }
    assert_eq!(mounts(), before);
}

#[test]
fn a_plimsoll_that_is_killed_with_its_keeper_is_swept_up_by_the_next() {
    let _alone = alone();
    let (mut driver, _) = Driver::start("running", &[]);
    let of_it = format!("-{}-", driver.child.id());
    if cgroups(&of_it).is_empty() {
        return driver.child.kill().unwrap();
    }
    let keeper = processes(&driver.token).into_iter().filter(|pid| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.contains("--exact")
    });
    for pid in keeper.collect::<Vec<_>>() {
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }
    driver.child.wait().unwrap();
    // The container runs on, with nobody to end it, unless another test has come by.
    Jail::new();
    assert!(driver.is_gone(), "{}", driver.left());
}

#[test]
fn whoever_ends_everything_politely_does_not_end_the_keeper_first() {
    let _alone = alone();
    let (mut driver, _) = Driver::start("running", &[]);
    for pid in processes(&driver.token) {
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    assert_eq!(driver.child.wait().unwrap().signal(), Some(15));
    assert!(driver.is_gone(), "{}", driver.left());
}

#[test]
fn an_end_is_learnt_of_where_nobody_asked_for_it() {
    let _alone = alone();
    // As `nohup` and some supervisors start what they start.
    let (mut driver, code) =
        Driver::start("code", &["sh", "-c", "trap '' CHLD TERM HUP; exec \"$@\"", "sh"]);
    assert_eq!(code, "5");
    driver.child.wait().unwrap();
    assert!(driver.is_gone());
}

#[test]
fn a_keeper_that_is_killed_takes_nothing_with_it() {
    let _alone = alone();
    let jail = Jail::new().args(&["sleep", "1000"]);
    let mut container = jail.start().unwrap();
    let own = std::process::id();
    let children =
        fs::read_to_string(format!("/proc/self/task/{own}/children")).unwrap_or_default();
    let mut all: Vec<i32> = children.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    for task in fs::read_dir("/proc/self/task").unwrap().flatten() {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all.extend(children.split_whitespace().map(|pid| pid.parse::<i32>().unwrap()));
    }
    all.retain(|pid| Some(*pid) != container.pid());
    assert!(!all.is_empty());
    for pid in all {
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
    thread::sleep(Duration::from_millis(50));
    let began = Instant::now();
    assert!(container.connect(80, plimsoll_sandbox::Reach::Service).is_err());
    assert_eq!(container.wait(Duration::ZERO), None);
    assert_eq!(container.kill().code, 137);
    let name = container.name().to_owned();
    drop(container);
    assert!(cgroups(&name).is_empty());
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn fifty_starts_leave_this_process_as_it_was() {
    let _alone = alone();
    let seen = || {
        let count = |path: &str| fs::read_dir(path).unwrap().count();
        let children: usize = fs::read_dir("/proc/self/task")
            .unwrap()
            .flatten()
            .map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default())
            .map(|children| children.split_whitespace().count())
            .sum();
        (count("/proc/self/fd"), count("/proc/self/task"), children, mounts())
    };
    let jail =
        Jail::new().limits(Limits { cpus: Some(1.0), memory: Some(64 << 20), pids: Some(10) });
    let jail = jail.sh("echo out; echo err >&2");
    let nobody = Jail::new().args(&["not-there"]);
    jail.run();
    let before = seen();
    for at in 0..50 {
        match at % 4 {
            0 => drop(jail.host.prepare(&jail.spec).unwrap()),
            1 => drop(jail.start().unwrap()),
            2 => drop(nobody.error()),
            _ => assert_eq!(jail.run().out, "out\n"),
        }
    }
    // Threads that read end a moment after what they read from.
    assert!(soon(|| seen() == before), "{:?} {before:?}", seen());
    assert!(cgroups(&format!("-{}-", std::process::id())).is_empty());
}

#[test]
fn many_at_once_do_not_disturb_one_another() {
    let _alone = alone();
    let jail = Jail::new().limits(Limits { memory: Some(64 << 20), ..Limits::default() });
    let jail = &jail.sh("echo $A; exit $A");
    thread::scope(|scope| {
        for worker in 0..4 {
            scope.spawn(move || {
                for at in 0..10 {
                    let code = worker * 10 + at;
                    let mut spec = jail.spec.clone();
                    spec.env.push(("A".to_owned(), code.to_string()));
                    let container = jail.host.prepare(&spec).unwrap().start().unwrap();
                    let done = common::finish(container);
                    assert_eq!((done.ended.code, done.out), (code, format!("{code}\n")));
                    // Other children of this process are not ours to wait for.
                    let other = Command::new("sh").args(["-c", "exit 9"]).status().unwrap();
                    assert_eq!(other.code(), Some(9));
                }
            });
        }
    });
    assert!(cgroups(&format!("-{}-", std::process::id())).is_empty());
}

#[test]
fn without_descriptors_there_is_an_error_and_no_wait() {
    let _alone = alone();
    let jail = Jail::new().args(&["true"]);
    let began = Instant::now();
    let mut held = Vec::new();
    let (mut refused, mut done) = (0, 0);
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let few = rustix::process::Rlimit { current: Some(64), maximum: limit.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, few).unwrap();
    while let Ok(file) = fs::File::open("/dev/null") {
        held.push(file);
    }
    // One descriptor more each time: each call that needs one is refused once.
    while done < 3 && !held.is_empty() {
        held.pop();
        match jail.start() {
            Ok(container) => {
                assert_eq!(common::finish(container).ended.code, 0);
                done += 1;
            }
            Err(error) => {
                assert!(!error.what.is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > 5 && done == 3, "{refused} {done}");
    assert!(began.elapsed() < Duration::from_secs(20));
    drop(held);
    assert!(soon(|| cgroups(&format!("-{}-", std::process::id())).is_empty()));
}

#[test]
fn a_seat_is_made_and_stays_empty() {
    let _alone = alone();
    let folder = Folder::new();
    let seat = folder.0.join("a/seat");
    let host = plimsoll_sandbox::Host::probe(&seat).unwrap();
    let spec = Jail::new().args(&["ls", "/"]).spec;
    common::finish(host.prepare(&spec).unwrap().start().unwrap());
    assert_eq!(fs::read_dir(&seat).unwrap().count(), 0);
}
