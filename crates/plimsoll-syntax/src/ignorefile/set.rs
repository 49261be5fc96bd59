//! Sets of characters, and the escapes and classes of Go's expressions that stand for them.

/// A set of characters as ranges, or all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) ranges: Vec<(char, char)>,
    pub(super) negated: bool,
}

impl Set {
    /// The set of one character.
    pub(super) fn of(only: char) -> Self {
        Self { ranges: vec![(only, only)], negated: false }
    }

    /// The set of all characters but one.
    pub(super) fn not(only: char) -> Self {
        Self { ranges: vec![(only, only)], negated: true }
    }

    /// Whether the character is in the set.
    pub(super) fn has(&self, c: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != self.negated
    }

    /// The one character in the set, where there is one only.
    pub(super) fn only(&self) -> Option<char> {
        match self.ranges.as_slice() {
            [(low, high)] if low == high && !self.negated => Some(*low),
            _ => None,
        }
    }
}

/// The class that `\d` and its like stand for; none for other letters.
pub(super) fn perl_class(letter: char) -> Option<Set> {
    let ranges = match letter.to_ascii_lowercase() {
        'd' => vec![('0', '9')],
        's' => vec![('\t', '\n'), ('\x0c', '\r'), (' ', ' ')],
        'w' => vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        _ => return None,
    };
    Some(Set { ranges, negated: letter.is_ascii_uppercase() })
}

/// Reads what follows a `\`: the character meant, and the text after it.
pub(super) fn escape(text: &str) -> Option<(char, &str)> {
    let mut rest = text.chars();
    let next = rest.next()?;
    let meant = match next {
        'a' => '\x07',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        'x' => return hexadecimal(rest.as_str()),
        '0'..='7' => return octal(text),
        _ if next.is_ascii() && !next.is_ascii_alphanumeric() => next,
        _ => return None,
    };
    Some((meant, rest.as_str()))
}

/// `\0`, or up to three octal digits; one digit alone would be a reference, which Go refuses.
fn octal(text: &str) -> Option<(char, &str)> {
    let length = text.bytes().take(3).take_while(|b| (b'0'..b'8').contains(b)).count();
    if length == 1 && !text.starts_with('0') {
        return None;
    }
    let value = u32::from_str_radix(&text[..length], 8).ok()?;
    Some((char::from_u32(value)?, &text[length..]))
}

/// `\x4f` or `\x{1F600}`.
fn hexadecimal(text: &str) -> Option<(char, &str)> {
    let (digits, rest) = match text.strip_prefix('{') {
        Some(braced) => braced.split_once('}')?,
        None => (text.get(..2)?, &text[2..]),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, rest))
}

/// Reads a class whose `[` has been read: the set, and the text after its `]`.
pub(super) fn class(text: &str) -> Option<(Set, &str)> {
    let mut rest = text.strip_prefix('^').unwrap_or(text);
    let mut set = Set { ranges: Vec::new(), negated: rest.len() < text.len() };
    let mut first = true;
    loop {
        if let Some(after) = rest.strip_prefix(']').filter(|_| !first) {
            return Some((set, after));
        }
        first = false;
        rest = member(rest, &mut set)?;
    }
}

/// Reads one member of a class: a named class, `\d` and its like, a character or a range.
fn member<'a>(text: &'a str, set: &mut Set) -> Option<&'a str> {
    if let Some((name, rest)) = text.strip_prefix("[:").and_then(|t| t.split_once(":]")) {
        add(set, &named_class(name)?);
        return Some(rest);
    }
    if let Some(letter) = text.strip_prefix('\\').and_then(|t| t.chars().next())
        && let Some(class) = perl_class(letter)
    {
        add(set, &class);
        return text.get(2..);
    }
    let (low, rest) = class_character(text)?;
    let range = rest.strip_prefix('-').filter(|high| !high.is_empty() && !high.starts_with(']'));
    let (high, rest) = range.map_or(Some((low, rest)), class_character)?;
    set.ranges.push((low, high));
    Some(rest).filter(|_| low <= high)
}

fn class_character(text: &str) -> Option<(char, &str)> {
    match text.strip_prefix('\\') {
        Some(escaped) => escape(escaped),
        None => text.chars().next().map(|c| (c, &text[c.len_utf8()..])),
    }
}

/// Adds the members of another set, turned round where it is negated.
fn add(set: &mut Set, other: &Set) {
    if !other.negated {
        set.ranges.extend(&other.ranges);
        return;
    }
    let mut ranges = other.ranges.clone();
    ranges.sort_unstable();
    let mut next = Some('\0');
    for (low, high) in ranges {
        if let (Some(start), Some(end)) = (next, before(low))
            && start <= end
        {
            set.ranges.push((start, end));
        }
        next = after(high);
    }
    set.ranges.extend(next.map(|start| (start, char::MAX)));
}

fn before(c: char) -> Option<char> {
    ('\0'..c).next_back()
}

fn after(c: char) -> Option<char> {
    (c..=char::MAX).nth(1)
}

fn named_class(name: &str) -> Option<Set> {
    let (name, negated) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
    let ranges = match name {
        "alnum" => vec![('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => vec![('A', 'Z'), ('a', 'z')],
        "ascii" => vec![('\0', '\x7f')],
        "blank" => vec![('\t', '\t'), (' ', ' ')],
        "cntrl" => vec![('\0', '\x1f'), ('\x7f', '\x7f')],
        "digit" => vec![('0', '9')],
        "graph" => vec![('!', '~')],
        "lower" => vec![('a', 'z')],
        "print" => vec![(' ', '~')],
        "punct" => vec![('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => vec![('\t', '\r'), (' ', ' ')],
        "upper" => vec![('A', 'Z')],
        "word" => vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        "xdigit" => vec![('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    };
    Some(Set { ranges, negated })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_as_go_reads_them() {
        for (text, inside, outside, rest) in [
            ("a-c]x", 'b', 'd', "x"),
            ("^a]", 'b', 'a', ""),
            ("]a]", ']', 'b', ""),
            ("[:alpha:]-]", '-', '1', ""),
            ("\\D]", 'x', '7', ""),
            ("[^/]", '^', 'a', ""),
            ("a-]", '-', 'b', ""),
        ] {
            let (set, after) = class(text).unwrap();
            assert!(set.has(inside) && !set.has(outside), "{text}");
            assert_eq!(after, rest, "{text}");
        }
        assert_eq!(class("z-a]"), None);
        assert_eq!(class("a"), None);
    }

    #[test]
    fn escapes_as_go_reads_them() {
        assert_eq!(escape("*a"), Some(('*', "a")));
        assert_eq!(escape("x41b"), Some(('A', "b")));
        assert_eq!(escape("x{41}"), Some(('A', "")));
        assert_eq!(escape("012"), Some(('\n', "")));
        assert_eq!(escape("12"), Some(('\n', "")));
        for bad in ["1", "y", "é", "", "x4"] {
            assert_eq!(escape(bad), None, "{bad}");
        }
    }
}
