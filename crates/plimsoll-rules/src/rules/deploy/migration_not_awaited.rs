//! Migrations that are started and not waited for.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::shell::Invocation;

use crate::discover::gcloud::GCLOUD;
use crate::discover::{Deploy, Platform};
use crate::repo::{Job, Place, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, insert};
use crate::views::conditions::needed;
use crate::views::deploy_job::{DeployJob, deploy_jobs, texts};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/migration-not-awaited",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "deployments wait for the migrations before them",
    aliases: &[],
    page: include_str!("migration_not_awaited.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let deploying = deploy_jobs(review, workflow);
    for job in &workflow.jobs {
        // Whoever asks for the execution afterwards waits for it by hand.
        let runs = job.steps.iter().filter_map(|s| s.run.as_ref());
        if runs.into_iter().any(|r| r.text.text().contains("executions")) {
            continue;
        }
        for (number, step) in job.steps.iter().enumerate() {
            for text in texts(review, step) {
                for call in text.calls().filter(|c| starts_migration(c, text.source())) {
                    let at = text.place(call.span());
                    match deployed_after(workflow, &deploying, job, number, &at) {
                        Some(deploy) if !call.has("--wait") => report(&at, deploy, out),
                        Some(_) => out.examined(),
                        None => {}
                    }
                }
            }
        }
    }
}

/// `gcloud run jobs execute migrate`, or the same with the deployment of the job.
fn starts_migration(call: &Invocation<'_>, source: &str) -> bool {
    let args = call.parse(GCLOUD);
    let words: Vec<&str> = args.positional.iter().filter_map(|w| w.text()).collect();
    let words = match words.as_slice() {
        ["alpha" | "beta", rest @ ..] => rest,
        all => all,
    };
    let starts = match words {
        ["run", "jobs", "execute", ..] => true,
        ["run", "jobs", "deploy" | "create" | "update", ..] => args.has(&["--execute-now"]),
        _ => false,
    };
    let named = || args.positional.iter().filter_map(|w| source.get(w.span.range()));
    call.program == "gcloud"
        && starts
        && named().any(|name| name.to_ascii_lowercase().contains("migrat"))
}

/// The first deployment of a service that follows, in the job or in one that needs it.
fn deployed_after<'a>(
    workflow: &Workflow,
    deploying: &[DeployJob<'a>],
    job: &Job,
    step: usize,
    at: &Place,
) -> Option<&'a Deploy> {
    let later = |d: &&&Deploy, same: bool| {
        let number = d.job.map_or(0, |r| r.step);
        let below =
            d.at.path == at.path && d.at.span.zip(at.span).is_some_and(|(d, a)| d.start > a.start);
        let is_service = d.platform == Platform::CloudRun;
        is_service && (!same || number > step || (number == step && below))
    };
    deploying.iter().find_map(|d| {
        let same = d.job.id == job.id;
        let follows = same || needed(workflow, d.job).iter().any(|j| j.id == job.id);
        d.deploys.iter().find(|deploy| follows && later(deploy, same)).copied()
    })
}

fn report(at: &Place, deploy: &Deploy, out: &mut Out) {
    let finding = out
        .finding(at, "the migration is started and not waited for")
        .label("returns when the job has started")
        .related(&deploy.at, "deploys meanwhile")
        .consequence("the new revision serves before its tables are there, and is deployed even where the migration fails")
        .remedy("add `--wait`");
    if let Some(span) = at.span {
        let edits = insert(&at.path, span.end, " --wait");
        finding.fix("wait for the migration", Applicability::Safe, edits);
    }
}
