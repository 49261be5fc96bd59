//! From bytes to lines and columns, and the lines around a place.

use std::collections::BTreeMap;

use plimsoll_model::{Excerpt, Location, Position, Sources, printable};
use plimsoll_syntax::LineIndex;

use crate::repo::Place;

const CONTEXT_LINES: u32 = 1;
const MOST_LINES: u32 = 12;
const MOST_COLUMNS: usize = 240;

/// Turns places into locations; line starts are found once a file.
pub(crate) struct Locator<'a> {
    sources: &'a Sources,
    indices: BTreeMap<String, LineIndex>,
}

impl<'a> Locator<'a> {
    pub(crate) fn new(sources: &'a Sources) -> Self {
        Self { sources, indices: BTreeMap::new() }
    }

    fn index(&mut self, path: &str) -> Option<(&'a str, &LineIndex)> {
        let text = self.sources.text(path)?;
        if !self.indices.contains_key(path) {
            self.indices.insert(path.to_owned(), LineIndex::new(text));
        }
        self.indices.get(path).map(|index| (text, index))
    }

    /// The location of a place; without its text, the file as a whole.
    pub(crate) fn location(&mut self, place: &Place) -> Location {
        let file = Location::file(&*place.path);
        let (Some(span), Some((text, index))) = (place.span, self.index(&place.path)) else {
            return file;
        };
        let position =
            |offset| Position { line: index.line(offset), column: index.column(text, offset) };
        let trimmed = span.text(text).trim_end().len();
        let end = span.start + u32::try_from(trimmed).unwrap_or(0);
        Location { start: Some(position(span.start)), end: Some(position(end)), ..file }
    }

    /// The lines around a location, control characters made visible and long lines cut.
    pub(crate) fn excerpt(&mut self, location: &Location) -> Option<Excerpt> {
        let (start, end) = (location.start?.line, location.end?.line);
        let (text, index) = self.index(&location.path)?;
        let first = start.saturating_sub(CONTEXT_LINES).max(1);
        let last = (end + CONTEXT_LINES).min(first + MOST_LINES - 1);
        let lines = (first..=last).map_while(|line| line_at(text, index, line));
        let lines: Vec<String> =
            lines.map(|l| printable(&cut(l).replace('\t', "    ")).into_owned()).collect();
        Some(Excerpt { first_line: first, lines })
    }
}

fn line_at<'t>(text: &'t str, index: &LineIndex, line: u32) -> Option<&'t str> {
    if line as usize > index.line_count() {
        return None;
    }
    let rest = text.get(index.line_start(line) as usize..)?;
    let line = rest.split('\n').next()?;
    Some(line.strip_suffix('\r').unwrap_or(line))
}

fn cut(line: &str) -> &str {
    match line.char_indices().nth(MOST_COLUMNS) {
        Some((i, _)) => &line[..i],
        None => line,
    }
}
