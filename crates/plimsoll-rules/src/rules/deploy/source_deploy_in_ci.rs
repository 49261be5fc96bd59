//! Deployments that build the image themselves.

use plimsoll_model::{Level, Section};

use crate::discover::Deploy;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/source-deploy-in-ci",
    section: Section::Deploy,
    level: Level::Advice,
    assures: "deployments in CI deploy an image that was built before",
    aliases: &[],
    page: include_str!("source_deploy_in_ci.md"),
    check: Check::Deploy(check),
};

fn check(_: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    if deploy.job.is_none() {
        return;
    }
    match &deploy.from_source {
        None => out.examined(),
        Some(source) => {
            out.finding(&source.at, "the deployment builds the image from source")
                .label("built by Cloud Build, inside the deployment")
                .consequence("what is deployed was never tested, and each environment gets an image of its own")
                .remedy("build the image once in a step of its own, and deploy its digest");
        }
    }
}
