//! Long-lived keys for the cloud.

use plimsoll_model::{Level, Section};

use crate::repo::Workflow;
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

fn check(_: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for step in workflow.jobs.iter().flat_map(|j| &j.steps) {
        let input = match step.action().as_deref() {
            Some("google-github-actions/auth") => "credentials_json",
            Some("google-github-actions/setup-gcloud") => "service_account_key",
            Some("google-github-actions/deploy-cloudrun") => "credentials",
            _ => continue,
        };
        out.examined();
        let Some(key) = step.with(input) else { continue };
        out.finding(&key.value.at, "this workflow signs in with a service account key")
            .label("a key that never expires")
            .consequence("whoever reads the secret once can deploy for as long as the key exists, from anywhere")
            .remedy("use workload identity federation: google-github-actions/auth with workload_identity_provider, and permissions: id-token: write");
    }
}
