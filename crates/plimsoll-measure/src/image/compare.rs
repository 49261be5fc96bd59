//! Holds the files of an image against those of a commit.

use std::collections::{BTreeMap, HashMap, HashSet};

use plimsoll_graph::{Graph, Id, Kind, Left, Place, Shipment, Step, Tree, Verb, Why};

use super::layers::{Held, link};
use super::{Error, Saved, Span};

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
    /// Files that the image holds in a form that is not read, or behind a link.
    pub unreadable: usize,
}

/// The names that the files of a shipment may have: which files of an image are looked at.
///
/// A link at a destination is followed to a file of any name; that one is not looked at.
#[must_use]
pub fn wanted(shipment: &Shipment) -> HashSet<String> {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let alone = shipment.places.iter().filter(|place| place.may_be_destination());
    let alone = alone.map(|place| name(&place.to));
    alone.chain(shipment.places.iter().map(|place| name(&place.below))).collect()
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
) -> Result<Compared, Error> {
    let mut compared = Compared { left: shipment.left.clone(), ..Compared::default() };
    for places in shipment.places.chunk_by(|a, b| a.step == b.step) {
        let at = places.first().map_or(0, |place| place.step);
        let Some((step, span)) = graph.steps.get(at).zip(spans.get(&at)) else { continue };
        let mut last = BTreeMap::new();
        for (path, place) in Sight::new(saved, *span, step.linked).paths(places) {
            last.insert(path, place);
        }
        for (path, place) in last {
            compared.one(saved, *span, step, path, place, tree)?;
        }
    }
    Ok(compared)
}

impl Compared {
    fn one(
        &mut self,
        saved: &Saved,
        span: Span,
        step: &Step,
        path: String,
        place: &Place,
        tree: &impl Tree,
    ) -> Result<(), Error> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let known = place.kind == Kind::Link || saved.names.contains(name);
        let held = saved.stack.at(span.with, &path);
        let how = match difference(place, held)? {
            Ok(None) => {
                self.files += 1;
                return Ok(());
            }
            Ok(Some(how)) if known => how,
            Ok(Some(_)) | Err(Unreadable) => {
                self.unreadable += 1;
                return Ok(());
            }
        };
        let line = step.label.line;
        // ADD looks at the bytes, not at the name, to tell an archive; a stage may have put a
        // file elsewhere, through a link.
        let unpacked = (step.verb == Verb::Add && place.alone).then_some(Why::Archive);
        let elsewhere = place.staged.then_some(Why::Stage);
        let why = unpacked.or(elsewhere).filter(|_| how == How::Missing);
        if let Some(why) = why {
            self.left.push(Left { line, why, source: place.from.clone() });
        } else if is_pointer(tree, place) {
            self.large += 1;
        } else {
            self.files += 1;
            self.differing.push(Differing { path, place: place.clone(), line, how });
        }
        Ok(())
    }
}

/// The image holds the file, but not its bytes one after the other.
struct Unreadable;

fn difference(
    place: &Place,
    held: Option<&Held>,
) -> Result<Result<Option<How>, Unreadable>, Error> {
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

/// Finds the paths that a step wrote to.
///
/// Links are followed on the way to the destination and at it, and a folder that stands there
/// takes a file in. Below the destination none is followed. With `--link` nothing stands there.
struct Sight<'s> {
    saved: &'s Saved,
    below: usize,
    linked: bool,
    /// Destinations with their links followed, and whether each is a folder.
    known: HashMap<&'s str, Option<(String, bool)>>,
}

impl<'s> Sight<'s> {
    fn new(saved: &'s Saved, span: Span, linked: bool) -> Self {
        Self { saved, below: span.below, linked, known: HashMap::new() }
    }

    fn paths(&mut self, places: &'s [Place]) -> Vec<(String, &'s Place)> {
        let mut paths = Vec::with_capacity(places.len());
        for place in places {
            let known = self.known.entry(&place.to).or_insert_with(|| match self.linked {
                true => Some((place.to.clone(), false)),
                false => {
                    let stack = &self.saved.stack;
                    let followed = stack.followed(self.below, &place.to);
                    followed.map(|to| (to.clone(), stack.is_folder(self.below, &to)))
                }
            });
            // Links in a circle: the build would have failed.
            let Some((to, folder)) = known else { continue };
            // A folder's content makes a folder of the destination.
            *folder |= !place.may_be_destination();
            let path = match (*folder, to.as_str()) {
                (false, _) => to.clone(),
                (true, "") => place.below.clone(),
                (true, to) => format!("{to}/{}", place.below),
            };
            paths.push((path, place));
        }
        paths
    }
}
