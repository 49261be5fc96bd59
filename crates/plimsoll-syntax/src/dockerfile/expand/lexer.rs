//! Quotes, escapes and words.

use super::{Env, ExpandError, Expansion, MAX_DEPTH, MAX_OUTPUT, Mode};
use crate::dockerfile::dump::quote;

/// The lexer's position in one text.
pub(super) struct Lexer<'t, E> {
    source: &'t str,
    at: usize,
    escape: char,
    pub(super) mode: Mode,
    env: &'t E,
    depth: usize,
    pub(super) limit: bool,
    matched: Vec<String>,
    unmatched: Vec<String>,
    pub(super) used: Vec<String>,
}

/// The outcome of a part; the message of an error goes into an [`ExpandError`] at the end.
pub(super) type Part<T = String> = Result<T, String>;

impl<'t, E: Env> Lexer<'t, E> {
    pub(super) fn new(source: &'t str, escape: char, mode: Mode, env: &'t E) -> Self {
        let (matched, unmatched, used) = (Vec::new(), Vec::new(), Vec::new());
        let (at, depth, limit) = (0, 0, false);
        Self { source, at, escape, mode, env, depth, limit, matched, unmatched, used }
    }

    pub(super) fn run(mut self) -> Result<Expansion, ExpandError> {
        match self.until(None, self.mode.raw_escapes) {
            Ok((text, words)) => {
                let Self { matched, unmatched, mut used, .. } = self;
                used.sort_unstable();
                used.dedup();
                Ok(Expansion { text, words: words.finish(), matched, unmatched, used })
            }
            Err(message) => {
                let message = format!("failed to process {}: {message}", quote(self.source));
                Err(ExpandError { message, unmatched: self.unmatched, limit: self.limit })
            }
        }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.source[self.at..].chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Looks a variable up and notes whether it is there.
    pub(super) fn value(&mut self, name: &str) -> Option<&'t str> {
        let value = self.env.get(name);
        let list = if value.is_some() { &mut self.matched } else { &mut self.unmatched };
        if !list.iter().any(|known| known == name) {
            list.push(name.to_owned());
        }
        self.used.push(name.to_owned());
        value
    }

    pub(super) fn over(&mut self, what: &str) -> String {
        self.limit = true;
        format!("{what}: not analysed")
    }

    fn check(&mut self, length: usize) -> Part<()> {
        if length > MAX_OUTPUT.max(self.source.len()) {
            return Err(self.over("the expanded text is too long"));
        }
        Ok(())
    }

    /// Reads up to an unquoted `stop`, or to the end without one.
    pub(super) fn until(&mut self, stop: Option<char>, raw_escapes: bool) -> Part<(String, Words)> {
        if self.depth >= MAX_DEPTH {
            return Err(self.over("variables nest too deep"));
        }
        self.depth += 1;
        let outer = std::mem::replace(&mut self.mode.raw_escapes, raw_escapes);
        let result = self.until_inner(stop);
        self.mode.raw_escapes = outer;
        self.depth -= 1;
        result
    }

    fn until_inner(&mut self, stop: Option<char>) -> Part<(String, Words)> {
        let mut text = String::new();
        let mut words = Words::new(self.mode.heredoc);
        while let Some(c) = self.peek() {
            if Some(c) == stop {
                self.next();
                return Ok((text, words));
            }
            match c {
                '$' => {
                    let value = self.dollar()?;
                    words.add(&value);
                    text.push_str(&value);
                }
                '\'' | '"' if !self.mode.skip_quotes => {
                    let quoted =
                        if c == '"' { self.double_quoted()? } else { self.single_quoted()? };
                    words.add_raw(&quoted);
                    text.push_str(&quoted);
                }
                _ => {
                    self.next();
                    if !self.plain(c, &mut text, &mut words) {
                        break;
                    }
                }
            }
            self.check(text.len())?;
        }
        match stop {
            Some(stop) => {
                Err(format!("unexpected end of statement while looking for matching {stop}"))
            }
            None => Ok((text, words)),
        }
    }

    /// Adds a character, or the one that it escapes; returns false at the end of the text.
    fn plain(&mut self, c: char, text: &mut String, words: &mut Words) -> bool {
        if c != self.escape {
            words.add_char(c);
            text.push(c);
            return true;
        }
        if self.mode.raw_escapes {
            words.add_raw_char(c);
            text.push(c);
        }
        let Some(escaped) = self.next() else { return false };
        words.add_raw_char(escaped);
        text.push(escaped);
        true
    }

    fn single_quoted(&mut self) -> Part {
        let rest = &self.source[self.at + 1..];
        let Some(end) = rest.find('\'') else {
            self.at = self.source.len();
            let message = "unexpected end of statement while looking for matching single-quote";
            return Err(message.to_owned());
        };
        self.at += end + 2;
        let inner = &rest[..end];
        Ok(if self.mode.raw_quotes { format!("'{inner}'") } else { inner.to_owned() })
    }

    fn double_quoted(&mut self) -> Part {
        let mut text = String::new();
        self.next();
        if self.mode.raw_quotes {
            text.push('"');
        }
        loop {
            match self.peek() {
                None => {
                    let what = "unexpected end of statement while looking for matching";
                    return Err(format!("{what} double-quote"));
                }
                Some('"') => {
                    self.next();
                    if self.mode.raw_quotes {
                        text.push('"');
                    }
                    return Ok(text);
                }
                Some('$') => text.push_str(&self.dollar()?),
                Some(c) => {
                    self.next();
                    self.quoted_char(c, &mut text);
                }
            }
            self.check(text.len())?;
        }
    }

    /// Adds a character between double quotes: the escape works only before `"`, `$` and itself.
    fn quoted_char(&mut self, c: char, text: &mut String) {
        if c != self.escape {
            text.push(c);
            return;
        }
        if self.mode.raw_escapes {
            text.push(c);
        }
        match self.peek() {
            None => {}
            Some(escaped) if matches!(escaped, '"' | '$') || escaped == self.escape => {
                self.next();
                text.push(escaped);
            }
            Some(_) => text.push(c),
        }
    }
}

/// Words in the making.
pub(super) struct Words {
    done: Vec<String>,
    word: String,
    open: bool,
    heredoc: bool,
}

impl Words {
    fn new(heredoc: bool) -> Self {
        Self { done: Vec::new(), word: String::new(), open: false, heredoc }
    }

    fn add(&mut self, text: &str) {
        text.chars().for_each(|c| self.add_char(c));
    }

    fn add_char(&mut self, c: char) {
        if !c.is_whitespace() {
            self.add_raw_char(c);
        } else if self.heredoc && self.word.trim_end().ends_with("<<") {
            self.word.push(c);
        } else if self.open && !self.word.is_empty() {
            self.done.push(std::mem::take(&mut self.word));
            self.open = false;
        }
    }

    fn add_raw(&mut self, text: &str) {
        self.word.push_str(text);
        self.open = true;
    }

    fn add_raw_char(&mut self, c: char) {
        self.word.push(c);
        self.open = true;
    }

    fn finish(mut self) -> Vec<String> {
        if !self.word.is_empty() {
            self.done.push(self.word);
        }
        self.done
    }
}
