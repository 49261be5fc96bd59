//! The files of the repository that an image is made of.

use plimsoll_syntax::dockerfile::MountKind;

use crate::discover::Build;
use crate::discover::beside::Beside;
use crate::discover::paths::{folder, join};
use crate::repo::Stage;
use crate::review::Review;

use super::building::{dockerfile_of, in_repository, is_path, taken};

/// The Dockerfile, its ignore file, and what it copies from the context.
#[must_use]
pub(crate) fn inputs(review: &Review<'_>, build: &Build) -> Vec<String> {
    let Some(view) = dockerfile_of(review, build) else { return Vec::new() };
    let mut all = vec![view.path.to_string()];
    let Some(context) = build.context.folder() else { return all };
    let own = format!("{}.dockerignore", view.path);
    let ignore = if review.sources.kind(&own).is_some() {
        Some(own)
    } else {
        join(context, ".dockerignore")
    };
    all.extend(ignore.filter(|i| review.sources.kind(i).is_some()));
    let copies = view.stages.iter().flat_map(Stage::copies).filter(|(_, c)| c.from.is_none());
    let copied = copies.flat_map(|(_, c)| &c.sources).filter(|s| s.known);
    let copied = copied.map(|s| s.path.value.as_str());
    let mounts = view.stages.iter().flat_map(Stage::runs).flat_map(|(_, c)| &c.mounts);
    let bound = mounts.filter(|m| m.kind == Some(MountKind::Bind) && m.from.is_none());
    for text in copied.chain(bound.filter_map(|m| m.source.as_deref())) {
        let text = text.trim_start_matches('/');
        if !text.contains(['*', '?', '[', ':', '$']) {
            all.extend(join(context, text).filter(|p| is_committed(review, p)));
        }
    }
    all
}

fn is_committed(review: &Review<'_>, path: &str) -> bool {
    review.sources.tree.get(path).is_some_and(|entry| !entry.git_ignored)
}

/// The folder below the root that holds everything these builds read, where they are builds of one
/// Dockerfile and another service has its own outside of it.
#[must_use]
pub(crate) fn own_folder(review: &Review<'_>, builds: &[&Build]) -> Option<String> {
    let file = dockerfile_of(review, builds.first()?)?;
    let mut shared = folder(&file.path).to_owned();
    for build in builds {
        if dockerfile_of(review, build)?.path != file.path || !build.contexts.is_empty() {
            return None;
        }
        for read in read_by(review, build)? {
            shared = common(&shared, &read).to_owned();
        }
    }
    let inside = format!("{shared}/");
    let elsewhere = |path: &str| !path.starts_with(&inside) && Beside::of(path).is_none();
    let mut services = review.found.services.iter();
    let others = services
        .any(|s| review.repo.dockerfiles.get(s.dockerfile).is_some_and(|d| elsewhere(&d.path)));
    (!shared.is_empty() && others).then_some(shared)
}

/// What a build reads of its context; the context itself where that cannot be told.
fn read_by(review: &Review<'_>, build: &Build) -> Option<Vec<String>> {
    let context = build.context.folder()?;
    let sources = dockerfile_of(review, build)?
        .stages
        .iter()
        .flat_map(Stage::copies)
        .filter(|(_, copy)| copy.from.is_none())
        .flat_map(|(_, copy)| &copy.sources);
    let told = sources.filter(|s| !s.path.value.contains("://")).all(is_path);
    let mut all = inputs(review, build);
    let whole = taken_whole(review, build);
    if !told || whole {
        all.push(context.to_owned());
    }
    Some(all)
}

/// Whether a build takes its whole context: `COPY . .`, or a mount of it.
fn taken_whole(review: &Review<'_>, build: &Build) -> bool {
    let stages = || dockerfile_of(review, build).into_iter().flat_map(|f| &f.stages);
    let mut taken = stages().flat_map(taken);
    let mut mounts = stages().flat_map(Stage::runs).flat_map(|(_, c)| &c.mounts);
    taken.any(|(path, _)| in_repository("", path).is_empty())
        || mounts.any(|m| m.kind == Some(MountKind::Bind) && m.from.is_none() && m.source.is_none())
}

/// The deepest folder that holds both.
fn common<'a>(a: &'a str, b: &str) -> &'a str {
    let ends = a.match_indices('/').map(|(i, _)| i).chain([a.len()]);
    let holds = |path: &str| b == path || b.strip_prefix(path).is_some_and(|r| r.starts_with('/'));
    ends.filter_map(|i| a.get(..i)).rfind(|p| holds(p)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_common_folder_is_found() {
        for (a, b, want) in [
            ("a/b", "a/b/c.py", "a/b"),
            ("a/b", "a/bc", "a"),
            ("a", "", ""),
            ("", "a", ""),
            ("a/b", "c", ""),
        ] {
            assert_eq!(common(a, b), want, "{a} {b}");
        }
    }
}
