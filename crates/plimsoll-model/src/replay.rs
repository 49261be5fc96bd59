//! What a replay of the git history says of the builds' caches.

use serde::{Deserialize, Serialize};

/// How a cache is kept from one build to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CacheSetup {
    /// Not at all: every build begins with an empty builder.
    None,
    /// In the image (`type=inline`): the layers of the image only.
    Inline,
    /// Beside the image with `mode=min`: the layers of the image only.
    Min,
    /// Beside the image with `mode=max`: every layer of the last build.
    Max,
    /// In a builder that stays: every layer of every build, nothing pruned.
    Local,
}

impl CacheSetup {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::None, Self::Inline, Self::Min, Self::Max, Self::Local];

    /// Its name, as on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Inline => "inline",
            Self::Min => "min",
            Self::Max => "max",
            Self::Local => "local",
        }
    }
}

/// A service's builds over a part of the git history, none of which was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayReport {
    /// The service.
    pub service: String,
    /// The branch or commit that the walk began at.
    pub branch: String,
    /// The builds, oldest first. The first one fills the caches and is not counted.
    pub builds: Vec<ReplayedBuild>,
    /// Commits of the same time that start no build: no file of the workflow's filter changed.
    pub not_started: usize,
    /// Commits whose build fails, newest first: the commit and why; some of them.
    pub failing: Vec<(String, String)>,
    /// How many commits have a build that fails.
    pub failing_count: usize,
    /// Whether the clone ends before the history does.
    pub shallow: bool,
    /// The setup that the pipeline has, where it is known.
    pub current: Option<CacheSetup>,
    /// The setup that the counts of steps are of.
    pub shown: CacheSetup,
    /// Whether rates are weighted by how long steps take; they count steps otherwise.
    pub weighted: bool,
    /// The rates of each setup.
    pub setups: Vec<SetupRate>,
    /// The steps of the newest build.
    pub steps: Vec<ReplayedStep>,
    /// The names that the Dockerfile had before, newest first.
    pub renames: Vec<ReplayedRename>,
    /// What is assumed.
    pub assumptions: Vec<String>,
}

/// A rename of a Dockerfile that was followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayedRename {
    /// Its path from then on.
    pub path: String,
    /// Its path before.
    pub was: String,
    /// The folder that was sent before, where that is another.
    pub context: Option<String>,
    /// The commit that renamed it.
    pub commit: String,
}

impl ReplayReport {
    /// The builds that are counted.
    #[must_use]
    pub fn counted(&self) -> usize {
        self.builds.len().saturating_sub(1)
    }

    /// The rates of a setup.
    #[must_use]
    pub fn rate(&self, setup: CacheSetup) -> Option<&SetupRate> {
        self.setups.iter().find(|rate| rate.setup == setup)
    }
}

/// A build of the replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayedBuild {
    /// The commit.
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
    /// When it was committed, in seconds since 1970.
    pub seconds: i64,
    /// The steps that run, with the setup that is shown: line and stage.
    pub missed: Vec<(u32, String)>,
    /// How many steps there are, FROM left out.
    pub steps: usize,
}

/// The hits of one setup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetupRate {
    /// The setup.
    pub setup: CacheSetup,
    /// Steps that need not run, all builds together.
    pub hits: usize,
    /// All steps, all builds together.
    pub steps: usize,
    /// The share of hits, of steps or of their time; none without a build to count.
    pub ratio: Option<f64>,
    /// Builds in which no step runs.
    pub whole_builds: usize,
    /// Steps counted as missed that hit if a stage writes the same bytes again.
    pub depends: usize,
}

/// A step over all builds that have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayedStep {
    /// The stage.
    pub stage: String,
    /// Its number in the stage.
    pub number: u32,
    /// The line it begins on.
    pub line: u32,
    /// The instruction on one line.
    pub text: String,
    /// The builds that have it.
    pub builds: usize,
    /// Those in which it need not run, with the setup that is shown.
    pub hits: usize,
    /// How long it takes, in seconds, where that is known.
    pub seconds: Option<f64>,
    /// Why it ran, the most frequent reason first.
    pub misses: Vec<Misses>,
}

/// A reason for misses of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misses {
    /// How often.
    pub count: usize,
    /// The reason.
    pub reason: String,
    /// The line of the step where the chain of misses began, where that is another.
    pub line: Option<u32>,
    /// The files that changed most often, where files are the reason.
    pub files: Vec<ReplayedFile>,
}

/// A file that broke a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayedFile {
    /// Its path in the context.
    pub path: String,
    /// In how many builds.
    pub count: usize,
}
