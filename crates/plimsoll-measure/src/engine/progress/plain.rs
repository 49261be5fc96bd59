//! Plain progress: lines that begin with the number of a step.

use super::{Change, Log, Step, cut, push};

impl Log {
    pub(super) fn line(&mut self, line: &str, at: Option<f64>) -> Option<Change> {
        let line = without_timestamp(line);
        let numbered = line.strip_prefix('#').and_then(|l| l.split_once(' '));
        match numbered.and_then(|(n, rest)| Some((n.parse().ok()?, rest))) {
            Some((number, rest)) => self.step(number, rest, at),
            None => {
                push(&mut self.other, line);
                None
            }
        }
    }

    fn step(&mut self, number: u32, rest: &str, at: Option<f64>) -> Option<Change> {
        let known = self.steps.len();
        let place = self.place(number, rest)?;
        let step = self.steps.get_mut(place)?;
        if place == known {
            step.started = at;
            return Some(Change::Step(place));
        }
        if rest == "CACHED" {
            step.cached = true;
        } else if let Some(seconds) = took(rest) {
            step.seconds = Some(seconds);
            step.started = earlier(step, at, seconds);
        } else if let Some(error) = rest.strip_prefix("ERROR: ") {
            step.error = Some(cut(error).to_owned());
        } else if rest == step.name || rest.starts_with("DONE ") || is_digest(rest) {
            return None;
        } else {
            return Some(said(step, place, rest));
        }
        Some(Change::Step(place))
    }
}

fn took(rest: &str) -> Option<f64> {
    rest.strip_prefix("DONE ")?.strip_suffix('s')?.parse().ok()
}

/// A line may come late, never early: of two beginnings that follow from lines the earlier holds.
fn earlier(step: &Step, at: Option<f64>, seconds: f64) -> Option<f64> {
    let begun = at.map(|at| (at - seconds).max(0.0));
    match (step.started, begun) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn said(step: &mut Step, place: usize, rest: &str) -> Change {
    if let Some(bytes) = transferring(rest).filter(|_| step.loads_context()) {
        step.transferred = Some(step.transferred.unwrap_or(0).max(bytes));
    }
    let line = without_time(rest);
    push(&mut step.tail, line);
    Change::Said(place, cut(line).to_owned())
}

/// The size of `transferring context: 1.2MB 0.1s done`.
fn transferring(line: &str) -> Option<u64> {
    let (_, size) = line.strip_prefix("transferring ")?.split_once(": ")?;
    let size = size.split(' ').next()?;
    let digits = size.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = size.split_at(digits);
    let scale = match unit {
        "B" => 1.0,
        "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        _ => return None,
    };
    Some((number.parse::<f64>().ok()? * scale).round() as u64)
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

#[cfg(test)]
mod tests {
    use super::super::{Reader, TAIL};
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
        assert_eq!(log.steps[0].full_place(), Some(("build", 2, Some(10))));
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
        for text in
            ["#", "# x", "#99999999999 x", "#1", "[", "#1 [", "#1 ] x\n#1 ERROR: ", "{", "{}"]
        {
            let log = Log::read(text);
            assert!(log.steps.iter().all(|s| s.name.ends_with(s.instruction())));
        }
        assert!(Log::read(&"#1 a\n#1 0.1 b\n".repeat(1000)).steps[0].tail.len() <= TAIL);
        assert!(Log::read(&format!("#1 {}", "é".repeat(9999))).steps[0].name.len() <= 4096);
    }

    #[test]
    fn lines_come_one_by_one_with_their_time() {
        let mut reader = Reader::default();
        let lines =
            ["#1 [1/2] RUN a", "#1 0.1 hello", "#1 DONE 2.0s", "#2 [2/2] RUN b", "#2 CACHED"];
        let at = [0.5, 1.0, 2.2, 2.3, 2.3];
        let changes: Vec<_> =
            lines.iter().zip(at).flat_map(|(l, at)| reader.line(l, Some(at))).collect();
        let said = Change::Said(0, "hello".to_owned());
        let [one, two] = [Change::Step(0), Change::Step(1)];
        assert_eq!(changes, [one.clone(), said, one, two.clone(), two]);
        // The line came late: 2.2 less the two seconds it took.
        assert!((reader.log.steps[0].started.unwrap() - 0.2).abs() < 1e-9);
        assert_eq!(reader.log.steps[1].started, Some(2.3));
    }

    #[test]
    fn the_context_is_weighed_and_nothing_else() {
        let log = Log::read(
            "#1 [internal] load build definition from Dockerfile\n#1 transferring dockerfile: 9kB done\n\
             #2 [internal] load .dockerignore\n#2 transferring context: 2B done\n\
             #3 [internal] load build context\n#3 transferring context: 512.0kB 0.1s\n\
             #3 transferring context: 1.25MB 0.2s done\n\
             #4 [2/2] RUN echo\n#4 0.1 transferring context: 9GB\n#4 transferring context: 9GB\n",
        );
        assert_eq!(log.transferred(), Some(1_250_000));
    }
}
