//! The tree of files: which rows are open, in which order.

use std::cmp::Reverse;
use std::collections::HashSet;

use plimsoll_oci::{Analysis, PathId, Paths, ROOT};

use super::sight::Sight;

/// What lies in each folder.
pub(super) struct Children {
    /// Where the children of a path begin in `list`; one more than there are paths.
    starts: Vec<u32>,
    list: Vec<PathId>,
}

impl Children {
    pub(super) fn of(paths: &Paths) -> Self {
        let mut starts = vec![0_u32; paths.len() + 1];
        let below = || paths.all().filter(|path| *path != ROOT);
        for path in below() {
            starts[paths.parent(path).number() + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut list = vec![ROOT; paths.len() - 1];
        for path in below() {
            let slot = &mut next[paths.parent(path).number()];
            list[*slot as usize] = path;
            *slot += 1;
        }
        Self { starts, list }
    }

    pub(super) fn of_path(&self, path: PathId) -> &[PathId] {
        let at = path.number();
        &self.list[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// The order of what lies in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Size,
    Name,
}

/// What a filter finds.
struct Found {
    /// Whether a path is found, or lies in what is found, or on the way to it.
    keep: Vec<bool>,
    /// Whether something below is found: such folders are open.
    below: Vec<bool>,
}

impl Found {
    fn new(whole: &Analysis<'_>, sight: &Sight<'_>, text: &str) -> Self {
        let paths = whole.view.paths();
        let wanted = text.to_lowercase();
        let of_owner = wanted.strip_prefix('@');
        let by_path = wanted.contains('/');
        let is_it = |path: PathId| match of_owner {
            Some(owner) => owner_text(whole, path).is_some_and(|text| text.contains(owner)),
            None if by_path => format!("/{}", paths.text(path)).to_lowercase().contains(&wanted),
            None => paths.name(path).to_lowercase().contains(&wanted),
        };
        let mut keep = vec![false; paths.len()];
        let mut below = vec![false; paths.len()];
        // A folder's number is lower than those of what is in it.
        for path in paths.all().filter(|path| *path != ROOT && sight.is_there(*path)) {
            let hit = is_it(path);
            keep[path.number()] = hit || keep[paths.parent(path).number()];
            below[path.number()] = hit;
        }
        let hits = below.clone();
        below.fill(false);
        for path in paths.all().rev().filter(|path| *path != ROOT) {
            let (at, parent) = (path.number(), paths.parent(path).number());
            below[parent] |= hits[at] || below[at];
            keep[at] |= below[at];
        }
        Self { keep, below }
    }
}

/// The package of a path, as the list of owners has it.
fn owner_text(whole: &Analysis<'_>, path: PathId) -> Option<String> {
    let owner = whole.owners.of_path(path)?;
    let version = owner.version.as_deref().unwrap_or_default();
    Some(format!("{} {} {version}", owner.kind.name(), owner.name).to_lowercase())
}

/// A row of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) path: PathId,
    pub(super) depth: u16,
    /// Whether it is open, where there is something in it.
    pub(super) open: Option<bool>,
}

/// Which rows are open.
pub(super) struct Tree {
    pub(super) rows: Vec<Node>,
    pub(super) order: Order,
    /// Folders that are not as they are by themselves: open where nothing else says so.
    toggled: HashSet<PathId>,
    found: Option<Found>,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self { rows: Vec::new(), order: Order::Size, toggled: HashSet::new(), found: None }
    }

    /// Keeps what has a text in its name, in its path where the text has a slash, or in its owner
    /// where the text begins with `@`; everything where the text is empty.
    pub(super) fn filter(&mut self, whole: &Analysis<'_>, sight: &Sight<'_>, text: &str) {
        self.found = (!text.is_empty()).then(|| Found::new(whole, sight, text));
        self.toggled.clear();
    }

    /// Looks for the same in another layer.
    pub(super) fn look_again(&mut self, whole: &Analysis<'_>, sight: &Sight<'_>, text: &str) {
        self.found = (!text.is_empty()).then(|| Found::new(whole, sight, text));
    }

    pub(super) fn toggle(&mut self, path: PathId) {
        if !self.toggled.remove(&path) {
            self.toggled.insert(path);
        }
    }

    /// Opens the folders on the way to a path.
    pub(super) fn open_to(&mut self, paths: &Paths, path: PathId) {
        for folder in paths.up(path).skip(1).filter(|at| *at != ROOT) {
            if !self.is_open(folder) {
                self.toggle(folder);
            }
        }
    }

    fn is_open(&self, path: PathId) -> bool {
        let by_itself = self.found.as_ref().is_some_and(|found| found.below[path.number()]);
        by_itself != self.toggled.contains(&path)
    }

    fn is_shown(&self, sight: &Sight<'_>, path: PathId) -> bool {
        let kept = self.found.as_ref().is_none_or(|found| found.keep[path.number()]);
        kept && sight.is_there(path)
    }

    /// Makes the rows anew.
    pub(super) fn lay(&mut self, paths: &Paths, children: &Children, sight: &Sight<'_>) {
        self.rows.clear();
        let mut left = vec![(ROOT, 0_u16)];
        while let Some((path, depth)) = left.pop() {
            let mut inside: Vec<PathId> = Vec::new();
            let all = children.of_path(path);
            let is_open = path == ROOT || self.is_open(path);
            if is_open {
                inside.extend(all.iter().filter(|child| self.is_shown(sight, **child)));
            }
            let is_folder = match is_open {
                true => !inside.is_empty(),
                false => all.iter().any(|child| self.is_shown(sight, *child)),
            };
            if path != ROOT {
                let open = is_folder.then_some(is_open);
                self.rows.push(Node { path, depth: depth - 1, open });
            }
            match self.order {
                Order::Size => inside.sort_by_cached_key(|at| {
                    (Reverse(sight.bytes(*at)), paths.name(*at).to_owned())
                }),
                Order::Name => inside.sort_by(|a, b| paths.name(*a).cmp(paths.name(*b))),
            }
            left.extend(inside.into_iter().rev().map(|child| (child, depth.saturating_add(1))));
        }
    }
}
