//! Deployments that do not wait for the tests of the same push.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::Invocation;

use crate::repo::{Trigger, Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::deploy_jobs;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/deploy-without-gate",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "deployments wait for the tests of their push",
    aliases: &[],
    page: include_str!("deploy_without_gate.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let Some(push) = push(workflow) else { return };
    let deploying = deploy_jobs(review, workflow);
    let Some(first) = deploying.first() else { return };
    let waits = workflow
        .on
        .iter()
        .any(|t| matches!(t.event.value.as_str(), "workflow_run" | "workflow_call"));
    // An environment may hold the deployment back until the checks are green.
    let held = deploying.iter().all(|d| d.job.environment.is_some());
    let opaque = workflow.jobs.iter().any(|j| j.uses.is_some());
    let tests_itself = workflow.jobs.iter().flat_map(|j| &j.steps).any(speaks_of_tests);
    let tests = review.repo.workflows.iter().find(|w| is_test(w, workflow, push));
    match tests.filter(|_| !waits && !held && !opaque && !tests_itself) {
        None => out.examined(),
        Some(tests) => {
            let at = push.event.at.clone();
            let job = &first.job.id;
            let finding = out
                .finding(&at, format!("`{}` deploys without waiting for the tests in {}", job.value, tests.path))
                .label("the same push starts both")
                .related(&job.at, "deploys at once")
                .consequence("a commit whose tests fail is deployed all the same")
                .remedy("call the test workflow in a job that the deployment needs, or start it with `workflow_run`");
            if let Some(other) = self::push(tests) {
                finding.related(&other.event.at, "starts the tests");
            }
        }
    }
}

fn push(workflow: &Workflow) -> Option<&Trigger> {
    let on_branch =
        |t: &&Trigger| t.event.value == "push" && (t.tags.is_empty() || !t.branches.is_empty());
    workflow.on.iter().find(on_branch)
}

/// Whether another workflow tests what the push brings.
fn is_test(other: &Workflow, deploying: &Workflow, to: &Trigger) -> bool {
    let Some(from) = push(other).filter(|_| other.path != deploying.path) else { return false };
    let same_branch =
        |b: &crate::repo::Fact<String>| to.branches.iter().any(|x| x.value == b.value);
    // Tests that run for some paths only may have nothing to do with it.
    let everywhere = from.branches.is_empty() || from.branches.iter().any(same_branch);
    let overlap = everywhere && from.paths.is_empty();
    let steps = other.jobs.iter().filter(|j| !j.runs_on.is_empty()).flat_map(|j| &j.steps);
    overlap
        && steps
            .filter_map(|s| s.run.as_ref())
            .any(|r| r.script.invocations().any(|c| runs_tests(&c)))
}

fn runs_tests(call: &Invocation<'_>) -> bool {
    let first = call.subcommand(0);
    match call.program {
        "pytest" | "tox" | "nox" | "jest" | "vitest" | "mocha" | "phpunit" | "rspec" => true,
        "npm" | "yarn" | "pnpm" | "bun" => {
            first == Some("test") || (first == Some("run") && call.subcommand(1) == Some("test"))
        }
        "go" | "cargo" | "dotnet" | "make" => first == Some("test"),
        "mvn" | "gradle" | "gradlew" | "mvnw" => {
            call.has("test") || call.has("verify") || call.has("check")
        }
        "poetry" | "uv" | "pipenv" => call.has("pytest"),
        _ => false,
    }
}

/// Whether a step of the deploying workflow may be a test of its own.
fn speaks_of_tests(step: &WorkflowStep) -> bool {
    let run = step.run.as_ref().map(|r| r.text.text());
    let named = [&step.name, &step.uses].into_iter().flatten().map(|f| f.value.as_str());
    let words = ["test", "check-", "wait-on", "wait-for", "check_"];
    named.chain(run).any(|t| words.iter().any(|w| t.to_ascii_lowercase().contains(w)))
}
