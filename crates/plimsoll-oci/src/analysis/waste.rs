//! Bytes that are pulled and never seen, and bytes that are there twice.

use std::collections::{BTreeMap, HashMap};

use plimsoll_model::{DuplicateGroup, Duplicates, Waste, WastedFile};

use super::MOST_NAMED;
use crate::View;
use crate::index::Kind;
use crate::lay::Seat;
use crate::paths::PathId;

/// What went together: the root of what was hidden, the layer that has it, the one that hides
/// it, and whether it is deleted.
type Event = (PathId, u32, u32, bool);

/// How much went together.
struct Lost {
    bytes: u64,
    files: u64,
    first: Seat,
}

pub(super) fn waste(view: &View<'_>) -> Waste {
    let mut waste = Waste::default();
    let mut events: BTreeMap<Event, Lost> = BTreeMap::new();
    for hidden in &view.hidden {
        let size = view.entry(hidden.seat).map_or(0, |entry| entry.size);
        waste.bytes += size;
        waste.files += 1;
        waste.unchanged_bytes += if hidden.same { size } else { 0 };
        let event = (hidden.root, hidden.seat.layer, hidden.by, hidden.deleted);
        let new = || Lost { bytes: 0, files: 0, first: hidden.seat };
        let lost = events.entry(event).or_insert_with(new);
        lost.bytes += size;
        lost.files += 1;
    }
    let mut events: Vec<(Event, Lost)> = events.into_iter().collect();
    events.sort_by_key(|(_, lost)| std::cmp::Reverse(lost.bytes));
    events.truncate(MOST_NAMED);
    waste.largest = events.into_iter().map(|(event, lost)| wasted(view, event, &lost)).collect();
    waste
}

fn wasted(view: &View<'_>, (root, layer, by, deleted): Event, lost: &Lost) -> WastedFile {
    // A single file of a folder is told by its own name.
    let alone = if lost.files == 1 { view.entry(lost.first) } else { None };
    WastedFile {
        path: view.paths().text(alone.map_or(root, |entry| entry.path)),
        bytes: lost.bytes,
        files: lost.files,
        layer: layer as usize,
        by: by as usize,
        deleted,
    }
}

/// Files below which equal ones are not worth a line: empty `__init__.py` are no waste.
const LEAST: u64 = 4096;

pub(super) fn duplicates(view: &View<'_>) -> Duplicates {
    let mut first: HashMap<(u64, u64), u32> = HashMap::new();
    let files = || {
        let seen = view.seen();
        seen.filter(|(_, _, entry)| entry.kind == Kind::File && entry.size >= LEAST)
    };
    for (_, _, entry) in files() {
        *first.entry((entry.size, entry.hash)).or_insert(0) += 1;
    }
    first.retain(|_, count| *count > 1);
    let mut all = Duplicates { groups: first.len() as u64, ..Duplicates::default() };
    let mut groups: Vec<((u64, u64), u32)> = first.into_iter().collect();
    all.bytes = groups.iter().map(|((size, _), count)| size * u64::from(count - 1)).sum();
    groups.sort_by_key(|((size, hash), count)| {
        (std::cmp::Reverse(size * u64::from(count - 1)), *hash)
    });
    groups.truncate(MOST_NAMED);
    let mut named: HashMap<(u64, u64), DuplicateGroup> = HashMap::new();
    for (key, count) in &groups {
        let group = DuplicateGroup { bytes: key.0, count: u64::from(*count), ..Default::default() };
        named.insert(*key, group);
    }
    for (path, seat, entry) in files() {
        if let Some(group) = named.get_mut(&(entry.size, entry.hash)) {
            if group.paths.len() < 5 {
                group.paths.push(view.paths().text(path));
            }
            if !group.layers.contains(&(seat.layer as usize)) {
                group.layers.push(seat.layer as usize);
            }
        }
    }
    all.largest = groups.iter().filter_map(|(key, _)| named.remove(key)).collect();
    // Hashes differ from one reading to the next; paths do not.
    all.largest.sort_by(|a, b| {
        let weight = |group: &DuplicateGroup| group.bytes * (group.count - 1);
        weight(b).cmp(&weight(a)).then_with(|| a.paths.cmp(&b.paths))
    });
    all
}
