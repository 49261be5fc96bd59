//! From a pattern to what moby compares with: an exact path, a beginning, an ending, or an
//! expression.
//!
//! Moby writes a regular expression and hands it to Go. What Go makes of odd patterns (`a|b*`,
//! `x\d`, `[*]`) follows from that text, so we write the same text and read it in
//! [`super::expression`].

use std::iter::Peekable;
use std::str::Chars;

/// The ways moby compares a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The whole path.
    Exact,
    /// The path begins with the pattern, less its last `**`.
    Prefix,
    /// The path ends with the pattern, less its first `**`.
    Suffix,
    /// The path satisfies this expression in Go's syntax.
    Expression(String),
}

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    written: String,
    shape: Shape,
}

/// Finds the shape of a cleaned pattern.
pub(super) fn translate(pattern: &str) -> Shape {
    let rest = pattern.chars().peekable();
    let mut state = Translator { rest, written: "^".to_owned(), shape: Shape::Exact };
    let mut first = true;
    while let Some(next) = state.rest.next() {
        state.step(next, first);
        first = false;
    }
    match state.shape {
        Shape::Expression(_) => Shape::Expression(state.written + "$"),
        simple => simple,
    }
}

impl Translator<'_> {
    fn step(&mut self, next: char, first: bool) {
        match next {
            '*' if self.rest.next_if_eq(&'*').is_some() => self.double_star(first),
            '*' => self.expression("[^/]*"),
            '?' => self.expression("[^/]"),
            // Moby's table of characters to escape leaves out `{`, `|` and `}`.
            '.' | '+' | '(' | ')' | '$' => self.written.extend(['\\', next]),
            '\\' => self.escape(),
            '[' | ']' => self.expression(next.encode_utf8(&mut [0; 4])),
            _ => self.written.push(next),
        }
    }

    fn expression(&mut self, text: &str) {
        self.written.push_str(text);
        self.shape = Shape::Expression(String::new());
    }

    fn double_star(&mut self, first: bool) {
        self.rest.next_if_eq(&'/');
        let last = self.rest.peek().is_none();
        match (last, &self.shape) {
            (true, Shape::Exact) => self.shape = Shape::Prefix,
            (true, _) => self.expression(".*"),
            (false, _) => self.expression("(.*/)?"),
        }
        if first {
            self.shape = Shape::Suffix;
        }
    }

    fn escape(&mut self) {
        match self.rest.next() {
            Some(escaped) => self.expression(&format!("\\{escaped}")),
            None => self.written.push('\\'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_and_expressions_are_mobys() {
        let expression = |text: &str| Shape::Expression(text.to_owned());
        for (pattern, shape) in [
            ("*", expression("^[^/]*$")),
            ("a*/b", expression("^a[^/]*/b$")),
            ("**", Shape::Suffix),
            ("**/**", expression("^(.*/)?.*$")),
            ("dir/**", Shape::Prefix),
            ("**/dir2/**", expression("^(.*/)?dir2/.*$")),
            ("**file", Shape::Suffix),
            ("**/**/*.txt", expression("^(.*/)?(.*/)?[^/]*\\.txt$")),
            ("a.|)$(}+{bc", Shape::Exact),
            ("[*]", expression("^[[^/]*]$")),
        ] {
            assert_eq!(translate(pattern), shape, "{pattern}");
        }
    }
}
