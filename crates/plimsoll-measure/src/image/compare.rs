//! Holds the files of an image against those of a commit.

use std::collections::{BTreeMap, HashMap, HashSet};

use plimsoll_graph::{Graph, Id, Kind, Left, Place, Shipment, Tree, Verb, Why};

use super::layers::{Held, link};
use super::{ImageError, Saved, Span};

/// How a file of the image differs from the commit's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It has other bytes: what git would call them, and how many they are.
    Bytes(Id, u64),
    /// The one may be executed, the other not.
    Mode,
    /// The one is a link or a folder, the other not.
    Kind,
    /// It is not there.
    Missing,
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// Where it lies in the image.
    pub path: String,
    /// What the commit has.
    pub place: Place,
    /// The line of the COPY.
    pub line: u32,
    /// What differs.
    pub how: How,
}

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// How many files the steps put that were compared; a file that is copied twice counts twice.
    pub files: usize,
    /// Those that differ. Where a RUN of a stage on the way may be why, the place says so.
    pub differing: Vec<Differing>,
    /// What was not compared.
    pub left: Vec<Left>,
    /// Files that git keeps elsewhere (LFS): their bytes are not in the commit.
    pub large: usize,
    /// Files that the image holds in a form that is not read.
    pub unreadable: usize,
}

/// The names that files and folders on their way may have: what of an image is looked at.
#[must_use]
pub fn wanted(shipment: &Shipment) -> HashSet<String> {
    let mut names = HashSet::new();
    let mut seen = HashSet::new();
    for place in &shipment.places {
        names.extend(place.inside.clone());
        let (folder, name) = place.to.rsplit_once('/').unwrap_or(("", &place.to));
        names.insert(name.to_owned());
        if seen.insert(folder) {
            names.extend(folder.split('/').map(str::to_owned));
        }
    }
    names
}

/// Compares what the steps of a build put into its image with what the image holds, in the layer
/// of each step: what a later RUN does to a file does not matter.
///
/// # Errors
/// When the commit's files cannot be read.
pub fn compare(
    saved: &Saved,
    spans: &BTreeMap<usize, Span>,
    graph: &Graph,
    shipment: &Shipment,
    tree: &impl Tree,
) -> Result<Compared, ImageError> {
    let mut compared = Compared { left: shipment.left.clone(), ..Compared::default() };
    let mut sight = Sight { saved, folders: HashMap::new() };
    for place in &shipment.places {
        let Some((step, span)) = graph.steps.get(place.step).zip(spans.get(&place.step)) else {
            continue;
        };
        let path = sight.path(place, *span, step.linked);
        let held = path.as_ref().and_then(|path| saved.stack.at(span.with, path));
        let how = match difference(place, held)? {
            Ok(None) => {
                compared.files += 1;
                continue;
            }
            Ok(Some(how)) => how,
            Err(Unreadable) => {
                compared.unreadable += 1;
                continue;
            }
        };
        if how == How::Missing && step.verb == Verb::Add && place.inside.is_some() {
            // ADD looks at the bytes, not at the name, to tell an archive.
            let (line, source) = (step.label.line, place.from.clone());
            compared.left.push(Left { line, why: Why::Archive, source });
        } else if is_pointer(tree, place) {
            compared.large += 1;
        } else {
            compared.files += 1;
            let (path, line) = (path.unwrap_or_else(|| place.to.clone()), step.label.line);
            compared.differing.push(Differing { path, place: place.clone(), line, how });
        }
    }
    Ok(compared)
}

/// The image holds the file, but not its bytes one after the other.
struct Unreadable;

fn difference(
    place: &Place,
    held: Option<&Held>,
) -> Result<Result<Option<How>, Unreadable>, ImageError> {
    Ok(Ok(match (place.kind, held) {
        (_, None) => Some(How::Missing),
        (_, Some(Held::Other | Held::Hard(_))) => return Ok(Err(Unreadable)),
        (Kind::Link, Some(Held::Link(target))) => {
            let id = link(target)?;
            (id != place.id).then_some(How::Bytes(id, target.len() as u64))
        }
        (Kind::File | Kind::Program, Some(Held::File { id, program, size })) => {
            let mode = place.keeps_mode && *program != (place.kind == Kind::Program);
            match *id == place.id {
                false => Some(How::Bytes(*id, *size)),
                true => mode.then_some(How::Mode),
            }
        }
        _ => Some(How::Kind),
    }))
}

/// Whether the commit has only the name of a file that Git LFS keeps.
fn is_pointer(tree: &impl Tree, place: &Place) -> bool {
    let file = matches!(place.kind, Kind::File | Kind::Program);
    // A file too large to be read is no pointer.
    let content = || tree.content(place.id).unwrap_or_default();
    file && content().starts_with(b"version https://git-lfs.github.com/spec/")
}

/// Finds places in the image, and remembers the folders.
struct Sight<'s> {
    saved: &'s Saved,
    /// Folders with their links followed, by how many layers are there.
    folders: HashMap<(usize, String), Option<String>>,
}

impl Sight<'_> {
    /// The path that a file was put to: links of folders are followed, and a folder at the
    /// destination takes the file in. With `--link` neither, as nothing is there yet.
    fn path(&mut self, place: &Place, span: Span, linked: bool) -> Option<String> {
        if linked {
            return Some(place.to.clone());
        }
        let stack = &self.saved.stack;
        let inside = place.inside.as_ref().filter(|_| stack.is_folder(span.below, &place.to));
        let (folder, name) = match inside {
            Some(name) => (place.to.as_str(), name.as_str()),
            None => place.to.rsplit_once('/').unwrap_or(("", &place.to)),
        };
        let key = (span.below, folder.to_owned());
        let folder = self
            .folders
            .entry(key)
            .or_insert_with_key(|(count, folder)| stack.followed(*count, folder));
        let folder = folder.as_ref()?;
        Some(if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") })
    }
}
