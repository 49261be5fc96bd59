//! Changes of an image that its workflow does not run for.

use std::collections::BTreeSet;

use plimsoll_model::{Applicability, Edit, Level, Section};
use plimsoll_syntax::filter_pattern::matches;

use crate::discover::Build;
use crate::repo::{Fact, Trigger, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, insert};
use crate::views::deploy_job::{deploy_jobs, index_of};
use crate::views::inputs::inputs;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/path-filter-incomplete",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "a workflow runs for every change of what its images are made of",
    aliases: &[],
    page: include_str!("path_filter_incomplete.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let Some(index) = index_of(review, workflow) else { return };
    let Some(paths) = workflow.on.iter().find_map(filter) else { return };
    let builds = review.found.builds.iter().filter(|b| b.job.is_some_and(|j| j.workflow == index));
    let builds: Vec<&Build> = builds.filter(|b| !built_elsewhere(review, index, b)).collect();
    let ships =
        !deploy_jobs(review, workflow).is_empty() || builds.iter().any(|b| b.push == Some(true));
    if builds.is_empty() || !ships {
        return;
    }
    let mut outside: BTreeSet<String> = BTreeSet::new();
    for build in builds {
        outside.extend(inputs(review, build).into_iter().filter(|i| is_outside(review, paths, i)));
    }
    if outside.is_empty() {
        out.examined();
    } else {
        report(review, paths, &outside, out);
    }
}

/// The `paths:` of a push, where they are made of nothing but names, `*` and `**`.
fn filter(trigger: &Trigger) -> Option<&[Fact<String>]> {
    let plain = |p: &Fact<String>| {
        let stars = p.value.bytes().filter(|b| *b == b'*').count();
        stars <= 6 && !p.value.contains(['!', '?', '+', '[', '$', '{'])
    };
    let usable = trigger.event.value == "push" && trigger.paths.iter().all(plain);
    (usable && !trigger.paths.is_empty()).then_some(&trigger.paths)
}

/// Whether a push starts another workflow that builds the same Dockerfile, without a filter.
fn built_elsewhere(review: &Review<'_>, index: usize, build: &Build) -> bool {
    let file = build.dockerfile.as_ref().map(|f| &f.value);
    let unfiltered = |w: usize| {
        let workflow = review.repo.workflows.get(w);
        let triggers = workflow.into_iter().flat_map(|w| &w.on);
        w != index
            && triggers
                .into_iter()
                .any(|t| t.event.value == "push" && t.paths.is_empty() && t.tags.is_empty())
    };
    let same = |b: &&Build| file.is_some() && b.dockerfile.as_ref().map(|f| &f.value) == file;
    let mut others = review.found.builds.iter().filter(same);
    others.any(|b| b.job.is_some_and(|j| unfiltered(j.workflow)))
}

/// A file is outside where no pattern names it, a folder where no pattern names anything in it.
fn is_outside(review: &Review<'_>, paths: &[Fact<String>], input: &str) -> bool {
    let named = |path: &str| paths.iter().any(|p| matches(&p.value, path));
    let below = format!("{input}/");
    let mut inside = review.sources.below(input).map(|(path, _)| path);
    // A pattern may name files that are not there yet.
    let inner = paths.iter().any(|p| p.value.starts_with(&below));
    !named(input) && !inner && !inside.any(named)
}

fn report(review: &Review<'_>, paths: &[Fact<String>], outside: &BTreeSet<String>, out: &mut Out) {
    let (Some(first), Some(last), Some(input)) = (paths.first(), paths.last(), outside.first())
    else {
        return;
    };
    let more = match outside.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let finding = out
        .finding(&first.at, format!("`{input}`{more} shapes the image and is not in `paths`"))
        .label("the workflow runs for these paths only")
        .consequence("a commit that changes nothing else is never built and never deployed")
        .remedy("add what the Dockerfile reads to `paths`");
    for input in outside {
        finding.evidence(format!("not in `paths`: {input}"));
    }
    if let Some(edits) = added(review, first, last, outside) {
        finding.fix("add the missing paths", Applicability::Safe, edits);
    }
}

/// More items below the last one of a list in block style.
fn added(
    review: &Review<'_>,
    first: &Fact<String>,
    last: &Fact<String>,
    outside: &BTreeSet<String>,
) -> Option<Vec<Edit>> {
    let text = review.sources.text(&first.at.path)?;
    let before = text.get(..first.at.span?.start as usize)?;
    let indent = before.rsplit('\n').next()?.strip_suffix("- ")?;
    let end = last.at.span?.end;
    let written = text.get(last.at.span?.range())?;
    let quote = ["\"", "'"].into_iter().find(|q| written.starts_with(q)).unwrap_or("");
    let item = |input: &String| {
        let folder = matches!(review.sources.kind(input), Some(plimsoll_model::EntryKind::Folder));
        format!("\n{indent}- {quote}{input}{}{quote}", if folder { "/**" } else { "" })
    };
    let block = indent.bytes().all(|b| b == b' ');
    block.then(|| insert(&first.at.path, end, outside.iter().map(item).collect::<String>()))
}
