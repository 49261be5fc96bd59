//! Tools in whatever version there is, in jobs that hold rights to deploy.

use plimsoll_model::{Level, Section};

use crate::repo::{Job, Place, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::deploy_jobs;
use crate::views::unpinned::packages;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/unpinned-deploy-tool",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "tools of jobs that deploy have a version",
    aliases: &[],
    page: include_str!("unpinned_deploy_tool.md"),
    check: Check::Workflow(check),
};

/// Actions that log in to a cloud.
const LOGINS: [&str; 4] = [
    "google-github-actions/auth",
    "aws-actions/configure-aws-credentials",
    "azure/login",
    "digitalocean/action-doctl",
];

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let deploying = deploy_jobs(review, workflow);
    for job in workflow.jobs.iter().filter(|j| !j.runs_on.is_empty()) {
        let login =
            job.steps.iter().find(|s| s.action().is_some_and(|a| LOGINS.contains(&a.as_str())));
        let login = login.and_then(|s| s.uses.as_ref()).map(|u| u.at.clone());
        let deploy = deploying.iter().find(|d| d.job.id == job.id).and_then(|d| d.first());
        let Some(rights) = login.or_else(|| deploy.map(|d| d.at.clone())) else { continue };
        one(job, &rights, out);
    }
}

fn one(job: &Job, rights: &Place, out: &mut Out) {
    for run in job.steps.iter().filter_map(|s| s.run.as_ref()) {
        for call in run.script.invocations() {
            let Some(found) = packages(&call) else { continue };
            let Some((word, name)) = found.first() else {
                out.examined();
                continue;
            };
            out.finding(&run.place(word.span), format!("{name}: whatever version there is today, in a job that may deploy"))
                .label("no version")
                .related(rights, "the rights of the job")
                .consequence("a bad release of it runs with these rights, and a new one may stop the deployment on the day it is needed")
                .remedy("name a version, or take it from a lock file");
        }
    }
}
