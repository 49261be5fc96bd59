//! A build argument that no ARG declares.

use plimsoll_model::{Level, Section};

use crate::discover::Build;
use crate::repo::{DockerfileView, Fact, Place, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::dockerfile_of;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/build-arg-not-declared",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "the Dockerfile declares each build argument it is given",
    aliases: &[],
    page: include_str!("build_arg_not_declared.md"),
    check: Check::Build(check),
};

/// Arguments that a builder takes without ARG, in lower case.
const PREDEFINED: [&str; 15] = [
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "all_proxy",
    "source_date_epoch",
    "targetplatform",
    "targetos",
    "targetarch",
    "targetvariant",
    "targetstage",
    "buildplatform",
    "buildos",
    "buildarch",
    "buildvariant",
];

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let Some(file) = dockerfile_of(review, build).filter(|f| f.errors.is_empty()) else { return };
    // One step may build several Dockerfiles: each argument is for those that declare it.
    let together = || review.found.builds.iter().filter(|b| b.at == build.at);
    let mut files = Vec::new();
    for build in together() {
        match dockerfile_of(review, build).filter(|f| f.errors.is_empty()) {
            Some(file) => files.push(file),
            None => return,
        }
    }
    let declared: Vec<&str> = files.iter().flat_map(|file| declared(file)).collect();
    for (name, _) in &build.args {
        let passes = |b: &Build| b.args.iter().any(|(n, _)| n.value == name.value);
        if !together().find(|b| passes(b)).is_some_and(|first| std::ptr::eq(first, build)) {
            continue;
        }
        if name.value.is_empty() || name.value.contains('$') || is_predefined(&name.value) {
            continue;
        }
        if declared.contains(&name.value.as_str()) {
            out.examined();
        } else {
            report(file, name, &declared, out);
        }
    }
}

fn report(file: &DockerfileView, name: &Fact<String>, declared: &[&str], out: &mut Out) {
    let text = &name.value;
    let draft = out.finding(&name.at, format!("no ARG of {} declares {text}", file.path));
    draft
        .label("passed, and never used")
        .related(&Place::file(file.path.clone()), format!("has no ARG {text}"))
        .consequence("the value has no effect; the builder only warns")
        .remedy(format!("declare ARG {text} in the stage that needs it, or stop passing it"));
    if let Some(near) = declared.iter().find(|d| d.eq_ignore_ascii_case(text)) {
        draft.evidence(format!("ARG {near} is declared; names of arguments know their case"));
    }
}

fn declared(file: &DockerfileView) -> Vec<&str> {
    let steps = file.stages.iter().flat_map(|s| &s.steps);
    let local = steps.filter_map(|s| if let StepKind::Arg(a) = &s.kind { Some(a) } else { None });
    file.global_args.iter().chain(local.flatten()).map(|a| a.name.value.as_str()).collect()
}

fn is_predefined(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("buildkit_") || PREDEFINED.contains(&lower.as_str())
}
