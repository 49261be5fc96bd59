//! Inputs that an action ignores.

use plimsoll_model::{Level, Section};

use crate::repo::Workflow;
use crate::review::Review;
use std::sync::OnceLock;

use toml_edit::Document;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/action-input-unknown",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "actions get only inputs they have",
    aliases: &[],
    page: include_str!("action_input_unknown.md"),
    check: Check::Workflow(check),
};

fn check(_: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for step in workflow.jobs.iter().flat_map(|j| &j.steps) {
        let Some(known) = step.action().and_then(|a| inputs(&a)) else { continue };
        out.examined();
        for input in &step.with {
            let name = input.name.value.to_ascii_lowercase();
            if known.contains(&name) {
                continue;
            }
            let uses = step.uses.as_ref().map_or("the action", |u| u.value.as_str());
            let near = known.iter().find(|k| k.replace(['-', '_'], "") == name.replace(['-', '_'], ""));
            let remedy = match near {
                Some(near) => format!("name it `{near}`"),
                None if uses.contains("deploy-cloudrun") => format!("pass it through flags: `--{}=…`", name.replace('_', "-")),
                None => "remove it, or use the input that does what it was meant to do".to_owned(),
            };
            out.finding(&input.name.at, format!("{uses} has no input `{}`", input.name.value))
                .label("ignored with a warning that nobody reads")
                .consequence("the setting never reaches the platform: the service runs with its default instead")
                .remedy(remedy);
        }
    }
}

/// The inputs of an action, where they are known.
fn inputs(action: &str) -> Option<&'static [String]> {
    static ACTIONS: OnceLock<Vec<(String, Vec<String>)>> = OnceLock::new();
    let actions = ACTIONS.get_or_init(|| {
        let Ok(file) = Document::parse(include_str!("../../../data/actions.toml")) else { return Vec::new() };
        let names = |item: &toml_edit::Item| {
            let list = item.get("inputs").and_then(|i| i.as_array());
            list.into_iter().flatten().filter_map(|v| v.as_str()).map(str::to_owned).collect()
        };
        file.as_table().iter().map(|(action, item)| (action.to_owned(), names(item))).collect()
    });
    actions.iter().find(|(name, _)| name == action).map(|(_, inputs)| inputs.as_slice())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_data_is_read() {
        assert!(super::inputs("docker/build-push-action").is_some_and(|i| i.iter().any(|n| n == "cache-to")));
        assert!(super::inputs("google-github-actions/deploy-cloudrun").is_some_and(|i| i.len() > 20));
    }
}
