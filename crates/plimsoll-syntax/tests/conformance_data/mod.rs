//! The conformance folder: `shared/conformance` beside the workspace or above it, or the one
//! that `PLIMSOLL_CONFORMANCE` names; without it the tests that need it say so and pass.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A path inside the conformance folder, or `None` with a line on stderr.
pub(crate) fn conformance(path: &str) -> Option<PathBuf> {
    let found = match std::env::var_os("PLIMSOLL_CONFORMANCE") {
        Some(folder) => Some(PathBuf::from(folder)),
        None => Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(|folder| folder.join("shared/conformance"))
            .find(|folder| folder.is_dir()),
    };
    let found = found.map(|folder| folder.join(path)).filter(|path| path.exists());
    if found.is_none() {
        eprintln!("skipped: no conformance data for {path}");
    }
    found
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}
