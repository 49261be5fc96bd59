//! Secrets in ARG and ENV.

use plimsoll_model::{Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::repo::{Fact, StepKind};
use crate::views::secrets::{is_placeholder, names_secret};
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "security/secret-in-dockerfile",
    section: Section::Security,
    level: Level::Blocking,
    assures: "no secret is written into the Dockerfile",
    aliases: &["SecretsUsedInArgOrEnv", "DS-0031"],
    page: include_str!("secret_in_dockerfile.md"),
    check: Check::Dockerfile(check),
};

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for step in file.stages.iter().flat_map(|s| &s.steps) {
        match &step.kind {
            StepKind::Arg(args) => {
                for arg in args.iter().filter(|a| names_secret(&a.name.value)) {
                    judge("ARG", &arg.name, arg.default.as_ref(), out);
                }
            }
            StepKind::Env(pairs) => {
                for (name, value) in pairs.iter().filter(|(n, _)| names_secret(&n.value)) {
                    judge("ENV", name, Some(value), out);
                }
            }
            _ => {}
        }
    }
}

fn judge(keyword: &str, name: &Fact<String>, value: Option<&Fact<String>>, out: &mut Out) {
    out.examined();
    let Some(value) = value.filter(|v| !is_placeholder(&v.value)) else { return };
    let where_to = if keyword == "ENV" { "the image's settings" } else { "the image's history" };
    out.finding(&value.at, format!("{keyword} {} holds a secret in plain text", name.value))
        .label("readable by everyone who can pull the image or read the repository")
        .consequence(format!("the secret is in the repository and in {where_to}: it must be taken as known to others"))
        .remedy("revoke it, and pass the new one at run time, or with RUN --mount=type=secret where the build needs it");
}
