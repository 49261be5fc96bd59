//! Sums that one worker gathers, in bounded memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use super::{Category, ContextReport, Totals};

const LARGEST_FILES: usize = 20;
const LISTED: usize = 200;
const FOLDERS: usize = 200;
/// Deeper folders count in their ancestor at this depth.
const FOLDER_DEPTH: usize = 3;
/// Past this many folders, new ones count in the root.
const MOST_FOLDERS: usize = 20_000;

/// The sums of one worker.
#[derive(Default)]
pub(super) struct Tally {
    sent: Totals,
    unfiltered: Totals,
    categories: BTreeMap<Category, Totals>,
    /// The largest files so far; the smallest of them on top, and of equals the last by path.
    largest: BinaryHeap<Reverse<(u64, Reverse<String>)>>,
    folders: HashMap<String, (u64, u64)>,
    hits: Vec<u64>,
    unreadable: BTreeSet<(String, String)>,
    special: BTreeSet<String>,
}

impl Tally {
    pub(super) fn new(patterns: usize) -> Self {
        Self { hits: vec![0; patterns], ..Self::default() }
    }

    /// Counts an entry that is there, sent or not.
    pub(super) fn present(&mut self, totals: Totals) {
        self.unfiltered.add(totals);
    }

    /// Counts folders that are sent.
    pub(super) fn sent_folders(&mut self, count: u64) {
        self.sent.folders += count;
    }

    /// Counts a file or a link that is sent.
    pub(super) fn sent(&mut self, totals: Totals, category: Category) {
        self.sent.add(totals);
        self.categories.entry(category).or_default().add(totals);
    }

    /// Counts sums for a folder.
    pub(super) fn folder(&mut self, folder: &str, bytes: u64, files: u64) {
        let key = shortened(folder);
        let full = self.folders.len() >= MOST_FOLDERS && !self.folders.contains_key(key);
        let key = if full { "" } else { key };
        let sums = match self.folders.get_mut(key) {
            Some(sums) => sums,
            None => self.folders.entry(key.to_owned()).or_default(),
        };
        sums.0 = sums.0.saturating_add(bytes);
        sums.1 += files;
    }

    /// Keeps a file if it is among the largest.
    pub(super) fn large_file(&mut self, bytes: u64, path: &str) {
        if self.largest.len() == LARGEST_FILES {
            let beaten = self.largest.peek().is_some_and(|Reverse((least, Reverse(last)))| {
                bytes > *least || bytes == *least && path < last.as_str()
            });
            if !beaten {
                return;
            }
            self.largest.pop();
        }
        self.largest.push(Reverse((bytes, Reverse(path.to_owned()))));
    }

    /// Counts a path for the pattern that decided it.
    pub(super) fn hit(&mut self, pattern: Option<usize>) {
        if let Some(count) = pattern.and_then(|index| self.hits.get_mut(index)) {
            *count += 1;
        }
    }

    pub(super) fn unreadable(&mut self, path: String, reason: String) {
        keep(&mut self.unreadable, (path, reason));
    }

    pub(super) fn special(&mut self, path: String) {
        keep(&mut self.special, path);
    }

    /// Adds what another worker gathered.
    pub(super) fn merge(&mut self, other: Self) {
        self.sent.add(other.sent);
        self.unfiltered.add(other.unfiltered);
        for (category, totals) in other.categories {
            self.categories.entry(category).or_default().add(totals);
        }
        for Reverse((bytes, Reverse(path))) in other.largest {
            self.large_file(bytes, &path);
        }
        for (folder, (bytes, files)) in other.folders {
            self.folder(&folder, bytes, files);
        }
        self.hits.iter_mut().zip(other.hits).for_each(|(own, other)| *own += other);
        other.unreadable.into_iter().for_each(|item| keep(&mut self.unreadable, item));
        other.special.into_iter().for_each(|item| keep(&mut self.special, item));
    }

    pub(super) fn into_report(self, with_unfiltered: bool) -> ContextReport {
        let mut categories: Vec<_> = self.categories.into_iter().collect();
        categories.sort_by_key(|(_, totals)| Reverse((totals.bytes, totals.files, totals.links)));
        let largest = self.largest.into_sorted_vec().into_iter();
        ContextReport {
            sent: self.sent,
            unfiltered: with_unfiltered.then_some(self.unfiltered),
            dockerfile: Totals::default(),
            categories,
            largest_files: largest.map(|Reverse((bytes, Reverse(path)))| (path, bytes)).collect(),
            folders: folded(self.folders),
            pattern_hits: self.hits,
            unreadable: self.unreadable.into_iter().collect(),
            special: self.special.into_iter().collect(),
        }
    }
}

fn keep<T: Ord>(kept: &mut BTreeSet<T>, item: T) {
    kept.insert(item);
    if kept.len() > LISTED {
        kept.pop_last();
    }
}

fn shortened(folder: &str) -> &str {
    let end = folder.match_indices('/').nth(FOLDER_DEPTH - 1).map(|(at, _)| at);
    end.map_or(folder, |end| &folder[..end])
}

/// Folds the smallest folders into those above them until few enough are left.
fn folded(sums: HashMap<String, (u64, u64)>) -> Vec<(String, u64, u64)> {
    let mut sums: BTreeMap<String, (u64, u64)> = sums.into_iter().collect();
    let mut order: BinaryHeap<Reverse<(u64, String)>> =
        sums.iter().map(|(path, (bytes, _))| Reverse((*bytes, path.clone()))).collect();
    while sums.len() > FOLDERS {
        let Some(Reverse((_, path))) = order.pop() else { break };
        if path.is_empty() {
            continue;
        }
        let Some((bytes, files)) = sums.remove(&path) else { continue };
        let above = path.rsplit_once('/').map_or("", |(above, _)| above);
        if !sums.contains_key(above) {
            order.push(Reverse((bytes, above.to_owned())));
        }
        let target = sums.entry(above.to_owned()).or_default();
        *target = (target.0.saturating_add(bytes), target.1 + files);
    }
    sums.into_iter().map(|(path, (bytes, files))| (path, bytes, files)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_stay_few_and_lose_nothing() {
        let mut tally = Tally::new(0);
        for at in 0..1000 {
            tally.folder(&format!("a/{}/{at}/deep/er", at % 7), at, 1);
        }
        let report = tally.into_report(false);
        assert_eq!(report.folders.len(), 200);
        assert_eq!(report.folders.iter().map(|(_, bytes, _)| bytes).sum::<u64>(), 499_500);
        assert_eq!(report.folders.iter().map(|(_, _, files)| files).sum::<u64>(), 1000);
        assert!(report.folders.iter().any(|(path, ..)| path == "a/5/999"));
    }

    #[test]
    fn the_largest_files_do_not_depend_on_the_order() {
        let mut files: Vec<(u64, String)> =
            (0..50).map(|at| (at % 3, format!("f{at:02}"))).collect();
        let largest = |files: &[(u64, String)]| {
            let mut tally = Tally::new(0);
            files.iter().for_each(|(bytes, path)| tally.large_file(*bytes, path));
            tally.into_report(false).largest_files
        };
        let expected = largest(&files);
        files.reverse();
        assert_eq!(largest(&files), expected);
        assert_eq!(expected.first(), Some(&("f02".to_owned(), 2)));
    }
}
