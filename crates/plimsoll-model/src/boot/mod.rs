//! Cold starts: each one as it was measured, and what all of them say.

mod boost;
mod compared;
mod distribution;
mod paired;
mod random;
#[cfg(test)]
mod simulation;
mod swaps;
mod why;

use serde::{Deserialize, Serialize};

use crate::EngineInfo;

pub use boost::{BoostTerms, BootBoost};
pub use compared::BootComparison;
pub use distribution::Distribution;
pub use paired::PairedDifference;
pub use random::Random;
pub use why::{BootImport, BootPhase, BootWait, BootWhy, PhaseKind, WaitKind};

/// The version of [`BootReport`]'s form; it grows when a reader must change.
pub const BOOT_SCHEMA_VERSION: u32 = 1;

/// How a start ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BootOutcome {
    /// It answered.
    Ready,
    /// It was not started: the image lacks the program, or it cannot be run.
    #[default]
    NotStarted,
    /// Its program ended before it answered.
    Exited {
        /// Its exit code; that of a signal is 128 and the signal's number.
        code: i32,
    },
    /// It was killed because it wanted more memory than it may have.
    OutOfMemory,
    /// Its port was not open in time.
    NeverListened,
    /// It listens, but only on localhost, where nobody can reach it.
    LocalhostOnly,
    /// Its port was open, and no answer was good in time.
    NeverAnswered {
        /// The last status that it answered.
        status: Option<u16>,
    },
}

/// One cold start: seconds from the moment the container is started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Boot {
    /// How it ended.
    pub outcome: BootOutcome,
    /// What is known beyond that, where it did not become ready.
    pub detail: Option<String>,
    /// Until its program ran.
    pub exec: Option<f64>,
    /// Until its port was open.
    pub port: Option<f64>,
    /// Until the startup probe would have passed, had it asked at that moment.
    pub probe: Option<f64>,
    /// Until the first good answer.
    pub ready: Option<f64>,
    /// Seconds of CPU until then.
    pub cpu: Option<f64>,
    /// Seconds until then in which it wanted to run and its quota was spent, summed over CPUs.
    pub throttled: Option<f64>,
    /// Page faults until then that waited for the disk.
    pub major_faults: Option<u64>,
    /// Bytes read from disks until then.
    pub read_bytes: Option<u64>,
    /// Memory once it was ready.
    pub memory: Option<BootMemory>,
    /// Threads of all its processes once it was ready.
    pub threads: Option<u32>,
}

/// Memory of a container at one moment, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct BootMemory {
    /// What it uses, less file pages that can be dropped.
    pub working_set: u64,
    /// Memory that belongs to no file: it cannot be dropped.
    pub anon: u64,
    /// tmpfs and shared memory: neither can they.
    pub shared: u64,
    /// The most it used so far, file pages that can be dropped included.
    pub peak: Option<u64>,
}

/// Under what a service was started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct BootSettings {
    /// The environment whose settings these are.
    pub environment: Option<String>,
    /// Where they were read: `deploy.yml:41`; none where they were given by hand or are defaults.
    pub source: Option<String>,
    /// Processors.
    pub cpus: Option<f64>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Requests at once.
    pub concurrency: Option<u32>,
    /// Processors while it starts, where CPU boost is set.
    pub boosted_cpus: Option<f64>,
    /// The port.
    pub port: Option<u16>,
    /// The path whose answer makes it ready.
    pub path: Option<String>,
    /// Whether that path was named by a probe or a health check; `/` is asked where none was.
    pub path_is_known: bool,
    /// The startup probe, in words: `TCP :8080`, `GET /health`.
    pub probe: Option<String>,
}

/// The machine that it was measured on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct BootMachine {
    /// Processors.
    pub cpus: u32,
    /// What they are called.
    pub model: String,
    /// The kernel's version.
    pub kernel: String,
}

/// Cold starts of a service: measured, nothing in it is estimated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct BootReport {
    /// [`BOOT_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The service, or the image as it was named.
    pub subject: String,
    /// The image's id.
    pub image: String,
    /// Under what it was started.
    pub settings: BootSettings,
    /// What ran it.
    pub engine: EngineInfo,
    /// Where.
    pub machine: BootMachine,
    /// Whether the page cache was emptied of the image before each start.
    pub evicted: bool,
    /// The first start, with a page cache that has nothing of the image.
    pub first: Option<Boot>,
    /// The starts after it, in the order they were made.
    pub boots: Vec<Boot>,
    /// With and without CPU boost.
    pub boost: Option<BootBoost>,
    /// Memory a while after a start, and how many seconds after it was ready.
    pub settled: Option<(BootMemory, f64)>,
    /// Seconds from SIGTERM to its end; none where it had to be killed, or was not asked.
    pub stop: Option<f64>,
    /// Why it takes as long as it does.
    pub why: Option<BootWhy>,
    /// What must be known to trust the figures.
    pub caveats: Vec<String>,
}

impl BootReport {
    /// The starts that became ready.
    pub fn ready(&self) -> impl Iterator<Item = &Boot> {
        self.boots.iter().filter(|boot| boot.outcome == BootOutcome::Ready)
    }

    /// The distribution of something of the starts that became ready.
    #[must_use]
    pub fn of(&self, what: impl Fn(&Boot) -> Option<f64>) -> Distribution {
        Distribution::of(self.ready().filter_map(what).collect())
    }
}
