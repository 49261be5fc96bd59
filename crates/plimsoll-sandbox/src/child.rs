//! What runs in the processes that are made of this one: system calls over a [`Plan`], nothing
//! else. Nothing here may allocate, free, print or panic; see `sys::clone`.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, Result, write};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use rustix::process::{
    PidfdFlags, Signal, chdir, getpid, pidfd_open, pidfd_send_signal, setsid, umask,
};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};
use rustix::system::sethostname;
use rustix::thread::{
    CapabilitySet, CapabilitySets, NanosleepRelativeResult, UnshareFlags, capabilities, nanosleep,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};

use crate::link::Link;
use crate::plan::{ADDRESS, Ends, Plan, Program};
use crate::{mounts, sys};

/// Words between the processes.
pub(crate) mod word {
    /// The keeper has a user namespace, which must be mapped.
    pub(crate) const UNMAPPED: u8 = b'u';
    /// It is mapped.
    pub(crate) const MAPPED: u8 = b'm';
    /// The launcher is there.
    pub(crate) const LAUNCHER: u8 = b'l';
    /// The first process is to be made; here it is.
    pub(crate) const MAKE: u8 = b'f';
    /// All is made, and the program can be run.
    pub(crate) const READY: u8 = b'r';
    /// It is to be run.
    pub(crate) const GO: u8 = b'g';
    /// A socket is wanted; here it is.
    pub(crate) const SOCKET: u8 = b's';
    /// Nothing more is wanted.
    pub(crate) const END: u8 = b'e';
    /// It could not be done.
    pub(crate) const FAILED: u8 = b'!';
}

/// A part of the way to the container's program.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Step {
    Namespaces,
    Process,
    Root,
    Furnish,
    Files,
    Hostname,
    Cwd,
    Capabilities,
    User,
    Filter,
    Execute,
}

impl Step {
    /// What could not be done, by the number of the step.
    pub(crate) const NAMES: [&str; 11] = [
        "make the namespaces of a container",
        "start the first process",
        "mount the root",
        "mount /proc, /sys and /dev",
        "write files into the root",
        "set the host name",
        "go to the working directory",
        "drop capabilities",
        "change the user",
        "filter system calls",
        "run the program",
    ];
}

/// The keeper: makes the network, the launcher, then sockets; cleans up at the end.
pub(crate) fn keep(plan: &Plan) {
    if let Err(errno) = prepare(plan) {
        give_up(plan, Step::Namespaces, errno);
        return;
    }
    // SAFETY: the launcher does system calls only.
    #[expect(unsafe_code, reason = "the launcher is a copy of this process")]
    let made = unsafe { sys::clone(libc::CLONE_PARENT as u64, || launch(plan)) };
    let launcher = match made {
        Ok(launcher) => launcher,
        Err(errno) => {
            give_up(plan, Step::Process, errno);
            return;
        }
    };
    // Whoever ends all that Plimsoll started, politely, must not end what cleans up.
    sys::ignore_signals();
    let ends = &plan.ends;
    // What the launcher has must end with it.
    let keep = sorted([ends.control.as_fd(), ends.told.as_fd(), launcher.pidfd.as_fd()]);
    let _ = sys::close_all_but(&keep);
    let _ = ends.control.send(word::LAUNCHER, Some(launcher.pidfd.as_fd()));
    drop(launcher.pidfd);
    let container = serve(&ends.control, &ends.told);
    clean(plan, container);
}

fn give_up(plan: &Plan, step: Step, errno: Errno) {
    report(plan, step, errno);
    let _ = plan.ends.control.send(word::FAILED, None);
    clean(plan, None);
}

