//! DEBIAN_FRONTEND that stays in the image.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::{DockerfileView, Fact, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::{effective, targets};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/debian-frontend-kept",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "DEBIAN_FRONTEND is set for the build alone",
    aliases: &[],
    page: include_str!("debian_frontend_kept.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for target in targets(review, file) {
        let Some(value) = effective(file, target).env.get("DEBIAN_FRONTEND").copied() else {
            continue;
        };
        if value.value != "noninteractive" {
            out.examined();
            continue;
        }
        look(file, value, out);
    }
}

fn look(file: &DockerfileView, value: &Fact<String>, out: &mut Out) {
    let own = |(name, v): &(Fact<String>, Fact<String>)| {
        name.value == "DEBIAN_FRONTEND" && v.at == value.at
    };
    for stage in &file.stages {
        for step in &stage.steps {
            let StepKind::Env(pairs) = &step.kind else { continue };
            let Some((name, _)) = pairs.iter().find(|p| own(p)) else { continue };
            let draft = out.finding(&name.at, "DEBIAN_FRONTEND is set in the image");
            draft
                .label("ENV holds in every container")
                .consequence("whoever works in a container finds apt and its like asking nothing")
                .remedy("use ARG, which holds for the build of this stage");
            if pairs.len() == 1 {
                draft.fix(
                    "set it with ARG",
                    Applicability::Unsafe,
                    replace(&step.at, "ARG DEBIAN_FRONTEND=noninteractive"),
                );
            }
        }
    }
}
