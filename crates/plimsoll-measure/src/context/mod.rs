//! Measures a build context: what BuildKit would be sent of a folder.
//!
//! The walk lists folders and never opens a file. It follows no symbolic link, leaves out
//! folders in which nothing can be sent, and keeps sums, not paths.

mod category;
mod follow;
mod queue;
mod report;
mod tally;
mod walk;

use std::fs;
use std::io;
use std::path::Path;

use plimsoll_syntax::ignorefile::{IgnoreFile, Matcher, Pattern, PatternError};

pub use category::{Category, categorize};
pub use follow::{Asked, Follow};
pub use report::{ContextReport, ContextRequest, IgnoreSource, Totals};

/// Measures a context.
///
/// # Errors
/// When the root is no folder that can be listed, and for patterns with which no build
/// begins ([`io::ErrorKind::InvalidData`]).
pub fn measure(request: &ContextRequest) -> io::Result<ContextReport> {
    let text = request.ignore.as_ref().map_or("", |ignore| ignore.text.as_str());
    let file = IgnoreFile::parse(text);
    let matcher = Matcher::new(&file.patterns).map_err(invalid)?;
    let mut report = walk::walk(request, &matcher, file.patterns.len())?;
    let ignore = request.ignore.as_ref().map(|ignore| &ignore.path);
    for path in request.dockerfile.iter().chain(ignore) {
        report.dockerfile.add(control_file(&request.root.join(path)));
    }
    Ok(report)
}

/// What the Dockerfile or the ignore file adds to its transfer.
fn control_file(path: &Path) -> Totals {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Totals::file(found.len()),
        Ok(found) if found.is_symlink() => Totals::link(),
        _ => Totals::default(),
    }
}

fn invalid(error: PatternError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Finds the ignore file that holds for a Dockerfile: `<dockerfile>.dockerignore` beside it,
/// or else `.dockerignore` in the context's root. Both paths start at the same place.
#[must_use]
pub fn which_ignore_file(
    files_exist: impl Fn(&str) -> bool,
    root: &str,
    dockerfile: &str,
) -> Option<String> {
    let general = match root.strip_suffix('/').unwrap_or(root) {
        "." => ".dockerignore".to_owned(),
        "" if root.is_empty() => ".dockerignore".to_owned(),
        folder => format!("{}/.dockerignore", folder.trim_start_matches("./")),
    };
    [format!("{dockerfile}.dockerignore"), general].into_iter().find(|path| files_exist(path))
}

/// Whether a path is ignored, and what says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// Whether it is ignored.
    pub ignored: bool,
    /// The line and the text (with its `!`) of the pattern that decided; none where no
    /// pattern matches.
    pub by: Option<(u32, String)>,
}

/// Tells why a path is sent or not.
///
/// # Errors
/// For patterns with which the build fails.
pub fn why(patterns: &[Pattern], path: &str) -> Result<Why, PatternError> {
    let decision = Matcher::new(patterns)?.decide(path)?;
    let by = decision.by.and_then(|index| patterns.get(index));
    Ok(Why { ignored: decision.ignored, by: by.map(|pattern| (pattern.line, pattern.raw())) })
}
