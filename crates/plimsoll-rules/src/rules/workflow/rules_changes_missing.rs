//! GitLab jobs of one service that run for every change of all of them.

use plimsoll_model::{Level, Section};

use crate::discover::Build;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::gitlab::{Job, Pipeline, pipelines};
use crate::views::inputs::own_folder;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/rules-changes-missing",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "a GitLab job that builds one service runs for changes of that service",
    aliases: &[],
    page: include_str!("rules_changes_missing.md"),
    check: Check::Repo(check),
};

fn check(review: &Review<'_>, out: &mut Out) {
    for pipeline in pipelines(review).iter().filter(|p| !is_open(p)) {
        for job in &pipeline.jobs {
            one(review, job, out);
        }
    }
}

/// Whether jobs hand files to one another, or the pipeline as a whole is for some changes only.
fn is_open(pipeline: &Pipeline<'_>) -> bool {
    let hands = ["artifacts", "parallel"];
    let bodies = pipeline.root.entries().map(|(_, body)| body);
    let handed = bodies.into_iter().any(|b| hands.iter().any(|k| b.get(k).is_some()));
    let rules = pipeline.root.get_path(&["workflow", "rules"]);
    handed || rules.is_some_and(|r| r.items().any(|rule| rule.get("changes").is_some()))
}

fn one(review: &Review<'_>, job: &Job<'_>, out: &mut Out) {
    let builds: Vec<&Build> = review.found.builds.iter().filter(|b| job.builds(b)).collect();
    let Some(own) = own_folder(review, &builds) else { return };
    match is_always_run(job) {
        None => {}
        Some(false) => out.examined(),
        Some(true) => {
            out.finding(&job.at(), format!("`{}` builds `{own}` for every change", job.name()))
                .label("no `rules: changes`")
                .related(&builds[0].at, format!("reads nothing outside of `{own}`"))
                .consequence("each change of another service builds this one again, and holds a runner")
                .remedy(format!("add `changes: [{own}/**/*]` to the rules of this job and of the jobs that need its image"));
        }
    }
}

/// Whether a job runs whatever has changed; `None` where it runs by hand, for tags, or when its
/// keywords cannot be told.
fn is_always_run(job: &Job<'_>) -> Option<bool> {
    if ["only", "except", "when"].iter().any(|k| job.body.get(k).is_some()) {
        return None;
    }
    let Some(rules) = job.body.get("rules") else { return Some(true) };
    if rules.items().any(|r| r.get("changes").is_some()) {
        return Some(false);
    }
    let plain = rules.items().all(|r| {
        let condition = r.get("if").and_then(|c| c.as_str());
        r.get("when").is_none()
            && condition.is_some_and(|c| !c.contains("TAG") && c.contains("BRANCH"))
    });
    plain.then_some(true)
}
