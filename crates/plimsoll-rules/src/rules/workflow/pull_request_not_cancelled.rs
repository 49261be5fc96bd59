//! Image builds of pull requests that go on after a newer push.

use plimsoll_model::{Applicability, Edit, Level, Section};

use crate::discover::{Build, BuildTool};
use crate::repo::{Fact, Job, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, insert};
use crate::views::conditions::{demanded, needed, parsed, trigger};
use crate::views::deploy_job::{builds_of, deploy_jobs};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/pull-request-not-cancelled",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "an image build of a pull request ends when a newer push comes",
    aliases: &["concurrency-limits"],
    page: include_str!("pull_request_not_cancelled.md"),
    check: Check::Workflow(check),
};

/// The group of one pull request, and of each other run alone.
const LINES: &str = "concurrency:
  group: ${{ github.workflow }}-${{ github.event.pull_request.number || github.run_id }}
  cancel-in-progress: ${{ github.event_name == 'pull_request' }}

";

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let Some(trigger) = trigger(workflow, "pull_request") else { return };
    if !runs_for_pushes(review, workflow)
        || workflow.on.iter().any(|t| t.event.value == "workflow_call")
    {
        return;
    }
    let jobs = || workflow.jobs.iter().filter(|j| !j.runs_on.is_empty() && may_run(workflow, j));
    let built = |j: &Job| builds_of(review, workflow, j).into_iter().find(|b| is_built(j, b));
    let Some(build) = jobs().find_map(built) else { return };
    // Whoever has a group has thought of what runs at the same time.
    let decided = workflow.concurrency.is_some()
        || jobs().filter(|j| built(j).is_some()).all(|j| j.concurrency.is_some())
        || cancels(workflow);
    if decided {
        return out.examined();
    }
    let finding = out
        .finding(&trigger.event.at, "a newer push does not end the image build of an older one")
        .label("no `concurrency`")
        .related(&build.at, "built for each push to a pull request")
        .consequence(
            "outdated commits are built to the end, while the newest may wait for a runner",
        )
        .remedy("add a `concurrency` for each pull request, with `cancel-in-progress`");
    if let Some(edits) = edits(review, workflow) {
        finding.fix("let a newer push end it", Applicability::Unsafe, edits);
    }
}

/// Whether a push to a pull request starts the workflow: with `types`, that one must be among them.
fn runs_for_pushes(review: &Review<'_>, workflow: &Workflow) -> bool {
    let yaml = review.repo.yaml.get(workflow.path.as_ref());
    let root = yaml.and_then(|y| y.documents().next());
    let types = root.and_then(|r| r.get_path(&["on", "pull_request", "types"]));
    types.is_none_or(|t| t.items().any(|i| i.as_str() == Some("synchronize")))
}

/// Whether a job runs for pull requests, as far as its conditions tell.
fn may_run(workflow: &Workflow, job: &Job) -> bool {
    let before = needed(workflow, job);
    before.into_iter().chain([job]).all(|j| allows(j.condition.as_ref()))
}

/// Whether a condition lets pull requests through; one that cannot be told does not.
fn allows(condition: Option<&Fact<String>>) -> bool {
    let Some(condition) = condition else { return true };
    let Some(expr) = parsed(condition) else { return false };
    let all = demanded(&expr);
    !all.is_empty()
        && all.iter().all(|(context, sign, text)| {
            *context == "github.event_name" && (*sign == "==") == (*text == "pull_request")
        })
}

/// Whether a build makes an image, whatever starts its job.
fn is_built(job: &Job, build: &Build) -> bool {
    let tool = matches!(
        build.tool,
        BuildTool::BuildPushAction
            | BuildTool::Bake
            | BuildTool::DockerBuild
            | BuildTool::Buildx
            | BuildTool::Podman
    );
    let step = build.job.and_then(|j| job.steps.get(j.step));
    tool && step.is_some_and(|s| allows(s.condition.as_ref()))
}

/// Whether an action ends older runs.
fn cancels(workflow: &Workflow) -> bool {
    let mut steps = workflow.jobs.iter().flat_map(|j| &j.steps);
    steps.any(|s| s.action().is_some_and(|a| a.contains("cancel") || a.contains("skip-duplicate")))
}

/// A workflow that deploys needs groups of other kinds, too.
fn edits(review: &Review<'_>, workflow: &Workflow) -> Option<Vec<Edit>> {
    let at = workflow.jobs_key.as_ref()?;
    let start = at.span?.start;
    let before = review.sources.text(&at.path)?.get(..start as usize)?;
    let top = before.is_empty() || before.ends_with('\n');
    let plain = deploy_jobs(review, workflow).is_empty()
        && workflow.jobs.iter().all(|j| j.concurrency.is_none());
    (top && plain).then(|| insert(&at.path, start, LINES))
}
