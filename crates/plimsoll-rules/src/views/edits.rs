//! Where text can be put into a YAML file.

use plimsoll_model::{Edit, Sources};

use crate::repo::{Fact, Place};
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

/// Replaces a value where it stands as it was read: not where a variable stands for it.
#[must_use]
pub fn rewrite(sources: &Sources, fact: &Fact<String>, new: &str) -> Option<Vec<Edit>> {
    let span = fact.at.span?;
    let text = sources.text(&fact.at.path)?.get(span.start as usize..span.end as usize)?;
    let start = text.find(&fact.value).filter(|start| text.rfind(&fact.value) == Some(*start))?;
    Some(within(&fact.at, span.start as usize + start, fact.value.len(), new))
}

/// Replaces the number of a key that is named once in a place: `key: 3`, `key=3`.
#[must_use]
pub fn number_of(sources: &Sources, at: &Place, key: &str, number: u32) -> Option<Vec<Edit>> {
    let span = at.span?;
    let text = sources.text(&at.path)?.get(span.start as usize..span.end as usize)?;
    let after = text.find(key).filter(|start| text.rfind(key) == Some(*start))? + key.len();
    let rest = text.get(after..)?;
    let digits = rest.trim_start_matches([':', '=', ' ', '"', '\'']);
    let start = after + rest.len() - digits.len();
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    (length > 0).then(|| within(at, span.start as usize + start, length, &number.to_string()))
}

fn within(at: &Place, start: usize, length: usize, text: &str) -> Vec<Edit> {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let (start, end) = (offset(start), offset(start + length));
    vec![Edit { path: at.path.to_string(), start, end, text: text.to_owned() }]
}
