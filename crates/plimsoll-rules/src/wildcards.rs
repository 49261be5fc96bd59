//! Patterns of paths: COPY, members of a workspace, git attributes.
//!
//! They are matched part by part, and `*` stays within a part. What else a pattern may say is the
//! matter of its [`Dialect`]. Paths that decide whether a workflow runs are not among them: there
//! `**` need not be a part of its own.

/// What a kind of pattern has besides `*`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    /// Whether `?` and `[…]` stand for one character. A class takes any.
    pub(crate) one: bool,
    /// Whether a part `**` stands for any number of parts.
    pub(crate) deep: bool,
}

/// A source of COPY, as Go's `filepath.Match` takes it.
pub(crate) const COPY: Dialect = Dialect { one: true, deep: false };
/// The members of a workspace.
pub(crate) const MEMBERS: Dialect = Dialect { one: false, deep: true };
/// A pattern of `.gitattributes`; one without a slash is for the name of a file.
pub(crate) const ATTRIBUTES: Dialect = Dialect { one: true, deep: true };

/// How many `**` a pattern may have: each multiplies the work, and one with more takes nothing.
const MAX_DEEP: usize = 3;

/// Whether a pattern takes a path. Empty parts and `.` count for nothing.
pub(crate) fn matches(dialect: Dialect, pattern: &str, path: &str) -> bool {
    let (pattern, path) = (split(pattern), split(path));
    let deep = pattern.iter().filter(|p| dialect.is_deep(p)).count();
    deep <= MAX_DEEP && dialect.parts(&pattern, &path)
}

fn split(text: &str) -> Vec<&str> {
    text.split('/').filter(|p| !p.is_empty() && *p != ".").collect()
}

impl Dialect {
    fn is_deep(self, part: &str) -> bool {
        self.deep && part == "**"
    }

    fn parts(self, pattern: &[&str], path: &[&str]) -> bool {
        match (pattern, path) {
            ([], []) => true,
            ([first, rest @ ..], path) if self.is_deep(first) => {
                (0..=path.len()).any(|i| self.parts(rest, &path[i..]))
            }
            ([first, rest @ ..], [name, below @ ..]) => {
                self.part(first.as_bytes(), name.as_bytes()) && self.parts(rest, below)
            }
            _ => false,
        }
    }

    /// Never goes back further than the last `*`: the work is the product of the lengths at most.
    fn part(self, pattern: &[u8], text: &[u8]) -> bool {
        let (mut p, mut t) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while t < text.len() {
            if pattern.get(p) == Some(&b'*') {
                p += 1;
                star = Some((p, t));
            } else if let Some(length) = self.takes(&pattern[p..], text[t]) {
                p += length;
                t += 1;
            } else if let Some((after, from)) = star {
                (p, t) = (after, from + 1);
                star = Some((p, t));
            } else {
                return false;
            }
        }
        pattern[p..].iter().all(|b| *b == b'*')
    }

    /// The length of what begins a pattern, where it takes a byte.
    fn takes(self, pattern: &[u8], byte: u8) -> Option<usize> {
        match pattern.first()? {
            b'?' if self.one => Some(1),
            b'[' if self.one => Some(pattern.iter().position(|b| *b == b']').map_or(1, |i| i + 1)),
            first => (*first == byte).then_some(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dialect: Dialect, cases: &[(&str, &str, bool)]) {
        for (pattern, path, want) in cases {
            assert_eq!(matches(dialect, pattern, path), *want, "{pattern} {path}");
        }
    }

    #[test]
    fn patterns_of_copy() {
        check(
            COPY,
            &[
                ("package*.json", "package-lock.json", true),
                ("poetry.lock*", "poetry.lock", true),
                ("*/package.json", "api/package.json", true),
                ("*/package.json", "api/x/package.json", false),
                ("a?c", "abc", true),
                ("*.txt", "a.md", false),
                ("[pq]*.toml", "pyproject.toml", true),
                ("a[", "ab", true),
                ("**/x", "a/b/x", false),
                ("*a*b*c", "xaxbxbc", true),
                ("*a*b*c", "xaxbxbcx", false),
            ],
        );
    }

    #[test]
    fn patterns_of_members() {
        check(
            MEMBERS,
            &[
                ("packages/*", "packages/a", true),
                ("packages/*", "packages/a/b", false),
                ("./packages/**", "packages/a/b", true),
                ("lib-*", "lib-core", true),
                ("apps/*-api", "apps/user-web", false),
                ("a/**/b", "a/x/y/b", true),
                ("a/**/b", "a/b", true),
                ("app/[slug]", "app/[slug]", true),
                ("app/?", "app/a", false),
                ("**/**/**/**", "a", false),
            ],
        );
    }

    #[test]
    fn patterns_of_attributes() {
        check(
            ATTRIBUTES,
            &[
                ("*.whl", "core-1.whl", true),
                ("*.whl", "core-1.tar.gz", false),
                ("*-1*.whl", "core-1.2.whl", true),
                ("wheels/*", "wheels/core.whl", true),
                ("wheels/*.whl", "wheels/old/core.whl", false),
                ("wheels/*/core.whl", "wheels/old/core.whl", true),
                ("wheels/**", "wheels/old/core.whl", true),
                ("**/*.whl", "a/b/core.whl", true),
                ("core.whl", "core.whl", true),
            ],
        );
    }
}
