//! A build of a stage that the Dockerfile does not have.

use plimsoll_model::{Level, Section};

use crate::discover::Build;
use crate::repo::{DockerfileView, Place};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::{dockerfile_of, target};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/unknown-target-stage",
    section: Section::Dockerfile,
    level: Level::Blocking,
    assures: "the stage that a build targets exists",
    aliases: &[],
    page: include_str!("unknown_target_stage.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let (Some(file), Ok(Some(name))) = (dockerfile_of(review, build), target(build)) else {
        return;
    };
    if file.stages.is_empty() || file.target(Some(name)).is_some() {
        return out.examined();
    }
    let Some(set) = &build.target else { return };
    let draft = out.finding(&set.at, format!("{} has no stage {name}", file.path));
    draft
        .label("no such stage")
        .related(&Place::file(file.path.clone()), names(file))
        .consequence("the build fails before its first step")
        .remedy("name a stage of the Dockerfile");
}

/// The stages that a target can name, for a sentence.
fn names(file: &DockerfileView) -> String {
    let names: Vec<&str> = file.stages.iter().filter_map(|s| s.name.as_deref()).collect();
    if names.is_empty() {
        return "none of its stages has a name".to_owned();
    }
    format!("its stages are {}", names.join(", "))
}
