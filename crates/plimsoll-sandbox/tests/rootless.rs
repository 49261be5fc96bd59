//! The same without root: a test that runs as root runs itself once more as nobody.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "these are tests")]

mod common;

use std::process::Command;

use common::{Folder, HANDED, Jail, is_root};
use plimsoll_sandbox::{Kind, Network, Reach};

const NOBODY: &str = "65534";

/// True in the process that has no root; in another one, lets `test` run there.
fn without_root(test: &str) -> bool {
    if !is_root() {
        return true;
    }
    // Neither the program nor the root may lie where nobody comes to.
    let (folder, root) = (Folder::new(), common::base());
    folder.folder("scratch", 0o1777);
    // As whoever unpacks an image without root has it.
    let owner = format!("{NOBODY}:{NOBODY}");
    assert!(Command::new("chown").args(["-hR", &owner]).arg(&root.0).status().unwrap().success());
    let exe = folder.0.join("test");
    std::fs::copy(std::env::current_exe().unwrap(), &exe).unwrap();
    let done = Command::new("setpriv")
        .args([&format!("--reuid={NOBODY}"), &format!("--regid={NOBODY}"), "--clear-groups"])
        .arg(&exe)
        .args(["--exact", test, "--nocapture"])
        .env(HANDED, &root.0)
        .env("TMPDIR", folder.0.join("scratch"))
        .current_dir("/")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let out = text(&done.stdout);
    assert!(done.status.success() && out.contains("1 passed"), "{out}{}", text(&done.stderr));
    // What it left, root would see.
    assert!(common::processes(exe.to_str().unwrap()).is_empty());
    false
}

#[test]
fn one_user_of_the_image_is_this_user() {
    if !without_root("one_user_of_the_image_is_this_user") {
        return;
    }
    let jail = Jail::new();
    assert!(!jail.host.has_users());
    let jail = jail.with(|spec| (spec.user, spec.group, spec.groups) = (1000, 2000, vec![7]));
    let done = jail
        .sh("id -u; id -g; stat -c %u /bin/sh /tmp; echo x > /tmp/x && cat /tmp/x; hostname; pwd")
        .run();
    assert!(done.out.starts_with("1000\n2000\n"), "{done:?}");
    assert!(done.out.ends_with("x\nplimsoll\n/\n"), "{done:?}");
    let done = Jail::new()
        .sh("id -u; touch /new /bin/new; ls -ld /new | cut -d' ' -f1; chown 5 /new")
        .run();
    assert!(done.out.starts_with("0\n-rw-r--r--\n") && done.err.contains("chown"), "{done:?}");
}

#[test]
fn nothing_of_the_machine_is_seen_or_changed() {
    if !without_root("nothing_of_the_machine_is_seen_or_changed") {
        return;
    }
    let done = Jail::new().args(&["probe", "calls"]).run();
    for line in done.out.lines() {
        let refused = line.ends_with("Operation not permitted");
        assert!(refused || line.ends_with("Function not implemented"), "{line}");
    }
    assert_eq!(Jail::new().args(&["probe", "fds"]).run().out, "0 1 2 ");
    let done = Jail::new().sh(
        "ps -o args | wc -l; ls /; for file in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /sys/power/state; do \
         { true >> $file; } 2>/dev/null && echo $file; done; grep -c : /proc/net/dev; \
         grep -E '^(CapBnd|NoNewPrivs)' /proc/self/status",
    );
    let done = done.run();
    assert_eq!(
        done.out.split_whitespace().collect::<Vec<_>>(),
        [
            "4",
            "bin",
            "dev",
            "etc",
            "proc",
            "sys",
            "tmp",
            "1",
            "CapBnd:",
            "00000000a00425fb",
            "NoNewPrivs:",
            "1"
        ],
        "{done:?}"
    );
}

#[test]
fn a_service_is_reached() {
    if !without_root("a_service_is_reached") {
        return;
    }
    let jail = Jail::new().args(&["httpd", "-f", "-p", "127.0.0.1:80", "-h", "/"]);
    let container = jail.with(|spec| spec.user = 33).start().unwrap();
    assert!(common::soon(|| container.connect(80, Reach::Localhost).is_ok()));
    assert!(container.connect(80, Reach::Service).is_err());
    let usage = container.usage();
    assert_eq!(usage.threads, Some(1));
    assert!(usage.memory.working_set > 0);
    let done =
        Jail::new().network(Network::Host).sh("ip -o link | wc -l; ip link set lo down").run();
    assert!(!done.err.is_empty(), "{done:?}");
}

#[test]
fn links_and_devices_are_harmless() {
    if !without_root("links_and_devices_are_harmless") {
        return;
    }
    let outside = Folder::new();
    for (name, way) in [("proc", "/dev/shm"), ("sys", "/.."), ("dev", "/proc"), ("tmp", "/../tmp")]
    {
        let layer = Folder::new();
        layer.link(name, way);
        let jail = Jail::new().over(&layer).with(|spec| {
            spec.files = vec![("/tmp/jail-was-here".to_owned(), b"x".to_vec())];
        });
        if let Ok(container) = jail.sh("cat /proc/self/stat >/dev/null && echo whole").start() {
            assert_eq!(common::finish(container).out, "whole\n", "{name}");
        }
    }
    assert!(!outside.0.parent().unwrap().join("jail-was-here").exists());
    let done = Jail::new()
        .sh("echo > /dev/null; head -c 3 /dev/urandom | wc -c; chmod 600 /dev/null")
        .run();
    assert!(done.out == "3\n" && done.err.contains("chmod"), "{done:?}");
    let layer = Folder::new();
    layer.link("bin/way", "/proc/self/exe");
    assert_eq!(Jail::new().over(&layer).args(&["way"]).error().kind, Kind::NoProgram);
}

#[test]
fn what_cannot_be_limited_is_said() {
    if !without_root("what_cannot_be_limited_is_said") {
        return;
    }
    let jail = Jail::new();
    let limited = jail.host.limited();
    if limited.cpus && limited.memory && limited.pids {
        // Delegated: nothing to say.
        return assert_eq!(limited.why, None);
    }
    let why = limited.why.unwrap();
    let said = [
        "cannot be written to",
        "is not delegated to this user",
        "no cgroups are mounted",
        "cannot be handed on",
    ];
    assert!(said.iter().any(|said| why.contains(said)), "{why}");
    assert!(
        ["no cgroups", "cgroup v1", "cgroup v2", "cgroup v1 and v2"].contains(&jail.host.cgroups())
    );
    // What is asked for and cannot be had does not stop a container.
    let jail = jail.limits(plimsoll_sandbox::Limits {
        cpus: Some(0.5),
        memory: Some(8 << 20),
        pids: Some(9),
    });
    let done = jail.sh("dd if=/dev/zero of=/x bs=1M count=20; echo ran").run();
    assert!(done.out == "ran\n" && done.err.contains("No space left"), "{done:?}");
}

#[test]
fn ends_and_errors_are_as_with_root() {
    if !without_root("ends_and_errors_are_as_with_root") {
        return;
    }
    assert_eq!(Jail::new().sh("exit 7").run().ended.code, 7);
    assert_eq!(Jail::new().args(&["none"]).error().kind, Kind::NoProgram);
    let mut container = Jail::new().args(&["sleep", "100"]).start().unwrap();
    assert_eq!(container.kill().code, 137);
    for _ in 0..10 {
        drop(Jail::new().args(&["sleep", "100"]).start().unwrap());
    }
}
