//! Places in a text: bytes here, lines and units of a line for an editor.

use lsp_types::{Position, Range, TextDocumentContentChangeEvent};
use plimsoll_model::Location;
use plimsoll_syntax::LineIndex;

/// What a column counts. It is agreed upon once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Units {
    Bytes,
    Utf16,
}

/// A text, and where its lines begin.
pub(super) struct Lines<'t> {
    text: &'t str,
    index: LineIndex,
    units: Units,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str, units: Units) -> Self {
        Self { text, index: LineIndex::new(text), units }
    }

    /// A line, counted from 0, without its end.
    fn line(&self, line: u32) -> &'t str {
        if line as usize >= self.index.line_count() {
            return "";
        }
        let start = self.index.line_start(line + 1) as usize;
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        line.strip_suffix('\r').unwrap_or(line)
    }

    fn width(&self, text: &str) -> u32 {
        let count = match self.units {
            Units::Bytes => text.len(),
            Units::Utf16 => text.encode_utf16().count(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The place of a byte.
    pub(super) fn position(&self, offset: u32) -> Position {
        let offset = offset.min(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        let line = self.index.line(offset);
        let start = self.index.line_start(line);
        let before = self.text.get(start as usize..offset as usize).unwrap_or_default();
        Position::new(line - 1, self.width(before))
    }

    /// The byte of a place; one that is past a line's end is the end.
    pub(super) fn offset(&self, at: Position) -> usize {
        if at.line as usize >= self.index.line_count() {
            return self.text.len();
        }
        let line = self.line(at.line);
        let mut column = 0;
        let inside = line.char_indices().find(|(_, character)| {
            let here = column;
            let mut buffer = [0; 4];
            column += self.width(character.encode_utf8(&mut buffer));
            // Inside of a character is before it.
            here >= at.character || column > at.character
        });
        let start = self.index.line_start(at.line + 1) as usize;
        start + inside.map_or(line.len(), |(at, _)| at)
    }

    /// The range of a place in a report, whose columns count characters; of a whole file its first line.
    pub(super) fn range(&self, at: &Location) -> Range {
        let place = |line: u32, column: u32| {
            let line = line.saturating_sub(1);
            let text = self.line(line);
            let end = text.char_indices().nth(column.saturating_sub(1) as usize);
            let before = end.map_or(text, |(end, _)| &text[..end]);
            Position::new(line, self.width(before))
        };
        let end_of = |line: u32| Position::new(line, self.width(self.line(line)));
        let Some(start) = at.start else { return Range::new(Position::new(0, 0), end_of(0)) };
        let from = place(start.line, start.column);
        let to = at.end.map_or_else(|| end_of(from.line), |end| place(end.line, end.column));
        Range::new(from, to)
    }
}

/// Changes a text as an editor did.
pub(super) fn change(
    text: &mut String,
    changes: Vec<TextDocumentContentChangeEvent>,
    units: Units,
) {
    for change in changes {
        let Some(range) = change.range else {
            *text = change.text;
            continue;
        };
        let lines = Lines::new(text, units);
        let (start, end) = (lines.offset(range.start), lines.offset(range.end));
        text.replace_range(start..end.max(start), &change.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_model::Position as Place;

    #[test]
    fn places_go_there_and_back() {
        let text = "a\u{e9}\u{1f6a2}b\r\nzweite\n";
        for units in [Units::Bytes, Units::Utf16] {
            let lines = Lines::new(text, units);
            for (offset, _) in text.char_indices().filter(|(_, c)| !matches!(c, '\r' | '\n')) {
                let place = lines.position(u32::try_from(offset).unwrap());
                assert_eq!(lines.offset(place), offset, "{units:?} {place:?}");
            }
            // Past the end of a line, and of the text.
            assert_eq!(lines.offset(Position::new(0, 99)), text.find('\r').unwrap());
            assert_eq!(lines.offset(Position::new(9, 0)), text.len());
        }
        assert_eq!(Lines::new(text, Units::Utf16).position(7), Position::new(0, 4));
        assert_eq!(Lines::new(text, Units::Bytes).position(7), Position::new(0, 7));
        // Inside of a character.
        assert_eq!(Lines::new(text, Units::Utf16).offset(Position::new(0, 3)), 3);
    }

    #[test]
    fn columns_of_a_report_count_characters() {
        let lines = Lines::new("\u{1f6a2} FROM x\n", Units::Utf16);
        let place = |column| Some(Place { line: 1, column });
        let at = Location { path: "f".into(), start: place(3), end: place(7) };
        let range = Range::new(Position::new(0, 3), Position::new(0, 7));
        assert_eq!(lines.range(&at), range);
        let whole = Range::new(Position::new(0, 0), Position::new(0, 9));
        assert_eq!(lines.range(&Location::file("f")), whole);
    }

    #[test]
    fn changes_come_one_after_the_other() {
        let mut text = "FROM a\nRUN b\n".to_owned();
        let of = |range: Option<((u32, u32), (u32, u32))>, text: &str| {
            let place = |(line, column)| Position::new(line, column);
            let range = range.map(|(from, to)| Range::new(place(from), place(to)));
            TextDocumentContentChangeEvent { range, range_length: None, text: text.to_owned() }
        };
        let changes =
            vec![of(Some(((1, 4), (1, 5))), "c"), of(Some(((0, 5), (0, 6))), "\u{1f6a2}")];
        change(&mut text, changes, Units::Utf16);
        assert_eq!(text, "FROM \u{1f6a2}\nRUN c\n");
        // The wrong way round is an insertion, not a panic.
        change(&mut text, vec![of(Some(((1, 3), (0, 0))), "!")], Units::Utf16);
        assert_eq!(text, "FROM \u{1f6a2}\nRUN! c\n");
        change(&mut text, vec![of(None, "FROM b\n")], Units::Utf16);
        assert_eq!(text, "FROM b\n");
    }
}
