//! Parser directives: `# syntax=`, `# escape=` and `# check=` at the very top of a file.

use super::tree::{Directive, Directives, ErrorStage, SyntaxError};
use crate::Span;

/// Reads directives line by line until the first line that is none.
pub(super) struct Reader {
    done: bool,
    /// After a `#!` line the frontend looks for `syntax` and `check`, the parser for nothing.
    shebang: bool,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self { done: false, shebang: false }
    }

    /// Takes the next line, left-trimmed; returns the new escape character, if it sets one.
    pub(super) fn line(
        &mut self,
        line: &str,
        span: Span,
        found: &mut Directives,
        errors: &mut Vec<SyntaxError>,
    ) -> Option<char> {
        if self.done {
            return None;
        }
        if span.start == 0 && line.starts_with("#!") {
            self.shebang = true;
            return None;
        }
        let Some((name, value)) = split(line) else {
            self.done = true;
            return None;
        };
        let slot = match name.to_ascii_lowercase().as_str() {
            "syntax" => &mut found.syntax,
            "check" => &mut found.check,
            "escape" if !self.shebang => &mut found.escape,
            _ => {
                self.done = true;
                return None;
            }
        };
        let mut error = |message| {
            errors.push(SyntaxError { message, span, stage: ErrorStage::Parse });
            None
        };
        if slot.is_some() {
            let name = name.to_ascii_lowercase();
            return error(format!("only one {name} parser directive can be used"));
        }
        *slot = Some(Directive { value: value.to_owned(), span });
        if !name.eq_ignore_ascii_case("escape") {
            return None;
        }
        match value {
            "\\" => Some('\\'),
            "`" => Some('`'),
            _ => error(format!("invalid escape token '{value}' does not match ` or \\")),
        }
    }
}

/// Splits `# name = value`.
fn split(line: &str) -> Option<(&str, &str)> {
    named(line.strip_prefix('#')?)
}

/// Splits `name = value`; the name is ASCII letters and digits, the value is not empty.
pub(super) fn named(text: &str) -> Option<(&str, &str)> {
    const BLANK: [char; 5] = [' ', '\t', '\n', '\r', '\x0c'];
    let (name, value) = text.split_once('=')?;
    let (name, value) = (name.trim_matches(BLANK), value.trim_matches(BLANK));
    let first = name.bytes().next()?;
    let named = first.is_ascii_alphabetic() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    (named && !value.is_empty()).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use crate::dockerfile::parse;

    #[test]
    fn directives_end_at_the_first_other_line() {
        let file = parse("# Escape = `\n# check=skip=all\n# hi\n# syntax=x\nFROM a\n");
        assert_eq!(file.escape, '`');
        assert_eq!(file.directives.check.map(|d| d.value).as_deref(), Some("skip=all"));
        assert_eq!(file.directives.syntax, None);
        assert_eq!(file.comments.len(), 4);
    }

    #[test]
    fn a_repeat_and_a_bad_escape_are_errors() {
        let message = |source| parse(source).errors[0].message.clone();
        assert_eq!(
            message("# escape=\\\n# escape=`\nFROM a\n"),
            "only one escape parser directive can be used"
        );
        assert!(message("# escape=x\nFROM a\n").starts_with("invalid escape token 'x'"));
    }

    #[test]
    fn a_shebang_hides_escape_but_not_syntax() {
        let file = parse("#!/usr/bin/env docker\n# syntax=a/b\n# escape=`\nFROM a\n");
        assert_eq!(file.directives.syntax.map(|d| d.value).as_deref(), Some("a/b"));
        assert_eq!(file.escape, '\\');
    }
}
