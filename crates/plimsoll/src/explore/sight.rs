//! What is looked at: the image up to a layer, or a layer alone, and what that layer did.

use plimsoll_oci::{Analysis, Entry, Image, Kind, PathId, ROOT, Seat, Sums, View};

/// How much of the image is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The layer over those below it, as a container of that moment sees it.
    UpTo,
    /// The layer's own files.
    Alone,
}

/// What the layer did to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    Added,
    Changed,
    Deleted,
}

/// Some layers laid over each other, with what their folders weigh.
struct Laid<'i> {
    view: View<'i>,
    sums: Sums,
    /// Whether there is something: a folder need not be listed to be there.
    there: Vec<bool>,
}

impl<'i> Laid<'i> {
    fn new(image: &'i Image, layers: std::ops::Range<usize>) -> Self {
        let view = View::of(image, layers);
        let mut there: Vec<bool> = view.paths().all().map(|at| view.seat(at).is_some()).collect();
        raise(&view, &mut there);
        Self { sums: Sums::of(&view), there, view }
    }
}

/// What is true of a path is true of the folders it lies in.
fn raise(view: &View<'_>, is: &mut [bool]) {
    let paths = view.paths();
    for path in paths.all().rev().filter(|path| *path != ROOT) {
        if is[path.number()] {
            is[paths.parent(path).number()] = true;
        }
    }
}

/// What is looked at.
pub(super) struct Sight<'i> {
    /// The layers below the one that is looked at.
    lower: Laid<'i>,
    /// What is in scope.
    scope: Laid<'i>,
    /// Whether the layer deletes it.
    gone: Vec<bool>,
    /// Whether the layer brings, changes or deletes it, or something in it.
    touched: Vec<bool>,
}

impl<'i> Sight<'i> {
    pub(super) fn new(image: &'i Image, layer: usize, scope: Scope) -> Self {
        let lower = Laid::new(image, 0..layer);
        let upper = Laid::new(image, 0..layer + 1);
        let gone: Vec<bool> =
            lower.there.iter().zip(&upper.there).map(|(was, is)| *was && !is).collect();
        let brought = |path: PathId| {
            let seat = upper.view.seat(path).filter(|seat| seat.layer as usize == layer);
            let entry = seat.and_then(|seat| upper.view.entry(seat));
            // Layers list the folders on the way to what they bring.
            entry.is_some_and(|e| e.kind != Kind::Folder || !lower.there[path.number()])
        };
        let mut touched: Vec<bool> =
            image.paths.all().map(|path| gone[path.number()] || brought(path)).collect();
        raise(&upper.view, &mut touched);
        let mut scope = match scope {
            Scope::UpTo => upper,
            Scope::Alone => Laid::new(image, layer..layer + 1),
        };
        for (there, gone) in scope.there.iter_mut().zip(&gone) {
            *there |= gone;
        }
        raise(&scope.view, &mut scope.there);
        Self { lower, scope, gone, touched }
    }

    /// Whether there is something to show at a path.
    pub(super) fn is_there(&self, path: PathId) -> bool {
        self.scope.there[path.number()]
    }

    /// The entry at a path: of what the layer deletes, the one that was there.
    pub(super) fn seat(&self, path: PathId) -> Option<Seat> {
        if self.gone[path.number()] {
            self.lower.view.seat(path)
        } else {
            self.scope.view.seat(path)
        }
    }

    pub(super) fn entry(&self, path: PathId) -> Option<&'i Entry> {
        self.scope.view.entry(self.seat(path)?)
    }

    /// Where a link leads.
    pub(super) fn target(&self, path: PathId) -> Option<&'i str> {
        self.scope.view.target(self.seat(path)?)
    }

    pub(super) fn bytes(&self, path: PathId) -> u64 {
        self.sums(path).bytes(path)
    }

    pub(super) fn files(&self, path: PathId) -> u64 {
        self.sums(path).files(path)
    }

    fn sums(&self, path: PathId) -> &Sums {
        if self.gone[path.number()] { &self.lower.sums } else { &self.scope.sums }
    }

    /// What the layer did to a path, or to something in it.
    pub(super) fn change(&self, path: PathId) -> Change {
        let at = path.number();
        match (self.gone[at], self.touched[at], self.lower.there[at]) {
            (true, ..) => Change::Deleted,
            (_, true, false) => Change::Added,
            (_, true, true) => Change::Changed,
            _ => Change::None,
        }
    }

    /// Whether a layer above hides it: it is pulled, and no container sees it.
    pub(super) fn is_hidden(&self, whole: &Analysis<'_>, path: PathId) -> bool {
        let Some(seat) = self.scope.view.seat(path).filter(|_| !self.gone[path.number()]) else {
            return false;
        };
        let top = whole.view.seat(path);
        let is_folder = self.entry(path).is_some_and(|entry| entry.kind == Kind::Folder);
        if is_folder { top.is_none() } else { top != Some(seat) }
    }
}
