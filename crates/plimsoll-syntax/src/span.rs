//! Positions in a text: byte spans, and lines and columns made from them.

/// A half-open range of bytes in one source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Makes a span from byte offsets; offsets past 4 GiB saturate.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end) }
    }

    /// The span as a range that indexes the source.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The text under the span, or `""` where the span does not fit the source.
    #[must_use]
    pub fn text(self, source: &str) -> &str {
        source.get(self.range()).unwrap_or("")
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Maps byte offsets of one text to lines and columns.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Finds the line starts of `text`; only `\n` ends a line.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        let starts = std::iter::once(0).chain(after).map(|i| Span::new(i, i).start).collect();
        Self { starts }
    }

    /// The line of a byte offset, from 1.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        u32::try_from(self.starts.partition_point(|s| *s <= offset)).unwrap_or(u32::MAX)
    }

    /// The column of a byte offset in its line, from 1, counted in characters of `text`.
    #[must_use]
    pub fn column(&self, text: &str, offset: u32) -> u32 {
        let start = self.line_start(self.line(offset));
        let prefix = text.get(start as usize..offset as usize).unwrap_or("");
        u32::try_from(prefix.chars().count()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The byte offset where a line (from 1) begins; past the end, the last line's start.
    #[must_use]
    pub fn line_start(&self, line: u32) -> u32 {
        let index = (line.saturating_sub(1) as usize).min(self.starts.len() - 1);
        self.starts[index]
    }

    /// How many lines there are; a text that ends in `\n` has an empty last line.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }
}

/// Text taken out of a source with pieces left out (continuations, indentation), where each
/// byte still knows the byte of the source it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cooked {
    text: String,
    runs: Vec<Run>,
}

/// A run of unbroken bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    /// Where it begins in the text.
    text: u32,
    /// Where it begins in the source.
    source: u32,
    /// Where it ends in the source: where it begins, for text that does not stand there.
    end: u32,
}

impl Cooked {
    /// Appends a piece that stands at byte `source` of the source.
    pub fn push(&mut self, piece: &str, source: usize) {
        self.append(piece, source, source + piece.len());
    }

    /// Appends a piece that does not stand in the source as it is, such as an escape that was
    /// decoded: all of it maps to byte `source`.
    pub fn push_made(&mut self, piece: &str, source: usize) {
        self.append(piece, source, source);
    }

    fn append(&mut self, piece: &str, source: usize, end: usize) {
        if piece.is_empty() {
            return;
        }
        let text = Span::new(self.text.len(), 0).start;
        let Span { start: source, end } = Span::new(source, end);
        let exact = end > source;
        match self.runs.last_mut() {
            Some(last)
                if exact && last.end == source && text - last.text == source - last.source =>
            {
                last.end = end;
            }
            _ => self.runs.push(Run { text, source, end }),
        }
        self.text.push_str(piece);
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn run(&self, at: u32) -> Option<&Run> {
        let index = self.runs.partition_point(|run| run.text <= at);
        self.runs.get(index.checked_sub(1)?)
    }

    /// The byte of the source that byte `at` of the text came from.
    #[must_use]
    pub fn source_offset(&self, at: u32) -> u32 {
        self.run(at).map_or(0, |run| (run.source + (at - run.text)).min(run.end))
    }

    /// The bytes of the source that a span of the text came from, with what was left out
    /// between them.
    #[must_use]
    pub fn source_span(&self, span: Span) -> Span {
        let start = self.source_offset(span.start);
        if span.end <= span.start {
            return Span { start, end: start };
        }
        let last = span.end - 1;
        let end = self.run(last).map_or(0, |run| (run.source + (last - run.text) + 1).min(run.end));
        Span { start, end: end.max(start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cooked_text_knows_its_source() {
        let mut cooked = Cooked::default();
        cooked.push("apt ", 4);
        cooked.push("get", 10);
        cooked.push("!", 13);
        assert_eq!(cooked.text(), "apt get!");
        assert_eq!(cooked.runs.len(), 2);
        assert_eq!(cooked.source_span(Span::new(0, 3)), Span::new(4, 7));
        assert_eq!(cooked.source_span(Span::new(4, 8)), Span::new(10, 14));
        assert_eq!(cooked.source_span(Span::new(2, 5)), Span::new(6, 11));
        cooked.push_made("\n\n\n", 14);
        assert_eq!(cooked.source_span(Span::new(8, 11)), Span::new(14, 14));
    }

    #[test]
    fn lines_and_columns_count_from_one() {
        let text = "a\nbé\n";
        let index = LineIndex::new(text);
        assert_eq!((index.line(0), index.line(2), index.line(6)), (1, 2, 3));
        assert_eq!(index.column(text, 5), 3);
        assert_eq!(index.line_start(2), 2);
    }
}
