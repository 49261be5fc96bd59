//! The patterns of `#`, `%` and `/`: `*`, `?`, and what a backslash takes from them.

use super::MAX_OUTPUT;

/// How many steps one modifier may take; real ones take a few hundred.
const MAX_STEPS: usize = 1 << 20;

/// A pattern ready to match.
#[derive(Debug)]
pub(super) struct Pattern {
    tokens: Vec<Token>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// `*`: any characters but a line end.
    Many,
    /// `?`: one character but a line end.
    One,
    /// A character itself.
    Literal(char),
}

impl Pattern {
    /// Reads a pattern; a backslash may stand before `*`, `?`, itself, `}` and `/` only.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Many,
                '?' => Token::One,
                '\\' => match chars.next() {
                    Some(c @ ('*' | '?' | '\\' | '}' | '/')) => Token::Literal(c),
                    c => return Err(format!("invalid escape '\\{}'", c.unwrap_or('\u{fffd}'))),
                },
                c => Token::Literal(c),
            });
        }
        // Two stars in a row match what one matches.
        tokens.dedup_by(|a, b| *a == Token::Many && *b == Token::Many);
        Ok(Self { tokens })
    }

    /// Cuts the shortest or longest match off one end; `None` when it takes too many steps.
    pub(super) fn trim(mut self, value: &str, from_end: bool, longest: bool) -> Option<String> {
        let mut chars: Vec<char> = value.chars().collect();
        if from_end {
            chars.reverse();
            self.tokens.reverse();
        }
        let end = self.matches(&chars, longest, &mut 0)?.unwrap_or(0);
        let rest = &chars[end..];
        Some(if from_end { rest.iter().rev().collect() } else { rest.iter().collect() })
    }

    /// Replaces the leftmost longest match, or each of them; `None` when it takes too many
    /// steps or grows too large.
    pub(super) fn replace(&self, value: &str, with: &str, all: bool) -> Option<String> {
        let chars: Vec<char> = value.chars().collect();
        let mut out = String::new();
        let (mut at, mut steps, mut done) = (0, 0, false);
        // An empty match right behind a match does not count.
        let mut last_end = None;
        while at <= chars.len() {
            let found = if done { None } else { self.matches(&chars[at..], true, &mut steps)? };
            match found.filter(|length| *length > 0 || last_end != Some(at)) {
                Some(length) => {
                    out.push_str(with);
                    done = !all;
                    at += length;
                    last_end = Some(at);
                    if length == 0 {
                        out.extend(chars.get(at));
                        at += 1;
                    }
                }
                None => {
                    out.extend(chars.get(at));
                    at += 1;
                }
            }
            if out.len() > MAX_OUTPUT {
                return None;
            }
        }
        Some(out)
    }

    /// The length of the shortest or longest match at the start: the inner `None` without one,
    /// the outer when the steps run out. All ways to match are followed at once.
    fn matches(&self, chars: &[char], longest: bool, steps: &mut usize) -> Option<Option<usize>> {
        let count = self.tokens.len();
        let mut states = vec![false; count + 1];
        states[0] = true;
        let mut found = None;
        for at in 0..=chars.len() {
            *steps += count + 1;
            if *steps > MAX_STEPS {
                return None;
            }
            for (state, token) in self.tokens.iter().enumerate() {
                states[state + 1] |= states[state] && *token == Token::Many;
            }
            if states[count] {
                found = Some(at);
            }
            if (found.is_some() && !longest) || !states.contains(&true) {
                break;
            }
            let Some(c) = chars.get(at).copied() else { break };
            self.step(&mut states, c);
        }
        Some(found)
    }

    /// Moves every state over one character.
    fn step(&self, states: &mut [bool], c: char) {
        let mut next = vec![false; states.len()];
        for (state, token) in self.tokens.iter().enumerate() {
            let (stays, moves) = match token {
                Token::Many => (c != '\n', false),
                Token::One => (false, c != '\n'),
                Token::Literal(literal) => (false, *literal == c),
            };
            next[state] |= states[state] && stays;
            next[state + 1] |= states[state] && moves;
        }
        states.copy_from_slice(&next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trim(pattern: &str, value: &str, from_end: bool, longest: bool) -> String {
        Pattern::new(pattern).unwrap().trim(value, from_end, longest).unwrap()
    }

    #[test]
    fn trims_the_shortest_or_the_longest() {
        assert_eq!(trim("*/", "a/b/c", false, false), "b/c");
        assert_eq!(trim("*/", "a/b/c", false, true), "c");
        assert_eq!(trim("/*", "a/b/c", true, false), "a/b");
        assert_eq!(trim("/*", "a/b/c", true, true), "a");
        assert_eq!(trim("v", "3.20", false, false), "3.20");
        assert_eq!(trim("?\\?", "???y", false, false), "?y");
    }

    #[test]
    fn replaces_as_go_does() {
        let replace = |pattern, all| Pattern::new(pattern).unwrap().replace("aab", "x", all);
        assert_eq!(replace("a", true).unwrap(), "xxb");
        assert_eq!(replace("a", false).unwrap(), "xab");
        assert_eq!(replace("a*", true).unwrap(), "x");
        assert_eq!(replace("", true).unwrap(), "xaxaxbx");
        assert_eq!(replace("", false).unwrap(), "xaab");
    }

    #[test]
    fn a_costly_pattern_is_given_up() {
        let value = "a".repeat(100_000);
        assert_eq!(Pattern::new(&"a*".repeat(100)).unwrap().trim(&value, true, true), None);
    }
}
