//! Lines: physical ones as BuildKit cuts them, and the logical one that continuations make.

use std::ops::Range;

use super::Word;
use crate::{Cooked, Span};

/// The longest line that BuildKit reads, in bytes without its `\n`.
pub(super) const MAX_LINE: usize = 65_535;

/// A physical line.
#[derive(Clone, Copy)]
pub(super) struct Line<'s> {
    /// Where it begins.
    pub(super) start: usize,
    /// With its end.
    pub(super) raw: &'s str,
    /// Without any `\r` and `\n` at its end.
    pub(super) text: &'s str,
}

impl Line<'_> {
    /// The span of the text.
    pub(super) fn span(&self) -> Span {
        Span::new(self.start, self.start + self.text.len())
    }

    /// The span with the line end.
    pub(super) fn raw_span(&self) -> Span {
        Span::new(self.start, self.start + self.raw.len())
    }
}

/// The lines of a source, from the first to the last or to one that is too long.
pub(super) struct Lines<'s> {
    source: &'s str,
    at: usize,
    /// The line that BuildKit cannot read, where reading stopped.
    pub(super) too_long: Option<Span>,
}

impl<'s> Lines<'s> {
    pub(super) fn new(source: &'s str, at: usize) -> Self {
        Self { source, at, too_long: None }
    }
}

impl<'s> Iterator for Lines<'s> {
    type Item = Line<'s>;

    fn next(&mut self) -> Option<Line<'s>> {
        let rest = self.source.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest.find('\n').unwrap_or(rest.len());
        let start = self.at;
        if length > MAX_LINE {
            self.too_long = Some(Span::new(start, start + length));
            self.at = self.source.len();
            return None;
        }
        let raw = &rest[..rest.len().min(length + 1)];
        self.at += raw.len();
        Some(Line { start, raw, text: raw.trim_end_matches(['\r', '\n']) })
    }
}

/// Splits a line into the text before a continuation character, or `None` without one.
pub(super) fn continued(line: &str, escape: char) -> Option<&str> {
    let before = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!before.ends_with(escape)).then_some(before)
}

/// An instruction's text, gathered from one line or several.
#[derive(Default)]
pub(super) struct Logical {
    pub(super) text: String,
    /// Where each physical line begins: in `text`, and in the source.
    runs: Vec<(usize, usize)>,
}

impl Logical {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.runs.clear();
    }

    pub(super) fn push(&mut self, piece: &str, source: usize) {
        if !piece.is_empty() || self.runs.is_empty() {
            self.runs.push((self.text.len(), source));
            self.text.push_str(piece);
        }
    }

    fn source(&self, at: usize) -> usize {
        let index = self.runs.partition_point(|(text, _)| *text <= at);
        let run = index.checked_sub(1).and_then(|i| self.runs.get(i));
        run.map_or(0, |(text, source)| source + (at - text))
    }

    /// The span in the source of a range of the text.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        if range.is_empty() {
            let at = self.source(range.start);
            return Span::new(at, at);
        }
        Span::new(self.source(range.start), self.source(range.end - 1) + 1)
    }

    /// A range of the text as a word.
    pub(super) fn word(&self, range: Range<usize>) -> Word {
        Word { text: self.text[range.clone()].to_owned(), span: self.span(range) }
    }

    /// A range of the text with its way back to the source.
    pub(super) fn cooked(&self, range: Range<usize>) -> Cooked {
        let mut cooked = Cooked::default();
        let first = self.runs.partition_point(|(text, _)| *text <= range.start).saturating_sub(1);
        for (index, (text, source)) in self.runs.iter().enumerate().skip(first) {
            if *text >= range.end {
                break;
            }
            let next = self.runs.get(index + 1).map_or(self.text.len(), |(text, _)| *text);
            let (start, end) = (range.start.max(*text), range.end.min(next));
            cooked.push(&self.text[start..end], source + (start - text));
        }
        cooked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continuation_is_a_single_escape_at_the_end() {
        assert_eq!(continued("a \\", '\\'), Some("a "));
        assert_eq!(continued("a\\ \t", '\\'), Some("a"));
        assert_eq!(continued("\\", '\\'), Some(""));
        assert_eq!(continued("a\\\\", '\\'), None);
        assert_eq!(continued("a\\", '`'), None);
        assert_eq!(continued("a`", '`'), Some("a"));
    }

    #[test]
    fn a_line_of_65535_bytes_is_the_longest() {
        let source = format!("{}\nb", "a".repeat(MAX_LINE));
        assert_eq!(Lines::new(&source, 0).count(), 2);
        let source = format!("b\n{}", "a".repeat(MAX_LINE + 1));
        let mut lines = Lines::new(&source, 0);
        assert_eq!(lines.by_ref().count(), 1);
        assert_eq!(lines.too_long, Some(Span::new(2, source.len())));
    }
}
