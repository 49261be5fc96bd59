//! What a build did: its steps with their times, and what came of it.

use serde::{Deserialize, Serialize};

/// The version of [`BuildReport`]'s form; it grows when a reader must change.
pub const BUILD_SCHEMA_VERSION: u32 = 1;

/// Which kind of engine built or ran something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// Docker Engine, or what answers as it does.
    Docker,
    /// The daemon of BuildKit alone: it builds and runs nothing.
    Buildkit,
    /// Plimsoll's own runtime: it runs and builds nothing.
    #[default]
    Embedded,
}

/// An engine, and how it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EngineInfo {
    /// Its kind.
    pub kind: EngineKind,
    /// Its name, for people.
    pub name: String,
    /// Its version, as it says itself.
    pub version: String,
    /// Its address.
    pub endpoint: String,
    /// What named this address: a variable, a context, the default.
    pub found: String,
    /// The client that hands builds over, where one is used.
    pub client: Option<String>,
}

/// One build of a service: measured, nothing in it is estimated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuildReport {
    /// [`BUILD_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The service.
    pub service: String,
    /// The Dockerfile.
    pub dockerfile: String,
    /// What built it.
    pub engine: EngineInfo,
    /// Whether the image was made. A build that fails because of the repository is a result.
    pub built: bool,
    /// From the start of the client to its end.
    pub seconds: f64,
    /// How much of the context was sent. Builders ask only for what they have not yet.
    pub context_bytes: Option<u64>,
    /// The steps in the order they began.
    pub steps: Vec<BuildStep>,
    /// The image.
    pub image: Option<BuiltImage>,
    /// Why there is none, where no step says it.
    pub error: Option<String>,
    /// The file that holds all that the build said.
    pub log: Option<String>,
    /// What to know about these figures.
    pub caveats: Vec<String>,
}

impl BuildReport {
    /// The step that failed: one that was cancelled because another failed is not it.
    #[must_use]
    pub fn failed(&self) -> Option<&BuildStep> {
        let failed = || self.steps.iter().filter(|step| step.error.is_some());
        let cancelled = |step: &&BuildStep| {
            step.error.as_deref().is_some_and(|error| error.contains("context canceled"))
        };
        failed().find(|step| !cancelled(step)).or_else(|| failed().next())
    }

    /// The steps of the Dockerfile, without what the builder does around them.
    pub fn own_steps(&self) -> impl Iterator<Item = &BuildStep> {
        self.steps.iter().filter(|step| step.number.is_some())
    }
}

/// A step of a build.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuildStep {
    /// As the builder names it: `[builder 2/3] RUN make`.
    pub name: String,
    /// The stage, `""` where the build has only one; none for what the builder does itself.
    pub stage: Option<String>,
    /// Its number in the stage.
    pub number: Option<u32>,
    /// How many steps the stage has.
    pub of: Option<u32>,
    /// The instruction, or what the builder does.
    pub command: String,
    /// When it began, in seconds since the build's beginning.
    pub started: Option<f64>,
    /// How long it took, where it came to its end.
    pub seconds: Option<f64>,
    /// Whether its result was there already.
    pub cached: bool,
    /// How much its layer adds to the image, where the engine says so.
    pub layer_bytes: Option<u64>,
    /// Why it failed.
    pub error: Option<String>,
    /// The last lines it printed, where it failed.
    pub tail: Vec<String>,
}

/// An image that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuiltImage {
    /// Its id: the digest of its configuration.
    pub id: Option<String>,
    /// How large it is unpacked, as the engine says.
    pub bytes: Option<u64>,
    /// What it is called.
    pub tag: Option<String>,
    /// The archive that holds it.
    pub archive: Option<String>,
    /// How large the archive is.
    pub archive_bytes: Option<u64>,
}
