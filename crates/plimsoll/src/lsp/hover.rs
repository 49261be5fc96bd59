//! What an editor shows of a place: what is measured there, what was found, and the rule's page.

use std::fmt::Write as _;

use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position, Range};
use plimsoll_model::{ReplayedStep, bytes, printable, seconds};
use plimsoll_rules::find_rule;
use plimsoll_rules::review::Measured;

use super::diagnostics::{diagnostic, shown};
use super::text::{Lines, Units};
use super::workspace::Workspace;

pub(super) fn of(workspace: &Workspace, path: &str, at: Position, units: Units) -> Option<Hover> {
    let mut parts = Vec::new();
    let mut range = None;
    if let Some((line, figures)) = figures(workspace, path, at, units) {
        range = Some(Range::new(Position::new(line, 0), at));
        parts.push(figures);
    }
    for finding in shown(workspace).filter(|finding| finding.primary.path == path) {
        let here = diagnostic(workspace, finding, units).range;
        if here.start <= at && at <= here.end {
            range = Some(here);
            parts.push(format!("**{}** `{}`", finding.level, finding.rule));
            parts.extend(find_rule(&finding.rule).map(|rule| page(rule.page)));
        }
    }
    if parts.is_empty() {
        return None;
    }
    let value = parts.join("\n\n");
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
    Some(Hover { contents, range })
}

/// A rule's page without its title and its examples, which are long.
fn page(page: &str) -> String {
    let body = page.trim_start().split_once('\n').map_or("", |(_, body)| body);
    let body = body.split("\n## Example").next().unwrap_or(body).trim();
    // Headings of a page are large in a small window.
    let lines = body.lines().map(|line| match line.strip_prefix("## ") {
        Some(heading) => format!("**{heading}**"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// What is known of the instruction at a place: how often its result was there in the builds of the
/// history, how long it took and what it added when it was last built. Gives its line, from 0.
fn figures(workspace: &Workspace, path: &str, at: Position, units: Units) -> Option<(u32, String)> {
    let file = workspace.found.repo.dockerfile(path)?;
    let text = Lines::new(workspace.text(path)?, units);
    let offset = text.offset(at);
    let mut steps =
        workspace.found.repo.dockerfiles.get(file)?.stages.iter().flat_map(|s| &s.steps);
    let span = steps.find_map(|step| {
        step.at.span.filter(|span| span.start as usize <= offset && offset < span.end as usize)
    })?;
    let line = text.position(span.start).line;
    let services = workspace.found.found.services.iter().filter(|s| s.dockerfile == file);
    let mut lines = Vec::new();
    for service in services {
        let Some(report) = workspace.measured.replays.get(&service.name) else { continue };
        let Some(step) = report.steps.iter().find(|step| step.line == line + 1) else { continue };
        let built = built(&workspace.recorded, &service.name, step);
        let text: Vec<String> = history(&report.branch, step).into_iter().chain(built).collect();
        let text = text.join("  \n");
        if !text.is_empty() && !lines.contains(&text) {
            lines.push(text);
        }
    }
    (!lines.is_empty()).then(|| (line, lines.join("\n\n")))
}

/// What the builds of the history say of a step; nothing where there was none but the first.
fn history(branch: &str, step: &ReplayedStep) -> Option<String> {
    if step.builds == 0 {
        return None;
    }
    let mut text =
        format!("cached in {} of the last {} builds of {branch}", step.hits, step.builds);
    if let Some(miss) = step.misses.first() {
        let times =
            if miss.count == 1 { "once".to_owned() } else { format!("{} times", miss.count) };
        let _ = write!(text, "; ran {times} because {}", printable(&miss.reason));
    }
    Some(text)
}

/// What the newest recorded build says of a step: the one of that number, where it is the same still.
fn built(recorded: &Measured, service: &str, step: &ReplayedStep) -> Option<String> {
    let same = |other: &&ReplayedStep| {
        (&other.stage, other.number, &other.text) == (&step.stage, step.number, &step.text)
    };
    recorded.replays.get(service)?.steps.iter().find(same)?;
    let build = &recorded.builds.get(service)?.cold;
    let mut steps = build.own_steps();
    let step = steps.find(|built| {
        built.stage.as_deref().is_some_and(|stage| stage == step.stage)
            && built.number == Some(step.number)
    })?;
    let took = step.seconds.map(|time| format!("took {}", seconds(time)));
    let added = step.layer_bytes.map(|size| format!("added {}", bytes(size as f64)));
    let figures: Vec<String> = took.into_iter().chain(added).collect();
    (!figures.is_empty()).then(|| format!("when it was last measured it {}", figures.join(" and ")))
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Misses;

    use super::*;

    fn step(builds: usize, misses: usize) -> ReplayedStep {
        let miss =
            |count| Misses { count, reason: "files changed".into(), line: None, files: Vec::new() };
        ReplayedStep {
            stage: "0".into(),
            number: 2,
            line: 2,
            text: "COPY . .".into(),
            builds,
            hits: builds - misses,
            seconds: None,
            misses: (misses > 0).then(|| miss(misses)).into_iter().collect(),
        }
    }

    #[test]
    fn the_history_of_a_step_reads_as_a_sentence() {
        let said = |builds, misses| history("main", &step(builds, misses));
        assert_eq!(said(0, 0), None);
        assert_eq!(said(3, 0).unwrap(), "cached in 3 of the last 3 builds of main");
        let once = "cached in 3 of the last 4 builds of main; ran once because files changed";
        assert_eq!(said(4, 1).unwrap(), once);
        let twice = "cached in 2 of the last 4 builds of main; ran 2 times because files changed";
        assert_eq!(said(4, 2).unwrap(), twice);
    }
}
