//! Where text can be put into a YAML file.

use plimsoll_model::{Edit, Sources};

use crate::repo::Place;
use crate::rule::insert;

/// What stands before a place on its line, with a list's dash as a space; `None` where that
/// is more than indentation.
#[must_use]
pub fn indentation(sources: &Sources, at: &Place) -> Option<String> {
    let start = at.span?.start as usize;
    let before = sources.text(&at.path)?.get(..start)?;
    let line = before.rsplit('\n').next().unwrap_or("");
    line.chars().all(|c| c == ' ' || c == '-').then(|| " ".repeat(line.len()))
}

/// Puts a key before the first one of a block map. `None` where the map is in flow style.
#[must_use]
pub fn first_key(sources: &Sources, map: &Place, line: &str) -> Option<Vec<Edit>> {
    let indent = indentation(sources, map)?;
    let start = map.span?.start;
    let text = sources.text(&map.path)?.get(start as usize..)?;
    if text.starts_with('{') {
        return None;
    }
    Some(insert(&map.path, start, format!("{line}\n{indent}")))
}
