//! Writes the files of a commit into a folder, running nothing that a repository may name: no
//! filters, no hooks.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use plimsoll_graph::{Id, Kind, Tree as _};

use super::{Commit, History, TreeOptions, folder_at};
use crate::history::tree::GitTree;

/// How much is written at the most.
const FILES: usize = 1_000_000;
const BYTES: u64 = 16 << 30;

impl History {
    /// Writes the files of a commit, of the folder that the history was opened at, into a new
    /// folder. Submodules are empty folders; files that Git LFS keeps are their pointers.
    ///
    /// # Errors
    /// Where the commit cannot be read, or the folder not be written.
    pub fn check_out(&self, commit: &Commit, to: &Path) -> io::Result<()> {
        let tree = self.tree(TreeOptions::default());
        let other = |error: String| io::Error::other(error);
        let root =
            folder_at(&tree, commit.tree, self.prefix()).map_err(|e| other(e.to_string()))?;
        let root =
            root.ok_or_else(|| other(format!("the commit has no folder {}", self.prefix())))?;
        Writer { tree: &tree, files: 0, bytes: 0 }.folder(root, to)
    }
}

struct Writer<'t> {
    tree: &'t GitTree,
    files: usize,
    bytes: u64,
}

impl Writer<'_> {
    /// Everything is made anew: what is there already is an error, so no link is written through.
    fn folder(&mut self, id: Id, to: &Path) -> io::Result<()> {
        let at =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", to.display()));
        fs::create_dir(to).map_err(at)?;
        let entries = self.tree.entries(id).map_err(|error| io::Error::other(error.to_string()))?;
        for entry in entries.iter().filter(|entry| entry.name != ".git") {
            let path = to.join(&entry.name);
            match entry.kind {
                Kind::Folder => self.folder(entry.id, &path)?,
                Kind::Link => {
                    let target = String::from_utf8(self.content(entry.id)?);
                    symlink(target.map_err(io::Error::other)?, &path).map_err(at)?;
                }
                Kind::File | Kind::Program => {
                    let bytes = self.content(entry.id)?;
                    let mut file = File::create_new(&path).map_err(at)?;
                    file.write_all(&bytes).map_err(at)?;
                    if entry.kind == Kind::Program {
                        file.set_permissions(Permissions::from_mode(0o755)).map_err(at)?;
                    }
                }
                Kind::Sealed => fs::create_dir(&path).map_err(at)?,
            }
        }
        Ok(())
    }

    fn content(&mut self, id: Id) -> io::Result<Vec<u8>> {
        let bytes = self.tree.whole(id).map_err(|error| io::Error::other(error.to_string()))?;
        self.files += 1;
        self.bytes += bytes.len() as u64;
        match self.files > FILES || self.bytes > BYTES {
            true => Err(io::Error::other("the commit has too many or too large files")),
            false => Ok(bytes),
        }
    }
}
