//! Which files of a context a step takes, and one digest of them.
//!
//! The digest has what the builder compares: names below what is copied, contents, links and
//! whether a file may be executed. It is made folder by folder and remembered by the folder's
//! id, so that a second commit costs only what changed.

mod changes;
mod find;
mod pattern;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use plimsoll_syntax::ignorefile::{IgnoreFile, Matcher, ParentState, PatternError};

use crate::digest::{Digest, Fields};
use crate::graph::Selection;
use crate::tree::{Entry, Id, Kind, Tree, TreeError, check_depth};

pub use changes::{Change, Difference};

/// A context at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its root folder.
    pub folder: Id,
    /// What stands for the content of `.git`, where that lies in the context: it changes with
    /// every commit.
    pub git: Option<Id>,
    /// The text of its ignore file; empty without one.
    pub ignore: Arc<str>,
}

/// Why files cannot be selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectError {
    /// There is no such path in what the builder is sent.
    NotFound {
        /// The path.
        path: String,
        /// Whether the ignore file keeps it back.
        ignored: bool,
    },
    /// The ignore file, or a pattern, is one that no build begins with.
    Pattern(String),
    /// The tree cannot be read.
    Tree(TreeError),
}

impl std::fmt::Display for SelectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound { path, ignored: false } => write!(f, "\"/{path}\": not found"),
            Self::NotFound { path, ignored: true } => {
                write!(f, "\"/{path}\": not found: the ignore file keeps it back")
            }
            Self::Pattern(message) => f.write_str(message),
            Self::Tree(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for SelectError {}

impl From<TreeError> for SelectError {
    fn from(error: TreeError) -> Self {
        Self::Tree(error)
    }
}

impl From<PatternError> for SelectError {
    fn from(error: PatternError) -> Self {
        Self::Pattern(error.to_string())
    }
}

/// What keeps files back: the ignore file, and `--exclude` below a source.
#[derive(Debug)]
struct Filter {
    id: usize,
    ignore: Matcher,
    /// The folder that the patterns of `--exclude` start from, and the patterns.
    exclude: Option<(String, Matcher)>,
}

impl Filter {
    fn is_empty(&self) -> bool {
        self.ignore.is_empty() && self.exclude.is_none()
    }

    fn excluded(&self, path: &str) -> Result<bool, PatternError> {
        let Some((base, matcher)) = &self.exclude else { return Ok(false) };
        let below = if base.is_empty() {
            Some(path)
        } else {
            path.strip_prefix(base.as_str()).and_then(|rest| rest.strip_prefix('/'))
        };
        below.map_or(Ok(false), |below| Ok(matcher.decide(below)?.ignored))
    }
}

/// Ignore file, excludes and where those start.
type FilterKey = (Arc<str>, Vec<String>, String);

/// Selects files of trees, and remembers the digests of folders.
#[derive(Default)]
pub struct Selector {
    filters: HashMap<FilterKey, Rc<Filter>>,
    folders: HashMap<(usize, Id, Box<str>), Sum>,
}

/// What a folder comes to.
#[derive(Clone, Copy)]
struct Sum {
    digest: Digest,
    /// Whether anything in it is sent.
    any: bool,
}

impl Selector {
    /// Begins with nothing remembered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The digest of what `selection` takes of a context.
    ///
    /// # Errors
    /// When a source is not there, or something cannot be read.
    pub fn digest(
        &mut self,
        tree: &impl Tree,
        context: &Snapshot,
        selection: &Selection,
    ) -> Result<Digest, SelectError> {
        let mut fields = Fields::of("selection");
        for source in &selection.sources {
            let filter = self.filter(context, selection, source)?;
            let view = View { tree, context, filter: &filter };
            for found in view.find(selection, source)? {
                let inner = self.filter_below(context, selection, source, &found.path)?;
                let view = View { filter: inner.as_deref().unwrap_or(&filter), ..view };
                fields.add(found.name.as_bytes());
                fields.add(self.node(&view, &found)?.bytes());
            }
            fields.add(b"");
        }
        Ok(fields.finish())
    }

    /// The filter by which a source is looked for. The patterns of `--exclude` start from the
    /// source, and where that is a pattern from each path that it matches, later.
    fn filter(
        &mut self,
        context: &Snapshot,
        selection: &Selection,
        source: &str,
    ) -> Result<Rc<Filter>, SelectError> {
        if selection.excludes.is_empty() || selection.is_pattern(source) {
            return self.filter_at(context, Vec::new(), String::new());
        }
        let base = match selection.parents {
            true => selection.pivot(source).0,
            false => source,
        };
        self.filter_at(context, selection.excludes.clone(), crate::path::clean(base))
    }

    /// The filter for what lies below a path that a pattern matches, if it is another.
    fn filter_below(
        &mut self,
        context: &Snapshot,
        selection: &Selection,
        source: &str,
        path: &str,
    ) -> Result<Option<Rc<Filter>>, SelectError> {
        if selection.excludes.is_empty() || !selection.is_pattern(source) {
            return Ok(None);
        }
        self.filter_at(context, selection.excludes.clone(), path.to_owned()).map(Some)
    }

    fn filter_at(
        &mut self,
        context: &Snapshot,
        excludes: Vec<String>,
        base: String,
    ) -> Result<Rc<Filter>, SelectError> {
        let key = (context.ignore.clone(), excludes, base);
        if let Some(filter) = self.filters.get(&key) {
            return Ok(filter.clone());
        }
        let ignore = Matcher::new(&IgnoreFile::parse(&key.0).patterns)?;
        let exclude = match key.1.is_empty() {
            true => None,
            false => {
                let text = key.1.join("\n");
                Some((key.2.clone(), Matcher::new(&IgnoreFile::parse(&text).patterns)?))
            }
        };
        let filter = Rc::new(Filter { id: self.filters.len(), ignore, exclude });
        self.filters.insert(key, filter.clone());
        Ok(filter)
    }

    fn node<T: Tree>(&mut self, view: &View<'_, T>, found: &Found) -> Result<Digest, SelectError> {
        match found.entry.kind {
            Kind::Folder => {
                Ok(self.folder(view, &found.path, found.entry.id, &found.state)?.digest)
            }
            _ => Ok(leaf(&found.entry)),
        }
    }

    fn folder<T: Tree>(
        &mut self,
        view: &View<'_, T>,
        path: &str,
        id: Id,
        state: &ParentState,
    ) -> Result<Sum, SelectError> {
        let root_with_git = path.is_empty() && view.context.git.is_some();
        let key = (view.filter.id, id, path.into());
        if let Some(sum) = self.folders.get(&key).filter(|_| !root_with_git) {
            return Ok(*sum);
        }
        let mut fields = Fields::of("folder");
        let mut any = false;
        // Where nothing is kept back, the folder's id says all.
        if view.filter.is_empty() && !root_with_git {
            fields.add(&id.0);
            any = true;
        } else {
            for child in view.children(path, id, state)? {
                let digest = match child.entry.kind {
                    Kind::Folder => {
                        let sum = self.folder(view, &child.path, child.entry.id, &child.state)?;
                        if child.kept_back && !sum.any {
                            continue;
                        }
                        sum.digest
                    }
                    _ => leaf(&child.entry),
                };
                any = true;
                fields.add(child.entry.name.as_bytes());
                fields.add(digest.bytes());
            }
        }
        let sum = Sum { digest: fields.finish(), any };
        if !root_with_git {
            self.folders.insert(key, sum);
        }
        Ok(sum)
    }
}

/// The digest of what is no folder.
fn leaf(entry: &Entry) -> Digest {
    let mut fields = Fields::of("leaf");
    fields.add(&[entry.kind as u8]);
    fields.add(&entry.id.0);
    fields.finish()
}

/// A context through its filter.
struct View<'v, T> {
    tree: &'v T,
    context: &'v Snapshot,
    filter: &'v Filter,
}

