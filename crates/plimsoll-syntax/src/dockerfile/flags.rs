//! Flags before the arguments: `--name`, `--name=value`, ended by `--` or any other word.

use std::ops::Range;

use super::Flag;
use super::lines::Logical;

/// A flag being read: its text so far, and where it began.
struct Open {
    text: String,
    start: usize,
}

/// Reads the flags at the start of a range and returns where the arguments begin.
///
/// Quotes and `\` work as in a shell, and `\` does so whatever the escape directive says.
/// BuildKit reads flags byte by byte, so that a character outside ASCII becomes several; a
/// value must agree with the build, so ours does too.
pub(super) fn read(line: &Logical, range: Range<usize>) -> (Vec<Flag>, usize) {
    let bytes = line.text.as_bytes();
    let mut flags = Vec::new();
    let mut at = range.start;
    loop {
        while at < range.end && is_space(bytes[at]) {
            at += 1;
        }
        if at + 1 >= range.end || &bytes[at..at + 2] != b"--" {
            return (flags, at);
        }
        let start = at;
        let (text, end) = word(bytes, start, range.end);
        if text == "--" {
            return (flags, end);
        }
        flags.push(flag(line, &Open { text, start }, end));
        at = end;
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// One word from `at`: its text without quotes and escapes, and where it ends.
fn word(bytes: &[u8], mut at: usize, end: usize) -> (String, usize) {
    let mut text = String::new();
    let mut quote = None;
    while at < end {
        let mut byte = bytes[at];
        if quote.is_none() && is_space(byte) {
            break;
        }
        at += 1;
        if quote == Some(byte) {
            quote = None;
            continue;
        }
        if quote.is_none() && matches!(byte, b'\'' | b'"') {
            quote = Some(byte);
            continue;
        }
        if byte == b'\\' {
            if at == end {
                break;
            }
            byte = bytes[at];
            at += 1;
        }
        text.push(char::from(byte));
    }
    (text, end.min(at))
}

fn flag(line: &Logical, open: &Open, end: usize) -> Flag {
    let body = open.text.get(2..).unwrap_or("");
    let (name, value) = match body.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (body.to_owned(), None),
    };
    let raw = &line.text[open.start..end];
    let value_start = raw.find('=').map_or(open.start, |at| open.start + at + 1);
    Flag { name, value, span: line.span(open.start..end), value_span: line.span(value_start..end) }
}

#[cfg(test)]
mod tests {
    use crate::dockerfile::parse;

    fn check(line: &str, expected: &[(&str, Option<&str>)], rest: &str) {
        let file = parse(line);
        let node = &file.nodes[0];
        let found: Vec<_> =
            node.flags.iter().map(|f| (f.name.as_str(), f.value.as_deref())).collect();
        assert_eq!(found, expected, "{line}");
        assert_eq!(node.cooked.text(), rest, "{line}");
    }

    #[test]
    fn flags_end_at_the_first_other_word() {
        check("COPY --a=b --c d --e", &[("a", Some("b")), ("c", None)], "d --e");
        check("COPY --a -- --b c", &[("a", None)], "--b c");
        check("RUN --mount=type=\"x y\" z", &[("mount", Some("type=x y"))], "z");
        check("RUN --a=b\\ c d", &[("a", Some("b c"))], "d");
        check("RUN -", &[], "-");
    }

    #[test]
    fn a_flag_knows_its_source() {
        let source = "COPY --from=\\\nbuild a b";
        let file = parse(source);
        let flag = &file.nodes[0].flags[0];
        assert_eq!(flag.value.as_deref(), Some("build"));
        assert_eq!(flag.value_span.text(source), "build");
    }
}
