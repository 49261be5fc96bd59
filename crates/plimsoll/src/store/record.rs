//! Reads a run. It may have been made by anybody: every size is bounded, every digest checked.

use std::path::{Path, PathBuf};

use plimsoll_model::{
    BlobRef, RUN_FORM, Report, RunEvent, RunForm, RunManifest, SCHEMA_VERSION, Sources,
    SourcesIndex,
};
use plimsoll_rules::review::Measured;
use serde::de::DeserializeOwned;

use super::{EVENTS, MANIFEST, blob_path, digest, folder, index};
use crate::failure::Failure;

/// How large a manifest is at most.
const MOST_MANIFEST: u64 = 1 << 20;

/// How large anything else is at most: the index of a million paths is smaller.
const MOST_BLOB: u64 = 256 << 20;

/// How much text all sources have at most, each counted as often as a path has it. A review reads
/// 128 MiB, which triple where no byte of them is UTF-8.
const MOST_TEXT: u64 = 512 << 20;

/// A recorded run.
pub(crate) struct Record {
    root: PathBuf,
    pub(crate) manifest: RunManifest,
}

impl Record {
    /// Opens the run of a folder.
    pub(crate) fn open(root: &Path) -> Result<Self, Failure> {
        let failed = |why: String| fault(root, &format!("{MANIFEST}: {why}"));
        let bytes = folder::read(root, &[MANIFEST], MOST_MANIFEST);
        let bytes = bytes.map_err(|error| failed(error.to_string()))?;
        // The form first: of another one nothing else is known.
        let RunForm { form } = parse(&bytes).map_err(failed)?;
        if form != RUN_FORM {
            let why = format!("it has form {form}, this version reads form {RUN_FORM}");
            return Err(failed(why).hint("the version of plimsoll that wrote it reads it"));
        }
        let manifest = parse(&bytes).map_err(failed)?;
        Ok(Self { root: root.to_path_buf(), manifest })
    }

    /// What was read of the repository.
    pub(crate) fn sources(&self) -> Result<Sources, Failure> {
        let found: SourcesIndex = self.json("sources", &self.manifest.sources)?;
        let sizes = found.entries.iter().filter_map(|entry| Some(entry.text?.blob.size));
        // Before any is read: a small record may name one large text many times.
        if sizes.fold(0, u64::saturating_add) > MOST_TEXT {
            return Err(self.fault("sources", "they have more text than is read"));
        }
        let text = |blob: &BlobRef| self.text(blob);
        index::read(found, text).map_err(|why| self.fault("sources", &why))
    }

    /// What was measured.
    pub(crate) fn measured(&self) -> Result<Measured, Failure> {
        self.json("measured", &self.manifest.measured)
    }

    /// The text of the report, where the run judged.
    pub(crate) fn report(&self) -> Result<Option<String>, Failure> {
        let text = |blob| self.text(blob).map_err(|why| self.fault("report", &why));
        self.manifest.report.as_ref().map(text).transpose()
    }

    /// The earlier report that due dates come from.
    pub(crate) fn baseline(&self) -> Result<Option<Report>, Failure> {
        let Some(blob) = &self.manifest.terms.baseline else { return Ok(None) };
        let report: Report = self.json("baseline", blob)?;
        if report.schema_version != SCHEMA_VERSION {
            let why = format!(
                "it has form {}, this version reads {SCHEMA_VERSION}",
                report.schema_version
            );
            return Err(self.fault("baseline", &why));
        }
        Ok(Some(report))
    }

    /// What happened.
    pub(crate) fn events(&self) -> Result<Vec<RunEvent>, Failure> {
        let failed = |why: String| self.fault(EVENTS, &why);
        let bytes = checked(&self.root, &[EVENTS], &self.manifest.events).map_err(failed)?;
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| parse(line).map_err(failed)).collect()
    }

    /// How many bytes it takes.
    pub(crate) fn size(&self) -> u64 {
        folder::size(&self.root)
    }

    fn json<T: DeserializeOwned>(&self, what: &str, blob: &BlobRef) -> Result<T, Failure> {
        let read = self
            .blob(blob)
            .and_then(|bytes| parse(&bytes).map_err(|why| format!("blob {}: {why}", blob.sha256)));
        read.map_err(|why| self.fault(what, &why))
    }

    fn text(&self, blob: &BlobRef) -> Result<String, String> {
        let text = String::from_utf8(self.blob(blob)?);
        text.map_err(|_| format!("blob {} is no UTF-8", blob.sha256))
    }

    fn blob(&self, blob: &BlobRef) -> Result<Vec<u8>, String> {
        let path = blob_path(&blob.sha256);
        checked(&self.root, &path.each_ref().map(String::as_str), blob)
            .map_err(|why| format!("blob {}: {why}", blob.sha256))
    }

    fn fault(&self, what: &str, why: &str) -> Failure {
        fault(&self.root, &format!("{what}: {why}"))
    }
}

/// The bytes of a file, if they are those that the manifest means.
fn checked(root: &Path, path: &[&str], blob: &BlobRef) -> Result<Vec<u8>, String> {
    let most = blob.size.min(MOST_BLOB);
    let bytes = folder::read(root, path, most).map_err(|error| error.to_string())?;
    let got = digest(&bytes);
    if bytes.len() as u64 != blob.size || got != blob.sha256 {
        return Err(format!("it is damaged: its {} bytes hash to {got}", bytes.len()));
    }
    Ok(bytes)
}

/// Reads JSON; what is wrong is said in a line, however long the text that is.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string().chars().take(200).collect())
}

fn fault(root: &Path, why: &str) -> Failure {
    Failure::missing(format!("failed to read the run at {}: {why}", root.display()))
}
