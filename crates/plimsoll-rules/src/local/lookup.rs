//! Whether a package or file is at a path of the image, and why not.

use plimsoll_model::EntryKind;
use plimsoll_syntax::gitmodules;

use super::{State, Why};
use crate::discover::paths::{below, join};
use crate::layout::{Found, Layout, Moment, image_path};
use crate::packages::tree::{self, manifest_names};
use crate::packages::{Ecosystem, url};
use crate::review::Review;

/// Looks for a folder with a manifest, or for a file.
pub(super) fn look(
    review: &Review<'_>,
    layout: &Layout<'_>,
    at: Moment,
    wanted: &str,
    place: &tree::Place,
    ecosystem: Ecosystem,
) -> State {
    let state = find(review, layout, at, wanted, place, ecosystem);
    // A submodule that is not checked out here may be there when the image is built.
    if let tree::Place::Gone(path) = place
        && submodule_of(review, path).is_some()
        && layout.places_of(path).iter().any(|(m, to, _)| *m <= at && to == wanted)
    {
        return State::Unknown;
    }
    match (&state, place.folder()) {
        (State::Present { path, by }, Some(meant))
            if *path != tree::real(review.sources, meant) =>
        {
            State::Missing(Why::Other(path.clone(), by.clone()))
        }
        (State::Missing(_), _) => State::Missing(why(review, layout, at, wanted, place)),
        _ => state,
    }
}

fn find(
    review: &Review<'_>,
    layout: &Layout<'_>,
    at: Moment,
    wanted: &str,
    place: &tree::Place,
    ecosystem: Ecosystem,
) -> State {
    let file = place.folder().map_or_else(
        || has_ending(wanted),
        |p| matches!(review.sources.kind(p), Some(EntryKind::File)),
    );
    if file {
        return match layout.find(at, wanted) {
            Found::Repository { path, by } => State::Present { path, by },
            Found::Missing => State::Missing(Why::NotCopied),
            Found::Image => of_image(place, wanted),
            Found::Exported(_) | Found::Unknown => State::Unknown,
        };
    }
    let mut names: Vec<&str> = manifest_names(ecosystem).to_vec();
    let own = place.folder().and_then(|p| review.repo.packages.in_folder(p, ecosystem));
    if let Some(own) = own {
        names = vec![crate::discover::paths::file_name(&own.path)];
    }
    let mut missing = State::Missing(Why::NotCopied);
    for name in &names {
        match layout.find(at, &image_path::join(wanted, name)) {
            Found::Repository { path, by } => {
                let folder = crate::discover::paths::folder(&path).to_owned();
                return State::Present { path: folder, by };
            }
            Found::Unknown | Found::Exported(_) => return State::Unknown,
            Found::Image => missing = of_image(place, wanted),
            Found::Missing => {}
        }
    }
    // A folder without a manifest, such as one of wheels, counts as it is.
    if own.is_none()
        && let Found::Repository { path, by } = layout.find(at, wanted)
    {
        return State::Present { path, by };
    }
    missing
}

/// An image of one's own may hold an absolute path, but hardly a folder of the repository.
fn of_image(place: &tree::Place, wanted: &str) -> State {
    match place {
        tree::Place::Machine { candidate: None } if !url::is_home(wanted) => State::Unknown,
        _ => State::Missing(Why::NotCopied),
    }
}

fn has_ending(path: &str) -> bool {
    [".whl", ".gz", ".zip", ".tgz", ".jar", ".txt", ".xml", ".dll", "proj", ".props", ".targets"]
        .iter()
        .any(|e| path.ends_with(e))
}

/// Why something is not there.
fn why(
    review: &Review<'_>,
    layout: &Layout<'_>,
    at: Moment,
    wanted: &str,
    place: &tree::Place,
) -> Why {
    let path = match place {
        tree::Place::Machine { .. } => return Why::Machine,
        tree::Place::Above => return Why::AboveRepository,
        tree::Place::Nowhere => return Why::Gone,
        // What was not read may hold anything.
        tree::Place::Gone(path) if submodule_of(review, path).is_some() => path,
        tree::Place::Gone(path)
            if matches!(tree::through(review.sources, path), Some((_, EntryKind::Unread))) =>
        {
            path
        }
        tree::Place::Gone(path) => match through(review, layout, path) {
            Some(why) => return why,
            None => return Why::Gone,
        },
        tree::Place::Here(path) => path,
    };
    if let Some(why) = through(review, layout, path) {
        return why;
    }
    if below(layout.context, path).is_none() && !in_named(layout, path) {
        return Why::OutsideContext;
    }
    let probe = probe(review, path);
    if let Some(by) = layout.ignored(&probe) {
        return Why::Ignored(by);
    }
    let places = layout.places_of(&probe);
    let rest = below(path, &probe).unwrap_or("");
    let whole = image_path::join(wanted, rest);
    let stage = |m: &Moment| layout.file.lineage(at.stage).iter().any(|s| s.index == m.stage);
    let own: Vec<_> = places.iter().filter(|(m, ..)| stage(m)).collect();
    if let Some((.., by)) = own.iter().find(|(m, to, _)| *m > at && *to == whole) {
        return Why::Late(by.clone());
    }
    if let Some((_, to, by)) = own.iter().find(|(m, ..)| *m <= at).or(own.first()) {
        let folder = to.strip_suffix(rest).unwrap_or(to).trim_end_matches('/');
        return Why::Elsewhere(folder.to_owned(), by.clone());
    }
    match places.first() {
        Some((.., by)) => Why::OtherStage(by.clone()),
        None => Why::NotCopied,
    }
}

/// A link or a folder that was not read on the way to a path.
fn through(review: &Review<'_>, layout: &Layout<'_>, path: &str) -> Option<Why> {
    let (stop, kind) = tree::through(review.sources, path)?;
    match kind {
        EntryKind::Symlink => {
            let to = review.sources.links.get(&stop)?;
            let to = join(crate::discover::paths::folder(&stop), to);
            let inside = to.is_some_and(|t| below(layout.context, &t).is_some());
            (!inside).then_some(Why::Link(stop))
        }
        _ => None,
    }
}

/// How many lines of `.gitmodules` are looked at: they are read for every package that is not there.
const LINES: usize = 2000;

/// The submodule that a path lies in.
#[must_use]
pub fn submodule_of(review: &Review<'_>, path: &str) -> Option<String> {
    let text = review.sources.text(".gitmodules").unwrap_or("");
    let mut paths = gitmodules::paths(text.lines().take(LINES));
    paths.find(|p| below(p, path).is_some()).map(str::to_owned)
}

fn in_named(layout: &Layout<'_>, path: &str) -> bool {
    layout.named.iter().any(|(_, f)| f.as_deref().is_none_or(|f| below(f, path).is_some()))
}

/// A file that shows whether a folder is in the context: its manifest, else any file of it.
fn probe(review: &Review<'_>, path: &str) -> String {
    if review.sources.kind(path) == Some(EntryKind::File) {
        return path.to_owned();
    }
    let manifest = |p: &&str| tree::is_manifest(p) && crate::discover::paths::folder(p) == path;
    let files: Vec<&str> = review
        .sources
        .below(path)
        .filter(|(_, e)| e.kind == EntryKind::File)
        .map(|(p, _)| p)
        .collect();
    let found = files.iter().copied().find(manifest).or(files.first().copied());
    found.unwrap_or(path).to_owned()
}
