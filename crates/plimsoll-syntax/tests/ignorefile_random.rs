//! Random ignore files: nothing panics, and a pruned folder loses no file.
#![allow(clippy::unwrap_used, reason = "a test")]

use plimsoll_syntax::ignorefile::{IgnoreFile, Matcher, ParentState};

const PIECES: [&str; 34] = [
    "a",
    "b",
    "c",
    "/",
    "/",
    "*",
    "**",
    "?",
    "[ab]",
    "[^a]",
    "!",
    "\\",
    "|",
    "{2}",
    "{1,}",
    "^",
    "$",
    ".",
    "..",
    "[",
    "]",
    "-",
    "é",
    "\\d",
    "\\b",
    "\\Q",
    "\\x41",
    "[[:alpha:]]",
    "[*]",
    "(",
    ")",
    "+",
    " ",
    "#",
];
const NAMES: [&str; 6] = ["a", "b", "ab", "abc", "c.b", "é"];

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// One line in three is an exception.
    fn file(&mut self, pieces: &[&str]) -> String {
        let mut text = String::new();
        for _ in 0..=self.below(4) {
            text.push_str(["", "", "!"][self.below(3)]);
            (0..=self.below(5)).for_each(|_| text.push_str(pieces[self.below(pieces.len())]));
            text.push('\n');
        }
        text
    }

    fn path(&mut self, depth: usize) -> String {
        (0..depth).map(|_| NAMES[self.below(NAMES.len())]).collect::<Vec<_>>().join("/")
    }
}

/// Checks random files made of the pieces; how many folders were pruned.
fn check(pieces: &[&str], files: usize) -> usize {
    let mut random = Random(7);
    let mut pruned = 0;
    for _ in 0..files {
        let text = random.file(pieces);
        let Ok(matcher) = Matcher::new(&IgnoreFile::parse(&text).patterns) else { continue };
        let folder = random.path(1);
        let _ = (matcher.matches(&folder), matcher.matches_or_parent(&folder));
        let Ok(state) = matcher.step(&folder, &ParentState::default()) else { continue };
        if !matcher.can_prune(&folder, &state) {
            continue;
        }
        pruned += 1;
        for depth in [1, 1, 2, 2, 3, 4] {
            let path = format!("{folder}/{}", random.path(depth));
            let ignored = matcher.decide(&path).map(|decision| decision.ignored);
            assert_ne!(ignored, Ok(false), "{path} is lost by\n{text}");
        }
    }
    pruned
}

#[test]
fn pruning_loses_nothing() {
    assert!(check(&PIECES[..10], 30_000) > 1000);
}

#[test]
fn odd_patterns_do_no_harm() {
    assert!(check(&PIECES, 30_000) > 100);
}
