//! Where a Dockerfile lay before it was renamed.

use std::collections::{BTreeMap, HashMap};

use plimsoll_graph::{Entry, Id, Kind, Tree, TreeError, entry_at};
use plimsoll_syntax::dockerfile::is_dockerfile_name;

use super::folder_at;

/// Where the files of a build lie, from the root of the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The Dockerfile.
    pub dockerfile: String,
    /// The folder that is sent.
    pub context: String,
}

/// A file that is in one of two trees, or differs between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Differing {
    pub(super) path: String,
    pub(super) before: Option<(Kind, Id)>,
    pub(super) after: Option<(Kind, Id)>,
}

/// How many files may differ between two trees for a rename to be looked for.
const MOST_DIFFERING: usize = 50_000;

/// How many folders two trees may differ in: folders that are in themselves again and again
/// are small in git and without end when walked.
const MOST_FOLDERS: usize = 200_000;

/// Where the files of a build lay in an older tree, where its Dockerfile is missing there and
/// the newer one has it from another place.
///
/// That place is a file that is gone in the newer tree: the one with the same content, else the
/// only one named like a Dockerfile of which more than half of the lines are still there.
///
/// # Errors
/// When a tree cannot be read.
pub fn origin(
    tree: &impl Tree,
    older: Id,
    newer: Id,
    names: &Names,
) -> Result<Option<Names>, TreeError> {
    if file_at(tree, older, &names.dockerfile)?.is_some() {
        return Ok(None);
    }
    let Some(now) = file_at(tree, newer, &names.dockerfile)? else { return Ok(None) };
    let all = differing(tree, Some(older), newer, MOST_DIFFERING)?;
    if all.len() >= MOST_DIFFERING {
        return Ok(None);
    }
    let gone = |one: &&Differing| one.after.is_none() && is_file(one.before);
    let gone: Vec<&Differing> = all.iter().filter(gone).collect();
    let from = match same(&gone, now.id, &names.dockerfile) {
        Some(from) => Some(from.path.clone()),
        None => similar(tree, &gone, now.id)?,
    };
    let Some(dockerfile) = from else { return Ok(None) };
    let context = context(tree, older, &all, names, &dockerfile)?;
    Ok(Some(Names { dockerfile, context }))
}

fn file_at(tree: &impl Tree, root: Id, path: &str) -> Result<Option<Entry>, TreeError> {
    let found = entry_at(tree, root, path)?;
    Ok(found.filter(|entry| !matches!(entry.kind, Kind::Folder | Kind::Sealed)))
}

fn is_file(side: Option<(Kind, Id)>) -> bool {
    side.is_some_and(|(kind, _)| matches!(kind, Kind::File | Kind::Program))
}

/// The file that is gone with this content; of several the one with the likeliest name.
fn same<'g>(gone: &[&'g Differing], id: Id, path: &str) -> Option<&'g Differing> {
    let equal = gone.iter().filter(|one| one.before.is_some_and(|(_, other)| other == id));
    let rank = |one: &&&Differing| {
        let name = file_name(&one.path);
        (name != file_name(path), !is_dockerfile_name(name))
    };
    equal.min_by_key(rank).copied()
}

