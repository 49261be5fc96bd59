//! The progress of BuildKit, read as it comes: plain lines such as `#4 [2/3] RUN pip install …`,
//! `#4 CACHED`, `#4 DONE 0.7s`, or the JSON of newer clients, which has exact times.
//!
//! ```
//! use plimsoll_measure::engine::progress::Log;
//!
//! let log = Log::read("#4 [2/3] RUN make\n#4 CACHED\n");
//! assert_eq!(log.steps[0].instruction(), "RUN make");
//! assert!(log.steps[0].cached);
//! ```

mod plain;
mod raw;

use raw::Raw;

/// How many lines of a step are kept: its last.
const TAIL: usize = 40;
/// How much of a line is kept.
const LINE: usize = 4096;
/// How many steps are kept; a build has some hundreds at most.
const STEPS: usize = 10_000;

/// What a build did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The steps in the order they began.
    pub steps: Vec<Step>,
    /// Lines that belong to no step, the last ones.
    pub other: Vec<String>,
}

/// A step of a build.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    number: u32,
    /// As BuildKit names it: `[builder 2/3] RUN make`.
    pub name: String,
    /// Whether its result was there already.
    pub cached: bool,
    /// When it began, in seconds since the build's beginning; of a log that is read afterwards
    /// it is not known.
    pub started: Option<f64>,
    /// How long it took, where it ran to its end.
    pub seconds: Option<f64>,
    /// Why it failed.
    pub error: Option<String>,
    /// The last lines it printed.
    pub tail: Vec<String>,
    /// How many bytes of a context it was sent.
    pub transferred: Option<u64>,
}

/// What a line of the progress changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A step began, ended or learned something: its place in [`Log::steps`].
    Step(usize),
    /// A step printed a line.
    Said(usize, String),
}

/// Reads progress line by line.
#[derive(Debug, Default)]
pub struct Reader {
    /// What was read so far.
    pub log: Log,
    /// Between two rules the builder repeats what the failed step printed.
    repeated: bool,
    raw: Raw,
    /// Whether the last line was JSON.
    was_raw: bool,
}

impl Reader {
    /// Reads a line that came `at` seconds after the build began.
    pub fn line(&mut self, line: &str, at: Option<f64>) -> Vec<Change> {
        let raw = line.starts_with('{').then(|| self.raw.line(&mut self.log, line)).flatten();
        self.was_raw = raw.is_some();
        if let Some(changes) = raw {
            return changes;
        }
        match line {
            "------" => self.repeated = !self.repeated,
            _ if self.repeated => {}
            _ => return self.log.line(line, at).into_iter().collect(),
        }
        Vec::new()
    }

    /// Whether the last line was JSON, which people do not read.
    pub(super) fn was_raw(&self) -> bool {
        self.was_raw
    }

    /// Whether the times are the builder's own.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.raw.is_used()
    }
}

impl Step {
    /// The instruction, without the stage it belongs to.
    #[must_use]
    pub fn instruction(&self) -> &str {
        match self.parts() {
            Some((_, instruction)) => instruction,
            None => &self.name,
        }
    }

    /// Its stage, `""` where the build has only one, and its number in it.
    #[must_use]
    pub fn place(&self) -> Option<(&str, u32)> {
        let (stage, number, _) = self.full_place()?;
        Some((stage, number))
    }

    /// Its stage, its number in it, and how many steps the stage has.
    #[must_use]
    pub fn full_place(&self) -> Option<(&str, u32, Option<u32>)> {
        let (label, _) = self.parts()?;
        let (stage, place) = label.trim().rsplit_once(' ').unwrap_or(("", label.trim()));
        let (number, of) = place.split_once('/')?;
        // With several platforms the platform stands before the stage.
        let stage = stage.trim().rsplit(' ').next().unwrap_or("");
        Some((stage, number.parse().ok()?, of.parse().ok()))
    }

    /// Whether it came to an end, a good one or not.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.cached || self.seconds.is_some() || self.error.is_some()
    }

    /// As plain progress says it: what is known of it now.
    pub(super) fn plain(&self) -> Vec<String> {
        let number = self.number;
        let mut lines = vec![format!("#{number} {}", self.name)];
        if self.cached {
            lines.push(format!("#{number} CACHED"));
        } else if let Some(error) = &self.error {
            lines.push(format!("#{number} ERROR: {error}"));
        } else if let Some(seconds) = self.seconds {
            lines.push(format!("#{number} DONE {seconds:.3}s"));
        }
        lines
    }

    /// Whether it loads a context; only the builder's own steps are called so.
    fn loads_context(&self) -> bool {
        let own = self.name.starts_with("[internal] ") || self.name.starts_with("[context ");
        own && !self.name.contains(".dockerignore") && !self.name.contains("build definition")
    }

    fn parts(&self) -> Option<(&str, &str)> {
        self.name.strip_prefix('[').and_then(|name| name.split_once("] "))
    }
}

impl Log {
    /// Reads what a build printed.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut reader = Reader::default();
        for line in text.lines() {
            reader.line(line, None);
        }
        reader.log
    }

    /// The step that failed.
    #[must_use]
    pub fn failed(&self) -> Option<&Step> {
        // Steps beside the one that failed are cancelled, and say so.
        let failed = || self.steps.iter().filter(|s| s.error.is_some());
        let cancelled =
            |s: &&Step| s.error.as_deref().is_some_and(|e| e.contains("context canceled"));
        failed().find(|s| !cancelled(s)).or_else(|| failed().next())
    }

    /// How many bytes of contexts were sent.
    #[must_use]
    pub fn transferred(&self) -> Option<u64> {
        let sent = || self.steps.iter().filter_map(|step| step.transferred);
        sent().next().is_some().then(|| sent().sum())
    }

    /// Where a step is, a new one at the end; none where there are too many.
    fn place(&mut self, number: u32, name: &str) -> Option<usize> {
        let found = self.steps.iter().rposition(|step| step.number == number);
        if found.is_none() && self.steps.len() < STEPS {
            let name = cut(name).to_owned();
            self.steps.push(Step { number, name, ..Step::default() });
            return Some(self.steps.len() - 1);
        }
        found
    }
}

fn push(lines: &mut Vec<String>, line: &str) {
    let line = line.trim_end();
    if line.is_empty() {
        return;
    }
    if lines.len() == TAIL {
        lines.remove(0);
    }
    lines.push(cut(line).to_owned());
}

/// As much of a line as is kept.
fn cut(line: &str) -> &str {
    &line[..line.floor_char_boundary(LINE)]
}
