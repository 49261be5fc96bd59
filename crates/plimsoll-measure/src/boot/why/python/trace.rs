//! What `-X importtime` says, read as a tree.
//!
//! Each line is one module, written when it is loaded: `import time: own | with all | name`, the name
//! indented by its depth. Workers write to the same stream, line by line, and no line says whose it
//! is; but a module's time is its own and that of what it loads, to the microsecond, and that tells. Where
//! it leaves more than one way open, either will do: workers load the same modules in about the same time.

use std::collections::BTreeSet;

use super::super::forest::{Forest, MOST, Module};

const MARK: &str = "import time:";
/// How long the name of a module may be.
const NAME: usize = 300;
/// How many modules wait to be claimed by what loads them.
const WAITING: usize = 4_000;
/// How many tries all of a trace may take.
const TRIES: u32 = 1_000_000;
/// How many one module may take.
const TRIES_EACH: u32 = 20_000;

/// What was loaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Trace {
    /// What the interpreter loads by itself, up to `site`: seconds.
    pub(crate) interpreter: f64,
    /// The modules of that.
    pub(crate) startup: BTreeSet<String>,
    /// What the service loads.
    pub(crate) service: Forest,
    /// Whether there was more than is kept.
    pub(crate) cut: bool,
}

struct Line<'l> {
    own: u64,
    all: u64,
    depth: usize,
    name: &'l str,
}

fn line(text: &str) -> Option<Line<'_>> {
    let (_, rest) = text.rsplit_once(MARK)?;
    let mut parts = rest.splitn(3, '|');
    let own = parts.next()?.trim().parse().ok()?;
    let all = parts.next()?.trim().parse().ok()?;
    let indented = parts.next()?.strip_prefix(' ')?.trim_end();
    let name = indented.trim_start_matches(' ');
    let depth = (indented.len() - name.len()) / 2;
    let odd = |c: char| c.is_control() || c.is_whitespace();
    let good = !name.is_empty() && name.len() <= NAME && !name.contains(odd);
    good.then_some(Line { own, all, depth, name })
}

/// A module that nothing has claimed yet.
struct Waiting {
    at: usize,
    depth: usize,
    micros: u64,
}

#[derive(Default)]
struct Reader {
    trace: Trace,
    /// Interpreters that began and have not loaded `site`.
    starting: u32,
    started: bool,
    waiting: Vec<Waiting>,
    tries: u32,
}

/// Reads a trace; what is no line of it is passed over.
pub(crate) fn parse(text: &str) -> Trace {
    let mut reader = Reader::default();
    for text in text.lines() {
        if let Some(line) = line(text) {
            reader.push(&line);
        } else if text.contains(MARK) && text.contains("imported package") {
            reader.starting = reader.starting.saturating_add(1);
        }
    }
    reader.trace
}

impl Reader {
    fn push(&mut self, line: &Line<'_>) {
        if self.is_startup(line.name) {
            return self.startup(line);
        }
        if self.trace.service.modules.len() >= MOST {
            self.trace.cut = true;
            return;
        }
        let at = self.trace.service.modules.len();
        for child in self.claimed(line) {
            self.trace.service.modules[child].parent = Some(at);
        }
        self.trace.service.modules.push(Module {
            name: line.name.to_owned(),
            seconds: line.all as f64 / 1e6,
            own: line.own as f64 / 1e6,
            is_inside: line.depth > 0,
            ..Module::default()
        });
        if line.depth > 0 {
            self.waiting.push(Waiting { at, depth: line.depth, micros: line.all });
            if self.waiting.len() > WAITING {
                self.waiting.drain(..WAITING / 4);
            }
        }
    }

    /// Of one that begins later than the first, it is what the first loaded, too.
    fn is_startup(&self, name: &str) -> bool {
        self.starting > 0 && (!self.started || self.trace.startup.contains(name))
    }

