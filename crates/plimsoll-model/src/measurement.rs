//! What was measured of a service by building it and by starting it.

use serde::{Deserialize, Serialize};

use crate::{BuildReport, CheckState};

/// The builds of a service, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeasuredBuilds {
    /// With nothing cached.
    pub cold: BuildReport,
    /// Again, with nothing changed.
    #[serde(default)]
    pub warm: Option<BuildReport>,
    /// Again, with one file changed.
    #[serde(default)]
    pub changed: Option<ChangedBuild>,
}

/// A build after a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangedBuild {
    /// The file that was changed: of those that the image is built from, the one that changes most often.
    pub file: String,
    /// In how many of the last commits it changed.
    pub commits: u32,
    /// How many commits were looked at.
    pub of: u32,
    /// The build.
    pub build: BuildReport,
}

/// What is tried of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CheckName {
    /// The image is built.
    Builds,
    /// What it declares as its dependencies can be loaded in it, or its program starts.
    Imports,
    /// A container starts and stays.
    Starts,
    /// It opens its port.
    OpensPort,
    /// Its health path answers.
    AnswersHealth,
    /// It ends by itself once it is asked to.
    StopsOnSigterm,
}

impl CheckName {
    /// Every check, in the order in which they are run.
    pub const ALL: [Self; 6] = [
        Self::Builds,
        Self::Imports,
        Self::Starts,
        Self::OpensPort,
        Self::AnswersHealth,
        Self::StopsOnSigterm,
    ];

    /// What it is called in the validation list.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Builds => "image builds",
            Self::Imports => "imports inside the image",
            Self::Starts => "container starts",
            Self::OpensPort => "port opens",
            Self::AnswersHealth => "health endpoint answers",
            Self::StopsOnSigterm => "stops within 10 s of SIGTERM",
        }
    }
}

/// A check of an image that was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServiceCheck {
    /// What was tried.
    pub name: CheckName,
    /// The environment whose settings held.
    #[serde(default)]
    pub environment: Option<String>,
    /// How it came out.
    pub state: CheckState,
    /// What was seen.
    pub detail: String,
    /// How long it took, where that says something.
    #[serde(default)]
    pub seconds: Option<f64>,
}
