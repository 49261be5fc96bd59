//! The layers laid over each other: what a container sees, and what it cannot see any more.

use std::collections::HashSet;
use std::ops::Range;

use crate::Image;
use crate::index::{Entry, Index, Kind};
use crate::paths::{PathId, Paths, ROOT};

/// An entry of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seat {
    /// The layer, from 0.
    pub layer: u32,
    /// Its entry.
    pub entry: u32,
}

/// A file that a later layer replaces or deletes.
#[derive(Clone, Copy, Debug)]
pub struct Hidden {
    /// The file.
    pub seat: Seat,
    /// The layer that hides it.
    pub by: u32,
    /// What was deleted: the file, or a folder that it lay in.
    pub root: PathId,
    /// Whether it is deleted rather than replaced.
    pub deleted: bool,
    /// Whether it is replaced by the same bytes: only its owner or its mode are others.
    pub same: bool,
}

/// An image as a container sees it.
pub struct View<'i> {
    /// The image.
    pub image: &'i Image,
    /// What is seen at each path.
    top: Vec<Option<Seat>>,
    /// Whether some layer has something below a path.
    is_above: Vec<bool>,
    /// What is not seen any more.
    pub hidden: Vec<Hidden>,
}

impl<'i> View<'i> {
    /// Lays the layers of an image over each other.
    #[must_use]
    pub fn new(image: &'i Image) -> Self {
        Self::of(image, 0..image.layers.len())
    }

    /// Lays some of its layers over each other, as if there were no others.
    #[must_use]
    pub fn of(image: &'i Image, layers: Range<usize>) -> Self {
        let top = vec![None; image.paths.len()];
        let mut is_above = vec![false; image.paths.len()];
        for path in image.paths.all().filter(|path| *path != ROOT) {
            is_above[image.paths.parent(path).0 as usize] = true;
        }
        let mut view = Self { image, top, is_above, hidden: Vec::new() };
        for (at, layer) in image.layers.iter().enumerate() {
            if !layers.contains(&at) {
                continue;
            }
            view.hide(at as u32, layer);
            view.put(at as u32, layer);
        }
        view
    }

