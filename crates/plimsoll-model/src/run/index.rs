//! What was read of a repository, its texts by digest.

use std::fmt;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::BlobRef;
use crate::{EntryKind, Problem};

/// The index of the sources: everything but the texts themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcesIndex {
    /// The name of the repository.
    pub name: String,
    /// Every path, sorted.
    #[serde(deserialize_with = "bounded")]
    pub entries: Vec<IndexEntry>,
    /// What could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// A path of the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// The path, from the root, with `/`.
    pub path: String,
    /// What stands there.
    pub kind: EntryKind,
    /// Whether git ignores it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub git_ignored: bool,
    /// Its text, where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<IndexText>,
    /// Where a link points, as it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// The text of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexText {
    /// The text as rules read it.
    #[serde(flatten)]
    pub blob: BlobRef,
    /// Whether bytes of the file were no UTF-8 and were replaced in the text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lossy: bool,
}

impl IndexEntry {
    /// Whether the path stays within the repository: no `..`, no `.`, no empty part, no NUL.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        !self.path.contains('\0')
            && self.path.split('/').all(|part| !matches!(part, "" | "." | ".."))
    }
}

/// How many paths an index has at most: a review looks at a million, and few come on top.
const MOST_PATHS: usize = 1_100_000;

/// Reads paths up to a bound: a small text may hold more of them than memory does.
fn bounded<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IndexEntry>, D::Error> {
    from.deserialize_seq(Bounded)
}

struct Bounded;

impl<'de> Visitor<'de> for Bounded {
    type Value = Vec<IndexEntry>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MOST_PATHS} paths")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = entries.next_element()? {
            if all.len() == MOST_PATHS {
                return Err(A::Error::invalid_length(MOST_PATHS + 1, &self));
            }
            all.push(entry);
        }
        Ok(all)
    }
}
