//! The system calls that have no safe form elsewhere: all `unsafe` of the project.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io::{Errno, Result};
use rustix::process::Pid;

/// The arguments of `clone3`, in the form of Linux 5.3.
#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
}

/// A process that was made.
pub(crate) struct Made {
    pub(crate) pid: Pid,
    pub(crate) pidfd: OwnedFd,
}

fn last() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}

/// Makes a copy of this process, as `fork` does, with `flags` besides, and lets it run `child`.
///
/// # Safety
/// Other threads are gone in the copy, with whatever locks they held; `child` must call nothing
/// that takes one: it must not allocate, free, print or panic.
#[expect(unsafe_code, reason = "clone3 has no safe form")]
pub(crate) unsafe fn clone(flags: u64, child: impl FnOnce()) -> Result<Made> {
    let mut pidfd: i32 = -1;
    // A sibling of this process tells the parent of both of its end as this one would.
    let exit_signal = if flags & libc::CLONE_PARENT as u64 == 0 { libc::SIGCHLD as u64 } else { 0 };
    let args = CloneArgs {
        flags: flags | libc::CLONE_PIDFD as u64,
        pidfd: &raw mut pidfd as u64,
        exit_signal,
        ..CloneArgs::default()
    };
    // SAFETY: the arguments are those of the kernel's form, and outlive the call. Without a stack
    // and CLONE_VM the copy goes on with its own copy of this one.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of::<CloneArgs>()) };
    match pid {
        -1 => Err(last()),
        0 => {
            child();
            exit()
        }
        pid => {
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(Errno::INVAL)?;
            // SAFETY: the kernel made it for this call, and nobody else has it.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Made { pid, pidfd })
        }
    }
}

/// Makes a process that has the memory of this one, on a stack of its own, until it is another
/// program; this one waits for that. Nothing is copied, which is half of what a start takes.
///
/// # Safety
/// As for [`clone`]; and what `child` changes, it changes here.
#[expect(unsafe_code, reason = "clone has no safe form")]
pub(crate) unsafe fn spawn(flags: i32, mut child: impl FnMut()) -> Result<Made> {
    extern "C" fn run<F: FnMut()>(child: *mut c_void) -> c_int {
        // SAFETY: it is the closure below, which waits in its frame until this one is gone.
        unsafe { (*child.cast::<F>())() };
        exit()
    }
    fn entry<F: FnMut()>(_: &F) -> extern "C" fn(*mut c_void) -> c_int {
        run::<F>
    }
    let mut stack = [const { MaybeUninit::<u128>::uninit() }; STACK];
    let mut pidfd: i32 = -1;
    let flags = flags | libc::CLONE_PIDFD | libc::CLONE_VM | libc::CLONE_VFORK;
    let (run, child) = (entry(&child), &raw mut child);
    // SAFETY: the stack grows down from its end, which is aligned as a u128 is, and outlives the
    // call: this process goes on only when nobody uses it any more.
    let pid = unsafe {
        let top = stack.as_mut_ptr_range().end.cast();
        libc::clone(run, top, flags, child.cast(), &raw mut pidfd)
    };
    let pid =
        if pid == -1 { return Err(last()) } else { Pid::from_raw(pid).ok_or(Errno::INVAL)? };
    // SAFETY: the kernel made it for this call, and nobody else has it.
    Ok(Made { pid, pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) } })
}

/// How large the stack of such a process is, in sixteen bytes each.
const STACK: usize = 16 << 10;

/// Ends this process, and nothing else: no destructors, no handlers.
#[expect(unsafe_code, reason = "_exit has no safe form")]
pub(crate) fn exit() -> ! {
    // SAFETY: it takes a number and does not come back.
    unsafe { libc::_exit(1) }
}

/// A list of strings as programs are given them.
pub(crate) struct Words {
    pointers: Vec<*const c_char>,
    /// What the pointers point to.
    _strings: Vec<CString>,
}

impl Words {
    /// # Errors
    /// Where a string has a zero in it.
    pub(crate) fn new(
        strings: impl IntoIterator<Item = String>,
    ) -> std::result::Result<Self, std::ffi::NulError> {
        let strings: Vec<CString> =
            strings.into_iter().map(CString::new).collect::<std::result::Result<_, _>>()?;
        let ends = std::iter::once(std::ptr::null());
        let pointers = strings.iter().map(|string| string.as_ptr()).chain(ends).collect();
        Ok(Self { pointers, _strings: strings })
    }
}

/// Becomes another program; comes back only where it cannot.
#[expect(unsafe_code, reason = "execve has no safe form")]
pub(crate) fn execute(program: &CStr, args: &Words, env: &Words) -> Errno {
    // SAFETY: both lists end with a null pointer, and their strings are owned by them.
    unsafe { libc::execve(program.as_ptr(), args.pointers.as_ptr(), env.pointers.as_ptr()) };
    last()
}

