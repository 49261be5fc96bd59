//! What a container may use. Where the machine lets nothing be limited, there is nothing to try.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod common;

use std::thread;
use std::time::{Duration, Instant};

use common::{Jail, finish};
use plimsoll_sandbox::{Kind, Limits};

const MIB: u64 = 1 << 20;

fn memory(bytes: u64) -> Limits {
    Limits { memory: Some(bytes), ..Limits::default() }
}

#[test]
fn who_wants_too_much_memory_is_killed() {
    let jail = Jail::new().limits(memory(32 * MIB));
    if !jail.host.limited().memory {
        return;
    }
    let done = jail.args(&["probe", "eat", "200"]).run();
    assert!(done.ended.out_of_memory && done.ended.code == 137, "{done:?}");
    let done = Jail::new().limits(memory(32 * MIB)).args(&["probe", "eat", "8"]).run();
    assert!(!done.ended.out_of_memory && done.out == "eaten\n", "{done:?}");
}

#[test]
fn what_is_written_counts_as_memory() {
    for file in ["/tmp/x", "/x", "/dev/shm/x"] {
        let jail = Jail::new().limits(memory(32 * MIB));
        if !jail.host.limited().memory {
            return;
        }
        let container = jail
            .sh(&format!(
                "dd if=/dev/zero of={file} bs=1M count=16 2>/dev/null; echo ok; sleep 100"
            ))
            .start()
            .unwrap();
        assert!(common::soon(|| container.printed().0.text() == "ok\n"), "{file}");
        let used = container.usage().memory;
        assert!(used.shared >= 15 * MIB && used.working_set >= 15 * MIB, "{file} {used:?}");
        drop(container);
        let jail = Jail::new().limits(memory(32 * MIB));
        let done = jail.sh(&format!("dd if=/dev/zero of={file} bs=1M count=100 && echo all")).run();
        assert!(
            done.out.is_empty() && (done.ended.out_of_memory || done.ended.code != 0),
            "{file} {done:?}"
        );
    }
}

#[test]
fn too_little_memory_to_start_is_an_answer() {
    for kib in [4, 64, 128, 256, 512, 1024, 2048] {
        let jail = Jail::new().limits(memory(kib << 10));
        if !jail.host.limited().memory {
            return;
        }
        let began = Instant::now();
        match jail.sh("echo ran").start() {
            Ok(container) => {
                let done = finish(container);
                assert!(done.ended.out_of_memory || done.out == "ran\n", "{kib} KiB: {done:?}");
            }
            Err(error) => assert!(error.what.contains("memory"), "{kib} KiB: {error}"),
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{kib} KiB");
    }
}

#[test]
fn a_quota_halves_what_a_spinner_gets() {
    let jail = Jail::new().limits(Limits { cpus: Some(0.5), ..Limits::default() });
    if !jail.host.limited().cpus {
        return;
    }
    let container = jail.sh("while :; do :; done").start().unwrap();
    let rate = |container: &plimsoll_sandbox::Container| {
        let (before, began) = (container.usage().cpu, Instant::now());
        thread::sleep(Duration::from_millis(1500));
        (container.usage().cpu - before).as_secs_f64() / began.elapsed().as_secs_f64()
    };
    let half = rate(&container);
    assert!((0.1..0.65).contains(&half), "{half}");
    // Where others keep the machine busy, it takes a while to use up a quota.
    assert!(common::soon(|| container.usage().throttled.unwrap() > Duration::from_millis(50)));
    container.set_cpus(Some(0.1)).unwrap();
    let tenth = rate(&container);
    assert!(tenth < 0.25 && tenth < half, "{tenth} after {half}");
    container.set_cpus(None).unwrap();
    // Others may want the processors, too; but no quota holds any more.
    let before = container.usage().throttled;
    let whole = rate(&container);
    assert!(whole > tenth, "{whole} after {tenth}");
    assert!(container.usage().throttled.unwrap() - before.unwrap() < Duration::from_millis(200));
}

#[test]
fn there_are_as_many_processes_as_asked_for() {
    let jail = Jail::new().limits(Limits { pids: Some(5), ..Limits::default() });
    if !jail.host.limited().pids {
        return;
    }
    let script =
        "sleep 0.3; for at in 1 2 3 4; do sleep 50 & done; echo four; sleep 50 & echo five; wait";
    let mut container = jail.sh(script).start().unwrap();
    assert!(
        common::soon(|| container.printed().1.text().contains("fork")),
        "{:?}",
        container.printed()
    );
    assert!(common::soon(|| container.printed().0.text().starts_with("four")));
    assert!(container.usage().threads.unwrap() <= 5);
    container.kill();
}

#[test]
fn cgroups_are_seen_and_only_read() {
    let jail =
        Jail::new().limits(Limits { cpus: Some(0.5), memory: Some(64 * MIB), pids: Some(20) });
    let limited = jail.host.limited();
    if !(limited.cpus && limited.memory && limited.pids) {
        return;
    }
    let (cpu, memory) = match jail.host.cgroups() {
        "cgroup v2" => ("cpu.max", "memory.max"),
        _ => ("cpu/cpu.cfs_quota_us", "memory/memory.limit_in_bytes"),
    };
    let done = jail.sh(&format!(
        "cd /sys/fs/cgroup; head -n1 {cpu} {memory}; cat /proc/self/cgroup; echo max > {memory}; echo -1 > {cpu}; \
         mkdir $(dirname {cpu})/x; echo 1 > $(dirname {cpu})/cgroup.procs; find . -name release_agent"
    ));
    let done = done.run();
    assert!(done.out.contains("50000") && done.out.contains("67108864"), "{done:?}");
    assert!(!done.out.contains("plimsoll") && !done.out.contains("release_agent"), "{done:?}");
    assert_eq!(done.err.matches("Read-only file system").count(), 4, "{done:?}");
}

#[test]
fn the_usage_is_that_of_the_container() {
    let container = Jail::new().args(&["sleep", "100"]).start().unwrap();
    let usage = container.usage();
    assert!(usage.cpu < Duration::from_secs(1), "{usage:?}");
    assert!(usage.memory.working_set < 32 * MIB, "{usage:?}");
    assert_eq!(usage.threads, Some(1));
    let error = Jail::new().limits(memory(0)).sh("true").error();
    assert_eq!(error.kind, Kind::Spec);
}