fn sorted(fds: [BorrowedFd<'_>; 3]) -> [i32; 3] {
    let mut numbers = fds.map(|fd| std::os::fd::AsRawFd::as_raw_fd(&fd));
    numbers.sort_unstable();
    numbers
}

fn prepare(plan: &Plan) -> Result<()> {
    sys::reset_signals();
    // Whoever interrupts Plimsoll at its terminal must not interrupt this.
    setsid()?;
    let nothing = &plan.ends.nothing;
    dup2_stdin(nothing)?;
    dup2_stdout(nothing)?;
    dup2_stderr(nothing)?;
    sys::close_all_but(&plan.keep)?;
    if plan.own_user {
        unshare(UnshareFlags::NEWUSER)?;
        plan.ends.control.send(word::UNMAPPED, None)?;
        match plan.ends.control.receive()? {
            (word::MAPPED, _) => {}
            _ => return Err(Errno::PERM),
        }
    }
    if plan.own_network {
        unshare(UnshareFlags::NEWNET)?;
        network()?;
    }
    Ok(())
}

fn unshare(flags: UnshareFlags) -> Result<()> {
    #[expect(unsafe_code, reason = "unshare may take descriptors or memory from others")]
    // SAFETY: neither flag does, and this process has one thread.
    unsafe {
        rustix::thread::unshare_unsafe(flags)
    }
}

fn network() -> Result<()> {
    let socket = tcp()?;
    sys::set_up(socket.as_fd(), b"lo")?;
    sys::set_address(socket.as_fd(), b"lo:1", ADDRESS)?;
    sys::set_up(socket.as_fd(), b"lo:1")?;
    // As engines have it: a port below 1024 needs no root. Kernels before 4.11 do not know it.
    let path = c"/proc/sys/net/ipv4/ip_unprivileged_port_start";
    if let Ok(file) = open(path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) {
        let _ = write(&file, b"0");
    }
    Ok(())
}

fn tcp() -> Result<OwnedFd> {
    socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)
}

/// Hands out sockets until nobody is there to take them. Gives the container, once there is one.
fn serve(control: &Link, told: &Link) -> Option<OwnedFd> {
    let mut container = None;
    let mut telling = true;
    loop {
        let mut ends = [PollFd::new(control, PollFlags::IN), PollFd::new(told, PollFlags::IN)];
        let count = if telling { 2 } else { 1 };
        let woken = poll(ends.get_mut(..count).unwrap_or_default(), None);
        let is = |end: &PollFd<'_>| !end.revents().is_empty();
        let (asked, launched) = (is(&ends[0]), telling && is(&ends[1]));
        if woken.is_err() {
            continue;
        }
        if launched {
            match told.receive() {
                Ok((_, fd)) => container = fd.or(container),
                Err(_) => telling = false,
            }
        }
        if asked && !answer(control) {
            break;
        }
    }
    // The launcher may be about to start it.
    while telling && container.is_none() {
        match told.receive() {
            Ok((_, fd)) => container = fd.or(container),
            Err(_) => telling = false,
        }
    }
    container
}

/// Answers one wish; false where nobody is there any more.
fn answer(control: &Link) -> bool {
    match control.receive() {
        Err(_) | Ok((word::END, _)) => false,
        Ok(_) => match tcp() {
            Ok(socket) => control.send(word::SOCKET, Some(socket.as_fd())).is_ok(),
            Err(_) => control.send(word::FAILED, None).is_ok(),
        },
    }
}

/// Ends the container and removes its cgroups. Where Plimsoll has done so already, there is nothing.
fn clean(plan: &Plan, container: Option<OwnedFd>) {
    if let Some(container) = container {
        let _ = pidfd_send_signal(&container, Signal::KILL);
        let _ = wait(&container, 10);
    }
    for group in &plan.groups {
        for _ in 0..500 {
            match rustix::fs::rmdir(&**group) {
                Err(Errno::BUSY) => pause(10),
                _ => break,
            }
        }
    }
}

fn wait(process: &OwnedFd, seconds: i64) -> Result<usize> {
    let limit = Timespec { tv_sec: seconds, tv_nsec: 0 };
    poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&limit))
}

fn pause(milliseconds: i64) {
    let pause = Timespec { tv_sec: 0, tv_nsec: milliseconds * 1_000_000 };
    let _: NanosleepRelativeResult = nanosleep(&pause);
}

/// The launcher: waits until it is in the container's cgroups, makes its first process, and is gone
/// when that one is the program.
fn launch(plan: &Plan) {
    let ends = &plan.ends;
    // What the keeper has must end with it.
    let keep = &plan.launch_keep;
    if sys::close_all_but(keep).is_err() || !matches!(ends.launch.receive(), Ok((word::MAKE, _))) {
        return;
    }
    let flags = libc::CLONE_PARENT
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP;
    // SAFETY: until it is another program, the first process does system calls only, and changes nothing.
    #[expect(unsafe_code, reason = "the first process has the memory of this one")]
    let made = unsafe { sys::spawn(flags, || become_program(plan)) };
    match made {
        Ok(container) => announce(ends, container.pidfd.as_fd()),
        Err(errno) => {
            report(plan, Step::Process, errno);
            let _ = ends.launch.send(word::FAILED, None);
        }
    }
}

/// Tells the keeper and Plimsoll of the first process.
fn announce(ends: &Ends, container: BorrowedFd<'_>) {
    let _ = ends.telling.send(word::MAKE, Some(container));
    let _ = ends.launch.send(word::MAKE, Some(container));
}

