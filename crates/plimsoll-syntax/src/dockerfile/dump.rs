//! The tree as BuildKit's own tests print it: one S-expression an instruction.

use std::fmt::Write;

use super::{Dockerfile, Node};

/// Prints the tree, one line an instruction, joined by `\n` without a last one.
///
/// The form is that of the `result` files in BuildKit's parser tests, so that a digest of it
/// can be compared with the digest of BuildKit's dump. Heredocs are not part of it.
#[must_use]
pub fn dump(file: &Dockerfile) -> String {
    let mut out = String::new();
    for (index, node) in file.nodes.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.push('(');
        write_node(&mut out, node);
        out.push(')');
    }
    out
}

fn write_node(out: &mut String, node: &Node) {
    let start = out.len();
    out.push_str(&node.name.text.to_lowercase());
    if !node.flags.is_empty() {
        write_flags(out, node);
    }
    let known = node.keyword != super::Keyword::Unknown;
    for word in &node.args {
        write_word(out, &word.text);
    }
    for pair in &node.pairs {
        for text in [pair.key.text.as_str(), &pair.value.text, if pair.equals { "=" } else { "" }] {
            write_word(out, text);
        }
    }
    if let Some(child) = &node.child {
        out.push_str(" (");
        write_node(out, child);
        out.push(')');
    }
    if !known {
        // BuildKit gives an instruction that it does not know one empty argument.
        out.push_str(" \"\"");
    }
    if out[start..].starts_with(char::is_whitespace) {
        let trimmed = out[start..].trim().to_owned();
        out.truncate(start);
        out.push_str(&trimmed);
    }
}

fn write_flags(out: &mut String, node: &Node) {
    for (index, flag) in node.flags.iter().enumerate() {
        out.push_str(if index == 0 { " [" } else { " " });
        let text = match &flag.value {
            Some(value) => format!("--{}={value}", flag.name),
            None => format!("--{}", flag.name),
        };
        write_quoted(out, &text);
    }
    out.push(']');
}

fn write_word(out: &mut String, text: &str) {
    out.push(' ');
    write_quoted(out, text);
}

/// Quotes a text as Go's `strconv.Quote` does.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_quoted(&mut out, text);
    out
}

fn write_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(c),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\x7f' => drop(write!(out, "\\x{:02x}", u32::from(c))),
            _ if is_printable(c) => out.push(c),
            '\u{80}'..='\u{ffff}' => drop(write!(out, "\\u{:04x}", u32::from(c))),
            _ => drop(write!(out, "\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
}

/// Whether Go prints the character as it is; the standard library's tables know, too.
fn is_printable(c: char) -> bool {
    // A combining mark is escaped only at the start, and Go escapes none.
    let mut buffer = [b'a'; 5];
    let length = c.encode_utf8(&mut buffer[1..]).len();
    let text = std::str::from_utf8(&buffer[..=length]).unwrap_or("");
    text.escape_debug().nth(1) == Some(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    #[test]
    fn quotes_as_go_does() {
        assert_eq!(quote("a\"\\\n\0\x7f♥"), "\"a\\\"\\\\\\n\\x00\\x7f♥\"");
        assert_eq!(
            quote("\u{a0}\u{fe0f}\u{200d}\u{e0001}"),
            "\"\\u00a0\u{fe0f}\\u200d\\U000e0001\""
        );
    }

    #[test]
    fn prints_flags_pairs_and_children() {
        let file = parse(
            "FROM a\nENV a=1 b=\"2 3\"\nENV c d e\nONBUILD COPY --from=x y z\nfoo x\nCMD []\n",
        );
        assert_eq!(
            dump(&file),
            "(from \"a\")\n(env \"a\" \"1\" \"=\" \"b\" \"\\\"2 3\\\"\" \"=\")\n\
             (env \"c\" \"d e\" \"\")\n(onbuild (copy [\"--from=x\"] \"y\" \"z\"))\n\
             (foo \"\")\n(cmd)"
        );
    }
}
