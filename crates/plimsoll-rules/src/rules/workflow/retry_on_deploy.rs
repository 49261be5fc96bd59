//! Deployments that a pipeline starts again by itself.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::yaml::{Kind, Node};

use crate::repo::Place;
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::gitlab::{Job, Pipeline, pipelines};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/retry-on-deploy",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "a deployment that failed is not started again by itself",
    aliases: &[],
    page: include_str!("retry_on_deploy.md"),
    check: Check::Repo(check),
};

/// Reasons that lie with the script.
const OF_THE_SCRIPT: [&str; 5] = [
    "always",
    "unknown_failure",
    "script_failure",
    "stuck_or_timeout_failure",
    "job_execution_timeout",
];

fn check(review: &Review<'_>, out: &mut Out) {
    for pipeline in &pipelines(review) {
        for job in &pipeline.jobs {
            let Some(deploy) = job.deploy(review) else { continue };
            match pipeline.setting(job, "retry").filter(|r| repeats(*r)) {
                Some(retry) => report(pipeline, job, retry, &deploy.at, out),
                None => out.examined(),
            }
        }
    }
}

/// Whether a failure of the script is tried again.
fn repeats(retry: Node<'_>) -> bool {
    let max = retry.get("max").unwrap_or(retry);
    if max.as_i64().is_none_or(|n| n < 1) || retry.get("exit_codes").is_some() {
        return false;
    }
    let Some(when) = retry.get("when") else { return true };
    let mut reasons = when.items().chain((when.kind() != Kind::List).then_some(when));
    reasons.any(|r| r.as_str().is_some_and(|r| OF_THE_SCRIPT.contains(&r)))
}

fn report(pipeline: &Pipeline<'_>, job: &Job<'_>, retry: Node<'_>, deploys: &Place, out: &mut Out) {
    let place = pipeline.place(retry);
    let draft =
        out.finding(&place, format!("`{}` deploys again when it fails half-way", job.name()));
    draft
        .label("tried again whatever failed")
        .related(deploys, "deploys")
        .consequence("a release that does not start, or a migration that ran half, is run again at once, before anybody has looked")
        .remedy("repeat only what failed before the script began: `when: runner_system_failure`");
    let own = job.body.get("retry").is_some_and(|r| r.span() == retry.span());
    if let (true, Some(max)) = (own, retry.as_str()) {
        let text = format!("{{max: {max}, when: runner_system_failure}}");
        draft.fix(
            "repeat only failures of the runner",
            Applicability::Unsafe,
            replace(&place, text),
        );
    }
}
