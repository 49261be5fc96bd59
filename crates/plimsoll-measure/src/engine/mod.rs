//! Engines: what builds images and runs containers, behind one trait.
//!
//! ```no_run
//! use std::time::Duration;
//! use plimsoll_measure::engine::{self, Cancel, Choice, ContainerSpec};
//!
//! let engine = engine::find(&Choice::Auto)?;
//! let hello = ContainerSpec {
//!     image: "python:3.11-slim".to_owned(),
//!     command: Some(vec!["echo".to_owned(), "hello".to_owned()]),
//!     ..ContainerSpec::default()
//! };
//! let ended = engine::run(&*engine, &hello, Duration::from_secs(60), &Cancel::new())?;
//! assert_eq!(ended.out, "hello\n");
//! # Ok::<(), engine::EngineError>(())
//! ```
//!
//! A Docker Engine's images and containers are reached through its API, builds through its own
//! client, which knows credentials, named contexts and the incremental session. BuildKit's own
//! daemon is driven through `buildctl`. [`Embedded`] is our own runtime, which needs no daemon. Everything is synchronous, bounded in time and memory, and
//! leaves nothing behind where it fails. `tests/engines` holds every engine to what is said here.

mod buildkit;
mod docker;
mod embedded;

mod error;
#[cfg(feature = "fake")]
pub mod fake;
mod find;
pub(crate) mod http;
mod outcome;
mod process;
pub mod progress;
mod scratch;
mod time;
mod types;
mod watch;

use std::io::{self, Read};
use std::net::TcpStream;
use std::time::Duration;

use plimsoll_model::{BuildReport, EngineInfo};

pub use embedded::Embedded;
pub use error::{EngineError, ErrorKind};
pub use find::{Choice, client_program, find};
pub use scratch::unique;

pub use types::{
    Begun, BuildEvent, BuildRequest, Cancel, Capabilities, ContainerSpec, Ended, Image, Network,
    Reach, State, Stopped, Usage,
};

/// Something that builds images, and perhaps keeps them and runs containers.
///
/// A method that a capability does not cover MUST fail with [`ErrorKind::Unable`], and nothing
/// else: callers ask [`capabilities`](Engine::capabilities) before they ask for work.
pub trait Engine: Send + Sync {
    /// What it is, and how it was found. It MUST NOT change while the engine is used.
    fn about(&self) -> EngineInfo;

    /// What it can do. It MUST be true: what is said to be there works.
    fn capabilities(&self) -> Capabilities;

    /// Builds an image.
    ///
    /// A build that fails because of the repository MUST be a report that says so, not an error.
    /// Steps MUST be told as they begin and end, and [`BuildEvent::Tick`] at least every half
    /// second. Where `cancel` asks for it, the build MUST end within five seconds, with
    /// [`ErrorKind::Cancelled`]. A build that makes no image MUST leave none, and no name, file
    /// or process: a name that an image had before, it has again.
    ///
    /// # Errors
    /// Where the engine cannot be reached, goes away, or its disk is full.
    fn build(
        &self,
        request: &BuildRequest<'_>,
        tell: &mut dyn FnMut(BuildEvent<'_>),
        cancel: &Cancel,
    ) -> Result<BuildReport, EngineError>;

    /// What an image says of itself. It MUST NOT be pulled.
    ///
    /// # Errors
    /// [`ErrorKind::Unknown`] where the engine does not have it.
    fn image(&self, name: &str) -> Result<Image, EngineError>;

    /// An image as an archive. The stream MUST fail rather than end early.
    ///
    /// # Errors
    /// As for [`image`](Engine::image).
    fn save(&self, name: &str) -> Result<Box<dyn Read + Send>, EngineError>;

    /// Removes the name of an image; what no other image needs goes with it. Removing what is not
    /// there MUST succeed.
    ///
    /// # Errors
    /// Where the engine cannot be reached, or refuses.
    fn remove(&self, name: &str) -> Result<(), EngineError>;

    /// Makes a container of an image ready to start: without new privileges or anything of this
    /// machine, with the limits that the specification names. What takes time and is not part of
    /// a start SHOULD be done here; files of the image MUST NOT be read. It MUST NOT leave a container where it fails, or is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::Unknown`] where there is no such image; [`ErrorKind::NoProgram`] where the
    /// image lacks the program, and that is seen already.
    fn prepare(&self, spec: &ContainerSpec) -> Result<Box<dyn Ready>, EngineError>;

    /// Empties the page cache of an image, so that its next start reads everything from the disk.
    ///
    /// # Errors
    /// As for [`image`](Engine::image), and [`ErrorKind::Unable`] where that cannot be done.
    fn evict(&self, image: &str) -> Result<(), EngineError>;

    /// Makes a container and starts it.
    ///
    /// # Errors
    /// As for [`prepare`](Engine::prepare) and [`Ready::start`].
    fn start(&self, spec: &ContainerSpec) -> Result<Box<dyn Container>, EngineError> {
        self.prepare(spec)?.start()
    }
}

/// A container that can be started. It MUST be removed when dropped.
pub trait Ready: Send {
    /// Starts it. It MUST NOT leave a container where it fails.
    ///
    /// # Errors
    /// [`ErrorKind::NoProgram`] where the image lacks the program.
    fn start(self: Box<Self>) -> Result<Box<dyn Container>, EngineError>;
}

/// A container that was started. It MUST be removed, with its anonymous volumes, when dropped.
pub trait Container: Send {
    /// Its id.
    fn id(&self) -> &str;