/// The only Dockerfile that is gone and of which more than half is still there.
fn similar(tree: &impl Tree, gone: &[&Differing], now: Id) -> Result<Option<String>, TreeError> {
    let named = gone.iter().filter(|one| is_dockerfile_name(file_name(&one.path)));
    let mut found = Vec::new();
    let mut text = None;
    for one in named {
        let Some((_, id)) = one.before else { continue };
        if text.is_none() {
            text = Some(tree.content(now)?);
        }
        let old = tree.content(id)?;
        if text.as_ref().is_some_and(|now| more_than_half_is_in(&old, now)) {
            found.push(one.path.clone());
        }
    }
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// Whether more than half of the lines of one text are in another, as often as they are there.
fn more_than_half_is_in(old: &[u8], new: &[u8]) -> bool {
    let lines = |text: &'_ [u8]| {
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    let mut left: HashMap<Vec<u8>, usize> = HashMap::new();
    lines(new).into_iter().for_each(|line| *left.entry(line).or_default() += 1);
    let old = lines(old);
    let mut kept = 0;
    for line in &old {
        if let Some(count) = left.get_mut(line).filter(|count| **count > 0) {
            *count -= 1;
            kept += 1;
        }
    }
    kept * 2 > old.len()
}

/// The folder that was sent. One that is the Dockerfile's own folder moved with it, where other
/// files did, too, or where the folder of today is not there.
fn context(
    tree: &impl Tree,
    older: Id,
    all: &[Differing],
    names: &Names,
    dockerfile: &str,
) -> Result<String, TreeError> {
    let (new, old) = (&names.context, folder_name(dockerfile));
    if folder_name(&names.dockerfile) != new.as_str() || old == new.as_str() {
        return Ok(new.clone());
    }
    let there = folder_at(tree, older, new)?.is_some();
    let follows = !there || moved_along(all, old, new, dockerfile);
    Ok(if follows { old.to_owned() } else { new.clone() })
}

/// Whether a file besides the Dockerfile moved from one folder to the same place in another.
fn moved_along(all: &[Differing], old: &str, new: &str, dockerfile: &str) -> bool {
    let added: BTreeMap<&str, Option<(Kind, Id)>> =
        all.iter().filter(|one| one.before.is_none()).map(|one| (&*one.path, one.after)).collect();
    let gone = all.iter().filter(|one| one.after.is_none() && one.path != dockerfile);
    let mut moved = gone.filter_map(|one| {
        let below = inside(&one.path, old)?;
        let path = if new.is_empty() { below.to_owned() } else { format!("{new}/{below}") };
        Some(added.get(path.as_str()) == Some(&one.before))
    });
    moved.any(|moved| moved)
}

fn inside<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    match folder {
        "" => Some(path),
        folder => path.strip_prefix(folder)?.strip_prefix('/'),
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn folder_name(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The files by which two trees differ, at most `most`.
pub(super) fn differing(
    tree: &impl Tree,
    before: Option<Id>,
    after: Id,
    most: usize,
) -> Result<Vec<Differing>, TreeError> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), before, Some(after))];
    let mut looked = 0;
    while let Some((folder, before, after)) = open.pop() {
        if before == after {
            continue;
        }
        looked += 1;
        if looked > MOST_FOLDERS {
            return Err(TreeError(format!("two trees differ in more than {MOST_FOLDERS} folders")));
        }
        let entries = |id: Option<Id>| id.map_or(Ok([].into()), |id| tree.entries(id));
        let (old, new) = (entries(before)?, entries(after)?);
        for (name, a, b) in side_by_side(&old, &new) {
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            let inner = |side: Option<(Kind, Id)>| {
                side.filter(|(kind, _)| *kind == Kind::Folder).map(|(_, id)| id)
            };
            let file = |side: Option<(Kind, Id)>| side.filter(|(kind, _)| *kind != Kind::Folder);
            if inner(a).is_some() || inner(b).is_some() {
                open.push((path.clone(), inner(a), inner(b)));
            }
            if file(a).is_some() || file(b).is_some() {
                found.push(Differing { path, before: file(a), after: file(b) });
            }
            if found.len() >= most {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

type Pairs<'e> = Vec<(&'e str, Option<(Kind, Id)>, Option<(Kind, Id)>)>;

/// The names of two folders by which they differ.
fn side_by_side<'e>(old: &'e [Entry], new: &'e [Entry]) -> Pairs<'e> {
    let by_name = |entries: &'e [Entry]| -> BTreeMap<&'e str, (Kind, Id)> {
        entries.iter().map(|entry| (entry.name.as_str(), (entry.kind, entry.id))).collect()
    };
    let (old, new) = (by_name(old), by_name(new));
    let mut names: Vec<&str> = old.keys().chain(new.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    let pair = |name: &'e str| (name, old.get(name).copied(), new.get(name).copied());
    names.into_iter().map(pair).filter(|(_, a, b)| a != b).collect()
}

/// The paths of the files by which two trees differ, at most `most`.
///
/// # Errors
/// When a folder cannot be read.
pub fn changed_paths(
    tree: &impl Tree,
    before: Option<Id>,
    after: Id,
    most: usize,
) -> Result<Vec<String>, TreeError> {
    let found = differing(tree, before, after, most)?;
    Ok(found.into_iter().map(|one| one.path).collect())
}
