//! How much each step added to the image, from the history that the engine keeps of it.

use plimsoll_model::{BuildReport, BuildStep};

use super::{ASK, Docker};

/// A line of the history that made a layer.
struct Entry {
    by: String,
    bytes: u64,
}

/// Adds the sizes of layers to the steps of the last stage.
pub(super) fn add(docker: &Docker, id: &str, report: &mut BuildReport) {
    let Ok(history) = docker.api.ask(ASK, docker.api.docker.image_history(id)) else {
        report.caveats.push("the engine does not say how large the layers are".to_owned());
        return;
    };
    // Newest first, as the engine gives it: the base image's own lines come last.
    let entries = history
        .into_iter()
        .map(|line| Entry { by: line.created_by, bytes: u64::try_from(line.size).unwrap_or(0) });
    assign(&entries.collect::<Vec<_>>(), report);
}

fn assign(history: &[Entry], report: &mut BuildReport) {
    let mut stages: Vec<String> = report.own_steps().filter_map(|s| s.stage.clone()).collect();
    stages.sort();
    stages.dedup();
    // The image is of one stage: the one whose steps its history has.
    let all = stages.iter().map(|stage| found(history, report, stage));
    for (step, bytes) in all.max_by_key(Vec::len).unwrap_or_default() {
        if let Some(step) = report.steps.get_mut(step) {
            step.layer_bytes = Some(bytes);
        }
    }
}

/// The steps of a stage that the history has, and what they added; the newest first in both.
fn found(history: &[Entry], report: &BuildReport, stage: &str) -> Vec<(usize, u64)> {
    let own = |step: &BuildStep| {
        step.stage.as_deref() == Some(stage) && !step.command.starts_with("FROM ")
    };
    let steps = report.steps.iter().enumerate().filter(|(_, step)| own(step));
    let mut steps: Vec<_> = steps.collect();
    steps.sort_by_key(|(_, step)| std::cmp::Reverse(step.number));
    let (mut left, mut all) = (history, Vec::new());
    for (at, step) in steps {
        if let Some(line) = left.iter().position(|entry| is_of(&entry.by, &step.command)) {
            all.extend(left.get(line).map(|entry| (at, entry.bytes)));
            left = left.get(line + 1..).unwrap_or_default();
        }
    }
    all
}

/// Whether a line of the history, `RUN /bin/sh -c make # buildkit`, is of an instruction.
fn is_of(by: &str, command: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let by = words(by.trim_end().strip_suffix("# buildkit").unwrap_or(by));
    let command = words(command);
    let (verb, rest) = command.split_once(' ').unwrap_or((&command, ""));
    let same_verb = by.split(' ').next().is_some_and(|first| first.eq_ignore_ascii_case(verb));
    // A long command is cut in the progress; options such as --mount stand only there.
    let rest = rest.split(' ').skip_while(|word| word.starts_with("--")).collect::<Vec<_>>();
    let rest = rest.join(" ");
    let rest = rest.trim_end_matches("...").trim_end_matches('…').trim_end();
    same_verb && by.contains(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_history_is_known_by_its_instruction() {
        assert!(is_of(
            "RUN /bin/sh -c pip install -r a.txt # buildkit",
            "RUN pip install -r a.txt"
        ));
        assert!(is_of("RUN |1 V=2 /bin/sh -c make # buildkit", "RUN --mount=type=cache make"));
        assert!(is_of("COPY . . # buildkit", "COPY --from=a . ."));
        assert!(is_of("WORKDIR /app", "WORKDIR /app"));
        assert!(!is_of("COPY a b # buildkit", "RUN a b"));
        assert!(!is_of("CMD [\"bash\"]", "RUN bash"));
    }
}
