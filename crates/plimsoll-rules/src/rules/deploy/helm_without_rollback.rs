//! Helm releases that stay half upgraded.

use plimsoll_model::{EntryKind, Level, Section};
use plimsoll_syntax::shell::{Invocation, Takes};

use crate::discover::paths::join;
use crate::repo::{Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{may_roll_back, starts_cluster, texts};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/helm-without-rollback",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "a Helm upgrade that fails is taken back",
    aliases: &[],
    page: include_str!("helm_without_rollback.md"),
    check: Check::Workflow(check),
};

/// Flags of `helm upgrade` that take a value.
const VALUES: Takes = Takes::These(&[
    "-n",
    "--namespace",
    "-f",
    "--values",
    "--set",
    "--set-string",
    "--set-file",
    "--set-json",
    "--version",
    "--timeout",
    "--kube-context",
    "--kubeconfig",
    "--repo",
    "--description",
    "--history-max",
    "--username",
    "--password",
    "--post-renderer",
    "--labels",
    "-l",
]);

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for job in workflow.jobs.iter().filter(|j| !j.runs_on.is_empty() && !starts_cluster(j)) {
        let back = job.steps.iter().any(|s| may_roll_back(review, s));
        for step in &job.steps {
            one(review, step, back, out);
        }
    }
}

fn one(review: &Review<'_>, step: &WorkflowStep, back: bool, out: &mut Out) {
    for text in texts(review, step) {
        let Some(call) = text.calls().find(|c| is_own_upgrade(review, c)) else { continue };
        if back {
            out.examined();
            continue;
        }
        out.finding(&text.place(call.span()), "an upgrade that fails leaves the release as it is")
            .label("no `--atomic`")
            .consequence("part of the new version stays in the cluster, and the next upgrade starts from there")
            .remedy("add `--atomic` (`--rollback-on-failure` in Helm 4) with a `--timeout`");
        return;
    }
}

/// Whether a call upgrades a chart of the repository, with arguments that are all known.
fn is_own_upgrade(review: &Review<'_>, call: &Invocation<'_>) -> bool {
    if call.program != "helm" {
        return false;
    }
    let args = call.parse(VALUES);
    let [upgrade, _, chart] = args.positional.as_slice() else { return false };
    let chart = chart.text().and_then(|t| join("", t));
    let folder =
        chart.is_some_and(|c| !c.is_empty() && review.sources.kind(&c) == Some(EntryKind::Folder));
    upgrade.text() == Some("upgrade") && folder && !args.has(&["--dry-run"])
}
