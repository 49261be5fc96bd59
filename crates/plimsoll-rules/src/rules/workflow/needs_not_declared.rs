//! Results of jobs that are not waited for.

use plimsoll_model::{Level, Section};

use crate::repo::Workflow;
use crate::review::Review;
use plimsoll_syntax::expression;

use crate::repo::{Fact, Job};
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/needs-not-declared",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "expressions read only jobs that are waited for",
    aliases: &[],
    page: include_str!("needs_not_declared.md"),
    check: Check::Workflow(check),
};

fn check(_: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for job in &workflow.jobs {
        for text in texts(job) {
            // An `if:` is an expression with or without braces.
            let whole = if text.value.contains("${{") { text.value.clone() } else { format!("${{{{ {} }}}}", text.value) };
            for (path, _) in expression::references(&whole) {
                let Some(name) = path.strip_prefix("needs.").and_then(|p| p.split('.').next()) else { continue };
                out.examined();
                let known = |n: &str| workflow.jobs.iter().any(|j| j.id.value == n);
                if name == "*" || job.needs.iter().any(|n| n.value == name) || !known(name) {
                    continue;
                }
                out.finding(&text.at, format!("the job `{}` reads `{path}` but does not need `{name}`", job.id.value))
                    .label("always empty")
                    .related(&job.id.at, format!("add {name} to its needs"))
                    .consequence("the value is empty, so the condition is never what was meant: the job is skipped, or runs with nothing, and the workflow stays green")
                    .remedy(format!("add {name} to needs of {}", job.id.value));
            }
        }
    }
}

/// The texts of a job in which `needs` may be read.
fn texts(job: &Job) -> Vec<&Fact<String>> {
    let vars = job.env.iter().chain(&job.with).chain(job.steps.iter().flat_map(|s| s.with.iter().chain(&s.env)));
    let with_needs = vars.map(|v| &v.value).filter(|f| f.value.contains("needs."));
    let conditions = job.condition.iter().chain(job.steps.iter().filter_map(|s| s.condition.as_ref()));
    conditions.filter(|c| c.value.contains("needs.")).chain(with_needs).collect()
}
