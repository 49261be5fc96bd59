//! The patterns of GitHub's `branches:`, `tags:` and `paths:` filters.
//!
//! `*` matches within a part, `**` anything, `?` and `+` repeat the character before them, `[a-z]`
//! is a class, and a pattern that begins with `!` takes away what those before it matched.
//!
//! ```
//! use plimsoll_syntax::filter_pattern::selects;
//!
//! assert!(selects(&["src/**", "!src/**.md"], "src/app/main.py"));
//! assert!(!selects(&["src/**", "!src/**.md"], "src/README.md"));
//! ```

/// Whether a list of patterns selects a name: the last one that matches decides.
#[must_use]
pub fn selects<P: AsRef<str>>(patterns: &[P], name: &str) -> bool {
    let mut selected = false;
    for pattern in patterns {
        let pattern = pattern.as_ref();
        match pattern.strip_prefix('!') {
            Some(not) => selected = selected && !matches(not, name),
            None => selected = selected || matches(pattern, name),
        }
    }
    selected
}

/// Whether one pattern, without a `!`, matches a whole name.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let tokens = tokens(pattern);
    let mut at = vec![false; tokens.len() + 1];
    at[0] = true;
    skip(&tokens, &mut at);
    for c in name.chars() {
        let mut next = vec![false; at.len()];
        for (index, token) in tokens.iter().enumerate().filter(|(index, _)| at[*index]) {
            if token.what.fits(c) {
                next[if token.repeats { index } else { index + 1 }] = true;
                next[index + 1] |= token.repeats;
            }
        }
        at = next;
        skip(&tokens, &mut at);
    }
    at.last() == Some(&true)
}

/// Passes over what need not match anything.
fn skip(tokens: &[Token], at: &mut [bool]) {
    for (index, token) in tokens.iter().enumerate() {
        if at[index] && token.optional {
            at[index + 1] = true;
        }
    }
}

struct Token {
    what: What,
    optional: bool,
    repeats: bool,
}

enum What {
    Char(char),
    Class(Vec<(char, char)>),
    /// Anything but `/`.
    Part,
    Anything,
}

impl What {
    fn fits(&self, c: char) -> bool {
        match self {
            Self::Char(own) => *own == c,
            Self::Class(ranges) => ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)),
            Self::Part => c != '/',
            Self::Anything => true,
        }
    }
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let (what, length) = match c {
            // `**/` also stands for no folder at all.
            '*' if after.starts_with("*/") && starts_part(pattern, rest) => {
                tokens.push(Token { what: What::Anything, optional: true, repeats: true });
                let slash = Token { what: What::Char('/'), optional: true, repeats: false };
                tokens.push(slash);
                rest = &after[2..];
                continue;
            }
            '*' if after.starts_with('*') => (What::Anything, 2),
            '*' => (What::Part, 1),
            '\\' => match after.chars().next() {
                Some(next) => (What::Char(next), 1 + next.len_utf8()),
                None => (What::Char(c), 1),
            },
            '[' => match class(after) {
                Some((ranges, length)) => (What::Class(ranges), 1 + length),
                None => (What::Char(c), 1),
            },
            '?' | '+' if !tokens.is_empty() => {
                if let Some(last) = tokens.last_mut() {
                    last.optional |= c == '?';
                    last.repeats |= c == '+';
                }
                rest = after;
                continue;
            }
            _ => (What::Char(c), c.len_utf8()),
        };
        let star = matches!(what, What::Part | What::Anything);
        tokens.push(Token { what, optional: star, repeats: star });
        rest = &rest[length..];
    }
    tokens
}

/// Whether the rest of a pattern begins a part of the path.
fn starts_part(pattern: &str, rest: &str) -> bool {
    let before = &pattern[..pattern.len() - rest.len()];
    before.is_empty() || before.ends_with('/')
}

/// The members of a class, and how long it is with its `]`.
fn class(text: &str) -> Option<(Vec<(char, char)>, usize)> {
    let end = text.find(']')?;
    let members: Vec<char> = text[..end].chars().collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(low) = members.get(at) {
        match (members.get(at + 1), members.get(at + 2)) {
            (Some('-'), Some(high)) => {
                ranges.push((*low, *high));
                at += 3;
            }
            _ => {
                ranges.push((*low, *low));
                at += 1;
            }
        }
    }
    (!ranges.is_empty()).then_some((ranges, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_the_documentation() {
        for (pattern, name, wanted) in [
            ("feature/*", "feature/my-branch", true),
            ("feature/*", "feature/beta-a/my-branch", false),
            ("feature/**", "feature/beta-a/my-branch", true),
            ("main", "main", true),
            ("*", "releases", true),
            ("*", "all/the/branches", false),
            ("**", "every/tag", true),
            ("*feature", "mona-feature", true),
            ("v2*", "v2.9", true),
            ("v[12].[0-9]+.[0-9]+", "v1.10.1", true),
            ("v[12].[0-9]+.[0-9]+", "v3.0.0", false),
            ("*.jsx?", "page.js", true),
            ("*.jsx?", "page.jsx", true),
            ("**.js", "js/index.js", true),
            ("docs/*", "docs/README.md", true),
            ("docs/*", "docs/a/README.md", false),
            ("docs/**/*.md", "docs/README.md", true),
            ("docs/**/*.md", "docs/a/b.md", true),
            ("**/docs/**", "dir/docs/my-file.txt", true),
            ("**/docs/**", "docs/hello.md", true),
            ("**/README.md", "js/README.md", true),
            ("**/README.md", "README.md", true),
            ("**/*src/**", "my-src/code/js/app.js", true),
            ("**/*-post.md", "path/their-post.md", true),
            ("**/migrate-*.sql", "db/migrate-v1.0.sql", true),
            ("", "a", false),
            ("[", "[", true),
            ("a\\*", "a*", true),
        ] {
            assert_eq!(matches(pattern, name), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn the_last_pattern_decides() {
        assert!(!selects(&["*.md", "!README.md"], "README.md"));
        assert!(selects(&["*.md", "!README.md", "README*"], "README.md"));
        assert!(!selects::<&str>(&[], "a"));
        let long = "*a".repeat(2000);
        assert!(!matches(&long, &"a".repeat(1500)));
    }
}
