//! Inputs that an action does not have.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::{EnvVar, Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::actions::{self, Action};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/action-input-unknown",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "every input is one that its action has",
    aliases: &[],
    page: include_str!("action_input_unknown.md"),
    check: Check::Workflow(check),
};

/// Inputs that GitHub itself reads, of any action that is a container.
const ALWAYS: [&str; 2] = ["args", "entrypoint"];

fn check(_: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for step in workflow.jobs.iter().flat_map(|j| &j.steps) {
        let Some((name, action)) = known(step) else { continue };
        out.examined();
        for input in &step.with {
            let input_name = input.name.value.as_str();
            if !action.knows(input_name) && !ALWAYS.contains(&input_name) {
                report(&name, action, input, out);
            }
        }
    }
}

/// The action of a step, where its inputs are listed. A newer major version may have others.
fn known(step: &WorkflowStep) -> Option<(String, &'static Action)> {
    let name = step.action()?;
    let action = actions::action(&name)?;
    let used = actions::major(&step.uses.as_ref()?.value);
    (used <= action.newest()).then_some((name, action))
}

fn report(name: &str, action: &Action, input: &EnvVar, out: &mut Out) {
    let at = &input.name.at;
    let finding = out
        .finding(at, format!("{name} has no input `{}`", input.name.value))
        .label("ignored")
        .evidence(format!("the inputs of {name} {} were read on 2026-11-23", action.release))
        .consequence("GitHub prints a warning and goes on: what the input says never takes effect");
    match action.near(&input.name.value) {
        Some(near) => finding.remedy(format!("write `{near}`, or remove the input")).fix(
            format!("write `{near}`"),
            Applicability::Unsafe,
            replace(at, near),
        ),
        None => finding.remedy("use an input that the action has, or remove this one"),
    };
}
