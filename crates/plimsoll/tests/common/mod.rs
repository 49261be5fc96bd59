//! A repository in a temporary folder, and runs of the real program on it.

#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod archive;
pub(crate) mod case;
pub(crate) mod editor;
pub(crate) mod git;
pub(crate) mod measured;
pub(crate) mod records;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that goes when the test ends.
pub(crate) struct Repo {
    root: PathBuf,
}

impl Repo {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("plimsoll-test-{}-{n}", std::process::id()));
        fs::create_dir_all(root.join("repo")).unwrap();
        Self { root }
    }

    /// The repository's root.
    pub(crate) fn path(&self) -> PathBuf {
        self.root.join("repo")
    }

    /// Adds a file.
    pub(crate) fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let full = self.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
        self
    }

    /// The text of a file.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// Every file and its bytes.
    pub(crate) fn all_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.path()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(|e| e.unwrap()) {
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    files.push((entry.path(), fs::read(entry.path()).unwrap()));
                }
            }
        }
        files.sort();
        files
    }

    /// Runs the program in the repository.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        run_in(&self.path(), args)
    }
}

impl Drop for Repo {
    fn drop(&mut self) {
        // A folder left behind in the temporary folder harms nobody.
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// What a run printed and how it ended.
pub(crate) struct Run {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

/// Runs the program in a folder.
pub(crate) fn run_in(folder: &Path, args: &[&str]) -> Run {
    finished(&mut command(folder, args))
}

/// The program in a folder, not yet run.
pub(crate) fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(args).current_dir(folder).env("COLUMNS", "100").env_remove("GITHUB_STEP_SUMMARY");
    command
}

/// Runs a command; what it printed.
pub(crate) fn finished(command: &mut Command) -> Run {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
}

/// Whether a container engine is there to build with; under CI there must be one. Elsewhere
/// `scripts/test-engine` starts it.
pub(crate) fn engine() -> bool {
    let there = Command::new("docker").arg("info").output().is_ok_and(|o| o.status.success());
    assert!(there || std::env::var_os("CI").is_none(), "no engine: run scripts/test-engine");
    there
}
