//! Makes all of a container but its program, which is left to the start.

use std::fs;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{Gid, Mode, OFlags, Uid, fchown, open};
use rustix::io::{Errno, read};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};

use crate::cgroup::Group;
use crate::child::{self, Step, word};
use crate::container::{Connector, Container};
use crate::error::{Error, Kind};
use crate::link::{Link, readable};
use crate::output::Output;
use crate::plan::{Ends, Plan, Program, Root, text};
use crate::sys::{self, Made};
use crate::{Host, Network, Spec, usage};

/// A container that waits for the word to start. Dropped, it is gone.
#[derive(Debug)]
pub struct Prepared {
    name: String,
    spec: Spec,
    launcher: Launcher,
    status: OwnedFd,
    out: Output,
    err: Output,
    group: Group,
    keeper: Keeper,
}

/// The process that makes the first one of the container, and that one until it is the program.
#[derive(Debug)]
struct Launcher {
    link: Option<Link>,
    process: OwnedFd,
    first: Option<OwnedFd>,
}

impl Drop for Launcher {
    fn drop(&mut self) {
        // Without anybody to give it the word it ends.
        drop(self.link.take());
        if let Some(first) = &self.first {
            let _ = pidfd_send_signal(first, Signal::KILL);
        }
        reap(&self.process);
        if let Some(first) = &self.first {
            reap(first);
        }
    }
}

impl Launcher {
    fn link(&self) -> Result<&Link, Error> {
        self.link.as_ref().ok_or_else(gone)
    }

    fn send(&self, word: u8) -> Result<(), Error> {
        self.link()?.send(word, None).map_err(|errno| Error::host("the launcher is gone", errno))
    }

    /// The next word; nothing where there is none in time, or nobody to say it.
    fn receive(&self) -> Option<(u8, Option<OwnedFd>)> {
        let link = self.link.as_ref()?;
        readable(link.as_fd(), PATIENCE).then(|| link.receive().ok()).flatten()
    }

    /// Lets it make the first process, which makes all else and waits.
    fn make(&mut self) -> Result<bool, Error> {
        self.send(word::MAKE)?;
        while let Some((said, process)) = self.receive() {
            match (said, process) {
                (word::READY, _) => return Ok(true),
                (word::MAKE, Some(process)) if self.first.is_none() => self.first = Some(process),
                // It is the launcher's, whose first process has ended.
                _ => break,
            }
        }
        Ok(false)
    }
}

/// The process that makes sockets and cleans up.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(crate) connector: Connector,
    process: OwnedFd,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.connector.end();
        reap(&self.process);
    }
}

