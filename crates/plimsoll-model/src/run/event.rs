//! The one stream of events: terminal, record and dashboard listen to the same.

use serde::{Deserialize, Serialize};

use crate::{CheckName, CheckState, NamedFigure, Verdict};

/// A line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEvent {
    /// Milliseconds since the run began.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub happened: Happened,
}

/// What happened.
///
/// A new kind is a new variant: readers that do not know it see [`Happened::Other`], and fields
/// they do not know they pass over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Happened {
    /// A part of the run began: `read`, `context`, `replay`, `judge`.
    StageBegun {
        /// Its name.
        stage: String,
    },
    /// A part of the run ended.
    StageEnded {
        /// Its name.
        stage: String,
    },
    /// The repository was read.
    SourcesRead {
        /// Paths that were seen.
        paths: usize,
        /// Files whose text was read.
        files: usize,
        /// What could not be read.
        problems: usize,
    },
    /// A service's context was measured.
    ContextMeasured {
        /// The service.
        service: String,
        /// Bytes sent to the builder.
        bytes: u64,
        /// Files sent to the builder.
        files: u64,
    },
    /// A service's history was replayed.
    Replayed {
        /// The service.
        service: String,
        /// Builds that are counted.
        builds: usize,
    },
    /// A service was built.
    Built {
        /// The service.
        service: String,
        /// Which build: `cold`, `warm`, `changed`.
        which: String,
        /// Whether it made the image.
        built: bool,
        /// How long it took.
        seconds: f64,
    },
    /// Something was tried of a service's image.
    Checked {
        /// The service.
        service: String,
        /// What was tried.
        name: CheckName,
        /// How it came out.
        state: CheckState,
    },
    /// A figure was recorded, or the gap where there is none.
    FigureRecorded {
        /// It, with its service and metric.
        figure: NamedFigure,
    },
    /// The evidence was judged.
    Judged {
        /// The verdict.
        verdict: Verdict,
        /// How many findings there are, waived ones among them.
        findings: usize,
    },
    /// Something that this version has no word for.
    #[serde(other)]
    Other,
}
