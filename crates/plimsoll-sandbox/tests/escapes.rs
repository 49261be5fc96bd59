//! What a container must not see, reach or change, whatever its image holds.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod common;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use common::{Folder, Jail, base, is_root, sh};
use plimsoll_sandbox::{Kind, Network};

#[test]
fn a_container_sees_nothing_of_the_machine() {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let seen =
        sh("ls /; echo --; ps -o pid,args; echo --; cat /proc/self/mountinfo; echo --; hostname; \
                   echo --; cat /proc/net/dev; echo --; ls /proc/1/root/ /../ /proc/self/cwd/");
    let parts: Vec<&str> = seen.split("--\n").collect();
    assert_eq!(
        parts[0].split_whitespace().collect::<Vec<_>>(),
        ["bin", "dev", "etc", "proc", "sys", "tmp"]
    );
    assert_eq!(parts[1].lines().count(), 3, "its shell and ps: {}", parts[1]);
    for line in parts[2].lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let (at, options) = (fields[4], fields[5]);
        assert!(
            at == "/" || ["/proc", "/sys", "/dev"].iter().any(|top| at.starts_with(top)),
            "{line}"
        );
        assert!(options.contains("nosuid"), "{line}");
        let device = at.starts_with("/dev/") && at != "/dev/shm"
            || at.starts_with("/proc/") && line.contains(" /null ");
        assert!(device || options.contains("nodev"), "{line}");
    }
    assert_eq!(parts[3].trim(), "plimsoll");
    assert_ne!(parts[3].trim(), host.trim());
    assert_eq!(parts[4].lines().filter(|line| line.contains(':')).count(), 1, "{}", parts[4]);
    assert!(!parts[5].contains("work") && !parts[5].contains("home"), "{}", parts[5]);
}

