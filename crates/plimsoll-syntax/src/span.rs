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
