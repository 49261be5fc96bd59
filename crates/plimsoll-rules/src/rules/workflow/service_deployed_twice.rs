//! Services that two workflows deploy for the same push.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell;

use crate::discover::gcloud::GCLOUD;
use crate::discover::{Deploy, DeployTool, Platform};
use crate::repo::{Fact, Job, Trigger, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::conditions::trigger;
use crate::views::deploy_job::{DeployJob, deploy_jobs, is_command};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/service-deployed-twice",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "one workflow deploys a service for a push",
    aliases: &[],
    page: include_str!("service_deployed_twice.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let Some(push) = on_every_push(workflow) else { return };
    let mine = deploy_jobs(review, workflow);
    let others = review.repo.workflows.iter().filter(|w| w.path < workflow.path);
    let rivals: Vec<DeployJob<'_>> = others
        .filter(|w| on_every_push(w).is_some_and(|theirs| same_branches(push, theirs)))
        .flat_map(|w| deploy_jobs(review, w))
        .collect();
    for (job, deploy) in whole(&mine) {
        let rival = whole(&rivals).find(|&(other, d)| {
            same_target(review, (job, deploy), (other, d))
                && same_text(&job.environment, &other.environment)
        });
        match rival {
            None => out.examined(),
            Some((_, theirs)) => report(deploy, theirs, out),
        }
    }
}

/// The push to named branches that starts a workflow, whatever it changes.
fn on_every_push(workflow: &Workflow) -> Option<&Trigger> {
    let plain = |b: &Fact<String>| !b.value.contains(['*', '!', '$']);
    trigger(workflow, "push").filter(|t| {
        t.paths.is_empty()
            && t.paths_ignore.is_empty()
            && !t.branches.is_empty()
            && t.branches.iter().all(plain)
    })
}

fn same_branches(a: &Trigger, b: &Trigger) -> bool {
    a.branches.iter().any(|x| b.branches.iter().any(|y| x.value == y.value))
}

/// The deployments that run whenever their workflow does.
fn whole<'a, 'b>(
    jobs: &'b [DeployJob<'a>],
) -> impl Iterator<Item = (&'a Job, &'a Deploy)> + use<'a, 'b> {
    let always = jobs.iter().filter(|d| d.job.condition.is_none());
    let deploys = always.flat_map(|d| {
        let unguarded =
            |deploy: &&&Deploy| d.step_of(deploy).is_some_and(|s| s.condition.is_none());
        d.deploys.iter().filter(unguarded).map(|deploy| (d.job, *deploy)).collect::<Vec<_>>()
    });
    deploys.filter(|(_, d)| is_command(d) && d.image.is_some())
}

/// Whether both change the same service of Cloud Run: its name is written out, and where it
/// runs and who deploys it are said in the same words.
fn same_target(review: &Review<'_>, a: (&Job, &Deploy), b: (&Job, &Deploy)) -> bool {
    let name = |d: &Deploy| d.service.as_ref().map(|s| s.value.clone());
    let written = name(a.1).filter(|n| !n.is_empty() && !n.contains(['$', '{']));
    written.is_some()
        && written == name(b.1)
        && a.1.platform == Platform::CloudRun
        && b.1.platform == Platform::CloudRun
        && a.1.environment == b.1.environment
        && whereabouts(review, a).is_some_and(|w| Some(w) == whereabouts(review, b))
}

/// The region, the project and the sign-in of a deployment, as they are written; `None`
/// without a region, which may come from anywhere.
fn whereabouts(review: &Review<'_>, (job, deploy): (&Job, &Deploy)) -> Option<Vec<String>> {
    let step = job.steps.get(deploy.job?.step)?;
    let signed_in = job.steps.iter().filter(|s| s.action().is_some_and(|a| a.starts_with(SIGN_IN)));
    let mut all: Vec<String> =
        signed_in.flat_map(|s| &s.with).map(|v| v.value.value.clone()).collect();
    let region = if deploy.tool == DeployTool::DeployCloudRunAction {
        all.extend(step.input("project_id").map(|p| p.value.clone()));
        step.input("region").map(|r| r.value.clone())
    } else {
        let text = review.sources.text(&deploy.at.path)?.get(deploy.at.span?.range())?;
        let script = shell::parse(text);
        let call = script.invocations().next()?;
        let args = call.parse(GCLOUD);
        let value = |name| Some(args.values(&[name]).last()?.text()?.to_owned());
        all.extend(value("--project"));
        value("--region")
    };
    all.push(region?);
    // A variable may stand for another place in each workflow.
    all.iter()
        .all(|t| !t.contains(['$', '{']) || t.contains("secrets.") || t.contains("vars."))
        .then_some(all)
}

/// What signs in to Google Cloud.
const SIGN_IN: &str = "google-github-actions/auth";

fn same_text(a: &Option<Fact<String>>, b: &Option<Fact<String>>) -> bool {
    a.as_ref().map(|f| &f.value) == b.as_ref().map(|f| &f.value)
}

fn report(deploy: &Deploy, theirs: &Deploy, out: &mut Out) {
    let name = deploy.service.as_ref().map_or("", |s| s.value.as_str());
    out.finding(&deploy.at, format!("{} deploys `{name}` for the same push", theirs.at.path))
        .label("deployed here")
        .related(&theirs.at, "and here")
        .consequence(
            "both deploy at once, and the service runs what the one that finishes last made",
        )
        .remedy("deploy the service in one workflow");
}