/// Every signal does what it does by default, and none is blocked: what this process ignores,
/// its children would.
#[expect(unsafe_code, reason = "changing what a signal does has no safe form")]
pub(crate) fn reset_signals() {
    for signal in 1..=64 {
        on_signal(signal, libc::SIG_DFL);
    }
    // SAFETY: as above.
    let none: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set outlives the call.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut()) };
}

/// No signal that can be ignored does anything.
pub(crate) fn ignore_signals() {
    for signal in 1..=64 {
        on_signal(signal, libc::SIG_IGN);
    }
}

/// Asks the kernel itself: libraries keep two signals to themselves, which may be ignored all the same.
#[expect(unsafe_code, reason = "changing what a signal does has no safe form")]
fn on_signal(signal: i32, what: libc::sighandler_t) {
    // What it does, its flags, what comes after a handler, and the set of signals that one blocks.
    let action: [u64; 4] = [what as u64, 0, 0, 0];
    let none = std::ptr::null_mut::<u64>();
    let size = size_of::<u64>();
    // SAFETY: on processors of 64 bits that is the kernel's form, and it outlives the call. No
    // handler is named. What cannot be changed is refused.
    unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, action.as_ptr(), none, size) };
}

/// Lets this process learn how its children end: one that ignores `SIGCHLD`, as it may have been
/// started, does not.
#[expect(unsafe_code, reason = "asking what a signal does has no safe form")]
pub(crate) fn learn_of_children() {
    // SAFETY: all zeroes is an action; it is written over.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: it outlives the call, which changes nothing else.
    let asked = unsafe { libc::sigaction(libc::SIGCHLD, std::ptr::null(), &raw mut action) };
    if asked == 0 && action.sa_sigaction == libc::SIG_IGN {
        on_signal(libc::SIGCHLD, libc::SIG_DFL);
    }
}

/// Closes every descriptor from `first` on when this process becomes another program.
pub(crate) fn close_later(first: u32) -> Result<()> {
    close_range(first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC)
}

/// Closes the descriptors between two, both included.
fn close_range(first: u32, last_one: u32, flags: u32) -> Result<()> {
    if first > last_one {
        return Ok(());
    }
    #[expect(unsafe_code, reason = "close_range has no safe form")]
    // SAFETY: it takes numbers; callers say why nobody uses them any more.
    match unsafe { libc::syscall(libc::SYS_close_range, first, last_one, flags) } {
        0 => Ok(()),
        _ => Err(last()),
    }
}

/// Closes every descriptor but the first three and those in `keep`, which is sorted. Only for a
/// copy of a process, whose owners of the others are gone.
pub(crate) fn close_all_but(keep: &[i32]) -> Result<()> {
    let mut from = 3u32;
    for fd in keep.iter().filter_map(|fd| u32::try_from(*fd).ok()).filter(|fd| *fd >= 3) {
        close_range(from, fd.saturating_sub(1), 0)?;
        from = fd.saturating_add(1);
    }
    close_range(from, u32::MAX, 0)
}

/// Installs a filter of system calls; it cannot be taken off again.
#[expect(unsafe_code, reason = "installing a filter has no safe form")]
pub(crate) fn filter(program: &[seccompiler::sock_filter]) -> Result<()> {
    let program = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_ptr().cast_mut().cast::<libc::sock_filter>(),
    };
    // SAFETY: both types are the kernel's `struct sock_filter`; it only reads them, in the call.
    let done = unsafe {
        libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program, 0, 0)
    };
    if done == 0 { Ok(()) } else { Err(last()) }
}

/// `struct ifreq`, as far as it is used here.
#[repr(C)]
struct Interface {
    name: [u8; 16],
    value: [u8; 24],
}

impl Interface {
    fn new(name: &[u8]) -> Self {
        let mut request = Self { name: [0; 16], value: [0; 24] };
        request.name.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        request
    }

    #[expect(unsafe_code, reason = "the ioctls of interfaces have no safe form")]
    fn ask(&self, socket: BorrowedFd<'_>, what: libc::c_ulong) -> Result<()> {
        // SAFETY: it is as large as the kernel's, and outlives the call.
        match unsafe { libc::ioctl(socket.as_raw_fd(), what as _, &raw const *self) } {
            0 => Ok(()),
            _ => Err(last()),
        }
    }
}

/// Gives an interface an address; one of the form `lo:1` is a further one.
pub(crate) fn set_address(
    socket: BorrowedFd<'_>,
    interface: &[u8],
    address: [u8; 4],
) -> Result<()> {
    let mut request = Interface::new(interface);
    let family = (libc::AF_INET as u16).to_ne_bytes();
    request.value[..2].copy_from_slice(&family);
    request.value[4..8].copy_from_slice(&address);
    request.ask(socket, libc::SIOCSIFADDR as _)
}

/// Sets an interface up.
pub(crate) fn set_up(socket: BorrowedFd<'_>, interface: &[u8]) -> Result<()> {
    let mut request = Interface::new(interface);
    let flags = (libc::IFF_UP | libc::IFF_RUNNING) as u16;
    request.value[..2].copy_from_slice(&flags.to_ne_bytes());
    request.ask(socket, libc::SIOCSIFFLAGS as _)
}