#[test]
fn calls_that_change_the_machine_are_refused() {
    let done = Jail::new().args(&["probe", "calls"]).run();
    let allowed = ["clone3 Function not implemented", "x32_mount Function not implemented"];
    let mut count = 0;
    for line in done.out.lines().filter(|line| !allowed.contains(line)) {
        count += 1;
        assert!(line.ends_with("Operation not permitted"), "{line}");
    }
    assert!(count >= 40 && done.ended.code == 0, "{}", done.out);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_call_of_a_32_bit_program_is_its_end() {
    let done = Jail::new().args(&["probe", "old"]).run();
    // Where the kernel knows no such calls at all, that is a fault of memory.
    assert!([128 + 31, 128 + 11].contains(&done.ended.code), "{done:?}");
}

#[test]
fn only_the_three_streams_are_open() {
    let _leaky = fs::File::open("/").unwrap();
    assert_eq!(Jail::new().args(&["probe", "fds"]).run().out, "0 1 2 ");
}

#[test]
fn proc_and_sys_are_only_read() {
    let core = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    let script = "for file in /proc/sys/kernel/core_pattern /proc/sys/vm/drop_caches /proc/sysrq-trigger \
        /proc/irq/default_smp_affinity /proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_forward \
        /sys/kernel/mm/transparent_hugepage/enabled /sys/power/state /sys/kernel/uevent_helper; do \
        if test -e $file && (echo x > $file) 2>/dev/null; then echo $file was written; fi; done; \
        find /sys /proc -type f -perm /222 -not -path '/proc/pressure/*' -not -path '/proc/[0-9]*' -not -path '/proc/self*' -not -path '/proc/thread-self*' | while read file; do { true >> $file; } 2>/dev/null && echo $file; done; \
        for file in /proc/kcore /proc/keys /proc/timer_list; do cat $file 2>/dev/null | head -c 9; done; \
        ls /sys/firmware; echo over";
    for network in [Network::Own, Network::Host] {
        let done = Jail::new().network(network).sh(script).run();
        if is_root() {
            assert_eq!(done.out, "over\n", "{network:?} {}", done.err);
        } else {
            assert!(!done.out.contains("was written"), "{network:?} {}", done.out);
        }
    }
    assert_eq!(fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap(), core);
}

#[test]
fn devices_work_and_stay_as_they_are() {
    // The one that the least of a machine misses, should this fail.
    let before = fs::metadata("/dev/full").unwrap();
    let seen = sh("echo gone > /dev/null && head -c 4 /dev/zero | wc -c; chmod 600 /dev/full; \
        chown 5 /dev/full; touch -d 2001-01-01 /dev/full; rm -f /dev/full; mknod /tmp/m c 1 1; \
        mknod /dev/m c 1 1; test -c /dev/full && echo there; ls /dev/m /tmp/m; \
        echo x > /dev/stderr; echo y > /dev/fd/1; echo z > /dev/full");
    assert!(seen.starts_with("4\nthere\ny\n") && seen.contains("\nx\n"), "{seen}");
    assert!(seen.contains("No space left"), "{seen}");
    let after = fs::metadata("/dev/full").unwrap();
    let all = |meta: &fs::Metadata| (meta.mode(), meta.uid(), meta.mtime());
    assert_eq!(all(&before), all(&after));
}

#[test]
fn a_device_in_a_layer_is_none() {
    if !is_root() {
        return;
    }
    let layer = Folder::new();
    let mut mknod = Command::new("mknod");
    let made = mknod.arg(layer.0.join("kmsg")).args(["c", "1", "11"]);
    assert!(made.status().unwrap().success());
    let done = Jail::new().over(&layer).sh("ls -l /kmsg; head -c 1 /kmsg").run();
    assert!(done.out.starts_with("cr") && done.err.contains("Permission denied"), "{done:?}");
}

#[test]
fn a_setuid_program_gains_nothing() {
    let layer = Folder::new();
    layer.file("bin/set", fs::read("/bin/busybox").unwrap(), 0o755);
    layer.file("bin/su-probe", fs::read(base().0.join("bin/probe")).unwrap(), 0o6755);
    let jail = Jail::new().over(&layer).with(|spec| (spec.user, spec.group) = (1234, 1234));
    assert_eq!(jail.args(&["su-probe", "uids"]).run().out, "1234 1234 1234 1234");
}

#[test]
fn capabilities_are_few() {
    let status = |user| {
        let jail = Jail::new().with(|spec| spec.user = user);
        let done = jail.sh("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status").run().out;
        done.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    // Docker's, less MKNOD (bit 27).
    let few = format!("{:016x}", 0xa804_25fb_u64 & !(1 << 27));
    let root = status(0);
    assert_eq!(
        root[..],
        [
            "CapInh:",
            "0000000000000000",
            "CapPrm:",
            &few,
            "CapEff:",
            &few,
            "CapBnd:",
            &few,
            "CapAmb:",
            "0000000000000000",
            "NoNewPrivs:",
            "1",
            "Seccomp:",
            "2"
        ]
    );
    let other = status(7);
    assert_eq!(
        (&*other[3], &*other[5], &*other[9]),
        ("0000000000000000", "0000000000000000", "0000000000000000")
    );
}

#[test]
fn links_in_place_of_folders_touch_nothing_outside() {
    let outside = Folder::new();
    outside.file("victim/kept", "kept", 0o644);
    let victim = outside.0.join("victim");
    let ways = [
        victim.display().to_string(),
        format!("/..{}", victim.display()),
        format!("/proc/1/root/..{}", victim.display()),
        "/dev/shm".to_owned(),
        "/proc".to_owned(),
        "/sys/fs".to_owned(),
        "/proc/self/fd/5".to_owned(),
        "nowhere".to_owned(),
    ];
    let files = ["/etc/x".to_owned(), "/tmp/y".to_owned(), "/a/b/z".to_owned()];
    for way in &ways {
        for name in ["proc", "sys", "dev", "etc", "tmp", "a"] {
            let layer = Folder::new();
            layer.link(name, way);
            let jail = Jail::new().with(|spec| {
                // The base has some of them as folders, which a link replaces.
                spec.layers.push(layer.0.clone());
                spec.files = files.iter().map(|path| (path.clone(), b"text".to_vec())).collect();
                spec.cwd = "/a/work".to_owned();
            });
            match jail
                .sh("cat /proc/self/stat > /dev/null && ls /sys/class > /dev/null && echo whole")
                .start()
            {
                Ok(container) => {
                    assert_eq!(common::finish(container).out, "whole\n", "{name} -> {way}")
                }
                // Where the files have no place, that is said.
                Err(error) => assert!(
                    error.what.contains("files") || error.kind == Kind::Spec,
                    "{name} -> {way}: {error}"
                ),
            }
        }
    }
    let left: Vec<_> = fs::read_dir(&victim).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["kept"]);
}

#[test]
fn proc_cannot_be_moved_out_of_sight_to_stay_writable() {
    // `/proc` leads to a folder that is covered later, and from there to one that is not.
    let layer = Folder::new();
    layer.link("proc", "/dev/shm");
    layer.link("dev/shm", "/bare");
    layer.folder("bare", 0o755);
    let done = Jail::new()
        .over(&layer)
        .sh("ls /bare; { true >> /proc/sys/kernel/core_pattern; } && echo open; ls -d /proc/1")
        .run();
    assert_eq!(done.out.trim(), "/proc/1", "{}", done.err);
}

#[test]
fn plimsoll_itself_cannot_be_the_program() {
    let layer = Folder::new();
    layer.link("bin/way", "/proc/self/exe");
    layer.file("bin/script", "#!/proc/self/exe\n", 0o755);
    layer.file("bin/deep", "#! /bin/script x\n", 0o755);
    layer.file("bin/linked", "#!/bin/way\n", 0o755);
    for program in ["/proc/self/exe", "way", "script", "deep", "linked", "/proc/1/exe"] {
        let error = Jail::new().over(&layer).args(&[program, "--list"]).error();
        assert_eq!(error.kind, Kind::NoProgram, "{program}: {error}");
        assert!(error.what.contains("lead out of the root"), "{program}: {error}");
    }
    layer.file("bin/good", "#!/bin/sh\necho good\n", 0o755);
    layer.file("bin/hidden", "#!/bin/sh\necho good\n", 0o711);
    assert_eq!(Jail::new().over(&layer).args(&["good"]).run().out, "good\n");
}

#[test]
fn layers_are_never_written() {
    fn seen(folder: &Path, all: &mut Vec<(String, u32, u64, i64, i64)>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            let meta = path.symlink_metadata().unwrap();
            all.push((
                path.display().to_string(),
                meta.mode(),
                meta.size(),
                meta.mtime_nsec(),
                meta.ctime_nsec(),
            ));
            if meta.is_dir() {
                seen(&path, all);
            }
        }
    }
    let (lower, upper) = (base(), Folder::new());
    upper.file("data/file", "as it was", 0o666);
    upper.folder("data/empty", 0o777);
    let all = || {
        let mut all = Vec::new();
        seen(&lower.0, &mut all);
        seen(&upper.0, &mut all);
        all.sort();
        all
    };
    let before = all();
    let jail = Jail::new().with(|spec| {
        spec.layers = vec![lower.0.clone(), upper.0.clone()];
        spec.files = vec![("/data/new".to_owned(), b"new".to_vec())];
    });
    let done = jail.sh("echo other > /data/file; chmod 700 /data/empty; rm -r /etc; touch /data/empty/x; cat /data/file /data/new; ls /etc").run();
    assert_eq!(done.out, "other\nnew", "{}", done.err);
    assert_eq!(all(), before);
}

