//! A package of Node that is linked, and is not whole where the service runs.

use plimsoll_model::{Level, Section};

use crate::local::{State, Use, Why};
use crate::rule::{Check, Out, Rule};
use crate::views::subject::Subject;

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/linked-package-incomplete",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "linked packages are whole in the image that runs",
    aliases: &[],
    page: include_str!("linked_package_incomplete.md"),
    check: Check::Installs(check),
};

fn check(subject: &Subject<'_>, out: &mut Out) {
    for found in &subject.uses.uses {
        match &found.state {
            State::Missing(why @ (Why::LeftBehind(..) | Why::Bare(_))) => {
                report(subject, found, why, out);
            }
            State::Present { .. } => out.examined(),
            State::Missing(_) | State::Unknown => {}
        }
    }
}

fn report(subject: &Subject<'_>, found: &Use, why: &Why, out: &mut Out) {
    let name = &found.dependency.name;
    let text = match why {
        Why::LeftBehind(to, _) => {
            format!("{name} is linked to {to}, which the image that runs does not have")
        }
        Why::Bare(needed) => format!(
            "{name} is linked at {}, and {needed}, which it needs, is not installed for it",
            found.wanted
        ),
        _ => return,
    };
    let draft = out.finding(&found.dependency.at, text);
    draft.level(subject.level());
    subject.relate(found, draft);
    subject.consequence(found, draft);
    match why {
        Why::LeftBehind(to, at) => {
            draft.related(at, "the install has it by this").remedy(format!(
                "copy the package to {to} in the stage that runs, too, or install a copy of it"
            ));
        }
        _ => {
            draft.remedy(format!(
                "install what it needs in {}, with its manifest there, or let the installer copy it",
                found.wanted
            ));
        }
    }
}
