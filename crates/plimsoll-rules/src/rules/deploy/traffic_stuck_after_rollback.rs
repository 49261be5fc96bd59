//! Traffic that stays where a rollback put it.

use plimsoll_model::{Level, Section};

use crate::review::Review;
use crate::repo::Workflow;
use crate::views::rollout::calls;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/traffic-stuck-after-rollback",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "after a rollback new revisions get traffic again",
    aliases: &[],
    page: include_str!("traffic_stuck_after_rollback.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let steps = || review.repo.workflows.iter().flat_map(|w| &w.jobs).flat_map(|j| &j.steps);
    let latest = |s: &crate::repo::WorkflowStep| {
        let input = |name: &str| s.input(name).is_some();
        calls(s).any(|(_, c)| c.has("--to-latest") || c.args.iter().any(|w| w.head().starts_with("--to-tags") || w.head().contains("LATEST")))
            || input("revision_traffic")
            || input("tag_traffic")
    };
    for step in workflow.jobs.iter().flat_map(|j| &j.steps) {
        for (run, call) in calls(step) {
            let pins = call.program == "gcloud" && call.args.iter().any(|w| w.head().starts_with("--to-revisions"));
            if !pins {
                continue;
            }
            out.examined();
            if steps().any(latest) {
                continue;
            }
            out.finding(&run.place(call.span()), "after this, new revisions get no traffic")
                .label("pins the traffic, and nothing sets it free")
                .consequence("a split stays for later deployments: the next one is green, and users keep getting the old revision")
                .remedy("shift the traffic in the deployment itself: update-traffic --to-latest after the new revision is checked");
            return;
        }
    }
}