    /// The number of its first process on this machine, where it runs here and that is known.
    fn pid(&self) -> Option<i32>;

    /// When it was started, by the clock of this process. The moment before it was told to MUST be
    /// taken, and where its program ran MUST be the first that is known of that.
    fn begun(&self) -> Begun;

    /// A connection to the port of its specification.
    ///
    /// # Errors
    /// Where nobody listens there, and [`io::ErrorKind::Unsupported`] where it has no such port or
    /// cannot be reached that way.
    fn connect(&self, reach: Reach) -> io::Result<TcpStream>;

    /// What it used until now.
    ///
    /// # Errors
    /// As for [`state`](Container::state).
    fn usage(&self) -> Result<Usage, EngineError>;

    /// Changes how many processors it may use.
    ///
    /// # Errors
    /// As for [`state`](Container::state), and where it does not run.
    fn set_cpus(&self, cpus: f64) -> Result<(), EngineError>;

    /// How it is.
    ///
    /// # Errors
    /// Where the engine cannot be reached, or somebody else removed it.
    fn state(&self) -> Result<State, EngineError>;

    /// Waits for its program to end, as long as `limit`: one that still runs is no error.
    ///
    /// # Errors
    /// As for [`state`](Container::state), and [`ErrorKind::Cancelled`].
    fn wait(&self, limit: Duration, cancel: &Cancel) -> Result<State, EngineError>;

    /// What its program printed so far; of each stream at most `most` bytes, of its beginning and
    /// its end. The code is that of the program, where it ended.
    ///
    /// # Errors
    /// As for [`state`](Container::state).
    fn logs(&self, most: usize) -> Result<Ended, EngineError>;

    /// Sends its program a signal, such as `SIGTERM`.
    ///
    /// # Errors
    /// As for [`state`](Container::state), and where it does not run.
    fn signal(&self, name: &str) -> Result<(), EngineError>;

    /// Asks its program to stop, and ends it after `grace`. One that has ended MUST be no error.
    ///
    /// # Errors
    /// As for [`state`](Container::state).
    fn stop(&self, grace: Duration) -> Result<Stopped, EngineError>;
}

/// How much of what a program prints is kept.
const KEPT: usize = 16 << 20;

/// Runs the program of a container to its end. Like a shell, it says 127 where the image has no
/// such program.
///
/// # Errors
/// As for [`Engine::start`] and [`Container::wait`].
pub fn run(
    engine: &dyn Engine,
    spec: &ContainerSpec,
    limit: Duration,
    cancel: &Cancel,
) -> Result<Ended, EngineError> {
    let container = match engine.start(spec) {
        Err(error) if error.kind == ErrorKind::NoProgram => {
            return Ok(Ended { code: Some(127), out: String::new(), err: error.what });
        }
        other => other?,
    };
    let state = container.wait(limit, cancel)?;
    let mut ended = container.logs(KEPT)?;
    let code = state.exit_code.filter(|_| !state.running);
    ended.code = code.and_then(|code| i32::try_from(code).ok());
    Ok(ended)
}
