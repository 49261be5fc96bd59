//! The plain progress of BuildKit: `#4 [2/3] RUN pip install …`, `#4 CACHED`, `#4 DONE 0.7s`.
//!
//! ```
//! use plimsoll_measure::engine::progress::Log;
//!
//! let log = Log::read("#4 [2/3] RUN make\n#4 CACHED\n");
//! assert_eq!(log.steps[0].instruction(), "RUN make");
//! assert!(log.steps[0].cached);
//! ```

/// How many lines of a step are kept: its last.
const TAIL: usize = 40;

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
    /// How long it took, where it ran to its end.
    pub seconds: Option<f64>,
    /// Why it failed.
    pub error: Option<String>,
    /// The last lines it printed.
    pub tail: Vec<String>,
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
        let (label, _) = self.parts()?;
        let (stage, place) = label.trim().rsplit_once(' ').unwrap_or(("", label.trim()));
        let number = place.split_once('/')?.0.parse().ok()?;
        // With several platforms the platform stands before the stage.
        Some((stage.trim().rsplit(' ').next().unwrap_or(""), number))
    }

    fn parts(&self) -> Option<(&str, &str)> {
        self.name.strip_prefix('[').and_then(|name| name.split_once("] "))
    }
}

impl Log {
    /// Reads what a build printed.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut log = Self::default();
        // Between two rules the builder repeats what the failed step printed.
        let mut repeated = false;
        for line in text.lines() {
            match line {
                "------" => repeated = !repeated,
                _ if repeated => {}
                _ => log.line(line),
            }
        }
        log
    }

    fn line(&mut self, line: &str) {
        let line = without_timestamp(line);
        let numbered = line.strip_prefix('#').and_then(|l| l.split_once(' '));
        match numbered.and_then(|(n, rest)| Some((n.parse().ok()?, rest))) {
            Some((number, rest)) => self.step(number, rest),
            None => push(&mut self.other, line),
        }
    }

    fn step(&mut self, number: u32, rest: &str) {
        let found = self.steps.iter_mut().rev().find(|s| s.number == number);
        let Some(step) = found else {
            let name = rest.to_owned();
            self.steps.push(Step { number, name, ..Step::default() });
            return;
        };
        let took = || rest.strip_prefix("DONE ")?.strip_suffix('s')?.parse().ok();
        if rest == "CACHED" {
            step.cached = true;
        } else if let Some(seconds) = took() {
            step.seconds = Some(seconds);
        } else if let Some(error) = rest.strip_prefix("ERROR: ") {
            step.error = Some(error.to_owned());
        } else if rest != step.name && !rest.starts_with("DONE ") && !is_digest(rest) {
            push(&mut step.tail, without_time(rest));
        }
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
}

/// GitHub begins each line of a log with the time: `2026-01-31T10:00:00.0000000Z #4 CACHED`.
fn without_timestamp(line: &str) -> &str {
    match line.split_once(' ') {
        Some((time, rest))
            if time.len() > 19 && time.ends_with('Z') && time.as_bytes().get(10) == Some(&b'T') =>
        {
            rest
        }
        _ => line,
    }
}

/// BuildKit before 0.11 prints the digest of each step.
fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|d| d.chars().all(|c| c.is_ascii_hexdigit()))
}

/// `0.485 text` is text that a command printed.
fn without_time(line: &str) -> &str {
    match line.split_once(' ') {
        Some((time, rest)) if time.contains('.') && time.parse::<f64>().is_ok() => rest,
        _ => line,
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
    lines.push(line.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    // Printed by BuildKit in Docker Engine 20.10.
    const FAILED: &str = "\
#4 [2/3] WORKDIR /a
#4 sha256:0892
#4 CACHED

#5 [builder 3/3] RUN pip install -r requirements.txt
#5 sha256:cb30
#5 0.170 Processing /packages/core
#5 0.617 ERROR: Could not install packages
#5 ERROR: executor failed running [/bin/sh -c pip install -r requirements.txt]: exit code: 1
------
 > [builder 3/3] RUN pip install -r requirements.txt:
#5 0.617 ERROR: Could not install packages
------
executor failed running [/bin/sh -c pip install -r requirements.txt]: exit code: 1
";

    #[test]
    fn durations_and_places() {
        let log = Log::read(
            "2026-01-31T10:00:00.0000000Z #9 [build  2/10] RUN make\n\
             2026-01-31T10:00:05.0000000Z #9 DONE 4.5s\n#10 [2/3] COPY . .\n#10 CACHED\n\
             #11 [linux/amd64 build 3/10] RUN a\n#11 DONE 0.1s\n#12 exporting\n#12 DONE 1.0s\n",
        );
        let all: Vec<_> = log.steps.iter().map(|step| (step.place(), step.seconds)).collect();
        assert_eq!(
            all,
            [
                (Some(("build", 2)), Some(4.5)),
                (Some(("", 2)), None),
                (Some(("build", 3)), Some(0.1)),
                (None, Some(1.0))
            ]
        );
    }

    #[test]
    fn steps_and_their_ends() {
        let log = Log::read(FAILED);
        assert!(log.steps[0].cached && !log.steps[1].cached);
        let failed = log.failed().unwrap();
        assert_eq!(failed.instruction(), "RUN pip install -r requirements.txt");
        assert_eq!(failed.tail, ["Processing /packages/core", "ERROR: Could not install packages"]);
        assert!(failed.error.as_deref().unwrap().ends_with("exit code: 1"));
    }

    #[test]
    fn a_cancelled_step_is_not_the_one_that_failed() {
        let text = "#1 [a 1/1] RUN x\n#2 [b 1/1] RUN y\n#1 ERROR: context canceled\n#2 ERROR: exit code: 1\n";
        assert_eq!(Log::read(text).failed().unwrap().instruction(), "RUN y");
    }

    #[test]
    fn any_text_is_read() {
        for text in ["#", "# x", "#99999999999 x", "#1", "[", "#1 [", "#1 ] x\n#1 ERROR: "] {
            let log = Log::read(text);
            assert!(log.steps.iter().all(|s| s.name.ends_with(s.instruction())));
        }
        assert!(Log::read(&"#1 a\n#1 0.1 b\n".repeat(1000)).steps[0].tail.len() <= TAIL);
    }
}
