//! A copy of a repository to build in: what git has or would take, as a clean checkout with
//! the new files would hold it; without git, everything.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

/// How much is copied at the most.
const FILES: usize = 1_000_000;
const BYTES: u64 = 16 << 30;

/// Copies the repository at `from` into the folder `to`, which is made. Where that folder lies
/// in the repository, it is no part of it.
///
/// # Errors
/// Where a file cannot be read or written, or there is more than is copied.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let made = fs::metadata(to)?;
    let made = (made.dev(), made.ino());
    let mut copier = Copier { from, to, made, folders: BTreeSet::new(), files: 0, bytes: 0 };
    match tracked(from) {
        Some(paths) => paths.iter().try_for_each(|p| copier.path(p)),
        None => copier.folder(Path::new("")),
    }
}

/// The paths that git tracks, and new ones that it does not ignore.
fn tracked(root: &Path) -> Option<Vec<PathBuf>> {
    let mut git = Command::new("git");
    // The configuration of a stranger's repository may name a program to run here.
    git.args(["-c", "core.fsmonitor=false", "-C"]).arg(root).env("GIT_OPTIONAL_LOCKS", "0");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let paths = output.stdout.split(|b| *b == 0).filter(|p| !p.is_empty());
    let paths: Vec<PathBuf> =
        paths.map(|p| PathBuf::from(OsString::from_vec(p.to_owned()))).collect();
    // A folder that some repository above ignores as a whole is no repository of its own.
    (output.status.success() && !paths.is_empty()).then_some(paths)
}

struct Copier<'c> {
    from: &'c Path,
    to: &'c Path,
    /// The device and number of the folder `to`.
    made: (u64, u64),
    /// Folders that were made, none of them through a link.
    folders: BTreeSet<PathBuf>,
    files: usize,
    bytes: u64,
}

impl Copier<'_> {
    fn folder(&mut self, path: &Path) -> io::Result<()> {
        for entry in fs::read_dir(self.from.join(path))? {
            let entry = entry?;
            if entry.file_name() != ".git" {
                self.path(&path.join(entry.file_name()))?;
            }
        }
        Ok(())
    }

    fn path(&mut self, path: &Path) -> io::Result<()> {
        let plain = path.components().all(|c| matches!(c, Component::Normal(_)));
        let parent = path.parent().unwrap_or(Path::new(""));
        if !plain || !self.parents(parent)? {
            return Ok(());
        }
        let source = self.from.join(path);
        let metadata = match fs::symlink_metadata(&source) {
            Ok(metadata) => metadata,
            // Git still tracks what was removed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(named(&source, &error)),
        };
        let target = self.to.join(path);
        if metadata.is_symlink() {
            return symlink(fs::read_link(&source)?, &target).map_err(|e| named(&target, &e));
        }
        if metadata.is_dir() {
            if (metadata.dev(), metadata.ino()) == self.made {
                return Ok(());
            }
            // A submodule as it is checked out, or a folder where there is no git.
            fs::create_dir_all(&target).map_err(|e| named(&target, &e))?;
            return self.folder(path);
        }
        if !metadata.is_file() {
            return Ok(());
        }
        self.files += 1;
        self.bytes += metadata.len();
        if self.files > FILES || self.bytes > BYTES {
            return Err(io::Error::other(format!(
                "more than {FILES} files or {} to copy",
                plimsoll_model::bytes(BYTES as f64)
            )));
        }
        fs::copy(&source, &target).map(drop).map_err(|e| named(&source, &e))
    }

    /// Makes the folders above a path; whether all of them are folders, and no links.
    fn parents(&mut self, parent: &Path) -> io::Result<bool> {
        if parent.as_os_str().is_empty() || self.folders.contains(parent) {
            return Ok(true);
        }
        if !self.parents(parent.parent().unwrap_or(Path::new("")))? {
            return Ok(false);
        }
        let is_folder = fs::symlink_metadata(self.from.join(parent)).is_ok_and(|m| m.is_dir());
        if is_folder {
            fs::create_dir_all(self.to.join(parent))?;
            self.folders.insert(parent.to_owned());
        }
        Ok(is_folder)
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// A path of a repository for the engine's client, which follows links: none may lead out of it.
///
/// What is not there is for the client to complain of.
///
/// # Errors
/// Where it leads out.
pub fn inside(root: &Path, path: &str) -> io::Result<PathBuf> {
    let root = root.canonicalize()?;
    let full = root.join(path);
    let plain = |c| matches!(c, Component::Normal(_) | Component::CurDir);
    match full.canonicalize() {
        Ok(real) if real.starts_with(&root) => return Ok(real),
        Err(_) if Path::new(path).components().all(plain) => return Ok(full),
        _ => {}
    }
    Err(io::Error::other(format!("{path} leads out of the repository")))
}

/// Appends a line to a file of a copy; links are not followed out of it.
///
/// # Errors
/// Where the path is no regular file below the root.
pub(super) fn append(root: &Path, path: &str, line: &str) -> io::Result<()> {
    let mut full = root.to_path_buf();
    for component in Path::new(path).components() {
        let Component::Normal(part) = component else {
            return Err(io::Error::other(format!("{path} leaves the copy")));
        };
        full.push(part);
        if full.is_symlink() {
            return Err(io::Error::other(format!("{path} is a link")));
        }
    }
    let mut text = fs::read(&full)?;
    if text.last().is_some_and(|b| *b != b'\n') {
        text.push(b'\n');
    }
    text.extend_from_slice(line.as_bytes());
    text.push(b'\n');
    fs::write(&full, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("plimsoll-{name}-{}", std::process::id()));
            fs::create_dir_all(root.join("repo/api")).unwrap();
            fs::write(root.join("repo/api/Dockerfile"), "FROM scratch\n").unwrap();
            Self(root)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn no_path_of_a_copy_leads_out_of_it() {
        let folder = Folder::new("inside");
        let repo = folder.0.join("repo");
        symlink("/", repo.join("out")).unwrap();
        symlink("api", repo.join("within")).unwrap();
        for path in ["out", "out/etc", "..", "/", "/etc/passwd", "../gone"] {
            assert!(inside(&repo, path).is_err(), "{path}");
        }
        let api = repo.canonicalize().unwrap().join("api");
        let gone = api.with_file_name("gone");
        for (path, want) in [("gone", gone), ("within", api.clone()), ("api/../api", api)] {
            assert_eq!(inside(&repo, path).unwrap(), want, "{path}");
        }
    }

    #[test]
    fn a_copy_within_the_repository_does_not_hold_itself() {
        let folder = Folder::new("itself");
        let to = folder.0.join("repo/tmp/copy");
        copy(&folder.0.join("repo"), &to).unwrap();
        assert!(to.join("api/Dockerfile").is_file());
        assert!(to.join("tmp").is_dir() && !to.join("tmp/copy").exists());
    }
}
