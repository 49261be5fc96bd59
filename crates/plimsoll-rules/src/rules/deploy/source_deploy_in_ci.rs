//! Deployments that build again.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/source-deploy-in-ci",
    section: Section::Deploy,
    level: Level::Advice,
    assures: "what is deployed was built once",
    aliases: &[],
    page: include_str!("source_deploy_in_ci.md"),
    check: Check::Deploy(check),
};

fn check(_: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    if deploy.job.is_none() {
        return;
    }
    let Some(source) = &deploy.from_source else { return };
    out.finding(&source.at, "this deployment builds the image itself")
        .label("built where nobody looks")
        .consequence("what runs was never tested, has no tag of its own, and a rollback or another environment gets another build")
        .remedy("build once, push, test that image, and deploy its digest everywhere");
}
