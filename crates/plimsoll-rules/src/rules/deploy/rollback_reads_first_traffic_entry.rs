//! Rollbacks to whatever stands first in the traffic list.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::Span;

use crate::repo::{Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::texts;

pub(crate) static RULE: Rule = Rule {
    name: "deploy/rollback-reads-first-traffic-entry",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "a rollback looks for the revision that has the traffic",
    aliases: &[],
    page: include_str!("rollback_reads_first_traffic_entry.md"),
    check: Check::Workflow(check),
};

const FIRST: &str = "status.traffic[0]";

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for step in workflow.jobs.iter().flat_map(|j| &j.steps) {
        one(review, step, out);
    }
}

fn one(review: &Review<'_>, step: &WorkflowStep, out: &mut Out) {
    for text in texts(review, step) {
        let source = text.source();
        if !source.contains("status.traffic") && !source.contains("update-traffic") {
            continue;
        }
        let Some(at) = source.find(FIRST) else {
            out.examined();
            continue;
        };
        out.finding(&text.place(Span::new(at, at + FIRST.len())), "the first traffic entry need not be the revision that is live")
            .label("may be a revision that has a tag and no traffic")
            .evidence("an entry of a tag stands in the same list, with no percentage")
            .consequence("the rollback sends all traffic to a revision that was never live, or names none and fails")
            .remedy("take the entry with the highest percentage, or `status.latestReadyRevisionName` before the deployment");
        return;
    }
}