#[test]
fn files_keep_the_folders_of_the_image() {
    let layer = Folder::new();
    layer.folder("run/app", 0o2775);
    layer.link("var/run", "/run");
    let jail = Jail::new().over(&layer).with(|spec| {
        spec.files = ["/var/run/app/one", "/tmp/two", "/new/deep/three", "/etc/passwd"]
            .map(|path| (path.to_owned(), path.as_bytes().to_vec()))
            .to_vec();
    });
    let done = jail.sh("cat /run/app/one /tmp/two /new/deep/three /etc/passwd; echo; stat -c '%a %n' /run/app /tmp /new; cat /etc/hosts").run();
    assert!(done.out.starts_with("/var/run/app/one/tmp/two/new/deep/three/etc/passwd\n2775 /run/app\n1777 /tmp\n755 /new\n127.0.0.1 localhost\n"), "{done:?}");
}

#[test]
fn five_hundred_layers_and_long_paths() {
    let folder = Folder::new();
    let long = "d".repeat(200);
    let name = |at: usize| format!("{long}/{long}/{at}:,");
    for at in 0..499 {
        folder.file(&format!("{}/layers/{at}", name(at)), "", 0o644);
    }
    let jail =
        Jail::new().with(|spec| spec.layers.extend((0..499).map(|at| folder.0.join(name(at)))));
    assert_eq!(jail.sh("ls /layers | wc -l").run().out, "499\n");
    let jail =
        Jail::new().with(|spec| spec.layers.extend((0..500).map(|at| folder.0.join(name(at)))));
    assert_eq!(jail.sh("true").error().kind, Kind::Spec);
}

#[test]
fn what_makes_no_sense_is_said() {
    let wrong = |change: fn(&mut plimsoll_sandbox::Spec)| Jail::new().sh("id").with(change).error();
    for error in [
        wrong(|spec| spec.user = u32::MAX),
        wrong(|spec| spec.groups = vec![u32::MAX]),
        wrong(|spec| spec.hostname = "h".repeat(65)),
        wrong(|spec| spec.limits.memory = Some(0)),
        wrong(|spec| spec.limits.pids = Some(0)),
        wrong(|spec| spec.limits.cpus = Some(f64::NAN)),
        wrong(|spec| spec.limits.cpus = Some(-1.0)),
        wrong(|spec| spec.cwd = "/a/../..".to_owned()),
        wrong(|spec| spec.files = vec![("/../x".to_owned(), Vec::new())]),
        wrong(|spec| spec.files = vec![("/".to_owned(), Vec::new())]),
        wrong(|spec| spec.cwd = "/etc/passwd".to_owned()),
        wrong(|spec| spec.layers.clear()),
        wrong(|spec| spec.args.push("a\0b".to_owned())),
    ] {
        assert_eq!(error.kind, Kind::Spec, "{error}");
    }
}
