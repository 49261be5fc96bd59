//! Reads a repository's git history: commits and their trees, nothing executed, nothing written.
//!
//! The configuration of the machine and of the user is not read, and no program that the
//! repository's own configuration names is run.

mod changed;
mod checkout;
mod compare;
mod disk;
mod moments;
mod renames;
mod replay;
mod tree;

use std::path::{Path, PathBuf};

use gix::objs::CommitRefIter;
use plimsoll_graph::{Id, Kind, Tree, TreeError, entry_at};

pub use changed::changed;
pub use compare::{CompareError, Compared, Side, compare};
pub use disk::{DiskTree, WORKING_TREE};
pub use moments::{NoBuild, Recipe};
pub use renames::{Names, changed_paths, origin};
pub use replay::{Built, Failed, Request, replay};
pub use tree::{GitTree, TreeOptions};

/// Why a history cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryError {
    /// The folder is in no git repository.
    NoRepository(PathBuf),
    /// There is one, and it cannot be opened: why.
    Unreadable(PathBuf, String),
    /// There is no commit yet.
    NoCommit,
    /// No commit has this name.
    Unknown(String),
    /// An object is not there, or cannot be read.
    Object(String),
}

impl std::fmt::Display for HistoryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoRepository(path) => write!(f, "{} is in no git repository", path.display()),
            Self::Unreadable(path, why) => {
                write!(f, "failed to open the git repository of {}: {why}", path.display())
            }
            Self::NoCommit => f.write_str("the repository has no commit yet"),
            Self::Unknown(name) => write!(f, "no commit is called {name}"),
            Self::Object(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for HistoryError {}

impl From<TreeError> for HistoryError {
    fn from(error: TreeError) -> Self {
        Self::Object(error.0)
    }
}

/// A commit, as far as a replay needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: Id,
    /// Its tree.
    pub tree: Id,
    /// The parents, the branch that was merged into first.
    pub parents: Vec<Id>,
    /// When it was committed, in seconds since 1970.
    pub seconds: i64,
    /// The first line of its message.
    pub subject: String,
}

/// A git repository, open for reading.
pub struct History {
    repository: gix::Repository,
    /// The folder asked for, from the top of the working tree.
    prefix: String,
}

