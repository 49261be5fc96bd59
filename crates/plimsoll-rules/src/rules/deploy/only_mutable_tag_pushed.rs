//! Images that no tag keeps.

use plimsoll_model::{Level, Section};

use crate::discover::paths::image_name;
use crate::discover::{Build, BuildTool};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::tag::{moved_tag, speaks_of_retagging};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/only-mutable-tag-pushed",
    section: Section::Deploy,
    level: Level::Advice,
    assures: "every image that is pushed gets a tag of its own",
    aliases: &[],
    page: include_str!("only_mutable_tag_pushed.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let pushes =
        build.push == Some(true) && !matches!(build.tool, BuildTool::Compose | BuildTool::Config);
    let Some(first) = build.tags.first().filter(|_| pushes) else { return };
    let moved = build.tags.iter().all(|t| moved_tag(&t.value).is_some());
    if !moved || is_tagged_again(review, build) || is_pushed_elsewhere(review, build) {
        out.examined();
        return;
    }
    let tag = moved_tag(&first.value).unwrap_or("latest");
    out.finding(
        &first.at,
        format!("the image is pushed as `{tag}` only: the next build takes its name"),
    )
    .label("no tag of its own")
    .consequence(
        "the image before this one has no name left, and registries clean up what has none",
    )
    .remedy("push the commit as a tag, too: `:${{ github.sha }}`");
}

/// Whether another build of the workflow pushes the same image under a tag that stays.
fn is_pushed_elsewhere(review: &Review<'_>, build: &Build) -> bool {
    let same_workflow = |b: &&Build| b.job.map(|j| j.workflow) == build.job.map(|j| j.workflow);
    let names: Vec<String> = build.tags.iter().map(|t| image_name(&t.value)).collect();
    let others = review.found.builds.iter().filter(same_workflow);
    others
        .flat_map(|b| &b.tags)
        .any(|t| moved_tag(&t.value).is_none() && names.contains(&image_name(&t.value)))
}

fn is_tagged_again(review: &Review<'_>, build: &Build) -> bool {
    let Some(workflow) = build.job.and_then(|j| review.repo.workflows.get(j.workflow)) else {
        return true;
    };
    let runs = workflow.jobs.iter().flat_map(|j| &j.steps).filter_map(|s| s.run.as_ref());
    runs.into_iter().any(|r| speaks_of_retagging(r.text.text()))
}
