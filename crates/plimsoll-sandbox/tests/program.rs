//! How a program is found, started and ended, and what it is told.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod common;

use std::time::{Duration, Instant};

use common::{Folder, Jail, finish, is_root};
use plimsoll_sandbox::Kind;

#[test]
fn a_program_gets_what_was_asked_for() {
    let jail = Jail::new().with(|spec| {
        (spec.user, spec.group, spec.groups) = (1000, 2000, vec![3000, 4000]);
        spec.cwd = "/some/where".to_owned();
        spec.hostname = "jailed".to_owned();
        spec.env.extend([("A".to_owned(), "b c".to_owned()), ("EMPTY".to_owned(), String::new())]);
    });
    let done = jail
        .sh("id -u; id -g; id -G; pwd; hostname; umask; env | sort; hostname -i; echo $$")
        .run();
    let groups = if is_root() { "2000 3000 4000" } else { "2000" };
    assert!(
        done.out.starts_with(&format!(
            "1000\n2000\n{groups}\n/some/where\njailed\n0022\nA=b c\nEMPTY=\nPATH=/bin\n"
        )) || !is_root(),
        "{done:?}"
    );
    assert!(done.out.contains("\n/some/where\njailed\n0022\nA=b c\nEMPTY=\n"), "{done:?}");
    assert!(done.out.ends_with("169.254.8.1\n1\n"), "{done:?}");
}

#[test]
fn what_cannot_be_run_is_told_apart() {
    let layer = Folder::new();
    layer.file("bin/plain", "#!/bin/sh\n", 0o644);
    layer.file("bin/lost", "#!/not/there\n", 0o755);
    layer.file("bin/text", "echo this has no first line\n", 0o755);
    layer.file("bin/empty", "", 0o755);
    layer.file(
        "bin/foreign",
        [b"\x7fELF\x02\x01\x01".as_slice(), &[0; 9], &[2, 0, 0xf3, 0, 1, 0, 0, 0], &[0; 40]]
            .concat(),
        0o755,
    );
    layer.file("bin/folder/inside", "", 0o755);
    layer.link("bin/round", "round");
    let error = |program: &str| {
        let error = Jail::new().over(&layer).args(&[program]).error();
        assert_eq!(error.kind, Kind::NoProgram, "{program}: {error}");
        error.what
    };
    assert_eq!(
        error("none"),
        "`none` cannot be run: it is not there, or the interpreter or loader that it names is not"
    );
    assert_eq!(
        error("lost"),
        "`lost` cannot be run: it is not there, or the interpreter or loader that it names is not"
    );
    assert_eq!(
        error("/bin/plain/x"),
        "`/bin/plain/x` cannot be run: it is not there, or the interpreter or loader that it names is not"
    );
    for program in ["plain", "/bin/plain", "folder", "/bin/folder", "/dev/null"] {
        assert_eq!(error(program), format!("`{program}` cannot be run: it may not be executed"));
    }
    for program in ["text", "empty", "foreign"] {
        let what = error(program);
        assert!(what.contains("no program of this system and processor"), "{what}");
    }
    assert!(error("/bin/round").contains("in a circle"));
    assert_eq!(error(""), "no program is named");
    assert!(error(&"x".repeat(300)).contains("cannot be run"));
    let long = Jail::new().args(&["echo", &"x".repeat(1 << 18)]).error();
    assert!(long.what.contains("too long"), "{long}");
}

#[test]
fn a_pipe_in_place_of_a_program_stops_nobody() {
    let layer = Folder::new();
    let made = std::process::Command::new("mkfifo").arg(layer.0.join("pipe")).status().unwrap();
    assert!(made.success());
    let began = Instant::now();
    let error = Jail::new().over(&layer).args(&["/pipe"]).error();
    assert_eq!(error.kind, Kind::NoProgram, "{error}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn an_end_is_told_as_a_shell_tells_it() {
    let code = |script: &str| Jail::new().sh(script).run().ended.code;
    assert_eq!((code("exit 0"), code("exit 7"), code("exit 255")), (0, 7, 255));
    // The first process of a namespace cannot end itself by a signal that it has not asked for.
    assert_eq!(
        (code("sh -c 'kill -9 $$'; exit $?"), code("sh -c 'kill -11 $$'; exit $?")),
        (137, 139)
    );
    let mut container = Jail::new().args(&["sleep", "100"]).start().unwrap();
    assert_eq!(container.kill().code, 137);
    assert_eq!(container.kill().code, 137);
    assert_eq!(container.wait(Duration::ZERO).unwrap().code, 137);
    assert!(container.signal(15).is_err());
}

#[test]
fn a_first_process_without_a_handler_ignores_a_polite_wish() {
    let mut container = Jail::new().args(&["sleep", "100"]).start().unwrap();
    container.signal(15).unwrap();
    assert_eq!(container.wait(Duration::from_millis(300)), None);
    assert!(container.signal(1000).is_err());
    assert_eq!(container.kill().code, 137);

    let polite =
        Jail::new().sh("trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
    let container = polite.start().unwrap();
    assert!(common::soon(|| container.printed().0.text() == "ready\n"));
    container.signal(15).unwrap();
    let done = finish(container);
    assert_eq!((done.ended.code, &*done.out), (3, "ready\nbye\n"));
}

#[test]
fn no_signal_is_blocked_or_ignored() {
    // A shell in between ignores one, as `nohup` does, for this process and all that it starts.
    let done =
        Jail::new().sh("grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status; cat /proc/self/stat").run();
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(lines[..2], ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"]);
    // Of a session of its own, without a terminal.
    let stat: Vec<&str> = lines[3].split(' ').collect();
    assert_eq!((stat[5], stat[6]), ("1", "0"), "{}", lines[3]);
}

#[test]
fn children_of_a_program_end_with_it() {
    let token = format!("mark-{}", std::process::id());
    let script = format!(
        "(trap '' TERM HUP; exec setsid sh -c 'sleep 1000; : {token}') & sleep 0.1; exit 4"
    );
    assert_eq!(Jail::new().sh(&script).run().ended.code, 4);
    assert_eq!(
        common::processes(&token)
            .into_iter()
            .filter(|pid| *pid != std::process::id() as i32)
            .count(),
        0
    );
}

#[test]
fn of_much_output_the_ends_are_kept() {
    let jail = Jail::new().with(|spec| spec.kept = 2000);
    let done =
        jail.sh("echo begun; dd if=/dev/zero bs=1M count=1000 2>/dev/null; echo done").start();
    let mut container = done.unwrap();
    let ended = container.wait(common::LONG).unwrap();
    let (out, _) = container.printed();
    assert_eq!((ended.code, out.total), (0, (1000 << 20) + 11));
    assert_eq!((out.head.len(), out.tail.len()), (1000, 1000));
    assert!(out.head.starts_with(b"begun\n") && out.text().ends_with("done\n"));
    // This process held no more than that at any time.
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 64 << 10, "{peak} KiB");
}
