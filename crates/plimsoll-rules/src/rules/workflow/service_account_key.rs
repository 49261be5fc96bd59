//! Long-lived keys for the cloud.

use plimsoll_model::{Level, Section};

use crate::discover::JobRef;
use crate::repo::{Job, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/service-account-key",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "no long-lived key signs in to the cloud",
    aliases: &[],
    page: include_str!("service_account_key.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let steps = workflow.jobs.iter().flat_map(|job| job.steps.iter().map(move |step| (job, step)));
    for (job, step) in steps {
        let input = match step.action().as_deref() {
            Some("google-github-actions/auth") => "credentials_json",
            Some("google-github-actions/setup-gcloud") => "service_account_key",
            Some("google-github-actions/deploy-cloudrun") => "credentials",
            _ => continue,
        };
        out.examined();
        let Some(key) = step.with(input) else { continue };
        let draft = out.finding(&key.value.at, "this workflow signs in with a service account key");
        draft.label("a key that never expires");
        if step.with("workload_identity_provider").is_some() {
            draft
                .level(Level::Advice)
                .consequence("federation is set up beside it; while the key exists, whoever reads the secret once needs nothing else")
                .remedy("delete the key and its secret once federation is in use");
            continue;
        }
        if ships(review, workflow, job) {
            draft.consequence("whoever reads the secret once can deploy for as long as the key exists, from anywhere");
        } else {
            draft
                .level(Level::Advice)
                .consequence("whoever reads the secret once can do what the account may for as long as the key exists, from anywhere");
        }
        draft.remedy("use workload identity federation: google-github-actions/auth with workload_identity_provider, and permissions: id-token: write");
    }
}

/// Whether a job builds, pushes or deploys something, as far as its steps tell.
fn ships(review: &Review<'_>, workflow: &Workflow, job: &Job) -> bool {
    const WORDS: [&str; 9] = [
        "deploy",
        "kubectl",
        "helm ",
        "terraform",
        "push",
        "skaffold",
        "publish",
        "release",
        "pulumi",
    ];
    let here = |j: Option<JobRef>| {
        let found = j.and_then(|j| Some((review.repo.workflows.get(j.workflow)?, j.job)));
        found.is_some_and(|(w, j)| {
            std::ptr::eq(w, workflow) && w.jobs.get(j).is_some_and(|j| std::ptr::eq(j, job))
        })
    };
    let found = review.found;
    let speaks = |text: &str| WORDS.iter().any(|word| text.contains(word));
    found.builds.iter().any(|b| here(b.job))
        || found.deploys.iter().any(|d| here(d.job))
        || job.steps.iter().any(|s| {
            s.action().is_some_and(|action| speaks(&action))
                || s.run.as_ref().is_some_and(|run| speaks(run.text.text()))
        })
}
