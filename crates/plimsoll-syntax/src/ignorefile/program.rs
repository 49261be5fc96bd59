//! Runs expressions in time linear in the path, all alternatives at once.

use super::expression::{Piece, Place, Repeated, Row};
use super::path;
use super::set::Set;

/// Past this, a pattern is refused; no pattern that a person writes comes near.
const MOST_STEPS: usize = 20_000;

#[derive(Clone, Debug)]
enum Step {
    One(Set),
    Place(Place),
    /// Goes on at both steps.
    Either(usize, usize),
    Found,
}

/// An expression made ready to run.
#[derive(Clone, Debug)]
pub(super) struct Program {
    steps: Vec<Step>,
    starts: Vec<usize>,
    anchored: bool,
    fixed: Fixed,
}

/// Text that every match must hold; what is checked first, for speed.
#[derive(Clone, Debug, Default)]
struct Fixed {
    head: String,
    inside: String,
    tail: String,
}

/// Where the program stands in the path.
#[derive(Clone, Copy)]
struct At {
    before: Option<char>,
    after: Option<char>,
    /// Whether more text may follow that is not known.
    open: bool,
}

/// The steps to try next, each once.
struct Threads {
    list: Vec<usize>,
    seen: Vec<bool>,
}

impl Program {
    /// Makes the rows ready; none where they are too large.
    pub(super) fn new(rows: &[Row]) -> Option<Self> {
        let starts_anchored =
            |row: &Row| row.first().is_some_and(|first| is_place(first, Place::Start));
        let mut program = Self {
            steps: Vec::new(),
            starts: Vec::new(),
            anchored: rows.iter().all(starts_anchored),
            fixed: Fixed::of(rows),
        };
        for row in rows {
            program.starts.push(program.steps.len());
            for repeated in row {
                program.repeated(repeated)?;
            }
            program.steps.push(Step::Found);
        }
        Some(program)
    }

    fn repeated(&mut self, repeated: &Repeated) -> Option<()> {
        for _ in 0..repeated.least {
            self.piece(&repeated.piece)?;
        }
        let Some(most) = repeated.most else {
            let split = self.steps.len();
            self.steps.push(Step::Found);
            self.piece(&repeated.piece)?;
            self.steps.push(Step::Either(split, split));
            self.steps[split] = Step::Either(split + 1, self.steps.len());
            return Some(());
        };
        for _ in repeated.least..most {
            let split = self.steps.len();
            self.steps.push(Step::Found);
            self.piece(&repeated.piece)?;
            self.steps[split] = Step::Either(split + 1, self.steps.len());
        }
        Some(())
    }

    fn piece(&mut self, piece: &Piece) -> Option<()> {
        let here = self.steps.len();
        match piece {
            Piece::One(set) => self.steps.push(Step::One(set.clone())),
            Piece::Place(place) => self.steps.push(Step::Place(*place)),
            Piece::Folders => self.steps.extend([
                Step::Either(here + 1, here + 5),
                Step::Either(here + 2, here + 4),
                Step::One(Set::not('\n')),
                Step::Either(here + 1, here + 1),
                Step::One(Set::of('/')),
            ]),
        }
        (self.steps.len() <= MOST_STEPS).then_some(())
    }

    /// Whether the path satisfies the expression.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.fixed.may_match(path) && self.run(path, false)
    }

    /// Whether some path that begins with this text might satisfy the expression.
    pub(super) fn may_match_from(&self, text: &str) -> bool {
        self.run(text, true)
    }

    fn run(&self, text: &str, open: bool) -> bool {
        let mut now = Threads::new(self.steps.len());
        let mut next = Threads::new(self.steps.len());
        let mut before = None;
        let mut rest = text.chars();
        loop {
            let after = rest.next();
            let at = At { before, after, open: open && after.is_none() };
            if before.is_none() || !self.anchored {
                self.starts.iter().for_each(|start| now.list.push(*start));
            }
            if self.settle(&mut now, at) {
                return true;
            }
            let Some(c) = after else { return open && !now.list.is_empty() };
            if now.list.is_empty() && self.anchored {
                return false;
            }
            self.consume(c, &mut now, &mut next);
            before = Some(c);
        }
    }

    /// Follows all steps that read nothing; what is left reads a character. True when found.
    fn settle(&self, threads: &mut Threads, at: At) -> bool {
        let mut todo = std::mem::take(&mut threads.list);
        let mut visited = Vec::new();
        let mut found = false;
        while let Some(index) = todo.pop() {
            let (Some(seen), Some(step)) = (threads.seen.get_mut(index), self.steps.get(index))
            else {
                continue;
            };
            if std::mem::replace(seen, true) {
                continue;
            }
            visited.push(index);
            match step {
                Step::One(_) => threads.list.push(index),
                Step::Place(place) if at.is(*place) => todo.push(index + 1),
                Step::Place(_) => {}
                Step::Either(a, b) => todo.extend([*a, *b]),
                Step::Found => found = true,
            }
        }
        visited.into_iter().for_each(|index| threads.seen[index] = false);
        found
    }

    fn consume(&self, c: char, now: &mut Threads, next: &mut Threads) {
        for index in now.list.drain(..) {
            if let Some(Step::One(set)) = self.steps.get(index)
                && set.has(c)
            {
                next.list.push(index + 1);
            }
        }
        std::mem::swap(now, next);
    }
}

