//! A secret that is written in a Dockerfile.

use plimsoll_model::{Level, Section};

use crate::repo::{DockerfileView, Fact, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::{Literal, is_secret_name, literal, shipped};

pub(crate) static RULE: Rule = Rule {
    name: "security/secret-in-dockerfile",
    section: Section::Security,
    level: Level::Blocking,
    assures: "no ARG or ENV holds a secret",
    aliases: &["SecretsUsedInArgOrEnv", "DS-0031", "DL3064"],
    page: include_str!("secret_in_dockerfile.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let text = file.text(review.sources);
    for arg in &file.global_args {
        if let Some(value) = &arg.default {
            variable(text, "ARG", &arg.name, value, false, out);
        }
    }
    let layers: Vec<usize> = shipped(review, file).iter().map(|s| s.index).collect();
    for stage in &file.stages {
        let in_image = layers.contains(&stage.index);
        for step in &stage.steps {
            match &step.kind {
                StepKind::Env(pairs) => {
                    for (name, value) in pairs {
                        variable(text, "ENV", name, value, in_image, out);
                    }
                }
                StepKind::Arg(args) => {
                    for arg in args {
                        if let Some(value) = &arg.default {
                            variable(text, "ARG", &arg.name, value, in_image, out);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

fn variable(
    text: &str,
    keyword: &str,
    name: &Fact<String>,
    value: &Fact<String>,
    in_image: bool,
    out: &mut Out,
) {
    if !is_secret_name(&name.value) {
        return;
    }
    let written = value.at.span.map_or("", |s| s.text(text));
    let kind = if written.contains('$') { Literal::Placeholder } else { literal(&value.value) };
    if kind == Literal::Placeholder {
        out.examined();
        return;
    }
    let draft = out.finding(&name.at, format!("{keyword} {} holds the secret itself", name.value));
    let certain = in_image && kind == Literal::Secret;
    draft
        .level(if certain { Level::Blocking } else { Level::ShouldFix })
        .label("a literal value")
        .consequence(if in_image {
            "whoever can pull the image reads it with docker history"
        } else {
            "whoever can read the repository or the build cache has it"
        })
        .remedy(
            "take it out and replace it where it is valid; give it at run time, or to one RUN \
             with --mount=type=secret",
        );
}
