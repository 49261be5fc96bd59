//! JSON arrays of strings, as Go's `encoding/json` reads them.

use std::ops::Range;

/// What a text that might be a JSON array turns out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Array {
    /// An array of strings: each decoded, with its range, quotes included.
    Strings(Vec<(String, Range<usize>)>),
    /// An array that holds something else.
    Mixed,
    /// No JSON array; the instruction is in shell form.
    Invalid,
}

/// How deep Go's decoder goes.
const MAX_DEPTH: usize = 10_000;

/// Reads a JSON array that fills the text but for white space.
pub(super) fn array(text: &str) -> Array {
    let at = text.len() - text.trim_start().len();
    if text.as_bytes().get(at) != Some(&b'[') {
        return Array::Invalid;
    }
    let mut reader = Reader { text, at, found: Vec::new(), mixed: false };
    match reader.value() {
        Some(()) if reader.mixed => Array::Mixed,
        Some(()) => Array::Strings(reader.found),
        None => Array::Invalid,
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    found: Vec<(String, Range<usize>)>,
    mixed: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// One value and the end of the text; a stack of open brackets instead of recursion.
    fn value(&mut self) -> Option<()> {
        let mut open = Vec::new();
        loop {
            self.blanks();
            self.mixed |= open.len() == 1 && self.peek() != Some(b'"');
            match self.peek()? {
                bracket @ (b'[' | b'{') if open.len() < MAX_DEPTH => {
                    self.at += 1;
                    self.blanks();
                    if self.take(bracket + 2).is_none() {
                        open.push(bracket);
                        if bracket == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b'"' if open.len() == 1 => {
                    let start = self.at;
                    let decoded = self.string()?;
                    self.found.push((decoded, start..self.at));
                }
                b'"' => drop(self.string()?),
                _ => self.scalar()?,
            }
            loop {
                self.blanks();
                let Some(bracket) = open.last().copied() else {
                    return self.peek().is_none().then_some(());
                };
                if self.take(bracket + 2).is_some() {
                    open.pop();
                    continue;
                }
                self.take(b',')?;
                if bracket == b'{' {
                    self.blanks();
                    self.key()?;
                }
                break;
            }
        }
    }

    fn key(&mut self) -> Option<()> {
        self.string()?;
        self.blanks();
        self.take(b':')
    }

    fn scalar(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word));
        self.at += match word {
            Some(word) => word.len(),
            None => number(rest)?,
        };
        Some(())
    }

    fn string(&mut self) -> Option<String> {
        self.take(b'"')?;
        let mut decoded = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c: char| c == '"' || c == '\\' || c < ' ')?;
            decoded.push_str(&rest[..plain]);
            self.at += plain + 1;
            match rest.as_bytes()[plain] {
                b'"' => return Some(decoded),
                b'\\' => decoded.push(self.escape()?),
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode()?,
            _ => return None,
        })
    }

    /// The character of `\uXXXX`, of two of them for a surrogate pair.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let back = self.at;
        if self.take(b'\\').is_some() && self.take(b'u').is_some() {
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                return char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
            }
        }
        self.at = back;
        Some(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let valid = digits.bytes().all(|b| b.is_ascii_hexdigit());
        self.at += 4;
        u32::from_str_radix(digits, 16).ok().filter(|_| valid)
    }
}

/// The length of the number at the start of a text.
fn number(text: &str) -> Option<usize> {
    let digits = |at: usize| text[at..].bytes().take_while(u8::is_ascii_digit).count();
    let is = |at: usize, set: &[u8]| text.as_bytes().get(at).is_some_and(|b| set.contains(b));
    let mut at = usize::from(is(0, b"-"));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && is(at, b"0")) {
        return None;
    }
    at += whole;
    if is(at, b".") {
        let fraction = digits(at + 1);
        at = (fraction > 0).then_some(at + 1 + fraction)?;
    }
    if is(at, b"eE") {
        let sign = usize::from(is(at + 1, b"+-"));
        let exponent = digits(at + 1 + sign);
        at = (exponent > 0).then_some(at + 1 + sign + exponent)?;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(text: &str) -> Vec<String> {
        match array(text) {
            Array::Strings(found) => found.into_iter().map(|(s, _)| s).collect(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn arrays_of_strings_are_decoded() {
        assert_eq!(strings("[]"), Vec::<String>::new());
        assert_eq!(strings(" [ \"a\" , \"b c\" ] "), ["a", "b c"]);
        assert_eq!(
            strings(r#"["\u00e9\n\/", "\ud83d\ude00", "\ud83dx"]"#),
            ["é\n/", "😀", "\u{fffd}x"]
        );
    }

    #[test]
    fn other_arrays_are_mixed_and_the_rest_is_shell_form() {
        for text in ["[1]", "[\"a\",[\"b\"]]", "[{\"a\":[-1.5e+3,null]}]", "[true]", "[[]]"] {
            assert_eq!(array(text), Array::Mixed, "{text}");
        }
        for text in [
            "",
            "x",
            "['a']",
            "[\"a\"",
            "[\"a\"] x",
            "[\"a\",]",
            "[,]",
            "[01]",
            "[\"\t\"]",
            "[-]",
            "[{\"a\"}]",
            "[\"\\x\"]",
            "[\"\\u12é\"]",
            "[1.]",
            "[1",
            "[[",
            "[\"a\" \"b\"]",
        ] {
            assert_eq!(array(text), Array::Invalid, "{text}");
        }
        assert_eq!(array(&"[".repeat(50_000)), Array::Invalid);
    }
}
