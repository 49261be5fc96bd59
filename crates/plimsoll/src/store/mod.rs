//! Records of runs: folders of plain files that outlive the program that wrote them.
//!
//! ```text
//! runs/20261124-223015-4f9a1c/
//!   manifest.json                  what was run, and which blob holds what
//!   events.jsonl                   what happened, a line each
//!   blobs/sha256/4f/4f9a1c…        everything else, named by its SHA-256
//! ```
//!
//! [`Recorder`] writes one, [`Record`] reads one and trusts nothing that it reads: a record may
//! come from anybody. `docs/reference/run-record.md` describes the form.

mod again;
mod drift;
mod folder;
mod home;
mod index;
mod list;
mod record;
mod recorder;
#[cfg(test)]
mod tests;

pub(crate) use again::judge;
pub(crate) use drift::Drift;
pub(crate) use list::{all, find, remove, sweep};
pub(crate) use record::Record;
pub(crate) use recorder::{Outcome, Recorder};

/// The file that says what a run is.
const MANIFEST: &str = "manifest.json";

/// The file with its events.
const EVENTS: &str = "events.jsonl";

/// The name of a blob, from the folder of its run.
fn blob_path(digest: &plimsoll_model::BlobDigest) -> [String; 4] {
    let hex = digest.to_string();
    ["blobs".to_owned(), "sha256".to_owned(), hex[..2].to_owned(), hex]
}

/// What bytes hash to.
fn digest(bytes: &[u8]) -> plimsoll_model::BlobDigest {
    use sha2::Digest as _;
    plimsoll_model::BlobDigest::new(sha2::Sha256::digest(bytes).into())
}