fn report(plan: &Plan, step: Step, errno: Errno) {
    let mut message = [step as u8, 0, 0, 0, 0, 0, 0, 0];
    message[4..].copy_from_slice(&errno.raw_os_error().to_ne_bytes());
    let _ = write(&plan.ends.status, &message);
}

/// The first process: comes back only where it could not become the program.
fn become_program(plan: &Plan) {
    if let Err((step, errno)) = try_program(plan) {
        report(plan, step, errno);
    }
}

fn try_program(plan: &Plan) -> std::result::Result<(), (Step, Errno)> {
    let at = |step: Step| move |errno: Errno| (step, errno);
    let program = &plan.program;
    streams(plan).map_err(at(Step::Process))?;
    umask(Mode::empty());
    let old = mounts::enter(&plan.root).map_err(at(Step::Root))?;
    mounts::furnish(&plan.root, &old).map_err(at(Step::Furnish))?;
    mounts::leave(&old).map_err(at(Step::Root))?;
    drop(old);
    mounts::write_late(&plan.root).map_err(at(Step::Files))?;
    umask(Mode::from_raw_mode(0o022));
    sethostname(&program.hostname).map_err(at(Step::Hostname))?;
    // As engines do, the working directory is made where it is not there.
    for folder in &program.folders {
        mounts::folder_at(folder, 0o755).map_err(at(Step::Cwd))?;
    }
    chdir(&*program.cwd).map_err(at(Step::Cwd))?;
    // Nothing of the image was read so far: what is not in the page cache is part of the start.
    wait_for_the_word(&plan.ends.launch).map_err(at(Step::Process))?;
    // Here, as one who may read what its user may only execute.
    for candidate in &program.candidates {
        mounts::is_inside(candidate).map_err(at(Step::Execute))?;
    }
    bound(program.capabilities).map_err(at(Step::Capabilities))?;
    identity(program).map_err(at(Step::User))?;
    set_no_new_privs(true).map_err(at(Step::Filter))?;
    for filter in &program.filters {
        sys::filter(filter).map_err(at(Step::Filter))?;
    }
    Err((Step::Execute, execute(program)))
}

/// From here on the clock runs.
fn wait_for_the_word(launch: &Link) -> Result<()> {
    launch.send(word::READY, None)?;
    match launch.receive()? {
        (word::GO, _) => Ok(()),
        _ => Err(Errno::CANCELED),
    }
}

fn streams(plan: &Plan) -> Result<()> {
    // The launcher does so, too, if it lives: of two processes that are short of memory, the kernel
    // may have ended that one, and whoever is to end this one must know of it.
    if let Ok(itself) = pidfd_open(getpid(), PidfdFlags::empty()) {
        announce(&plan.ends, itself.as_fd());
    }
    setsid()?;
    dup2_stdout(&plan.ends.out)?;
    dup2_stderr(&plan.ends.err)?;
    sys::close_later(3)
}

/// What is not in `keep` can never be had again.
fn bound(keep: CapabilitySet) -> Result<()> {
    for bit in 0..64 {
        let capability = CapabilitySet::from_bits_retain(1 << bit);
        if keep.contains(capability) {
            continue;
        }
        match remove_capability_from_bounding_set(capability) {
            // The kernel knows no more of them.
            Err(Errno::INVAL) => break,
            done => done?,
        }
    }
    Ok(())
}

fn identity(program: &Program) -> Result<()> {
    if let Some(groups) = &program.groups {
        set_thread_groups(groups)?;
    }
    set_thread_res_gid(program.group, program.group, program.group)?;
    set_thread_res_uid(program.user, program.user, program.user)?;
    let keep = if program.user.is_root() { program.capabilities } else { CapabilitySet::empty() };
    let had = capabilities(None)?;
    let permitted = had.permitted & keep;
    set_capabilities(
        None,
        CapabilitySets { effective: permitted, permitted, inheritable: CapabilitySet::empty() },
    )
}

/// Tries one place after the other, as a shell does: what may not be run is told where nothing is found.
fn execute(program: &Program) -> Errno {
    let mut told = Errno::NOENT;
    for candidate in &program.candidates {
        match sys::execute(candidate, &program.args, &program.env) {
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG
                if program.candidates.len() > 1 => {}
            Errno::NOENT | Errno::NOTDIR => {}
            errno @ Errno::ACCESS => told = errno,
            errno => return errno,
        }
    }
    told
}
