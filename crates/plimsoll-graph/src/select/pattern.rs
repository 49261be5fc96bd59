//! Patterns of COPY: Go's `filepath.Match`, one part of a path at a time.

/// Whether a source is a pattern rather than a path.
pub(super) fn is_pattern(source: &str) -> bool {
    let mut escaped = false;
    source.chars().any(|c| {
        let special = !escaped && matches!(c, '*' | '?' | '[');
        escaped = !escaped && c == '\\';
        special
    })
}

/// A path without the escapes that a pattern may have.
pub(super) fn unescape(source: &str, patterns: bool) -> String {
    if !patterns || !source.contains('\\') {
        return source.to_owned();
    }
    let mut plain = String::new();
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    plain
}

/// Whether a pattern matches a name. A malformed class matches nothing.
///
/// Goes back to the last `*` only, so that the work is bounded by the product of the lengths.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p + 1, n));
            p += 1;
            continue;
        }
        match one(&pattern[p..], name[n]) {
            Some(length) => {
                p += length;
                n += 1;
            }
            None => {
                let Some((after, from)) = star else { return false };
                (p, n) = (after, from + 1);
                star = Some((after, n));
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// How much of a pattern matches one character.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '[' => class(pattern, c),
        '\\' => (pattern.get(1) == Some(&c)).then_some(2),
        literal => (*literal == c).then_some(1),
    }
}

/// `[a-z]` or `[^a]`; the first member may be `]` only with an escape, as in Go.
fn class(pattern: &[char], c: char) -> Option<usize> {
    let negated = pattern.get(1) == Some(&'^');
    let mut at = if negated { 2 } else { 1 };
    let (mut inside, mut members) = (false, 0);
    loop {
        if pattern.get(at) == Some(&']') && members > 0 {
            return (inside != negated).then_some(at + 1);
        }
        let (low, next) = member(pattern, at)?;
        let (high, next) = match pattern.get(next) {
            Some('-') => member(pattern, next + 1)?,
            _ => (low, next),
        };
        inside |= (low..=high).contains(&c);
        members += 1;
        at = next;
    }
}

fn member(pattern: &[char], at: usize) -> Option<(char, usize)> {
    match pattern.get(at)? {
        '-' | ']' => None,
        '\\' => Some((*pattern.get(at + 1)?, at + 2)),
        c => Some((*c, at + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_go_matches_them() {
        for (pattern, name, wanted) in [
            ("package*.json", "package-lock.json", true),
            ("*.txt", "a.md", false),
            ("*", ".hidden", true),
            ("a?c", "abc", true),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[]a]", "]", false),
            ("[a", "a", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("*a*b", "xaxxb", true),
            ("", "", true),
            ("*é", "café", true),
        ] {
            assert_eq!(fits(pattern, name), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn paths_and_patterns_are_told_apart() {
        assert!(is_pattern("a/*.py") && is_pattern("[ab]") && !is_pattern("a\\*b"));
        assert_eq!(unescape("a\\*b", true), "a*b");
    }
}
