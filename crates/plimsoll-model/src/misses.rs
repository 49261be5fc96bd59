//! Why steps run again from one commit to another.

use serde::{Deserialize, Serialize};

use crate::CacheSetup;

/// Why the steps of a service's build run again from one commit to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissReport {
    /// The service.
    pub service: String,
    /// The build whose layers there are.
    pub before: ComparedBuild,
    /// The build that is explained.
    pub after: ComparedBuild,
    /// The setup that the pipeline has, where it is known.
    pub current: Option<CacheSetup>,
    /// The steps of the later build, FROM left out.
    pub steps: Vec<ExplainedStep>,
    /// Whether the ignore file that holds for the context is another.
    pub ignore_changed: bool,
    /// What is assumed.
    pub assumptions: Vec<String>,
}

impl MissReport {
    /// How many steps run.
    #[must_use]
    pub fn misses(&self) -> usize {
        self.steps.iter().filter(|step| step.outcome.runs()).count()
    }
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedBuild {
    /// The commit; none for the working tree.
    pub commit: Option<String>,
    /// The first line of its message.
    pub subject: String,
    /// When it was committed, in seconds since 1970; none for the working tree.
    pub seconds: Option<i64>,
    /// Where its Dockerfile lies.
    pub dockerfile: String,
}

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    /// It need not run.
    Hit,
    /// It runs.
    Miss,
    /// A stage that it copies from runs: so does it, unless that writes the same bytes again.
    Depends,
    /// Nothing in it changed, but its layer is not kept and is needed.
    NotKept,
    /// It is the same work as an earlier step of this build.
    Shared,
}

impl StepOutcome {
    /// Whether the step runs.
    #[must_use]
    pub fn runs(self) -> bool {
        matches!(self, Self::Miss | Self::Depends | Self::NotKept)
    }
}

/// A step of the later build, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedStep {
    /// What it is.
    pub step: StepName,
    /// What becomes of it.
    pub outcome: StepOutcome,
    /// The steps from the one above it, or of the stage it copies from, to the one where the
    /// chain of misses begins; empty where it begins here.
    pub chain: Vec<StepName>,
    /// Why the step at the end of the chain, or this one, has another key.
    pub causes: Vec<MissCause>,
    /// What else it stands on or copies from that misses, and would make it run by itself.
    pub also: Vec<StepName>,
}

/// What a step is called by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepName {
    /// The stage.
    pub stage: String,
    /// Its number in the stage.
    pub number: u32,
    /// The line it begins on.
    pub line: u32,
    /// The instruction on one line.
    pub text: String,
}

/// A reason for another key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum MissCause {
    /// There was no such step.
    New,
    /// A part of the instruction, or something that it sees, has another value.
    Value(ChangedValue),
    /// Files that it takes are others.
    Files {
        /// Which, in the order of their paths; none where only folders without files differ.
        files: Vec<ChangedFile>,
        /// Whether there are more than are listed.
        more: bool,
    },
    /// It stands on, or copies from, another step or image than before.
    Below,
}

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedValue {
    /// What has it.
    pub what: ValueOf,
    /// The name of the variable.
    pub name: Option<String>,
    /// The value before; none where it was not set.
    pub before: Option<String>,
    /// The value now; none where it is not set.
    pub after: Option<String>,
    /// Whether it is another in every build.
    pub every_build: bool,
}

/// What a value belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueOf {
    /// The instruction as it is written.
    Instruction,
    /// The instruction with its arguments put in.
    Expanded,
    /// The base image.
    BaseImage,
    /// The order of the variables that are set.
    Order,
    /// The working directory.
    Directory,
    /// The user.
    User,
    /// The shell.
    Shell,
    /// A build argument or variable.
    Variable,
    /// The image or address that it copies from.
    Source,
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFile {
    /// Its path in the context.
    pub path: String,
    /// What happened to it.
    pub change: FileChange,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileChange {
    /// It is new, or newly sent.
    Added,
    /// It is gone, or no longer sent.
    Removed,
    /// Its content is another.
    Modified,
    /// It became, or is no longer, executable, a link or a folder.
    Mode,
}

impl FileChange {
    /// A word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Modified => "modified",
            Self::Mode => "mode",
        }
    }
}
