//! Mounts the root of a container and all that is in it. Runs in its first process: nothing here may allocate.

use std::ffi::CStr;
use std::os::fd::OwnedFd;

use rustix::fs::{
    Access, AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, access, chmod, mkdir, open,
    openat2, statat, symlink, unlink,
};
use rustix::io::{Errno, Result, read, write};
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
const READ_ONLY: [&CStr; 6] = [
    c"/proc/bus",
    c"/proc/dynamic_debug",
    c"/proc/fs",
    c"/proc/irq",
    c"/proc/sys",
    c"/proc/sysrq-trigger",
];

/// What of `/proc` and `/sys` tells of the machine: files, then folders.
const HIDDEN: [&CStr; 6] = [
    c"/proc/kcore",
    c"/proc/keys",
    c"/proc/latency_stats",
    c"/proc/timer_list",
    c"/proc/sched_debug",
    c"/proc/interrupts",
];
const HIDDEN_FOLDERS: [&CStr; 5] = [
    c"/proc/acpi",
    c"/proc/scsi",
    c"/proc/asound",
    c"/sys/firmware",
    c"/sys/devices/virtual/powercap",
];

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
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
        *seat = match open_tree(CWD, path, flags) {
            Err(Errno::NOENT) => None,
            tree => Some(tree?),
        };
    }
    mount(c"tmpfs", &*root.seat, c"tmpfs", SAFE, Some(&*root.scratch))?;
    chdir(&*root.seat)?;
    for folder in [c"u", c"w", c"l", c"r"] {
        mkdir(folder, Mode::from_raw_mode(0o755))?;
    }
    for (name, path) in &root.layers {
        symlink(&**path, &**name)?;
    }
    // Nothing of a layer is on the way of these.
    root.written.iter().filter(|file| !file.late).try_for_each(put)?;
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

/// Writes the files whose folders the layers have, in their own way: a link, or a folder of a user.
/// The old root must be gone: links are followed, and lead nowhere else then.
pub(crate) fn write_late(root: &Root) -> Result<()> {
    root.written.iter().filter(|file| file.late).try_for_each(put)
}

fn put(file: &Written) -> Result<()> {
    file.folders.iter().try_for_each(|folder| folder_at(folder, 0o755))?;
    match unlink(&*file.path) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(errno),
    }
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    // A link of `/proc` could lead into what this process has open.
    let to =
        openat2(CWD, &*file.path, flags, Mode::from_raw_mode(0o644), ResolveFlags::NO_MAGICLINKS)?;
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

/// Makes a folder in the place of whatever else the layers have there.
fn own_folder_at(path: &CStr) -> Result<()> {
    match mkdir(path, Mode::from_raw_mode(0o755)) {
        Err(Errno::EXIST) => {}
        done => return done,
    }
    let found = statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(found.st_mode).is_dir() {
        return Ok(());
    }
    unlink(path)?;
    mkdir(path, Mode::from_raw_mode(0o755))
}

/// Mounts `/proc`, `/sys` and `/dev`. The layers have no say in where they are: a `/proc` that is a
/// link to `/dev/shm` would be out of sight when it is to be covered, and in sight elsewhere. And
/// while the old root lies over the new one, `/..` is the old one.
pub(crate) fn furnish(root: &Root, old: &Old) -> Result<()> {
    for folder in [c"/proc", c"/sys", c"/dev"] {
        own_folder_at(folder)?;
    }
    mount(c"proc", c"/proc", c"proc", DATA, NONE)?;
    system(root)?;
    mount(c"tmpfs", c"/dev", c"tmpfs", DATA, Some(c"mode=0755,size=65536"))?;
    let mut trees = old.carried.iter();
    for (name, tree) in DEVICES.iter().zip(&mut trees) {
        if let Some(tree) = tree {
            touch(name)?;
            settle(tree, name)?;
            // It is this machine's own: read-only, its mode and owner cannot be changed; what is
            // written to a device goes through all the same.
            let flags = MountFlags::NOSUID | MountFlags::NOEXEC | MountFlags::RDONLY;
            mount_remount(*name, MountFlags::BIND | flags, c"")?;
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
    let is_there = |path: &&&CStr| access(**path, Access::EXISTS) != Err(Errno::NOENT);
    for path in READ_ONLY.iter().filter(is_there) {
        mount_bind(*path, *path)?;
        mount_remount(*path, MountFlags::BIND | MountFlags::RDONLY | DATA, c"")?;
    }
    for path in HIDDEN.iter().filter(is_there) {
        mount_bind(c"/dev/null", *path)?;
    }
    for path in HIDDEN_FOLDERS.iter().filter(is_there) {
        mount(c"tmpfs", *path, c"tmpfs", DATA | MountFlags::RDONLY, Some(c"size=4096,mode=0555"))?;
    }
    Ok(())
}

/// Whether a program is of this root. Until it runs, `/proc/self/exe` is Plimsoll itself, a file of
/// this machine: a program, or the interpreter that a script names, that leads there
/// would have it in its hands, and could write to it once nobody runs it any more (CVE-2019-5736).
pub(crate) fn is_inside(program: &CStr) -> Result<()> {
    const LONGEST: usize = 256;
    let mut buffer = [0u8; LONGEST + 1];
    let mut next;
    let mut at = program;
    // The kernel follows no more than five.
    for _ in 0..6 {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match openat2(CWD, at, flags, Mode::empty(), ResolveFlags::NO_MAGICLINKS) {
            // What is not there, or no file, cannot be run either.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::NXIO | Errno::ISDIR) => return Ok(()),
            file => file?,
        };
        let count = match read(&file, &mut buffer[..LONGEST]) {
            Err(Errno::ISDIR | Errno::INVAL | Errno::AGAIN) => return Ok(()),
            count => count?,
        };
        let start = buffer.get(..count).unwrap_or_default();
        let Some(line) = start.strip_prefix(b"#!") else { return Ok(()) };
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
        let from = line.iter().position(|byte| !is_space(byte)).unwrap_or(line.len());
        let named = line.get(from..).unwrap_or_default();
        let ends = |byte: &u8| is_space(byte) || matches!(byte, b'\n' | 0);
        let length = named.iter().position(ends).unwrap_or(named.len());
        next = [0; LONGEST + 1];
        next.iter_mut().zip(named.iter().take(length)).for_each(|(to, from)| *to = *from);
        at = CStr::from_bytes_until_nul(&next).map_err(|_| Errno::NOEXEC)?;
    }
    Ok(())
}
