//! Fixes: edits of text that keep everything they do not name.

use serde::{Deserialize, Serialize};

/// How much a person must look before a fix is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Applicability {
    /// It keeps what the pipeline does.
    Safe,
    /// It may change what the pipeline does: read it first.
    Unsafe,
    /// It shows the direction; a person must fill it in.
    Display,
}

/// One replaced range of bytes; an empty range inserts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Edit {
    /// The file, from the repository's root. A file that does not exist is created.
    pub path: String,
    /// The first byte that is replaced.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// What comes in its place.
    pub text: String,
}

/// A remedy as edits, all or none of which are applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fix {
    /// What the fix does, as an order: "set cache-to to mode=max".
    pub title: String,
    /// How much a person must look first.
    pub applicability: Applicability,
    /// The edits.
    pub edits: Vec<Edit>,
}

/// Why edits cannot be applied to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyError {
    /// Two edits change the same bytes.
    Overlap,
    /// An edit lies outside the text or inside a character.
    OutOfRange,
}

impl std::fmt::Display for ApplyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Overlap => "two edits change the same bytes",
            Self::OutOfRange => "an edit lies outside the file",
        })
    }
}

impl std::error::Error for ApplyError {}

/// Applies edits of one file to its text. Equal edits count once.
///
/// # Errors
/// [`ApplyError`] where edits overlap or do not fit; the text is then unchanged.
pub fn apply_edits(source: &str, edits: &[Edit]) -> Result<String, ApplyError> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|e| (e.start, e.end));
    sorted.dedup();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    for edit in sorted {
        let (start, end) = (edit.start as usize, edit.end as usize);
        if start < at {
            return Err(ApplyError::Overlap);
        }
        let kept = source.get(at..start).ok_or(ApplyError::OutOfRange)?;
        source.get(start..end).ok_or(ApplyError::OutOfRange)?;
        out.push_str(kept);
        out.push_str(&edit.text);
        at = end;
    }
    out.push_str(source.get(at..).ok_or(ApplyError::OutOfRange)?);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: u32, end: u32, text: &str) -> Edit {
        Edit { path: "f".into(), start, end, text: text.into() }
    }

    #[test]
    fn edits_keep_what_they_do_not_name() {
        let edits = [edit(6, 11, "you"), edit(0, 0, "> "), edit(6, 11, "you")];
        assert_eq!(apply_edits("hello world", &edits).as_deref(), Ok("> hello you"));
    }

    #[test]
    fn refuses_overlap_and_ranges_that_do_not_fit() {
        assert_eq!(apply_edits("abc", &[edit(0, 2, ""), edit(1, 3, "")]), Err(ApplyError::Overlap));
        assert_eq!(apply_edits("abc", &[edit(2, 9, "")]), Err(ApplyError::OutOfRange));
        assert_eq!(apply_edits("é", &[edit(1, 2, "")]), Err(ApplyError::OutOfRange));
    }
}
