//! Deployments without an environment.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::Workflow;
use crate::review::Review;
use crate::views::jobs::{delivering, insert_before};
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/environment-missing",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "deployments name their environment",
    aliases: &[],
    page: include_str!("environment_missing.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for view in delivering(review, workflow).iter().filter(|v| v.is_ordinary() && v.deploy.is_some()) {
        out.examined();
        if view.job.environment.is_some() {
            continue;
        }
        let known = view.environment();
        let level = if known == Some("production") { Level::ShouldFix } else { Level::Advice };
        let finding = out.finding(
            &view.job.id.at,
            format!("the job `{}` deploys without an environment", view.job.id.value),
        );
        finding
            .level(level)
            .label("no environment")
            .consequence(
                "no approval can be required, no branch rule holds, secrets of the repository are all \
                 in reach, and there is no history of deployments",
            )
            .remedy(match known {
                Some(name) => format!("set environment: {name} and its protection rules"),
                None => "name the environment it deploys to, with its protection rules".to_owned(),
            });
        if let Some(name) = known {
            let line = format!("environment: {name}");
            let edits = insert_before(review.sources, &view.job.body, &[&line]);
            finding.fix(format!("set environment: {name}"), Applicability::Unsafe, edits);
        }
    }
}
