//! Secrets whose version is looked up anew.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, Platform};
use crate::repo::Fact;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/secret-version-floating",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "each secret is deployed with its version",
    aliases: &[],
    page: include_str!("secret_version_floating.md"),
    check: Check::Deploy(check),
};

fn check(_: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    if deploy.platform != Platform::CloudRun || deploy.settings.secrets.is_empty() {
        return;
    }
    let floating: Vec<_> = deploy.settings.secrets.iter().filter(|(n, v)| floats(n, v)).collect();
    let Some((name, value)) = floating.first() else {
        out.examined();
        return;
    };
    let more = match floating.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    out.finding(&value.at, format!("the version of the secret `{}`{more} floats", name.value))
        .label("`latest`, whatever that is when an instance starts")
        .evidence("Cloud Run looks up the secret of a variable when an instance starts")
        .consequence("a new version reaches some instances and not others, and a rollback does not bring the old one back")
        .remedy("name the version, and deploy to change it");
}

/// A secret that is mounted as a file is read anew at each access: `latest` is right there.
fn floats(name: &Fact<String>, value: &Fact<String>) -> bool {
    !name.value.starts_with('/') && value.value.ends_with(":latest")
}