    /// The paths.
    #[must_use]
    pub fn paths(&self) -> &'i Paths {
        &self.image.paths
    }

    /// What is seen at a path.
    #[must_use]
    pub fn seat(&self, path: PathId) -> Option<Seat> {
        self.top.get(path.0 as usize).copied().flatten()
    }

    /// The entry that is seen at a path.
    #[must_use]
    pub fn at(&self, path: PathId) -> Option<&'i Entry> {
        self.entry(self.seat(path)?)
    }

    /// An entry of a layer.
    #[must_use]
    pub fn entry(&self, seat: Seat) -> Option<&'i Entry> {
        self.image.layers.get(seat.layer as usize)?.entries.get(seat.entry as usize)
    }

    /// Everything that is seen, a folder before what is in it.
    pub fn seen(&self) -> impl Iterator<Item = (PathId, Seat, &'i Entry)> {
        let all = self.image.paths.all();
        all.filter_map(|path| {
            self.seat(path).and_then(|seat| Some((path, seat, self.entry(seat)?)))
        })
    }

    /// Where a link leads, as it is written.
    #[must_use]
    pub fn target(&self, seat: Seat) -> Option<&'i str> {
        let layer = self.image.layers.get(seat.layer as usize)?;
        let entry = layer.entries.get(seat.entry as usize)?;
        layer.targets.get(entry.target as usize).map(|target| &**target)
    }

    /// What a layer says of a path, where the container sees that layer's file there.
    pub fn kept<T: 'i>(
        &self,
        of: impl Fn(&'i Index) -> &'i [(PathId, T)],
    ) -> impl Iterator<Item = (PathId, &'i T)> {
        let layers = self.image.layers.iter().enumerate();
        layers.flat_map(move |(at, layer)| {
            let here =
                move |path: PathId| self.seat(path).is_some_and(|seat| seat.layer as usize == at);
            of(layer).iter().filter(move |(path, _)| here(*path)).map(|(path, kept)| (*path, kept))
        })
    }

    /// Takes away what a layer deletes, and what lies below of what it makes a file.
    fn hide(&mut self, by: u32, layer: &Index) {
        let (mut gone, mut emptied) = (HashSet::new(), HashSet::new());
        for entry in &layer.entries {
            match entry.kind {
                Kind::Gone => drop(gone.insert(entry.path)),
                Kind::Opaque => drop(emptied.insert(entry.path)),
                Kind::Folder => {}
                // A folder need not be listed to be there.
                _ if self.is_above[entry.path.0 as usize] => drop(emptied.insert(entry.path)),
                _ => {}
            }
        }
        if gone.is_empty() && emptied.is_empty() {
            return;
        }
        // A folder's number is lower than those of what is in it.
        let mut roots: Vec<Option<PathId>> = vec![None; self.top.len()];
        for path in self.image.paths.all() {
            let parent = self.image.paths.parent(path);
            let above = roots[parent.0 as usize].filter(|_| path != ROOT);
            let root = above
                .or_else(|| gone.contains(&path).then_some(path))
                .or_else(|| (path != ROOT && emptied.contains(&parent)).then_some(parent));
            roots[path.0 as usize] = root;
            let Some(root) = root else { continue };
            if let Some(seat) = self.top[path.0 as usize].take() {
                self.lose(Hidden { seat, by, root, deleted: true, same: false });
            }
        }
    }

    fn put(&mut self, at: u32, layer: &Index) {
        for (number, entry) in layer.entries.iter().enumerate() {
            if matches!(entry.kind, Kind::Gone | Kind::Opaque) {
                continue;
            }
            let seat = Seat { layer: at, entry: number as u32 };
            self.make_folder(at, self.image.paths.parent(entry.path));
            let before = self.top[entry.path.0 as usize].replace(seat);
            let Some(before) = before.filter(|before| before.layer != at) else { continue };
            let same = self.entry(before).is_some_and(|old| {
                old.kind == entry.kind && old.hash == entry.hash && old.size == entry.size
            });
            let root = entry.path;
            self.lose(Hidden { seat: before, by: at, root, deleted: false, same });
        }
    }

    /// What lies in a folder makes one of it, listed or not.
    fn make_folder(&mut self, by: u32, path: PathId) {
        let file = self.at(path).is_some_and(|entry| entry.kind == Kind::File);
        let Some(seat) = self.top[path.0 as usize].filter(|seat| file && seat.layer != by) else {
            return;
        };
        self.top[path.0 as usize] = None;
        self.lose(Hidden { seat, by, root: path, deleted: false, same: false });
    }

    fn lose(&mut self, hidden: Hidden) {
        let size = self.entry(hidden.seat).map_or(0, |entry| entry.size);
        if size > 0 {
            self.hidden.push(hidden);
        }
    }

    /// The path that stands at the end of all links on the way, the last one followed, too.
    #[must_use]
    pub fn follow(&self, path: &str) -> Option<PathId> {
        self.follow_from(ROOT, path)
    }

    /// The same, from a folder.
    #[must_use]
    pub fn follow_from(&self, folder: PathId, path: &str) -> Option<PathId> {
        /// That of Linux.
        const MOST_LINKS: u32 = 40;
        fn parts(path: &str) -> impl Iterator<Item = &str> {
            path.split('/').rev().filter(|part| !matches!(*part, "" | "."))
        }
        let mut at = if path.starts_with('/') { ROOT } else { folder };
        let (mut left, mut links): (Vec<&str>, u32) = (parts(path).collect(), 0);
        while let Some(part) = left.pop() {
            if part == ".." {
                at = self.image.paths.parent(at);
                continue;
            }
            let here = self.image.paths.below(at, part)?;
            let seat = self.seat(here);
            // A folder that no layer lists is there where something is in it; that is found below.
            let kind = seat.and_then(|seat| self.entry(seat)).map(|entry| entry.kind);
            if kind != Some(Kind::Link) {
                at = here;
                continue;
            }
            links += 1;
            let target = seat.and_then(|seat| self.target(seat))?;
            if links > MOST_LINKS || left.len() > 4096 {
                return None;
            }
            if target.starts_with('/') {
                at = ROOT;
            }
            left.extend(parts(target));
        }
        Some(at)
    }

    /// The file at a path, links followed.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<(PathId, &'i Entry)> {
        let at = self.follow(path)?;
        self.at(at).filter(|entry| matches!(entry.kind, Kind::File | Kind::Hard)).map(|e| (at, e))
    }
}