/// Waits for a child's end. It is told to before, or about to.
fn reap(process: &OwnedFd) {
    while matches!(waitid(WaitId::PidFd(process.as_fd()), WaitIdOptions::EXITED), Err(Errno::INTR))
    {
    }
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Host {
    /// Makes a container: its network, cgroups, root and first process, which waits.
    ///
    /// # Errors
    /// Where the specification makes no sense, or this machine refuses.
    pub fn prepare(&self, spec: &Spec) -> Result<Prepared, Error> {
        spec.check()?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = self.driver.name(number);
        let mut spec = spec.clone();
        if spec.hostname.is_empty() {
            "plimsoll".clone_into(&mut spec.hostname);
        }
        let group = Group::create(&self.driver, &name, &spec.limits)?;
        let (here, ends) = ends(&spec)?;
        let Here { control, launch, status, out, err } = here;
        let plan = self.plan(&spec, &group, ends)?;
        // SAFETY: the keeper, and what it makes, do system calls only.
        #[expect(unsafe_code, reason = "the keeper is a copy of this process")]
        let made = unsafe { sys::clone(0, || child::keep(&plan)) };
        let made = made.map_err(|errno| Error::host("cannot make a process", errno))?;
        // With the plan go the ends that are not ours.
        drop(plan);
        let launcher = greet(&spec, &control, &status, &made);
        let connector = Connector::new(control, spec.network);
        let keeper = Keeper { connector, process: made.pidfd };
        let mut launcher = match launcher {
            Ok(process) => Launcher { link: Some(launch), process, first: None },
            Err(error) => {
                // First: the keeper waits for the launcher's end, and that one for a word.
                drop(launch);
                drop(keeper);
                return Err(error);
            }
        };
        group.take(number_of(&launcher.process)?)?;
        if !launcher.make()? {
            let said = failure(&status, &spec, PATIENCE).unwrap_or_else(Some);
            return Err(said.or_else(|| out_of_memory(&group)).unwrap_or_else(gone));
        }
        let (out, err) = (Output::of(out, spec.kept)?, Output::of(err, spec.kept)?);
        Ok(Prepared { name, spec, launcher, status, out, err, group, keeper })
    }

    fn plan(&self, spec: &Spec, group: &Group, ends: Ends) -> Result<Plan, Error> {
        let own_user = !self.is_root;
        let files = [&ends.nothing, &ends.out, &ends.err, &ends.status].map(AsRawFd::as_raw_fd);
        let links = [&ends.control, &ends.launch, &ends.told, &ends.telling];
        let links = links.map(|link| link.as_fd().as_raw_fd());
        let mut keep: Vec<i32> = files.into_iter().chain(links).collect();
        keep.sort_unstable();
        let mut launch_keep: Vec<i32> = keep.clone();
        launch_keep.retain(|fd| ![links[0], links[2]].contains(fd));
        let dirs = group.dirs().into_iter().map(|dir| text(dir.as_os_str().as_bytes()));
        Ok(Plan {
            root: Root::new(spec, &self.seat, group, own_user)?,
            program: Program::new(spec, own_user)?,
            groups: dirs.collect::<Result<_, _>>()?,
            ends,
            keep,
            launch_keep,
            own_user,
            own_network: spec.network == Network::Own,
        })
    }
}

/// Maps the keeper's user where it has a namespace for it; gives the launcher.
fn greet(spec: &Spec, control: &Link, status: &OwnedFd, keeper: &Made) -> Result<OwnedFd, Error> {
    loop {
        match control.receive() {
            Ok((word::UNMAPPED, _)) => {
                map(spec, keeper)?;
                let gone = |errno| Error::host("the keeper is gone", errno);
                control.send(word::MAPPED, None).map_err(gone)?;
            }
            Ok((word::LAUNCHER, Some(launcher))) => return Ok(launcher),
            // What it had to say it has said before.
            _ => {
                return Err(failure(status, spec, Duration::ZERO)
                    .ok()
                    .flatten()
                    .unwrap_or_else(gone));
            }
        }
    }
}

/// That the kernel ended what was to become the program: the limit is too low for the start itself.
fn out_of_memory(group: &Group) -> Option<Error> {
    let killed = usage::of_group(group).is_some_and(|usage| usage.killed_for_memory > 0);
    killed.then(|| Error::new(Kind::Spec, "the memory limit is too low to start anything"))
}

fn gone() -> Error {
    Error::new(Kind::Host, "the container's keeper ended before its time")
}

/// This user is the one that the container has.
fn map(spec: &Spec, keeper: &Made) -> Result<(), Error> {
    let folder = format!("/proc/{}", keeper.pid.as_raw_nonzero());
    let user = format!("{} {} 1", spec.user, rustix::process::geteuid().as_raw());
    let group = format!("{} {} 1", spec.group, rustix::process::getegid().as_raw());
    for (file, text) in [("uid_map", &*user), ("setgroups", "deny"), ("gid_map", &*group)] {
        fs::write(format!("{folder}/{file}"), text).map_err(|error| {
            Error::io(format_args!("cannot write {file} of a user namespace"), &error)
        })?;
    }
    Ok(())
}

/// The number of a process, as this process sees it.
fn number_of(process: &OwnedFd) -> Result<i32, Error> {
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", process.as_raw_fd()));
    let line = info.ok().and_then(|info| {
        info.lines().find_map(|line| line.strip_prefix("Pid:")?.trim().parse().ok())
    });
    line.filter(|pid| *pid > 0).ok_or_else(gone)
}

/// The ends that stay here.
struct Here {
    control: Link,
    launch: Link,
    status: OwnedFd,
    out: OwnedFd,
    err: OwnedFd,
}

fn ends(spec: &Spec) -> Result<(Here, Ends), Error> {
    let failed = |errno| Error::host("cannot make pipes", errno);
    let pipe = || pipe_with(PipeFlags::CLOEXEC).map_err(failed);
    let link = || Link::pair().map_err(failed);
    let ((status, of_status), (out, of_out), (err, of_err)) = (pipe()?, pipe()?, pipe()?);
    for end in [&of_out, &of_err] {
        // Programs open /dev/stdout anew, as their user. Without root it is theirs already.
        let _ = fchown(end, Some(Uid::from_raw(spec.user)), Some(Gid::from_raw(spec.group)));
    }
    let nothing =
        open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).map_err(failed)?;
    let ((control, of_control), (launch, of_launch), (told, telling)) = (link()?, link()?, link()?);
    let ends = Ends {
        control: of_control,
        launch: of_launch,
        told,
        telling,
        nothing,
        out: of_out,
        err: of_err,
        status: of_status,
    };
    Ok((Here { control, launch, status, out, err }, ends))
}

