//! Inputs that a newer major version of an action no longer has.

use plimsoll_model::{Level, Section};

use crate::repo::{EnvVar, Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::actions;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/action-input-removed",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "no input was removed from its action",
    aliases: &[],
    page: include_str!("action_input_removed.md"),
    check: Check::Workflow(check),
};

fn check(_: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for step in workflow.jobs.iter().flat_map(|j| &j.steps) {
        let known = step.action().and_then(|name| actions::action(&name));
        if known.is_none_or(|action| action.removed.is_empty()) {
            continue;
        }
        out.examined();
        for input in &step.with {
            if let Some((last, used)) = removed(step, input) {
                report(step, input, last, used, out);
            }
        }
    }
}

/// The last major version that has the input, and the newer one that is used.
fn removed(step: &WorkflowStep, input: &EnvVar) -> Option<(u32, u32)> {
    let action = actions::action(&step.action()?)?;
    let used = actions::major(&step.uses.as_ref()?.value)?;
    let last = *action.removed.get(&input.name.value.to_ascii_lowercase())?;
    (used > last).then_some((last, used))
}

fn report(step: &WorkflowStep, input: &EnvVar, last: u32, used: u32, out: &mut Out) {
    let Some(name) = step.action() else { return };
    let credential = matches!(
        input.name.value.as_str(),
        "service_account_key"
            | "credentials"
            | "credentials_file_path"
            | "export_default_credentials"
    );
    let (consequence, remedy) = if credential {
        (
            "the step is not signed in: what follows fails, or works with whatever is left on the runner",
            "sign in with google-github-actions/auth in a step before it",
        )
    } else {
        (
            "GitHub prints a warning and goes on without it",
            "remove the input, or use what took its place",
        )
    };
    let near = actions::action(&name).and_then(|a| a.near(&input.name.value));
    let remedy = near.map_or(remedy.to_owned(), |near| format!("write `{near}`"));
    out.finding(
        &input.name.at,
        format!("{name}@v{used} no longer has the input `{}`", input.name.value),
    )
    .label("ignored")
    .evidence(format!("v{last} is the last major version that has it"))
    .consequence(consequence)
    .remedy(remedy);
}
