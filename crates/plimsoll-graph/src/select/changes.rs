//! Which files differ between two moments of what a step takes.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_syntax::ignorefile::ParentState;

use super::{Found, SelectError, Selector, Snapshot, View};
use crate::graph::Selection;
use crate::tree::{Entry, Kind, Tree};

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Difference {
    /// It is new, or newly sent.
    Added,
    /// It is gone, or no longer sent.
    Removed,
    /// Its content is another.
    Modified,
    /// It became, or is no longer, executable, a link or a folder.
    Mode,
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Its path in the context.
    pub path: String,
    /// What happened.
    pub difference: Difference,
}

/// One side of a place that is compared.
type Side<'s> = Option<(&'s Entry, &'s ParentState)>;

impl Selector {
    /// The files by which what `selection` takes of two contexts differs, sorted, at most
    /// `most` of them.
    ///
    /// # Errors
    /// When something cannot be read.
    pub fn changes<T: Tree>(
        &mut self,
        tree: &T,
        contexts: (&Snapshot, &Snapshot),
        selection: &Selection,
        most: usize,
    ) -> Result<Vec<Change>, SelectError> {
        let (before, after) = contexts;
        let mut found = Vec::new();
        for source in &selection.sources {
            let filters =
                (self.filter(before, selection, source)?, self.filter(after, selection, source)?);
            let left = View { tree, context: before, filter: &filters.0 };
            let right = View { tree, context: after, filter: &filters.1 };
            let sides = (by_path(&left, selection, source)?, by_path(&right, selection, source)?);
            for path in names(&sides) {
                let inner = (
                    self.filter_below(before, selection, source, path)?,
                    self.filter_below(after, selection, source, path)?,
                );
                let left = View { filter: inner.0.as_deref().unwrap_or(left.filter), ..left };
                let right = View { filter: inner.1.as_deref().unwrap_or(right.filter), ..right };
                let places = (sides.0.get(path), sides.1.get(path));
                let places = (places.0.map(place), places.1.map(place));
                Pair { left, right, most }.place(path, places.0, places.1, &mut found)?;
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

/// Two contexts side by side.
struct Pair<'p, T> {
    left: View<'p, T>,
    right: View<'p, T>,
    most: usize,
}

impl<T: Tree> Pair<'_, T> {
    fn place(
        &self,
        path: &str,
        left: Side<'_>,
        right: Side<'_>,
        found: &mut Vec<Change>,
    ) -> Result<(), SelectError> {
        if found.len() >= self.most || self.same(path, left, right) {
            return Ok(());
        }
        let folder = |side: Side<'_>| side.is_some_and(|(entry, _)| entry.kind == Kind::Folder);
        if folder(left) || folder(right) {
            self.folders(path, left, right, found)?;
        }
        let file =
            |side: Side<'_>| side.map(|(e, _)| (e.kind, e.id)).filter(|e| e.0 != Kind::Folder);
        let difference = match (file(left), file(right)) {
            (None, None) => return Ok(()),
            (None, Some(_)) => Difference::Added,
            (Some(_), None) => Difference::Removed,
            (Some(l), Some(r)) if l.1 != r.1 => Difference::Modified,
            (Some(_), Some(_)) => Difference::Mode,
        };
        found.push(Change { path: path.to_owned(), difference });
        Ok(())
    }

    /// Whether two sides are the same without a look inside.
    fn same(&self, path: &str, left: Side<'_>, right: Side<'_>) -> bool {
        let (Some((l, _)), Some((r, _))) = (left, right) else { return false };
        let git = path.is_empty() && self.left.context.git != self.right.context.git;
        let filter = l.kind != Kind::Folder || self.left.filter.id == self.right.filter.id;
        l.kind == r.kind && l.id == r.id && filter && !git
    }

    fn folders(
        &self,
        path: &str,
        left: Side<'_>,
        right: Side<'_>,
        found: &mut Vec<Change>,
    ) -> Result<(), SelectError> {
        let sides = (children(&self.left, path, left)?, children(&self.right, path, right)?);
        for name in names(&sides) {
            let left = sides.0.get(name).map(|(entry, state)| (entry, state));
            let right = sides.1.get(name).map(|(entry, state)| (entry, state));
            self.place(name, left, right, found)?;
        }
        Ok(())
    }
}

/// The paths of either side.
fn names<V>(sides: &(BTreeMap<String, V>, BTreeMap<String, V>)) -> BTreeSet<&String> {
    sides.0.keys().chain(sides.1.keys()).collect()
}

fn place(found: &Found) -> (&Entry, &ParentState) {
    (&found.entry, &found.state)
}

/// What a source means, by path; nothing where it is not there.
fn by_path<T: Tree>(
    view: &View<'_, T>,
    selection: &Selection,
    source: &str,
) -> Result<BTreeMap<String, Found>, SelectError> {
    match view.find(selection, source) {
        Ok(all) => Ok(all.into_iter().map(|found| (found.path.clone(), found)).collect()),
        Err(SelectError::NotFound { .. }) => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

/// What is sent of a folder, by path.
fn children<T: Tree>(
    view: &View<'_, T>,
    path: &str,
    side: Side<'_>,
) -> Result<BTreeMap<String, (Entry, ParentState)>, SelectError> {
    let Some((entry, state)) = side.filter(|(entry, _)| entry.kind == Kind::Folder) else {
        return Ok(BTreeMap::new());
    };
    let all = view.children(path, entry.id, state)?;
    Ok(all.into_iter().map(|child| (child.path, (child.entry, child.state))).collect())
}