/// What a process said before it ended; nothing where it became the program.
///
/// # Errors
/// Where neither happens in time.
fn failure(status: &OwnedFd, spec: &Spec, limit: Duration) -> Result<Option<Error>, Error> {
    if !readable(status.as_fd(), limit) {
        return Err(late());
    }
    let mut message = [0; 8];
    let count = loop {
        match read(status, &mut message) {
            Err(Errno::INTR) => {}
            done => break done.unwrap_or(0),
        }
    };
    Ok((count == message.len()).then(|| said(message, spec)))
}

/// How long a start may take: the files of a program may have to come from afar.
const PATIENCE: Duration = Duration::from_secs(60);

fn late() -> Error {
    Error::new(Kind::Host, format!("the container did not start within {} s", PATIENCE.as_secs()))
}

fn said(message: [u8; 8], spec: &Spec) -> Error {
    let [step, _, _, _, number @ ..] = message;
    let errno = Errno::from_raw_os_error(i32::from_ne_bytes(number));
    if step == Step::Execute as u8 {
        return no_program(spec, errno);
    }
    if step == Step::Cwd as u8 {
        let what = format_args!("cannot go to the working directory {}", spec.cwd);
        return Error { kind: Kind::Spec, ..Error::host(what, errno) };
    }
    let what = Step::NAMES.get(usize::from(step)).copied().unwrap_or("start");
    let error = Error::host(format_args!("cannot {what}"), errno);
    match errno {
        Errno::PERM | Errno::ACCESS | Errno::NOSPC | Errno::USERS if step != Step::Files as u8 => error.hint(
            "containers need root, or user namespaces that this machine allows; --engine docker takes the Docker Engine",
        ),
        _ => error,
    }
}

fn no_program(spec: &Spec, errno: Errno) -> Error {
    let program = spec.args.first().map_or("", String::as_str);
    let why = match errno {
        Errno::NOENT => "it is not there, or the interpreter or loader that it names is not",
        Errno::ACCESS => "it may not be executed",
        Errno::NOEXEC => {
            "it is no program of this system and processor, or a script that does not begin with #!"
        }
        Errno::LOOP => "links go round in a circle, or lead out of the root",
        Errno::TOOBIG => "its arguments and variables are too long",
        _ => {
            let passes = matches!(errno, Errno::AGAIN | Errno::NOMEM | Errno::NFILE | Errno::IO);
            return Error {
                kind: if passes { Kind::Host } else { Kind::NoProgram },
                ..Error::host(format_args!("`{program}` cannot be run"), errno)
            };
        }
    };
    Error::new(Kind::NoProgram, format!("`{program}` cannot be run: {why}"))
}

impl Prepared {
    /// Starts it. The clock runs from the moment before its first process is given the word.
    ///
    /// # Errors
    /// Where the program cannot be run, or this machine refuses.
    pub fn start(self) -> Result<Container, Error> {
        // The last is dropped first: the keeper waits for the launcher's end.
        let Self { keeper, group, out, err, status, spec, name, mut launcher } = self;
        let before = usage::of_group(&group).unwrap_or_default();
        let started = Instant::now();
        launcher.send(word::GO)?;
        let failed = failure(&status, &spec, PATIENCE)?;
        let exec = started.elapsed();
        if let Some(error) = failed {
            return Err(error);
        }
        let process = launcher.first.take().ok_or_else(gone)?;
        drop(launcher);
        // One that has ended already has no number any more, and needs none.
        let pid = number_of(&process).ok().and_then(rustix::process::Pid::from_raw);
        let container = Container::new(
            name,
            spec.limits,
            group,
            keeper,
            process,
            pid,
            (started, exec),
            before,
            (out, err),
        );
        // The launcher was one of them.
        container.set_pids(spec.limits.pids)?;
        Ok(container)
    }
}
