//! Where the time of a cold start goes.

use serde::{Deserialize, Serialize};

/// A part of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PhaseKind {
    /// Until the program runs.
    Container,
    /// Loading the program and its libraries.
    Linking,
    /// Until the interpreter or the virtual machine runs code of the service.
    Runtime,
    /// Loading modules or classes.
    Imports,
    /// Whatever else the service does until its port is open.
    Setup,
    /// From the open port to the first good answer.
    FirstAnswer,
}

/// A part of a start, and how long it took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BootPhase {
    /// Which part.
    pub kind: PhaseKind,
    /// Seconds.
    pub seconds: f64,
    /// How that is known.
    pub method: String,
}

/// What a start waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WaitKind {
    /// Its CPU quota is spent.
    Quota,
    /// The network: connecting, receiving.
    Network,
    /// Sleeping.
    Sleep,
    /// Files that come from the disk.
    Disk,
    /// Another thread or process.
    Other,
}

/// What a start waits for, and how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BootWait {
    /// For what.
    pub kind: WaitKind,
    /// Seconds, which are part of the phases.
    pub seconds: f64,
    /// How that is known.
    pub method: String,
}

/// A module that is loaded at the start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct BootImport {
    /// The module: `pandas`.
    pub name: String,
    /// Its file in the image, where it is known.
    pub file: Option<String>,
    /// Seconds with all that it loads.
    pub seconds: f64,
    /// Seconds of its own.
    pub own: f64,
    /// How many modules it loads, itself included.
    pub modules: u32,
    /// Whether its bytecode is missing.
    pub without_bytecode: bool,
    /// What loads it first, where something does.
    pub by: Option<String>,
}

/// Why a start takes as long as it does; from starts of their own, with tracing on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct BootWhy {
    /// What runs the service: `Python 3.11`, `Node.js 20`, `native`.
    pub runtime: String,
    /// The parts, in their order.
    pub phases: Vec<BootPhase>,
    /// What it waits for.
    pub waits: Vec<BootWait>,
    /// The costliest modules that the service loads, the costliest first; none within another.
    pub imports: Vec<BootImport>,
    /// How many modules or classes are loaded.
    pub modules: Option<u32>,
    /// How many of them have no bytecode, or do not come from the shared archive.
    pub without_bytecode: Option<u32>,
    /// How much longer the start takes with tracing on, as a share: 0.3 is 30 % longer.
    pub overhead: Option<f64>,
    /// What can be done, the most worthwhile first.
    pub advice: Vec<String>,
    /// What must be known to trust it.
    pub caveats: Vec<String>,
}
