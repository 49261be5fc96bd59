//! Secrets in plain variables.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::views::{Literal, is_secret_name, literal};
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/secret-in-plain-env",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "secrets come from a secret store",
    aliases: &[],
    page: include_str!("secret_in_plain_env.md"),
    check: Check::Deploy(check),
};

fn check(_: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    if deploy.platform == Platform::Compose {
        return;
    }
    for (name, value) in &deploy.settings.env {
        out.examined();
        let of_workflow = value.value.contains("secrets.") && value.value.contains("${{");
        let written_out = is_secret_name(&name.value) && matches!(literal(&value.value), Literal::Secret);
        if !of_workflow && !written_out {
            continue;
        }
        let level = if of_workflow { Level::ShouldFix } else { Level::Blocking };
        out.finding(&value.at, format!("the secret {} is a plain variable of the service", name.value))
            .level(level)
            .label("readable in the revision")
            .consequence("everyone who may look at the service reads it, in every revision that ever was; it is in the log of the deployment, too")
            .remedy(if deploy.platform == Platform::CloudRun { "keep it in Secret Manager and pass --set-secrets=NAME=secret:version" } else { "keep it in a Secret and use valueFrom.secretKeyRef" });
    }
}