impl Threads {
    fn new(steps: usize) -> Self {
        Self { list: Vec::new(), seen: vec![false; steps] }
    }
}

impl At {
    fn is(self, place: Place) -> bool {
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let edge = is_word(self.before) != is_word(self.after);
        match place {
            Place::Start => self.before.is_none(),
            _ if self.open => true,
            Place::End => self.after.is_none(),
            Place::WordEdge => edge,
            Place::NoWordEdge => !edge,
        }
    }
}

impl Fixed {
    fn of(rows: &[Row]) -> Self {
        let [row] = rows else { return Self::default() };
        let (Some((first, _)), Some((last, _))) = (row.split_first(), row.split_last()) else {
            return Self::default();
        };
        let runs: Vec<String> = row.split(|piece| literal(piece).is_none()).map(text).collect();
        let at = |index: Option<&String>, holds: bool| index.filter(|_| holds).cloned();
        Self {
            head: at(runs.get(1), is_place(first, Place::Start)).unwrap_or_default(),
            inside: runs.iter().max_by_key(|run| run.len()).cloned().unwrap_or_default(),
            tail: at(runs.iter().rev().nth(1), is_place(last, Place::End)).unwrap_or_default(),
        }
    }

    fn may_match(&self, path: &str) -> bool {
        path::begins(path, &self.head)
            && path::ends(path, &self.tail)
            && path.contains(&self.inside)
    }
}

fn is_place(repeated: &Repeated, place: Place) -> bool {
    repeated.piece == Piece::Place(place) && repeated.least > 0
}

/// The character that a piece stands for, where it is one, once.
fn literal(repeated: &Repeated) -> Option<char> {
    match (&repeated.piece, repeated.least, repeated.most) {
        (Piece::One(set), 1, Some(1)) => set.only(),
        _ => None,
    }
}

fn text(run: &[Repeated]) -> String {
    run.iter().filter_map(literal).collect()
}

#[cfg(test)]
mod tests {
    use super::super::expression::parse;
    use super::*;

    fn program(text: &str) -> Program {
        parse(text).and_then(|rows| Program::new(&rows)).unwrap()
    }

    #[test]
    fn runs_as_go_runs() {
        for (expression, path, expected) in [
            ("^(.*/)?a$", "x/y/a", true),
            ("^(.*/)?a$", "xa", false),
            ("^a|b[^/]*$", "axe", true),
            ("^a|b[^/]*$", "x/bee", true),
            ("^a|b[^/]*$", "x/bee/x", false),
            ("^a{2,3}$", "aaa", true),
            ("^a{2,3}$", "aaaa", false),
            ("^foo\\bar$", "foo\\bar", false),
            ("^a[^/]*$", "a", true),
            ("^.*$", "a\nb", false),
        ] {
            assert_eq!(program(expression).matches(path), expected, "{expression} {path}");
        }
    }

    #[test]
    fn linear_where_backtracking_is_not() {
        let many = format!("^{}b$", "[^/]*a".repeat(60));
        assert!(!program(&many).matches(&"a".repeat(5000)));
        let deep = format!("^{}x$", "(.*/)?".repeat(40));
        assert!(!program(&deep).matches(&"a/".repeat(2000)));
    }

    #[test]
    fn knows_what_may_follow() {
        assert!(program("^dir/[^/]*$").may_match_from("dir/"));
        assert!(!program("^dir/[^/]*$").may_match_from("dir/sub/"));
        assert!(!program("^[^/]*$").may_match_from("dir/"));
        assert!(program("^(.*/)?a[^/]*$").may_match_from("x/y/"));
    }
}
