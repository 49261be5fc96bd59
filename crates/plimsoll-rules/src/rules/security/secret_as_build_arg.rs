//! A secret that is passed as a build argument.

use plimsoll_model::{Level, Section};

use crate::discover::Build;
use crate::repo::StepKind;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::{dockerfile_of, target};
use crate::views::{is_public_name, is_secret_name};

pub(crate) static RULE: Rule = Rule {
    name: "security/secret-as-build-arg",
    section: Section::Security,
    level: Level::Blocking,
    assures: "no build argument carries a secret",
    aliases: &["SecretsUsedInArgOrEnv", "DS-0031", "DL3064"],
    page: include_str!("secret_as_build_arg.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    for (name, value) in &build.args {
        let secret = value.as_deref().and_then(secret_of);
        let Some(secret) = secret.filter(|s| !is_public_name(s) && !is_public_name(&name.value))
        else {
            out.examined();
            continue;
        };
        let certain = (is_secret_name(secret) || is_secret_name(&name.value))
            && reaches_image(review, build, &name.value);
        out.finding(
            &name.at,
            format!("secrets.{secret} is passed as build argument {}", name.value),
        )
        .level(if certain { Level::Blocking } else { Level::ShouldFix })
        .label("build arguments are not kept secret")
        .consequence(if certain {
            "whoever can pull the image reads it with docker history"
        } else {
            "the value is kept in the build cache and in the provenance of the build"
        })
        .remedy(
            "pass it with secrets (docker build --secret), and read it in its RUN with \
             --mount=type=secret",
        );
    }
}

/// The name of the secret of GitHub that a value is made of.
fn secret_of(value: &str) -> Option<&str> {
    let rest = value.split_once("${{")?.1.split_once("}}")?.0.trim();
    let name = rest.strip_prefix("secrets.")?;
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then_some(name)
}

/// Whether a stage of the image declares the argument and has a layer after it, whose history
/// shows the value.
fn reaches_image(review: &Review<'_>, build: &Build, name: &str) -> bool {
    let (Some(file), Ok(target)) = (dockerfile_of(review, build), target(build)) else {
        return false;
    };
    let Some(stage) = file.target(target) else { return false };
    file.lineage(stage).into_iter().any(|stage| {
        let declared = stage.steps.iter().position(|step| {
            matches!(&step.kind, StepKind::Arg(args) if args.iter().any(|a| a.name.value == name))
        });
        declared.is_some_and(|at| {
            let after = stage.steps.iter().skip(at);
            after.into_iter().any(|s| matches!(s.kind, StepKind::Run(_)))
        })
    })
}
