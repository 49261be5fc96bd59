//! A container that was started.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};

use crate::cgroup::Group;
use crate::child::word;
use crate::error::Error;
use crate::link::{Link, readable};
use crate::output::{Output, Printed};
use crate::plan::ADDRESS;
use crate::prepare::Keeper;
use crate::{Limits, Network, Usage, usage};

/// How a container is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// As by others: at an address that is not localhost's.
    Service,
    /// At its own 127.0.0.1.
    Localhost,
}

/// How a container ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; that of a signal is 128 and the signal's number.
    pub code: i32,
    /// Whether some of its processes were killed because it wanted more memory than it may have.
    pub out_of_memory: bool,
}

/// How long a connection may take: to an address of the same machine it takes none.
const PATIENCE: Duration = Duration::from_secs(2);

/// Makes connections into a container.
#[derive(Debug)]
pub(crate) struct Connector {
    control: Mutex<Link>,
    /// A socket whose connection was refused: it can be tried again.
    spare: Mutex<Option<OwnedFd>>,
    network: Network,
}

impl Connector {
    pub(crate) fn new(control: Link, network: Network) -> Self {
        Self { control: Mutex::new(control), spare: Mutex::default(), network }
    }

    /// Tells the keeper that this was all.
    pub(crate) fn end(&self) {
        let control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = control.send(word::END, None);
    }

    pub(crate) fn connect(&self, port: u16, reach: Reach) -> io::Result<TcpStream> {
        let localhost = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if self.network == Network::Host {
            return TcpStream::connect_timeout(&localhost, PATIENCE);
        }
        let socket = self.socket()?;
        let address = match reach {
            Reach::Service => SocketAddr::from((Ipv4Addr::from(ADDRESS), port)),
            Reach::Localhost => localhost,
        };
        let stream = TcpStream::from(socket);
        // It bounds the connection, too.
        stream.set_write_timeout(Some(PATIENCE))?;
        if let Err(error) = rustix::net::connect(&stream, &address) {
            if error == Errno::CONNREFUSED {
                *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream.into());
            }
            return Err(error.into());
        }
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn socket(&self) -> io::Result<OwnedFd> {
        if let Some(socket) = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Ok(socket);
        }
        let control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        control.send(word::SOCKET, None)?;
        match control.receive()? {
            (word::SOCKET, Some(socket)) => Ok(socket),
            _ => Err(Errno::MFILE.into()),
        }
    }
}

/// A container that was started. Dropped, it is killed, and nothing of it is left.
#[derive(Debug)]
pub struct Container {
    name: String,
    limits: Limits,
    process: OwnedFd,
    pid: Option<Pid>,
    started: Instant,
    exec: Duration,
    /// What making it used.
    before: Usage,
    out: Output,
    err: Output,
    ended: Option<Ended>,
    group: Group,
    keeper: Keeper,
}

impl Container {
    #[expect(clippy::too_many_arguments, reason = "it is made in one place")]
    pub(crate) fn new(
        name: String,
        limits: Limits,
        group: Group,
        keeper: Keeper,
        process: OwnedFd,
        pid: Option<Pid>,
        (started, exec): (Instant, Duration),
        before: Usage,
        (out, err): (Output, Output),
    ) -> Self {
        Self {
            name,
            limits,
            process,
            pid,
            started,
            exec,
            before,
            out,
            err,
            ended: None,
            group,
            keeper,
        }
    }

    /// What its cgroups are called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The moment it was started.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// From then until its program ran.
    #[must_use]
    pub fn exec(&self) -> Duration {
        self.exec
    }

    /// The number of its first process, as this machine sees it; nothing where it ended at once.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.pid.map(|pid| pid.as_raw_nonzero().get())
    }

    /// A connection to one of its ports.
    ///
    /// # Errors
    /// Where nobody listens there.
    pub fn connect(&self, port: u16, reach: Reach) -> io::Result<TcpStream> {
        self.keeper.connector.connect(port, reach)
    }

    /// What it used until now.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let counted = usage::of_group(&self.group);
        let seen = || self.pid.map(usage::of_processes).unwrap_or_default();
        match counted {
            None => seen(),
            Some(mut usage) => {
                usage.cpu = usage.cpu.saturating_sub(self.before.cpu);
                let read = usage.read.filter(|bytes| *bytes > 0);
                usage.read = read.or_else(|| self.pid.and_then(usage::read_by));
                let before = self.before.throttled.unwrap_or_default();
                let throttled = usage.throttled.filter(|_| self.limits.cpus.is_some());
                usage.throttled = throttled.map(|time| time.saturating_sub(before));
                // Some hosts count time and no memory.
                if !usage.by_cgroups {
                    usage.memory = seen().memory;
                }
                usage
            }
        }
    }

    /// Changes how many processors it may use, at once.
    ///
    /// # Errors
    /// Where the cgroup cannot be written to.
    pub fn set_cpus(&self, cpus: Option<f64>) -> Result<(), Error> {
        self.group.set_cpus(cpus)
    }

    pub(crate) fn set_pids(&self, pids: Option<u32>) -> Result<(), Error> {
        self.group.set_pids(pids)
    }

    /// What it printed so far: its results, and the rest.
    #[must_use]
    pub fn printed(&self) -> (Printed, Printed) {
        (self.out.so_far(), self.err.so_far())
    }

    /// Sends its first process a signal.
    ///
    /// # Errors
    /// Where it has ended, or there is no such signal.
    pub fn signal(&self, number: i32) -> io::Result<()> {
        let signal = Signal::from_named_raw(number).ok_or(Errno::INVAL)?;
        Ok(pidfd_send_signal(&self.process, signal)?)
    }

    /// Waits for its end as long as `limit`; nothing where it still runs then.
    pub fn wait(&mut self, limit: Duration) -> Option<Ended> {
        if self.ended.is_some() {
            return self.ended;
        }
        readable(self.process.as_fd(), limit).then(|| self.reaped())
    }

    /// Ends it, whatever it does.
    pub fn kill(&mut self) -> Ended {
        if let Some(ended) = self.ended {
            return ended;
        }
        // One that has ended by itself is not there to be killed.
        let _ = pidfd_send_signal(&self.process, Signal::KILL);
        self.reaped()
    }

    /// What its first process ended with. The kernel has ended all others before that.
    fn reaped(&mut self) -> Ended {
        let status = loop {
            match waitid(WaitId::PidFd(self.process.as_fd()), WaitIdOptions::EXITED) {
                Err(Errno::INTR) => {}
                done => break done.ok().flatten(),
            }
        };
        let code = status.and_then(|status| {
            let signal = status.terminating_signal().map(|signal| 128 + signal);
            status.exit_status().or(signal)
        });
        self.out.finish();
        self.err.finish();
        let counted = usage::of_group(&self.group);
        let out_of_memory = counted.is_some_and(|usage| usage.killed_for_memory > 0);
        let ended = Ended { code: code.unwrap_or(-1), out_of_memory };
        self.ended = Some(ended);
        ended
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.kill();
    }
}
