//! Changes of several files, shown and written: all of them or none.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_model::Sources;
use plimsoll_rules::remedy::Outcome;

use crate::failure::Failure;
use crate::ui;

/// Shows the diff of every file.
pub(super) fn show(
    sources: &Sources,
    outcome: &Outcome,
    colour: ui::Colour,
) -> Result<(), Failure> {
    for (path, after) in outcome {
        let before = sources.text(path).unwrap_or("");
        let after = after.as_deref().unwrap_or("");
        ui::result(&crate::report::diff::unified(path, before, after, colour.on()))?;
    }
    Ok(())
}

/// What becomes of changes that git does not have.
#[derive(Clone, Copy, Debug)]
pub(super) enum Uncommitted<'u> {
    /// They are written over.
    Forced,
    /// They stop the fix, but for those of these paths, which this run has made.
    Refused(&'u BTreeSet<String>),
}

/// Writes every file, or none: new texts are written beside their files first, and what was
/// put in place is taken back where a later file fails.
pub(super) fn write(
    root: &Path,
    sources: &Sources,
    outcome: &Outcome,
    uncommitted: Uncommitted<'_>,
) -> Result<(), Failure> {
    let mut steps = Vec::new();
    for (path, after) in outcome {
        steps.push(Step::new(root, path, after.as_deref(), sources)?);
    }
    if let Uncommitted::Refused(own) = uncommitted {
        refuse_uncommitted(root, outcome.keys().filter(|p| !own.contains(*p)))?;
    }
    for at in 0..steps.len() {
        if let Err(error) = steps[at].prepare() {
            steps[..=at].iter().for_each(Step::forget);
            return Err(Failure::io("write", &steps[at].path, &error)
                .hint("nothing was changed: every file of a fix is written, or none"));
        }
    }
    for at in 0..steps.len() {
        if let Err(error) = steps[at].commit() {
            steps[..at].iter().for_each(Step::undo);
            steps[at..].iter().for_each(Step::forget);
            return Err(Failure::io("write", &steps[at].path, &error)
                .hint("nothing was changed: the files written before it were put back"));
        }
    }
    Ok(())
}

/// One file on its way.
struct Step {
    path: PathBuf,
    beside: PathBuf,
    /// What the file held; `None` where there was none.
    before: Option<Vec<u8>>,
    /// What it will hold; `None` where it goes.
    after: Option<String>,
}

impl Step {
    fn new(
        root: &Path,
        path: &str,
        after: Option<&str>,
        sources: &Sources,
    ) -> Result<Self, Failure> {
        if sources.files.get(path).is_some_and(|f| f.lossy) {
            return Err(Failure::usage(format!("{path} is not UTF-8 and was not written")));
        }
        let full = inside(root, path)?;
        if fs::symlink_metadata(&full).is_ok_and(|m| !m.is_file()) {
            return Err(Failure::usage(format!("{path} is no regular file and was not written")));
        }
        let before = match fs::read(&full) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::io("read", &full, &error)),
        };
        let read = sources.text(path).map(str::as_bytes);
        if before.as_deref() != read && (read.is_some() || before.is_some()) {
            return Err(Failure::usage(format!("{path} changed while it was looked at"))
                .hint("run the command again"));
        }
        let mut name = OsString::from(".");
        name.push(full.file_name().unwrap_or_default());
        name.push(format!(".{}.tmp", std::process::id()));
        let beside = full.with_file_name(name);
        Ok(Self { path: full, beside, before, after: after.map(str::to_owned) })
    }

    fn prepare(&self) -> io::Result<()> {
        let Some(text) = &self.after else {
            // A folder that cannot be written to is found before anything is removed.
            fs::OpenOptions::new().write(true).create_new(true).open(&self.beside)?;
            return fs::remove_file(&self.beside);
        };
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&self.beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        match fs::metadata(&self.path) {
            Ok(old) if old.permissions().readonly() => {
                Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only"))
            }
            Ok(old) => fs::set_permissions(&self.beside, old.permissions()),
            Err(_) => Ok(()),
        }
    }

    fn commit(&self) -> io::Result<()> {
        match self.after {
            Some(_) => fs::rename(&self.beside, &self.path),
            None => fs::remove_file(&self.path),
        }
    }

    /// Removes what was written beside the file.
    fn forget(&self) {
        // It may not be there; there is nothing more to do where it cannot go.
        let _ = fs::remove_file(&self.beside);
    }

    /// Puts the file back as it was.
    fn undo(&self) {
        let done = match &self.before {
            Some(bytes) => fs::write(&self.path, bytes),
            None => fs::remove_file(&self.path),
        };
        if let Err(error) = done {
            ui::error(format_args!("failed to put back {}: {error}", self.path.display()), None);
        }
    }
}

/// Refuses to touch files with changes that git does not have, or that it has not at all.
fn refuse_uncommitted<'p>(
    root: &Path,
    paths: impl Iterator<Item = &'p String>,
) -> Result<(), Failure> {
    let paths: Vec<String> = paths.map(|p| format!(":(literal){p}")).collect();
    if paths.is_empty() {
        return Ok(());
    }
    let mut git = Command::new("git");
    // The configuration of a stranger's repository may name a program to run here.
    git.args(["-c", "core.fsmonitor=false", "-C"]).arg(root);
    git.args(["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all"]);
    git.args(["--ignored", "--"]).args(paths);
    git.env("GIT_OPTIONAL_LOCKS", "0");
    // Without git, or outside of a repository, nothing is known to be lost.
    let Ok(output) = git.output() else { return Ok(()) };
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        if said.contains("not a git repository") {
            return Ok(());
        }
        let reason = said.lines().next().unwrap_or("it does not say why");
        return Err(Failure::usage(format!(
            "git cannot tell whether the files have uncommitted changes: {reason}"
        ))
        .hint("run it as the owner of the repository, or again with --force"));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let files: Vec<&str> = text.split('\0').filter_map(|l| l.get(3..)).collect();
    if files.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(format!("{} has uncommitted changes", files.join(", ")))
        .hint("commit or stash them first, or run again with --force"))
}

/// A path of the repository, which no fix may leave: no `..`, no link on the way.
fn inside(root: &Path, path: &str) -> Result<PathBuf, Failure> {
    let mut full = root.to_path_buf();
    for part in path.split('/') {
        if part.is_empty() || part == ".." || part == "." {
            return Err(Failure::usage(format!(
                "{path} leaves the repository and was not written"
            )));
        }
        full.push(part);
        if full.is_symlink() {
            return Err(Failure::usage(format!(
                "{} is a link and was not written",
                full.display()
            )));
        }
    }
    Ok(full)
}
