//! An ignore file for a wider context that sends no more than the old one did, and the packages.

use std::collections::BTreeSet;

use plimsoll_syntax::ignorefile::IgnoreFile;

use super::change::Changes;
use crate::discover::paths::{below, join};
use crate::packages::Ecosystem;
use crate::review::Review;

/// A context that grows.
pub(super) struct Growth<'g> {
    /// The old folder.
    pub(super) from: &'g str,
    /// The new one.
    pub(super) to: &'g str,
    /// The Dockerfile.
    pub(super) dockerfile: &'g str,
    /// The ignore file the old context has.
    pub(super) old: Option<&'g str>,
    /// The folders and files that are needed besides the old context.
    pub(super) needed: &'g BTreeSet<String>,
    /// The ecosystem of the packages.
    pub(super) ecosystem: Ecosystem,
    /// Whether another build takes the new folder as its context.
    pub(super) shared: bool,
    /// Whether every build of the old context moves, so that its ignore file has no reader left.
    pub(super) last: bool,
}

/// Writes the ignore file of a wider context.
pub(super) fn write(review: &Review<'_>, growth: &Growth<'_>, changes: &mut Changes) {
    let root = join(growth.to, ".dockerignore").unwrap_or_default();
    let own = format!("{}.dockerignore", growth.dockerfile);
    // The one named after the Dockerfile replaces the one at the root for this build alone.
    let taken = review.sources.kind(&root).is_some() || growth.shared;
    let path = if taken || growth.old == Some(own.as_str()) { own } else { root };
    changes.create(path.clone(), text(review, growth));
    if let Some(old) = growth.old.filter(|o| *o != path && growth.last) {
        changes.remove(old);
    }
}

fn text(review: &Review<'_>, growth: &Growth<'_>) -> String {
    let inside = |p: &str| below(growth.to, p).unwrap_or(p).to_owned();
    let from = inside(growth.from);
    let mut out = String::from(
        "# The context is wider than the service: nothing is sent but what is named here.\n*\n",
    );
    out.push_str(&format!("!{from}\n"));
    for needed in growth.needed {
        out.push_str(&format!("!{}\n", inside(needed)));
    }
    if let Some(old) = growth.old
        && let Some(text) = review.sources.text(old)
    {
        out.push_str(&format!("\n# What {old} leaves out.\n"));
        out.push_str(&prefixed(text, &from));
    }
    let junk = junk(growth.ecosystem);
    if !junk.is_empty() {
        out.push_str("\n# What packages leave behind.\n");
        junk.iter().for_each(|j| out.push_str(&format!("{j}\n")));
    }
    out
}

/// The lines of an ignore file as a folder above must write them; comments stay.
fn prefixed(text: &str, folder: &str) -> String {
    let patterns = IgnoreFile::parse(text).patterns;
    let mut out = String::new();
    for (index, line) in text.lines().enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        match patterns.iter().find(|p| p.line == number) {
            Some(pattern) => {
                let sign = if pattern.negated { "!" } else { "" };
                let tail = if line.trim_end().ends_with('/') { "/" } else { "" };
                out.push_str(&format!("{sign}{folder}/{}{tail}\n", pattern.text.trim_matches('/')));
            }
            None => {
                out.push_str(line.trim_end());
                out.push('\n');
            }
        }
    }
    out
}

/// What no package needs in a build.
fn junk(ecosystem: Ecosystem) -> &'static [&'static str] {
    match ecosystem {
        Ecosystem::Python => &[
            "**/__pycache__",
            "**/*.py[cod]",
            "**/*.egg-info",
            "**/.venv",
            "**/.pytest_cache",
            "**/.mypy_cache",
            "**/.ruff_cache",
        ],
        Ecosystem::Node => &["**/node_modules", "**/.turbo"],
        Ecosystem::Rust | Ecosystem::Maven => &["**/target"],
        Ecosystem::Gradle => &["**/.gradle"],
        Ecosystem::DotNet => &["**/bin", "**/obj"],
        Ecosystem::Go => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::prefixed;

    #[test]
    fn patterns_keep_their_meaning_one_folder_up() {
        let text = "# Python\n__pycache__/\n/dist\n!.env.example\n\n**/*.log\n";
        let want = "# Python\nbackend/__pycache__/\nbackend/dist\n!backend/.env.example\n\nbackend/**/*.log\n";
        assert_eq!(prefixed(text, "backend"), want);
    }
}