    fn startup(&mut self, line: &Line<'_>) {
        if !self.started {
            if self.trace.startup.len() < MOST {
                self.trace.startup.insert(line.name.to_owned());
            }
            self.trace.interpreter += line.own as f64 / 1e6;
        }
        if line.depth == 0 && line.name == "site" {
            self.starting -= 1;
            self.started = true;
        }
    }

    /// What a module loaded, which is no longer waiting then.
    fn claimed(&mut self, line: &Line<'_>) -> Vec<usize> {
        let wanted = line.all.saturating_sub(line.own);
        if wanted == 0 {
            return Vec::new();
        }
        let chosen = self.since(line.depth, wanted).or_else(|| self.search(line.depth, wanted));
        let mut chosen = chosen.unwrap_or_default();
        chosen.sort_unstable();
        let claimed = chosen.iter().map(|place| self.waiting[*place].at).collect();
        for place in chosen.into_iter().rev() {
            self.waiting.remove(place);
        }
        claimed
    }

    /// All since the last that is no deeper: so it is where one process writes alone.
    fn since(&self, depth: usize, wanted: u64) -> Option<Vec<usize>> {
        let deeper = self.waiting.iter().enumerate().rev().take_while(|(_, w)| w.depth > depth);
        let places: Vec<usize> =
            deeper.filter(|(_, w)| w.depth == depth + 1).map(|(place, _)| place).collect();
        let sum =
            places.iter().map(|place| self.waiting[*place].micros).fold(0, u64::saturating_add);
        fits(sum, wanted, places.len()).then_some(places)
    }

    /// Some that take as long together, the latest first, none twice.
    fn search(&mut self, depth: usize, wanted: u64) -> Option<Vec<usize>> {
        let places: Vec<usize> = (0..self.waiting.len())
            .rev()
            .filter(|place| self.waiting[*place].depth == depth + 1)
            .collect();
        let mut left = TRIES_EACH.min(TRIES.saturating_sub(self.tries));
        let had = left;
        let found = self.pick(&places, wanted, &mut left);
        self.tries = self.tries.saturating_add(had - left);
        found.or_else(|| Some(self.nearly(&places, wanted)))
    }

    /// One of each name, the latest first, as long as they take no longer together.
    fn nearly(&self, places: &[usize], wanted: u64) -> Vec<usize> {
        let (mut names, mut left) = (BTreeSet::new(), wanted.saturating_add(2));
        let fits = |place: &&usize| {
            let waiting = &self.waiting[**place];
            let fits = waiting.micros <= left && names.insert(self.name(**place));
            left -= if fits { waiting.micros } else { 0 };
            fits
        };
        places.iter().filter(fits).copied().collect()
    }

    fn name(&self, place: usize) -> &str {
        &self.trace.service.modules[self.waiting[place].at].name
    }

    /// Depth first without recursion: what is printed decides how deep it goes.
    fn pick(&self, places: &[usize], wanted: u64, left: &mut u32) -> Option<Vec<usize>> {
        let (mut taken, mut sum, mut next) = (Vec::<usize>::new(), 0_u64, 0_usize);
        let mut names = BTreeSet::new();
        loop {
            *left = left.checked_sub(1)?;
            if !taken.is_empty() && fits(sum, wanted, taken.len()) {
                return Some(taken.into_iter().map(|index| places[index]).collect());
            }
            if let Some(place) = places.get(next) {
                let with = sum.saturating_add(self.waiting[*place].micros);
                let most = wanted.saturating_add(taken.len() as u64 + 2);
                if with <= most && names.insert(self.name(*place)) {
                    taken.push(next);
                    sum = with;
                }
                next += 1;
            } else {
                let index = taken.pop()?;
                names.remove(self.name(places[index]));
                sum -= self.waiting[places[index]].micros;
                next = index + 1;
            }
        }
    }
}

/// Each of the times was rounded up.
fn fits(sum: u64, wanted: u64, count: usize) -> bool {
    sum.saturating_add(1) >= wanted && sum <= wanted.saturating_add(count as u64 + 1)
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;
