//! Mounts the root of a container and all that is in it. Runs in its first process: nothing here may allocate.

use std::ffi::CStr;
use std::os::fd::OwnedFd;

use rustix::fs::{CWD, Mode, OFlags, chmod, mkdir, open, symlink};
use rustix::io::{Errno, Result, write};
use rustix::mount::{
    MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, mount,
    mount_bind, mount_change, mount_remount, move_mount, open_tree, unmount,
};
use rustix::process::{chdir, fchdir, pivot_root};

use crate::plan::{Root, Written};

const SAFE: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);
const DATA: MountFlags = SAFE.union(MountFlags::NOEXEC);
const NONE: Option<&CStr> = None;

/// Devices that every program may expect.
const DEVICES: [&CStr; 6] =
    [c"/dev/null", c"/dev/zero", c"/dev/full", c"/dev/random", c"/dev/urandom", c"/dev/tty"];

/// What of `/proc` would change the machine: it is only read.
const READ_ONLY: [&CStr; 5] =
    [c"/proc/bus", c"/proc/fs", c"/proc/irq", c"/proc/sys", c"/proc/sysrq-trigger"];

/// What of `/proc` and `/sys` tells of the machine: files, then folders.
const HIDDEN: [&CStr; 6] = [
    c"/proc/kcore",
    c"/proc/keys",
    c"/proc/latency_stats",
    c"/proc/timer_list",
    c"/proc/sched_debug",
    c"/proc/interrupts",
];
const HIDDEN_FOLDERS: [&CStr; 4] =
    [c"/proc/acpi", c"/proc/scsi", c"/proc/asound", c"/sys/firmware"];

/// How many trees of this machine are carried into the new root.
const MOST_CARRIED: usize = 24;

/// A tree of this machine on its way into the new root.
type Carried = [Option<OwnedFd>; MOST_CARRIED];

/// The root that was, and what is taken from it.
pub(crate) struct Old {
    root: OwnedFd,
    carried: Carried,
}

