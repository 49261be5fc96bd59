//! Which ignore file a build reads.

use plimsoll_model::Sources;
use plimsoll_syntax::ignorefile::{IgnoreFile, Matcher};

use crate::discover::paths::{folder, join};

/// The ignore file of a context folder and a Dockerfile: the one named after the Dockerfile,
/// else the one at the root of the context.
#[must_use]
pub fn ignore_file(sources: &Sources, context: &str, dockerfile: &str) -> Option<String> {
    let own = format!("{dockerfile}.dockerignore");
    let names = [".dockerignore", ".containerignore"];
    let at_root = names.into_iter().filter_map(|n| join(context, n));
    std::iter::once(own).chain(at_root).find(|p| sources.kind(p).is_some())
}

/// The ignore file beside a Dockerfile.
#[must_use]
pub fn beside(sources: &Sources, dockerfile: &str) -> Option<String> {
    join(folder(dockerfile), ".dockerignore").filter(|p| sources.kind(p).is_some())
}

/// Reads an ignore file; `None` where it was not read or a builder refuses it.
#[must_use]
pub fn read(sources: &Sources, path: &str) -> Option<(IgnoreFile, Matcher)> {
    let file = IgnoreFile::parse(sources.text(path)?);
    let matcher = Matcher::new(&file.patterns).ok()?;
    file.errors.is_empty().then_some((file, matcher))
}