// Derived, they would ask the same of the tree.
impl<T> Clone for View<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for View<'_, T> {}

/// Something that a source means.
#[derive(Clone, Debug)]
struct Found {
    /// What it is called in the digest.
    name: String,
    /// Where it lies in the context.
    path: String,
    entry: Entry,
    state: ParentState,
}

/// What a `.git` has, and what in it is another with each commit.
const GIT_FILES: [&str; 7] = [
    "HEAD",
    "config",
    "index",
    "logs/HEAD",
    "objects/00/0000000000000000000000000000000000000",
    "packed-refs",
    "refs/heads/main",
];

/// An entry of a folder that may be sent.
struct Child {
    path: String,
    entry: Entry,
    state: ParentState,
    /// Whether it is sent only for what lies below it.
    kept_back: bool,
}

impl Selection {
    /// Whether a source is a pattern that is matched part by part.
    fn is_pattern(&self, source: &str) -> bool {
        self.patterns && !self.parents && pattern::is_pattern(source)
    }

    /// Where `--parents` starts from, and what it looks for there.
    pub(crate) fn pivot<'s>(&self, source: &'s str) -> (&'s str, &'s str) {
        source.split_once("/./").unwrap_or(("", source))
    }
}

impl<T: Tree> View<'_, T> {
    /// The entries of a folder, `.git` among those of the root.
    fn entries(&self, path: &str, id: Id) -> Result<Arc<[Entry]>, TreeError> {
        let entries = self.tree.entries(id)?;
        let Some(git) = self.context.git.filter(|_| path.is_empty()) else { return Ok(entries) };
        let mut all = entries.to_vec();
        all.retain(|entry| entry.name != ".git");
        let at = all.partition_point(|entry| entry.name.as_str() < ".git");
        all.insert(at, Entry { name: ".git".to_owned(), kind: Kind::Sealed, id: git });
        Ok(all.into())
    }

    /// The entries of a folder that are sent, or in which something may be.
    fn children(&self, path: &str, id: Id, state: &ParentState) -> Result<Vec<Child>, SelectError> {
        check_depth(path)?;
        let mut children = Vec::new();
        for entry in self.entries(path, id)?.iter() {
            let path = match path {
                "" => entry.name.clone(),
                folder => format!("{folder}/{}", entry.name),
            };
            children.extend(self.child(path, entry, state)?);
        }
        Ok(children)
    }

    /// Whether an exception of the ignore file sends anything of a `.git` that is kept back:
    /// `!**/pom.xml` could, as far as names go, and never does.
    fn sends_git(&self) -> Result<bool, PatternError> {
        for file in GIT_FILES {
            if !self.filter.ignore.decide(&format!(".git/{file}"))?.ignored {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// An entry, unless it is kept back with all that lies in it.
    fn child(
        &self,
        path: String,
        entry: &Entry,
        above: &ParentState,
    ) -> Result<Option<Child>, SelectError> {
        if !matches!(entry.kind, Kind::Folder | Kind::Sealed) {
            let ignored = self.filter.ignore.step_file(&path, above)?.ignored;
            let kept_back = ignored || self.filter.excluded(&path)?;
            let state = ParentState::default();
            let child = Child { path, entry: entry.clone(), state, kept_back };
            return Ok((!kept_back).then_some(child));
        }
        let state = self.filter.ignore.step(&path, above)?;
        let excluded = self.filter.excluded(&path)?;
        let ignored = state.decision().ignored;
        let gone = (ignored && self.filter.ignore.can_prune(&path, &state))
            || (excluded && entry.kind == Kind::Sealed)
            || (ignored && path == ".git" && !self.sends_git()?);
        let kept_back = ignored || excluded;
        Ok((!gone).then(|| Child { path, entry: entry.clone(), state, kept_back }))
    }
}

#[cfg(test)]
mod tests;
