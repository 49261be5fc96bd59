//! Rollbacks that read the wrong revision.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::Span;

use crate::repo::Workflow;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/rollback-reads-first-traffic-entry",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "a rollback knows which revision served",
    aliases: &[],
    page: include_str!("rollback_reads_first_traffic_entry.md"),
    check: Check::Workflow(check),
};

fn check(_: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for run in workflow.jobs.iter().flat_map(|j| &j.steps).filter_map(|s| s.run.as_ref()) {
        let text = run.text.text();
        for (at, found) in text.match_indices("status.traffic[0]") {
            out.finding(&run.place(Span::new(at, at + found.len())), "this takes the first traffic entry for the revision that serves")
                .label("may be a tag, or the revision that just failed")
                .consequence("the first entry can be a tag that gets no traffic, and after a deployment it is the new revision: the rollback changes nothing, or breaks more")
                .remedy("before the deployment, note the revision whose percent is greatest: gcloud run services describe … --format=json, then the entry of status.traffic with the most percent");
        }
    }
}
