//! Chores of the project: `cargo xtask docs` writes what is generated, `cargo xtask check`
//! says what is stale, `cargo xtask screenshot` draws the README's picture.

mod docs;
mod screenshot;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = root();
    let done = match std::env::args().nth(1).as_deref() {
        Some("docs") => docs::write(&root),
        Some("check") => docs::check(&root),
        Some("screenshot") => screenshot::write(&root),
        _ => Err("usage: cargo xtask docs | check | screenshot".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            // Nothing can be done where stderr is gone.
            let _ = writeln!(std::io::stderr(), "xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}
