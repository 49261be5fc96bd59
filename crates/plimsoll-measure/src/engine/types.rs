//! What an engine is asked and what it answers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use plimsoll_model::BootMemory;

use super::progress::Step;

/// What an engine can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether it builds; a Docker Engine does where a client that can hand builds over is there.
    pub builds: bool,
    /// Whether builds can be given named contexts.
    pub named_contexts: bool,
    /// Whether it tells when steps begin and end; else this is read off its lines.
    pub exact_times: bool,
    /// Whether it keeps images, which can then be inspected, saved and removed.
    pub keeps_images: bool,
    /// Whether it runs containers.
    pub runs_containers: bool,
    /// Whether it can tell a container that listens on localhost only from one that does not listen.
    pub sees_localhost: bool,
}

/// A wish to stop, shared by whoever waits and whoever works.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Nobody wishes it yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A wish that somebody else sets, a signal handler for example.
    #[must_use]
    pub fn on(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    /// Asks to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What to build.
#[derive(Clone, Copy, Debug)]
pub struct BuildRequest<'r> {
    /// The service, for the report.
    pub service: &'r str,
    /// The context's folder.
    pub context: &'r Path,
    /// The Dockerfile.
    pub dockerfile: &'r Path,
    /// The target stage.
    pub target: Option<&'r str>,
    /// Build arguments.
    pub args: &'r [(String, String)],
    /// Named contexts.
    pub named: &'r [(String, PathBuf)],
    /// What the image is called; it keeps no name without one.
    pub tag: Option<&'r str>,
    /// Whether every step runs, whatever the builder has.
    pub no_cache: bool,
    /// A file to write the image to, as an archive.
    pub output: Option<&'r Path>,
    /// A file to write all that the build says to.
    pub log: Option<&'r Path>,
    /// How long it may take.
    pub limit: Duration,
}

impl<'r> BuildRequest<'r> {
    /// A build with nothing special about it.
    #[must_use]
    pub fn new(context: &'r Path, dockerfile: &'r Path) -> Self {
        Self {
            service: "",
            context,
            dockerfile,
            target: None,
            args: &[],
            named: &[],
            tag: None,
            no_cache: false,
            output: None,
            log: None,
            limit: Duration::from_secs(60 * 60),
        }
    }
}

/// What is going on in a build. What it says is a repository's: hostile, and not yet printable.
#[derive(Clone, Copy, Debug)]
pub enum BuildEvent<'e> {
    /// A step began, ended or learned something.
    Step(&'e Step),
    /// A step printed a line.
    Said(&'e Step, &'e str),
    /// Some time went by.
    Tick,
}

/// An image that the engine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id: `sha256:…`.
    pub id: String,
    /// How large it is unpacked.
    pub bytes: u64,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// A container to start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerSpec {
    /// The image, which is not pulled.
    pub image: String,
    /// Instead of the image's entry point; the image's own command is dropped with it.
    pub entrypoint: Option<Vec<String>>,
    /// Instead of the image's command.
    pub command: Option<Vec<String>>,
    /// Variables, besides those of the image.
    pub env: Vec<(String, String)>,
    /// How many processors it may use, as in `0.5`.
    pub cpus: Option<f64>,
    /// How much memory it may use, swap included.
    pub memory: Option<u64>,
    /// How many processes it may have.
    pub pids: Option<u32>,
    /// A TCP port of it that is to be reachable from here.
    pub port: Option<u16>,
    /// What it may reach.
    pub network: Network,
    /// Whom it runs as; as the image says without one.
    pub user: Option<String>,
    /// Files that are put into it: where, and what.
    pub files: Vec<(String, Vec<u8>)>,
}

/// What a container may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// What the engine's default network reaches.
    #[default]
    Default,
    /// Only itself; its port is reached where the engine can do that.
    None,
    /// All that this machine reaches.
    Host,
}

/// How a container is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// As by others: at an address that is not localhost's.
    Service,
    /// At its own 127.0.0.1.
    Localhost,
}

/// The start of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// When it was started.
    pub at: Instant,
    /// From then until its program ran.
    pub exec: Duration,
}

/// What a container used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Time on processors.
    pub cpu: Duration,
    /// Time in which it wanted one and its quota was spent; nothing without a quota.
    pub throttled: Option<Duration>,
    /// Page faults that waited for a disk.
    pub major_faults: Option<u64>,
    /// Bytes read from disks.
    pub read: Option<u64>,
    /// Memory.
    pub memory: BootMemory,
    /// Threads and processes.
    pub threads: Option<u32>,
}

/// How a container is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Whether it runs.
    pub running: bool,
    /// How its program ended.
    pub exit_code: Option<i64>,
    /// Whether it was ended because it wanted more memory than it may have.
    pub oom_killed: bool,
    /// When its program was started, by the engine's clock.
    pub started: Option<SystemTime>,
}

/// How a container stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// From the wish to the end of its program.
    pub took: Duration,
    /// Whether it had to be killed after its grace.
    pub killed: bool,
    /// How it is now.
    pub state: State,
}

/// How a program ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; `None` where a signal or its time ended it.
    pub code: Option<i32>,
    /// What it printed as its result; bytes that are no UTF-8 are replaced.
    pub out: String,
    /// What else it printed.
    pub err: String,
}