impl History {
    /// Opens the repository that a folder lies in.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, HistoryError> {
        let none = || HistoryError::NoRepository(folder.to_path_buf());
        let real = folder.canonicalize().map_err(|_| none())?;
        let options = gix::open::Options::isolated();
        let found = gix::discover_opts(&real, Default::default(), options);
        let mut repository = found.map_err(|error| {
            // One that is there and in a form that is not known is another matter.
            let there = real.ancestors().any(|folder| folder.join(".git").exists());
            if there { HistoryError::Unreadable(real.clone(), error.to_string()) } else { none() }
        })?;
        // Trees of one history are deltas of each other: keep the bases.
        repository.object_cache_size_if_unset(16 << 20);
        let top = repository.workdir().and_then(|top| top.canonicalize().ok());
        let prefix = top.and_then(|top| Some(real.strip_prefix(top).ok()?.to_path_buf()));
        let prefix = prefix.map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { repository, prefix })
    }

    /// The folder asked for, from the top of the working tree; `""` for the top itself.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What is in the index; nothing where there is none, or where it is no file of a size that is read.
    pub(crate) fn index(&self, most_bytes: u64) -> Option<gix::worktree::Index> {
        let there = std::fs::symlink_metadata(self.repository.index_path()).ok()?;
        let is_read = there.is_file() && there.len() <= most_bytes;
        is_read.then(|| self.repository.try_index().ok().flatten()).flatten()
    }

    /// Whether the clone has only the newest commits.
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        self.repository.is_shallow().unwrap_or(false)
    }

    /// The branch that is checked out; none for a detached head.
    #[must_use]
    pub fn branch(&self) -> Option<String> {
        let name = self.repository.head_name().ok()??;
        Some(name.shorten().to_string())
    }

    /// The commit that a name means: a branch, a tag, an id or its start, `HEAD~3`.
    ///
    /// # Errors
    /// When there is none.
    pub fn resolve(&self, name: &str) -> Result<Id, HistoryError> {
        let unknown = || HistoryError::Unknown(name.to_owned());
        if name == "HEAD" && self.repository.head().map_err(object)?.is_unborn() {
            return Err(HistoryError::NoCommit);
        }
        let found = self.repository.rev_parse_single(name).map_err(|_| unknown())?;
        let commit = found.object().map_err(object)?.peel_to_commit().map_err(|_| unknown())?;
        Ok(id(&commit.id))
    }

    /// A commit.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub fn commit(&self, wanted: Id) -> Result<Commit, HistoryError> {
        let header = self.repository.find_header(oid(wanted)).map_err(|_| missing(wanted))?;
        if header.size() > MAX_COMMIT {
            return Err(too_large("commit", wanted, MAX_COMMIT));
        }
        let found = self.repository.find_commit(oid(wanted)).map_err(|_| missing(wanted))?;
        let parts = || CommitRefIter::from_bytes(&found.data, gix::hash::Kind::Sha1);
        let tree = parts().tree_id().map_err(object)?;
        let seconds = parts().committer().ok().map_or(0, |who| who.seconds());
        let message = parts().message().map(ToString::to_string).unwrap_or_default();
        Ok(Commit {
            id: wanted,
            tree: id(&tree),
            parents: parts().parent_ids().map(|parent| id(&parent)).collect(),
            seconds,
            subject: message.lines().next().unwrap_or_default().to_owned(),
        })
    }

    /// The commits from one back along first parents: what a branch looked like after each push.
    ///
    /// The walk ends at the first commit, or where a shallow clone ends.
    #[must_use]
    pub fn first_parents(&self, from: Id) -> FirstParents<'_> {
        FirstParents { history: self, next: Some(from), shallow: self.is_shallow(), cut: false }
    }

    /// The trees of this repository.
    #[must_use]
    pub fn tree(&self, options: TreeOptions) -> GitTree {
        GitTree::new(self.repository.clone(), options)
    }
}

/// A walk along first parents.
pub struct FirstParents<'h> {
    history: &'h History,
    next: Option<Id>,
    shallow: bool,
    cut: bool,
}

impl FirstParents<'_> {
    /// Whether the walk ended where the clone does, not where the history does.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

impl Iterator for FirstParents<'_> {
    type Item = Result<Commit, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.next.take()?;
        match self.history.commit(at) {
            Ok(commit) => {
                self.next = commit.parents.first().copied();
                if let Some(next) = self.next
                    && self.shallow
                    && !self.history.repository.has_object(oid(next))
                {
                    self.cut = true;
                    self.next = None;
                }
                Some(Ok(commit))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

/// A folder of a tree, by its path from the root; none where there is no folder.
///
/// # Errors
/// When a folder on the way cannot be read.
pub fn folder_at(tree: &impl Tree, root: Id, path: &str) -> Result<Option<Id>, TreeError> {
    let entry = entry_at(tree, root, path)?;
    Ok(entry.filter(|entry| entry.kind == Kind::Folder).map(|entry| entry.id))
}

fn id(from: &gix::oid) -> Id {
    let mut id = [0; 20];
    let bytes = from.as_bytes();
    let length = bytes.len().min(20);
    id[..length].copy_from_slice(&bytes[..length]);
    Id(id)
}

fn oid(id: Id) -> gix::ObjectId {
    gix::ObjectId::from_bytes_or_panic(&id.0)
}

fn object(error: impl std::fmt::Display) -> HistoryError {
    HistoryError::Object(error.to_string())
}

/// How large a commit is at most that is read: its message is all that can make it large.
const MAX_COMMIT: u64 = 16 << 20;

fn too_large(what: &str, id: Id, most: u64) -> HistoryError {
    HistoryError::Object(format!("{what} {id} has more than {} MiB and is not read", most >> 20))
}

fn missing(id: Id) -> HistoryError {
    HistoryError::Object(format!(
        "object {id} is not in this clone, or damaged: `git fsck` says which; a partial clone needs \
         `git fetch --refetch --no-filter`"
    ))
}
