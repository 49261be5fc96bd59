//! The record of a run: what was read and measured, so that anybody can judge it again.
//!
//! ```
//! use plimsoll_model::{RunId, Timestamp};
//!
//! let id = RunId::new(Timestamp::from_unix(1_795_473_015), "4f9a1c").unwrap();
//! assert_eq!(id.to_string(), "20261123-223015-4f9a1c");
//! assert_eq!(id.to_string().parse(), Ok(id));
//! ```
//!
//! The types here are the form of the files; who writes and reads them is the program. The form is
//! a promise: a field is added with a default and an event with a name of its own, so that a
//! reader takes what an older or newer writer of the same form wrote; for anything else
//! [`RUN_FORM`] grows, and a reader refuses a form it does not know.

mod digest;
mod event;
mod id;
mod index;
mod time;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Date, Verdict};

pub use digest::{BlobDigest, BlobRef, NoDigest};
pub use event::{Happened, RunEvent};
pub use id::{NoRunId, RunId};
pub use index::{IndexEntry, IndexText, SourcesIndex};
pub use time::{NoTimestamp, Timestamp};

/// The version of the record's form.
pub const RUN_FORM: u32 = 1;

/// The form alone: what a reader looks at before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunForm {
    /// The version of the form.
    pub form: u32,
}

/// `manifest.json`: what was run, and which blob holds what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunManifest {
    /// The version of the form.
    pub form: u32,
    /// The version of Plimsoll that wrote it.
    pub plimsoll_version: String,
    /// The run's name.
    pub id: RunId,
    /// The command: `review`.
    pub command: String,
    /// What was looked at.
    pub repository: RunRepository,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// What a review is told besides its evidence.
    pub terms: RunTerms,
    /// The verdict, for lists; who judges again takes it from the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// `events.jsonl`.
    pub events: BlobRef,
    /// What was read: a [`SourcesIndex`].
    pub sources: BlobRef,
    /// What was measured.
    pub measured: BlobRef,
    /// The report, where the run judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<BlobRef>,
    /// Further blobs by name: the log of a build.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub blobs: BTreeMap<String, BlobRef>,
}

/// The repository of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRepository {
    /// Its name: that of its folder.
    pub name: String,
    /// The commit that was checked out, where there is git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// How many of the files that were read were not as the commit has them, or gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<usize>,
}

/// What a review is told besides its evidence. `plimsoll.toml` is among the sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunTerms {
    /// The day of the review.
    pub today: Date,
    /// The earlier report that due dates come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BlobRef>,
}

#[cfg(test)]
mod tests;
