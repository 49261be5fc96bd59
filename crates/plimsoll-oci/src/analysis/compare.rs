//! Holds two images against each other: by package, by folder, by file.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use plimsoll_model::{
    FileSum, IMAGE_SCHEMA_VERSION, ImageComparison, ImageReport, ImageWeight, OwnerKind,
    PackageChange, PackageState, PathChange,
};

use super::{Analysis, MOST_NAMED};
use crate::index::{Entry, Kind};
use crate::paths::{PathId, Paths, ROOT};

impl Analysis<'_> {
    /// What this image has that an earlier one has not, and the other way round. Both must have
    /// been read by the same process.
    #[must_use]
    pub fn against(
        &self,
        (report, before): (&ImageReport, &ImageReport),
        earlier: &Analysis<'_>,
    ) -> ImageComparison {
        let pairs = report.layers.iter().zip(&before.layers);
        let mut comparison = ImageComparison {
            schema_version: IMAGE_SCHEMA_VERSION,
            before: ImageWeight::of(before),
            after: ImageWeight::of(report),
            shared_layers: pairs.take_while(|(a, b)| a.diff_id == b.diff_id).count(),
            packages: packages(report, before),
            ..ImageComparison::default()
        };
        files(self, earlier, &mut comparison);
        comparison
    }
}

/// The state of each package before and after.
type States = BTreeMap<(OwnerKind, String), (Option<PackageState>, Option<PackageState>)>;

fn packages(after: &ImageReport, before: &ImageReport) -> Vec<PackageChange> {
    let mut all = States::new();
    let mut add = |report: &ImageReport, is_after: bool| {
        for owner in &report.owners {
            let states = all.entry((owner.kind, owner.name.clone())).or_default();
            let state = if is_after { &mut states.1 } else { &mut states.0 };
            // A Node package may be there many times.
            let state = state.get_or_insert_with(PackageState::default);
            state.version = state.version.take().or_else(|| owner.version.clone());
            state.bytes += owner.bytes;
            state.files += owner.files;
        }
    };
    add(before, false);
    add(after, true);
    let changed = all.into_iter().filter(|(_, (before, after))| before != after);
    let mut changes: Vec<PackageChange> = changed
        .map(|((kind, name), (before, after))| PackageChange { kind, name, before, after })
        .collect();
    let bytes = |state: &Option<PackageState>| state.as_ref().map_or(0, |state| state.bytes);
    changes.sort_by_key(|change| Reverse(bytes(&change.before).abs_diff(bytes(&change.after))));
    changes
}

fn files(after: &Analysis<'_>, before: &Analysis<'_>, comparison: &mut ImageComparison) {
    let (here, there) = (after.view.paths(), before.view.paths());
    let to_before = translated(here, there);
    let mut changes = Vec::new();
    for (path, _, entry) in after.view.seen().filter(|(_, _, entry)| is_file(entry)) {
        let old = to_before[path.0 as usize].and_then(|old| before.view.at(old));
        let old = old.filter(|old| is_file(old));
        let sum = match old {
            None => &mut comparison.added,
            Some(old) if (old.size, old.hash) == (entry.size, entry.hash) => &mut comparison.same,
            Some(_) => &mut comparison.changed,
        };
        add(sum, entry);
        let same = old.is_some_and(|old| (old.size, old.hash) == (entry.size, entry.hash));
        if !same {
            changes.push((old.map(|old| old.size), Some(entry.size), path, true));
        }
    }
    let to_after = translated(there, here);
    for (path, _, entry) in before.view.seen().filter(|(_, _, entry)| is_file(entry)) {
        let new = to_after[path.0 as usize].and_then(|new| after.view.at(new));
        if !new.is_some_and(is_file) {
            add(&mut comparison.removed, entry);
            changes.push((Some(entry.size), None, path, false));
        }
    }
    let weight =
        |before: Option<u64>, after: Option<u64>| before.unwrap_or(0).abs_diff(after.unwrap_or(0));
    changes.sort_by_key(|(before, after, path, is_after)| {
        (Reverse(weight(*before, *after)), !is_after, *path)
    });
    changes.truncate(MOST_NAMED);
    let told = |(before, after, path, is_after)| PathChange {
        path: if is_after { here.text(path) } else { there.text(path) },
        before,
        after,
    };
    comparison.files = changes.into_iter().map(told).collect();
    comparison.folders = folders(after, before, &to_before, &to_after);
}

fn is_file(entry: &Entry) -> bool {
    entry.kind == Kind::File
}

fn add(sum: &mut FileSum, entry: &Entry) {
    sum.files += 1;
    sum.bytes += entry.size;
}

/// For each path of one image, the same path of another.
fn translated(from: &Paths, to: &Paths) -> Vec<Option<PathId>> {
    let mut all = vec![None; from.len()];
    for path in from.all() {
        all[path.0 as usize] = match path {
            ROOT => Some(ROOT),
            path => {
                let parent: Option<PathId> = all[from.parent(path).0 as usize];
                parent.and_then(|parent| to.below(parent, from.name(path)))
            }
        };
    }
    all
}

/// The folders that became larger or smaller, without those that only hold one that did.
fn folders(
    after: &Analysis<'_>,
    before: &Analysis<'_>,
    to_before: &[Option<PathId>],
    to_after: &[Option<PathId>],
) -> Vec<PathChange> {
    let mut all: Vec<(u64, PathChange)> = Vec::new();
    let is_folder = |analysis: &Analysis<'_>, path: PathId| {
        analysis.view.at(path).is_none_or(|entry| entry.kind == Kind::Folder)
    };
    let mut tell = |path: String, before: Option<u64>, after: Option<u64>| {
        let difference = before.unwrap_or(0).abs_diff(after.unwrap_or(0));
        if difference > 0 {
            all.push((difference, PathChange { path, before, after }));
        }
    };
    for path in after.view.paths().all().filter(|path| *path != ROOT && is_folder(after, *path)) {
        let old = to_before[path.0 as usize].map(|old| before.sums.bytes(old));
        let old = old.filter(|bytes| *bytes > 0);
        let new = Some(after.sums.bytes(path)).filter(|bytes| *bytes > 0);
        if old != new {
            tell(after.view.paths().text(path), old, new);
        }
    }
    for path in before.view.paths().all().filter(|path| *path != ROOT && is_folder(before, *path)) {
        if to_after[path.0 as usize].is_none() && before.sums.bytes(path) > 0 {
            tell(before.view.paths().text(path), Some(before.sums.bytes(path)), None);
        }
    }
    all.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.path.cmp(&b.1.path)));
    // `usr` and `usr/lib` say nothing where `usr/lib/x` is all of it.
    let holds = |outer: &(u64, PathChange), inner: &(u64, PathChange)| {
        let below = inner.1.path.strip_prefix(&outer.1.path);
        below.is_some_and(|rest| rest.starts_with('/')) && inner.0 * 10 >= outer.0 * 9
    };
    let window = all.len().min(MOST_NAMED * 8);
    let mut kept: Vec<PathChange> = Vec::new();
    for (at, one) in all[..window].iter().enumerate() {
        let told =
            all[..window].iter().enumerate().any(|(other, inner)| other != at && holds(one, inner));
        if !told && kept.len() < MOST_NAMED {
            kept.push(one.1.clone());
        }
    }
    kept
}
