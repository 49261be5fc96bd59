//! Runs recorded beside a test repository, and records made by hands that mean no good.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Repo, Run};

impl Repo {
    /// Where its records lie.
    pub(crate) fn home(&self) -> PathBuf {
        self.path().with_file_name("home")
    }

    /// Runs the program in the repository, with its own place for records.
    pub(crate) fn run_recorded(&self, args: &[&str]) -> Run {
        self.run_with(args, |command| {
            command.env("PLIMSOLL_HOME", self.home());
        })
    }

    /// Runs the program in the repository, its environment changed.
    pub(crate) fn run_with(&self, args: &[&str], change: impl FnOnce(&mut Command)) -> Run {
        let mut command = super::command(&self.path(), args);
        change(&mut command);
        super::finished(&mut command)
    }

    /// The folders of the recorded runs, sorted.
    pub(crate) fn runs(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.home().join("runs")) else { return Vec::new() };
        let mut all: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
        all.sort();
        all
    }

    /// Reviews and records; the folder of the run.
    pub(crate) fn recorded(&self, args: &[&str]) -> PathBuf {
        let mut all = vec!["review", "--record", "--fail-on", "never"];
        all.extend(args);
        let run = self.run_recorded(&all);
        assert_eq!(run.code, 0, "{}", run.err);
        self.runs().pop().unwrap()
    }
}

/// The manifest of a run.
pub(crate) fn manifest(run: &Path) -> Value {
    serde_json::from_slice(&fs::read(run.join("manifest.json")).unwrap()).unwrap()
}

/// Writes another manifest.
pub(crate) fn set_manifest(run: &Path, manifest: &Value) {
    fs::write(run.join("manifest.json"), manifest.to_string()).unwrap();
}

/// The path of the blob that the manifest names.
pub(crate) fn blob(run: &Path, name: &str) -> PathBuf {
    let hex = manifest(run)[name]["sha256"].as_str().unwrap().to_owned();
    run.join("blobs/sha256").join(&hex[..2]).join(hex)
}

/// Keeps bytes as a blob; what the manifest says of it.
pub(crate) fn keep(run: &Path, bytes: &[u8]) -> Value {
    let hex: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
    let folder = run.join("blobs/sha256").join(&hex[..2]);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(&hex), bytes).unwrap();
    json!({ "sha256": hex, "size": bytes.len() })
}

/// Puts other bytes in the place of a blob, all digests right.
pub(crate) fn forge(run: &Path, name: &str, bytes: &[u8]) {
    let mut all = manifest(run);
    all[name] = keep(run, bytes);
    set_manifest(run, &all);
}
