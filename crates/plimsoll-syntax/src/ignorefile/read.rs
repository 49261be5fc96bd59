//! Reads an ignore file into patterns, as moby's `ignorefile.ReadAll` does.

use super::{PatternError, matcher, path};
use crate::Span;

/// Moby reads with a buffer of this size, and a line must fit.
const LONGEST_LINE: usize = 64 * 1024;

/// The patterns of an ignore file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoreFile {
    /// The patterns in the order of the file.
    pub patterns: Vec<Pattern>,
    /// What makes the build fail.
    pub errors: Vec<IgnoreError>,
}

/// One pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The pattern, cleaned, without the `!`.
    pub text: String,
    /// Whether it began with `!`.
    pub negated: bool,
    /// Its line, from 1.
    pub line: u32,
    /// Its place in the file, with the `!`.
    pub span: Span,
}

/// A fault of an ignore file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoreError {
    /// What is wrong.
    pub kind: IgnoreErrorKind,
    /// Its line, from 1.
    pub line: u32,
    /// Its place in the file.
    pub span: Span,
}

/// What can be wrong in an ignore file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoreErrorKind {
    /// A `!` with nothing after it.
    LoneExclamation,
    /// A malformed class or escape, refused when the build begins.
    Malformed,
    /// A class that Go refuses when the pattern is tried, if it is.
    MalformedWhenTried,
    /// A line of 64 KiB or more; moby reads no further.
    LineTooLong,
}

impl Pattern {
    /// Makes a pattern from one line's text, which may begin with `!`; for patterns that come
    /// from no file.
    #[must_use]
    pub fn from_raw(raw: &str) -> Self {
        let (negated, text) = raw.strip_prefix('!').map_or((false, raw), |text| (true, text));
        Self { text: text.to_owned(), negated, line: 0, span: Span::default() }
    }

    /// The pattern with its `!`.
    #[must_use]
    pub fn raw(&self) -> String {
        format!("{}{}", if self.negated { "!" } else { "" }, self.text)
    }
}

impl IgnoreFile {
    /// Reads the text of an ignore file.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut file = Self::default();
        let mut start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        for (number, line) in (1..).zip(text[start..].split('\n')) {
            let end = start + line.len();
            if line.len() >= LONGEST_LINE {
                let span = Span::new(start, end);
                file.errors.push(IgnoreError {
                    kind: IgnoreErrorKind::LineTooLong,
                    line: number,
                    span,
                });
                break;
            }
            file.line(line, number, start);
            start = end + 1;
        }
        file
    }

    fn line(&mut self, line: &str, number: u32, start: usize) {
        let trimmed = line.trim();
        if line.starts_with('#') || trimmed.is_empty() {
            return;
        }
        let indent = line.len() - line.trim_start().len();
        let span = Span::new(start + indent, start + indent + trimmed.len());
        let raw = normalize(trimmed);
        let pattern = Pattern { line: number, span, ..Pattern::from_raw(&raw) };
        if let Some(kind) = fault(&pattern) {
            self.errors.push(IgnoreError { kind, line: number, span });
        }
        self.patterns.push(pattern);
    }
}

/// One line's pattern as moby's reader gives it.
fn normalize(line: &str) -> String {
    let (mark, text) = line.strip_prefix('!').map_or(("", line), |text| ("!", text.trim()));
    if text.is_empty() {
        return mark.to_owned();
    }
    let clean = path::clean(text);
    let relative = clean.strip_prefix('/').filter(|rest| !rest.is_empty()).unwrap_or(&clean);
    format!("{mark}{relative}")
}

fn fault(pattern: &Pattern) -> Option<IgnoreErrorKind> {
    match matcher::compile(0, pattern) {
        Err(PatternError::LoneExclamation { .. }) => Some(IgnoreErrorKind::LoneExclamation),
        Err(_) => Some(IgnoreErrorKind::Malformed),
        Ok(Some(rule)) if rule.is_malformed() => Some(IgnoreErrorKind::MalformedWhenTried),
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raws(text: &str) -> Vec<String> {
        IgnoreFile::parse(text).patterns.iter().map(Pattern::raw).collect()
    }

    #[test]
    fn reads_as_moby_reads() {
        assert_eq!(raws("\u{feff}# x\n #y\n\n a/./b/ \r\n/c\n! /d"), ["#y", "a/b", "c", "!d"]);
        assert_eq!(raws("/!x"), ["!x"]);
        assert_eq!(raws("/"), ["/"]);
    }

    #[test]
    fn keeps_places() {
        let text = "a\n\n  ! b/ \n";
        let file = IgnoreFile::parse(text);
        assert_eq!(file.patterns[1].line, 3);
        assert_eq!(file.patterns[1].span.text(text), "! b/");
    }

    #[test]
    fn tells_faults_apart() {
        let long = "x".repeat(LONGEST_LINE);
        let file = IgnoreFile::parse(&format!("!\n[\n[l-O]\n{long}\nafter"));
        let kinds: Vec<_> = file.errors.iter().map(|e| (e.kind, e.line)).collect();
        let expected = [
            (IgnoreErrorKind::LoneExclamation, 1),
            (IgnoreErrorKind::Malformed, 2),
            (IgnoreErrorKind::MalformedWhenTried, 3),
            (IgnoreErrorKind::LineTooLong, 4),
        ];
        assert_eq!(kinds, expected);
        assert_eq!(file.patterns.len(), 3);
    }
}
