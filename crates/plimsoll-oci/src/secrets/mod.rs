//! Secrets in files: keys and tokens whose form is certain, and settings that look like them.
//!
//! What a public package brings is public, so keys in its tests are no secrets; its folders are
//! not searched. The text of a secret is never kept.

mod checksum;
mod settings;
mod tokens;

/// A secret in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it is.
    pub what: &'static str,
    /// Its line.
    pub line: u32,
    /// Whether its form is certain, or only its look.
    pub certain: bool,
}

/// How many secrets of one file are told.
const MOST_HITS: usize = 16;

/// Folders of what is installed, the same for everybody.
const PUBLIC: [&str; 12] = [
    "usr/share/",
    "usr/include/",
    "usr/lib/",
    "usr/lib64/",
    "usr/libexec/",
    "lib/",
    "etc/ssl/certs/",
    "etc/ca-certificates/",
    "usr/local/lib/python",
    "usr/local/lib/node_modules/",
    "usr/local/go/",
    "var/lib/dpkg/",
];

/// Whether a file of this path may hold a secret.
pub(crate) fn may_hold(path: &str) -> bool {
    const INSTALLED: [&str; 5] =
        ["/site-packages/", "/dist-packages/", "node_modules/", "/vendor/bundle/", "/pkg/mod/"];
    !PUBLIC.iter().any(|folder| path.starts_with(folder))
        && !INSTALLED.iter().any(|folder| path.contains(folder))
}

/// Searches a text.
pub(crate) fn search(path: &str, bytes: &[u8]) -> Vec<Hit> {
    let mut hits = tokens::search(bytes);
    hits.extend(settings::search(path, bytes));
    hits.sort_by_key(|hit| (hit.line, !hit.certain));
    hits.dedup_by_key(|hit| hit.line);
    hits.truncate(MOST_HITS);
    hits
}

/// Searches what the image's configuration says: the value of a variable, a step of the history.
pub(crate) fn search_value(text: &str) -> Vec<Hit> {
    tokens::search(text.as_bytes())
}

/// The line of a byte, from 1.
fn line_of(bytes: &[u8], at: usize) -> u32 {
    let before = &bytes[..at.min(bytes.len())];
    u32::try_from(before.iter().filter(|byte| **byte == b'\n').count() + 1).unwrap_or(u32::MAX)
}
