//! Words: quotes, variables, substitutions.

use super::super::Bashism;
use super::super::word::{Part, Word};
use super::{Frame, MAX_DEPTH, Parser};
use crate::Span;

impl Parser<'_> {
    /// Reads a word up to a blank or an operator.
    pub(super) fn word(&mut self, frame: &Frame) -> Word {
        let start = self.at;
        let mut word = Word::default();
        let backtick = frame.end == Some(b'`');
        while !self.done() {
            let from = self.at;
            match self.peek(0) {
                b' ' | b'\t' | b'\n' | b';' | b'|' | b')' => break,
                b'\r' if matches!(self.peek(1), b'\n' | 0) => break,
                b'(' => break,
                b'&' => break,
                b'<' | b'>' if self.peek(1) == b'(' => {
                    self.bash(Bashism::ProcessSubstitution, from, 2);
                    self.substitution(&mut word, from, 2, b')');
                }
                b'<' | b'>' => break,
                b'`' if backtick => break,
                b'\\' if self.peek(1) == b'\n' => self.at += 2,
                b'\\' if self.peek(1) == b'\r' && self.peek(2) == b'\n' => self.at += 3,
                b'\\' => {
                    self.at += 1;
                    let length = self.char_length();
                    word.quoted = true;
                    let text = self.slice(self.at, self.at + length);
                    word.push_text(text);
                    self.at += length;
                }
                b'\'' => self.single(&mut word),
                b'"' => self.double(&mut word, backtick),
                b'`' => self.substitution(&mut word, from, 1, b'`'),
                b'$' => self.dollar(&mut word, false),
                _ => {
                    let plain = |b: &u8| !b" \t\r\n;|&()<>`\\'\"$".contains(b);
                    let length =
                        self.bytes[self.at..].iter().take_while(|b| plain(b)).count().max(1);
                    let text = self.slice(self.at, self.at + length);
                    word.push_text(text);
                    self.at += length;
                }
            }
        }
        word.span = Span::new(start, self.at);
        word
    }

    fn char_length(&self) -> usize {
        self.text.get(self.at..).and_then(|t| t.chars().next()).map_or(0, char::len_utf8)
    }

    fn single(&mut self, word: &mut Word) {
        word.quoted = true;
        let start = self.at + 1;
        let length = self.bytes[start..].iter().take_while(|b| **b != b'\'').count();
        self.text_with_expressions(word, start, start + length);
        self.at = (start + length + 1).min(self.bytes.len());
    }

    /// GitHub replaces its expressions before the shell reads any quote.
    fn text_with_expressions(&self, word: &mut Word, start: usize, end: usize) {
        let text = self.slice(start, end);
        let mut rest = text;
        while let Some(from) = rest.find("${{") {
            let Some(length) = rest[from..].find("}}") else { break };
            word.push_text(&rest[..from]);
            word.push(Part::Expression(rest[from..from + length + 2].into()));
            rest = &rest[from + length + 2..];
        }
        word.push_text(rest);
    }

    fn double(&mut self, word: &mut Word, backtick: bool) {
        word.quoted = true;
        self.at += 1;
        while !self.done() {
            let from = self.at;
            match self.peek(0) {
                b'"' => break,
                b'\\' if matches!(self.peek(1), b'"' | b'\\' | b'$' | b'`') => {
                    word.push_text(self.slice(self.at + 1, self.at + 2));
                    self.at += 2;
                }
                b'\\' if self.peek(1) == b'\n' => self.at += 2,
                b'$' => self.dollar(word, true),
                b'`' if !backtick => self.substitution(word, from, 1, b'`'),
                _ => {
                    let length = 1 + self.bytes[self.at + 1..]
                        .iter()
                        .take_while(|b| !b"\"\\$`".contains(b))
                        .count();
                    word.push_text(self.slice(self.at, self.at + length));
                    self.at += length;
                }
            }
        }
        self.at = (self.at + 1).min(self.bytes.len());
    }

    /// Reads what a `$` begins.
    fn dollar(&mut self, word: &mut Word, quoted: bool) {
        let start = self.at;
        if self.starts("${{") {
            let end = self.text.get(start..).and_then(|t| t.find("}}")).map(|i| start + i + 2);
            if let Some(end) = end {
                word.push(Part::Expression(self.slice(start, end).into()));
                self.at = end;
                return;
            }
        }
        match self.peek(1) {
            b'(' if self.peek(2) == b'(' => {
                self.at += 1;
                self.arithmetic();
                word.push(Part::Opaque(self.slice(start, self.at).into()));
            }
            b'(' => self.substitution(word, start, 2, b')'),
            b'{' => self.parameter(word),
            b'\'' if !quoted => {
                self.at += 1;
                self.single(word);
            }
            b'"' if !quoted => self.at += 1,
            b if b.is_ascii_alphabetic() || b == b'_' => {
                let name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
                let length = self.bytes[start + 1..].iter().take_while(|b| name(b)).count();
                self.variable(word, start + 1, start + 1 + length);
                self.at = start + 1 + length;
            }
            b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-' => {
                self.variable(word, start + 1, start + 2);
                self.at = start + 2;
            }
            _ => {
                word.push_text("$");
                self.at += 1;
            }
        }
    }

    fn variable(&self, word: &mut Word, start: usize, end: usize) {
        word.push(Part::Variable { name: self.slice(start, end).into(), default: None });
    }

    /// Reads `${…}` to the brace that closes it.
    fn parameter(&mut self, word: &mut Word) {
        let start = self.at;
        let mut depth = 0_usize;
        while !self.done() {
            match self.peek(0) {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                b'\\' => self.at += 1,
                b'\n' if depth == 0 => break,
                _ => {}
            }
            self.at = (self.at + 1).min(self.bytes.len());
            if depth == 0 && self.at > start + 1 {
                break;
            }
        }
        let inner = self.slice(start + 2, self.at.saturating_sub(1));
        let end =
            inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
        let (name, operation) = inner.split_at(end);
        let default = operation.strip_prefix(":-").or_else(|| operation.strip_prefix('-'));
        let default =
            default.or_else(|| operation.strip_prefix(":=")).filter(|d| !d.contains(['$', '`']));
        if !name.is_empty()
            && (operation.is_empty() || default.is_some() || operation.starts_with(":?"))
        {
            let default = default.map(|d| d.trim_matches(['"', '\'']).into());
            word.push(Part::Variable { name: name.into(), default });
        } else {
            word.push(Part::Opaque(self.slice(start, self.at).into()));
        }
    }

    /// Reads the commands of a substitution; the word keeps it as it is written.
    fn substitution(&mut self, word: &mut Word, start: usize, sign: usize, end: u8) {
        self.at = (start + sign).min(self.bytes.len());
        if self.depth < MAX_DEPTH {
            self.depth += 1;
            let function = self.function.take();
            let mut frame = Frame { end: Some(end), ..Frame::default() };
            self.list(&mut frame);
            self.function = function;
            self.depth -= 1;
        } else {
            while !self.done() && self.peek(0) != end {
                self.at += 1;
            }
        }
        self.at = (self.at + 1).min(self.bytes.len());
        word.push(Part::Opaque(self.slice(start, self.at).into()));
    }
}
