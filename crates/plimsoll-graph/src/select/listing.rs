//! The files that a selection takes, one by one, and what each is called where they are put.

use plimsoll_syntax::ignorefile::ParentState;

use super::{Found, SelectError, Selector, Snapshot, View};
use crate::graph::Selection;
use crate::path;
use crate::tree::{Entry, Id, Kind, Tree};

/// A file that a step takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where it lies in the context.
    pub from: String,
    /// Its path below the destination.
    pub below: String,
    /// Whether the destination may be its own name: it is a source, and in no folder that is one.
    pub alone: bool,
    /// Which of the sources means it.
    pub source: usize,
    /// What it is; never a folder.
    pub kind: Kind,
    /// Its content.
    pub id: Id,
}

/// How many files a step may take before they are not listed.
const MOST: usize = 2_000_000;

impl Selector {
    /// The files that `selection` takes of a context, in the order of its sources. Folders
    /// themselves are not among them.
    ///
    /// # Errors
    /// When a source is not there, or something cannot be read.
    pub fn list(
        &mut self,
        tree: &impl Tree,
        context: &Snapshot,
        selection: &Selection,
    ) -> Result<Vec<Listed>, SelectError> {
        let mut all = Vec::new();
        for (at, source) in selection.sources.iter().enumerate() {
            let filter = self.filter(context, selection, source)?;
            let view = View { tree, context, filter: &filter };
            for found in view.find(selection, source)? {
                let inner = self.filter_below(context, selection, source, &found.path)?;
                let view = View { filter: inner.as_deref().unwrap_or(&filter), ..view };
                let Found { name, path, entry, state } = found;
                if entry.kind == Kind::Folder {
                    // Of a folder the content is copied, the folder only with `--parents`.
                    let below = if selection.parents { name.as_str() } else { "" };
                    view.list(at, &path, below, entry.id, &state, &mut all)?;
                    continue;
                }
                let name = match name.as_str() {
                    "" => path::base(&super::pattern::unescape(source, selection.patterns)),
                    name if selection.parents => name.to_owned(),
                    name => path::base(name),
                };
                all.push(listed(at, path, name, !selection.parents, &entry));
            }
        }
        Ok(all)
    }
}

impl<T: Tree> View<'_, T> {
    /// The builder's copy matches `--exclude` against the path in the folder that a source means,
    /// also where a pattern or a link led there; its cache key does not.
    fn excludes_below(&self, below: &str) -> Result<bool, SelectError> {
        let Some((_, matcher)) = &self.filter.exclude else { return Ok(false) };
        Ok(matcher.decide(below)?.ignored)
    }

    fn list(
        &self,
        source: usize,
        folder: &str,
        below: &str,
        id: Id,
        state: &ParentState,
        all: &mut Vec<Listed>,
    ) -> Result<(), SelectError> {
        for child in self.children(folder, id, state)? {
            if all.len() >= MOST {
                return Err(SelectError::Pattern(format!("more than {MOST} files are copied")));
            }
            let name = match below {
                "" => child.entry.name.clone(),
                below => format!("{below}/{}", child.entry.name),
            };
            if child.entry.kind == Kind::Folder {
                self.list(source, &child.path, &name, child.entry.id, &child.state, all)?;
            } else if !child.kept_back && !self.excludes_below(&name)? {
                all.push(listed(source, child.path, name, false, &child.entry));
            }
        }
        Ok(())
    }
}

fn listed(source: usize, from: String, below: String, alone: bool, entry: &Entry) -> Listed {
    Listed { from, below, alone, source, kind: entry.kind, id: entry.id }
}
