//! Tokens that may do more than they need.

use plimsoll_model::{Level, Section};

use crate::repo::Workflow;
use crate::review::Review;
use crate::views::jobs::delivering;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/permissions-too-wide",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "the workflow token may do only what it needs",
    aliases: &[],
    page: include_str!("permissions_too_wide.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let delivering = delivering(review, workflow);
    if delivering.is_empty() || workflow.on.is_empty() {
        return;
    }
    out.examined();
    let all = [&workflow.permissions].into_iter().chain(workflow.jobs.iter().map(|j| &j.permissions)).flatten();
    for permissions in all.filter(|p| p.all.as_deref() == Some("write-all")) {
        out.finding(&permissions.at, "this workflow's token may write everything")
            .level(Level::ShouldFix)
            .label("write-all")
            .consequence("any action of any step can push code, releases and packages in the repository's name")
            .remedy("list the scopes that are needed: contents: read, and id-token: write to sign in to the cloud");
    }
    let set = |v: &crate::views::jobs::JobView<'_>| v.job.permissions.is_some();
    if workflow.permissions.is_none() && !delivering.iter().all(set) {
        let at = workflow.jobs_key.clone().unwrap_or_else(|| crate::repo::Place::file(std::sync::Arc::clone(&workflow.path)));
        out.finding(&at, "this workflow does not limit its token")
            .label("no permissions above")
            .consequence("what the token may do depends on a setting of the repository or the organisation, which may be everything")
            .remedy("add permissions: with contents: read, and only the scopes that its steps need");
    }
}