/// Makes the new root the root. The old one stays below it: without a `/proc` to see, the kernel
/// lets no user mount one.
pub(crate) fn enter(root: &Root) -> Result<Old> {
    mount_change(c"/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)?;
    let mut carried = [const { None }; MOST_CARRIED];
    let trees = DEVICES.iter().copied().chain(root.cgroups.iter().map(|(from, _)| &**from));
    for (seat, path) in carried.iter_mut().zip(trees) {
        // A device or a cgroup that this machine lacks, the container lacks, too.
        *seat =
            open_tree(CWD, path, OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC)
                .ok();
    }
    mount(c"tmpfs", &*root.seat, c"tmpfs", SAFE, Some(&*root.scratch))?;
    chdir(&*root.seat)?;
    for folder in [c"u", c"w", c"l", c"r"] {
        mkdir(folder, Mode::from_raw_mode(0o755))?;
    }
    for (name, path) in &root.layers {
        symlink(&**path, &**name)?;
    }
    root.written.iter().try_for_each(put)?;
    mount(c"overlay", c"r", c"overlay", SAFE, Some(&*root.overlay))?;
    chdir(c"r")?;
    let old = open(c"/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    pivot_root(c".", c".")?;
    chdir(c"/")?;
    Ok(Old { root: old, carried })
}

/// Leaves the old root for good.
pub(crate) fn leave(old: &Old) -> Result<()> {
    fchdir(&old.root)?;
    unmount(c".", UnmountFlags::DETACH)?;
    chdir(c"/")
}

fn put(file: &Written) -> Result<()> {
    file.folders.iter().try_for_each(|folder| folder_at(folder, 0o755))?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let to = open(&*file.path, flags, Mode::from_raw_mode(0o644))?;
    let mut rest = &*file.bytes;
    while !rest.is_empty() {
        rest = rest.get(write(&to, rest)?..).unwrap_or_default();
    }
    Ok(())
}

/// Makes a folder where there is none.
pub(crate) fn folder_at(path: &CStr, mode: u32) -> Result<()> {
    match mkdir(path, Mode::from_raw_mode(mode)) {
        Ok(()) => chmod(path, Mode::from_raw_mode(mode)),
        Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Mounts `/proc`, `/sys` and `/dev`. Paths begin at the new root already, so no link leads out of it.
pub(crate) fn furnish(root: &Root, old: &Old) -> Result<()> {
    for folder in [c"/proc", c"/sys", c"/dev"] {
        folder_at(folder, 0o755)?;
    }
    mount(c"proc", c"/proc", c"proc", DATA, NONE)?;
    system(root)?;
    mount(c"tmpfs", c"/dev", c"tmpfs", MountFlags::NOSUID, Some(c"mode=0755,size=65536"))?;
    let mut trees = old.carried.iter();
    for (name, tree) in DEVICES.iter().zip(&mut trees) {
        if let Some(tree) = tree {
            touch(name)?;
            settle(tree, name)?;
        }
    }
    devices()?;
    for ((_, to), tree) in root.cgroups.iter().zip(&mut trees) {
        let Some(tree) = tree else { continue };
        if !root.unified && folder_at(to, 0o755).is_err() {
            continue;
        }
        settle(tree, to)?;
        mount_remount(&**to, MountFlags::BIND | MountFlags::RDONLY | DATA, c"")?;
    }
    if root.covers { cover() } else { Ok(()) }
}

fn settle(tree: &OwnedFd, to: &CStr) -> Result<()> {
    move_mount(tree, c"", CWD, to, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
}

fn touch(path: &CStr) -> Result<()> {
    let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    open(path, flags, Mode::from_raw_mode(0o666)).map(drop)
}

/// `/sys` of the container's network; a machine that is a container itself may not have it, and
/// then there is only room for the cgroups.
fn system(root: &Root) -> Result<()> {
    let read_only = DATA | MountFlags::RDONLY;
    if mount(c"sysfs", c"/sys", c"sysfs", read_only, NONE).is_err() {
        mount(c"tmpfs", c"/sys", c"tmpfs", DATA, Some(c"mode=0755,size=65536"))?;
        folder_at(c"/sys/fs", 0o755)?;
        folder_at(c"/sys/fs/cgroup", 0o755)?;
    }
    if root.unified || root.cgroups.is_empty() {
        return Ok(());
    }
    mount(c"tmpfs", c"/sys/fs/cgroup", c"tmpfs", DATA, Some(c"mode=0755,size=65536"))
}

fn devices() -> Result<()> {
    for (to, from) in [
        (c"/proc/self/fd", c"/dev/fd"),
        (c"/proc/self/fd/0", c"/dev/stdin"),
        (c"/proc/self/fd/1", c"/dev/stdout"),
        (c"/proc/self/fd/2", c"/dev/stderr"),
        (c"pts/ptmx", c"/dev/ptmx"),
    ] {
        symlink(to, from)?;
    }
    folder_at(c"/dev/shm", 0o755)?;
    mount(c"tmpfs", c"/dev/shm", c"tmpfs", DATA, Some(c"mode=1777,size=67108864"))?;
    folder_at(c"/dev/pts", 0o755)?;
    let terminals = c"newinstance,ptmxmode=0666,mode=0620";
    mount(
        c"devpts",
        c"/dev/pts",
        c"devpts",
        MountFlags::NOSUID | MountFlags::NOEXEC,
        Some(terminals),
    )
}

/// Covers what the machine's own root could change or see through `/proc`. What is not there needs
/// no cover; what is there and stays bare is an error.
fn cover() -> Result<()> {
    let there = |done: Result<()>| match done {
        Err(Errno::NOENT) => Ok(()),
        done => done,
    };
    for path in READ_ONLY {
        there(mount_bind(path, path).and_then(|()| {
            mount_remount(path, MountFlags::BIND | MountFlags::RDONLY | DATA, c"")
        }))?;
    }
    for path in HIDDEN {
        there(mount_bind(c"/dev/null", path))?;
    }
    for path in HIDDEN_FOLDERS {
        there(mount(c"tmpfs", path, c"tmpfs", DATA | MountFlags::RDONLY, Some(c"size=0")))?;
    }
    Ok(())
}
