//! Inputs of an image that do not start its workflow.

use plimsoll_model::{Level, Section};

use crate::discover::Build;
use crate::review::Review;
use crate::repo::Trigger;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/path-filter-incomplete",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "every input of an image starts its workflow",
    aliases: &[],
    page: include_str!("path_filter_incomplete.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let Some(workflow) = build.job.and_then(|j| review.repo.workflows.get(j.workflow)) else { return };
    let Some(push) = workflow.on.iter().find(|t| t.event.value == "push" && !t.paths.is_empty()) else { return };
    let Some(file) = &build.dockerfile else { return };
    if push.paths.iter().any(|p| p.value.starts_with('!')) || review.repo.dockerfile(&file.value).is_none() {
        return;
    }
    out.examined();
    if !covered(push, &file.value) {
        let first = push.paths.first().map_or(&push.event.at, |p| &p.at);
        out.finding(first, format!("a change of {} does not start this workflow", file.value))
            .label("no path here covers it")
            .related(&build.at, "builds it")
            .consequence("the change is merged and never deployed, until something else in these paths changes")
            .remedy(format!("add {} to paths", file.value));
    }
}

/// Whether a path filter covers a file; patterns that are not simple may, so they do.
fn covered(push: &Trigger, file: &str) -> bool {
    push.paths.iter().any(|p| {
        let pattern = p.value.trim_start_matches("./");
        if let Some(folder) = pattern.strip_suffix("/**").or_else(|| pattern.strip_suffix("/**/*")) {
            return folder.contains('*') || file.starts_with(&format!("{folder}/"));
        }
        pattern.contains(['*', '?', '[']) || pattern == file
    })
}
