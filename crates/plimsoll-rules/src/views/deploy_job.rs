//! Jobs that deploy: what they run, what runs after them, and what they say for themselves.

use std::collections::BTreeSet;

use plimsoll_model::Edit;
use plimsoll_syntax::Span;
use plimsoll_syntax::shell::{self, Invocation, Script, Word};

use crate::discover::gcloud::GCLOUD;
use crate::discover::paths::join;
use crate::discover::{Build, Deploy, DeployTool, Platform};
use crate::repo::{Fact, Job, Place, Run, Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::insert;

/// A job of a workflow that deploys. Composite actions have no such jobs.
pub struct DeployJob<'a> {
    /// The workflow.
    pub workflow: &'a Workflow,
    /// The job.
    pub job: &'a Job,
    /// What it deploys, in the order of its steps.
    pub deploys: Vec<&'a Deploy>,
}

/// The jobs of a workflow that deploy.
#[must_use]
pub fn deploy_jobs<'a>(review: &Review<'a>, workflow: &Workflow) -> Vec<DeployJob<'a>> {
    let Some(index) = index_of(review, workflow) else { return Vec::new() };
    let Some(workflow) = review.repo.workflows.get(index) else { return Vec::new() };
    let jobs = workflow.jobs.iter().enumerate().filter(|(_, job)| !job.runs_on.is_empty());
    let with_deploys = jobs.map(|(j, job)| {
        let local = starts_cluster(job);
        let here = |d: &&Deploy| {
            let test = local && d.platform == Platform::Kubernetes;
            !test && d.job.is_some_and(|r| (r.workflow, r.job) == (index, j))
        };
        let mut deploys: Vec<&Deploy> = review.found.deploys.iter().filter(here).collect();
        deploys.sort_by_key(|d| d.job.map(|r| r.step));
        DeployJob { workflow, job, deploys }
    });
    with_deploys.filter(|d| !d.deploys.is_empty()).collect()
}

/// The job that a deployment stands in, where it is a workflow's own.
#[must_use]
pub fn job_of<'a>(review: &Review<'a>, deploy: &Deploy) -> Option<DeployJob<'a>> {
    let at = deploy.job?;
    let workflow = review.repo.workflows.get(at.workflow)?;
    let job = workflow.jobs.get(at.job)?;
    deploy_jobs(review, workflow).into_iter().find(|d| std::ptr::eq(d.job, job))
}

/// The builds of a job.
#[must_use]
pub fn builds_of<'a>(review: &Review<'a>, workflow: &Workflow, job: &Job) -> Vec<&'a Build> {
    let Some(w) = index_of(review, workflow) else { return Vec::new() };
    let Some(j) = workflow.jobs.iter().position(|x| x.id == job.id) else { return Vec::new() };
    let here = |b: &&Build| b.job.is_some_and(|r| (r.workflow, r.job) == (w, j));
    review.found.builds.iter().filter(here).collect()
}

/// The index of a workflow among the repository's.
#[must_use]
pub fn index_of(review: &Review<'_>, workflow: &Workflow) -> Option<usize> {
    review.repo.workflows.iter().position(|w| w.path == workflow.path)
}

impl<'a> DeployJob<'a> {
    /// The first deployment: what a finding about the job may point to.
    #[must_use]
    pub fn first(&self) -> Option<&'a Deploy> {
        self.deploys.first().copied()
    }

    /// Whether it deploys to production.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.deploys.iter().any(|d| is_production(d))
    }

    /// The step of a deployment.
    #[must_use]
    pub fn step_of(&self, deploy: &Deploy) -> Option<&'a WorkflowStep> {
        self.job.steps.get(deploy.job?.step)
    }

    /// The steps from the first one that deploys to the job's end.
    #[must_use]
    pub fn steps_from_deploy(&self) -> &'a [WorkflowStep] {
        let first = self.deploys.iter().filter_map(|d| d.job).map(|r| r.step).min();
        first.and_then(|i| self.job.steps.get(i..)).unwrap_or_default()
    }

    /// The jobs that run after it, directly or through others.
    #[must_use]
    pub fn dependents(&self) -> Vec<&'a Job> {
        let mut after: BTreeSet<&str> = BTreeSet::from([self.job.id.value.as_str()]);
        let mut jobs: Vec<&Job> = Vec::new();
        loop {
            let waits = |j: &&Job| {
                !after.contains(j.id.value.as_str())
                    && j.needs.iter().any(|n| after.contains(n.value.as_str()))
            };
            let Some(next) = self.workflow.jobs.iter().find(waits) else { return jobs };
            after.insert(next.id.value.as_str());
            jobs.push(next);
        }
    }

    /// Whether something this crate cannot see runs after the job: a called workflow, or a
    /// workflow that `workflow_run` starts.
    #[must_use]
    pub fn continues_elsewhere(&self, review: &Review<'_>) -> bool {
        let called = self.workflow.on.iter().any(|t| t.event.value == "workflow_call");
        let names = |w: &Workflow| {
            let mut starts = w.on.iter().flat_map(|t| &t.workflows);
            starts.any(|name| name.value == self.workflow.name)
        };
        called
            || self.dependents().iter().any(|j| j.uses.is_some())
            || review.repo.workflows.iter().any(names)
    }

    /// The steps that run from the deployment on, those of dependent jobs included.
    #[must_use]
    pub fn steps_after(&self) -> Vec<&'a WorkflowStep> {
        let later = self.dependents().into_iter().flat_map(|j| &j.steps);
        self.steps_from_deploy().iter().chain(later).collect()
    }
}

/// Programs that start a cluster to test in.
pub(crate) const LOCAL: [&str; 5] = ["kind", "minikube", "k3d", "k3s", "microk8s"];

/// Whether a job starts a cluster of its own, to test in: it deploys nothing.
#[must_use]
pub fn starts_cluster(job: &Job) -> bool {
    let named = |action: String| action.split(['/', '-', '_']).any(|word| LOCAL.contains(&word));
    let run = |r: &Run| r.script.invocations().any(|call| LOCAL.contains(&call.program));
    let starts =
        |s: &WorkflowStep| s.action().is_some_and(named) || s.run.as_ref().is_some_and(run);
    job.steps.iter().any(starts)
}

/// Whether a deployment is known to go to production.
#[must_use]
pub fn is_production(deploy: &Deploy) -> bool {
    deploy.environment.as_deref() == Some("production")
}

/// Whether a deployment changes a running service by a command or an action, rather than
/// being a manifest that something else applies.
#[must_use]
pub fn is_command(deploy: &Deploy) -> bool {
    matches!(
        deploy.tool,
        DeployTool::GcloudRun
            | DeployTool::GcloudUpdate
            | DeployTool::DeployCloudRunAction
            | DeployTool::Kubectl
            | DeployTool::Helm
    )
}

/// A shell script with its places: a step's own text, or a file that it calls.
pub struct Text<'a> {
    source: &'a str,
    script: Script,
    place: Box<dyn Fn(Span) -> Place + 'a>,
}

impl Text<'_> {
    /// The calls of programs in it.
    pub fn calls(&self) -> impl Iterator<Item = Invocation<'_>> {
        self.script.invocations()
    }

    /// The place of a span.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        (self.place)(span)
    }

    /// The text itself.
    #[must_use]
    pub fn source(&self) -> &str {
        self.source
    }

    /// Whether every command is an assignment or a call that `known` accepts.
    pub fn is_plain(&self, known: &dyn Fn(&Invocation<'_>) -> bool) -> bool {
        let plain = |c: &shell::Command| {
            c.words.is_empty() || Invocation::of(c).is_some_and(|call| known(&call))
        };
        self.script.commands.iter().all(plain)
    }
}

/// The shell text of a step and of the scripts of the repository that it calls by their path.
#[must_use]
pub fn texts<'a>(review: &Review<'a>, step: &'a WorkflowStep) -> Vec<Text<'a>> {
    let Some(run) = &step.run else { return Vec::new() };
    let mut all = vec![Text {
        source: run.text.text(),
        script: run.script.clone(),
        place: Box::new(|span| run.place(span)),
    }];
    let mut seen = BTreeSet::new();
    let folder = step.working_directory.as_ref().map_or("", |f| f.value.as_str());
    let mut at = 0;
    while let Some(text) = all.get(at).filter(|_| at < 16) {
        let words = text.script.commands.iter().flat_map(|c| &c.words);
        let paths: Vec<String> = words.filter_map(|w| called_script(review, folder, w)).collect();
        for path in paths {
            if let Some(content) = review.sources.text(&path)
                && seen.insert(path.clone())
            {
                let file: std::sync::Arc<str> = path.into();
                let place = move |span: Span| Place::new(&file, span);
                let script = shell::parse(content);
                all.push(Text { source: content, script, place: Box::new(place) });
            }
        }
        at += 1;
    }
    all
}

fn called_script(review: &Review<'_>, folder: &str, word: &Word) -> Option<String> {
    let text = word.text().filter(|t| t.ends_with(".sh") || t.ends_with(".bash"))?;
    let near = join(folder, text).filter(|p| review.sources.text(p).is_some());
    near.or_else(|| join("", text)).filter(|p| review.sources.text(p).is_some())
}

/// Programs that never ask a service for anything.
const SILENT: [&str; 48] = [
    "echo",
    "printf",
    "export",
    "set",
    "exit",
    "cd",
    "test",
    "[",
    "[[",
    "sed",
    "awk",
    "grep",
    "cut",
    "tr",
    "true",
    "false",
    "date",
    "mkdir",
    "rm",
    "cp",
    "mv",
    "cat",
    "jq",
    "yq",
    "git",
    "sleep",
    "docker",
    "gcloud",
    "head",
    "tail",
    "sort",
    "wc",
    "tee",
    "read",
    "local",
    "shift",
    "return",
    "basename",
    "dirname",
    "envsubst",
    "base64",
    "gh",
    "declare",
    "unset",
    "trap",
    ":",
    "kustomize",
    "gsutil",
];

/// Actions that never do, by the start of their names.
const SILENT_ACTIONS: [&str; 14] = [
    "actions/",
    "docker/",
    "google-github-actions/auth",
    "google-github-actions/setup-gcloud",
    "google-github-actions/deploy-cloudrun",
    "google-github-actions/get-gke-credentials",
    "slackapi/",
    "8398a7/action-slack",
    "rtcamp/action-slack-notify",
    "azure/setup-kubectl",
    "azure/setup-helm",
    "azure/login",
    "softprops/action-gh-release",
    "peter-evans/",
];

/// Whether a step may ask the service for an answer. Programs and actions that are not known
/// to leave it alone may.
#[must_use]
pub fn may_verify(review: &Review<'_>, step: &WorkflowStep) -> bool {
    if let Some(action) = step.action() {
        // actions/github-script may do anything.
        return action == "actions/github-script"
            || !SILENT_ACTIONS.iter().any(|known| action.starts_with(known));
    }
    let asks = |call: Invocation<'_>| match call.program {
        // The rollout waits for the readiness probes: those are requests.
        "kubectl" => {
            let asked_again = call.has("get") && call.command.in_loop.is_some();
            asked_again || ["rollout", "wait", "exec", "run"].iter().any(|word| call.has(word))
        }
        "helm" => call.has("test") || call.has("--wait") || call.has("--atomic"),
        "gcloud" => call.has("jobs") || call.has("builds"),
        "docker" => call.has("run") || call.has("exec"),
        program => !SILENT.contains(&program),
    };
    let unknown = |c: &shell::Command| !c.words.is_empty() && Invocation::of(c).is_none();
    texts(review, step)
        .iter()
        .any(|t| t.calls().any(&asks) || t.script.commands.iter().any(unknown))
}

/// Whether a step takes a deployment back, by a command or by what it calls itself.
#[must_use]
pub fn may_roll_back(review: &Review<'_>, step: &WorkflowStep) -> bool {
    let text =
        |fact: &Option<Fact<String>>| fact.as_ref().is_some_and(|f| speaks_of_rollback(&f.value));
    if text(&step.name) || text(&step.id) || text(&step.uses) {
        return true;
    }
    let back = |call: Invocation<'_>| match call.program {
        "gcloud" => call.has("update-traffic"),
        "kubectl" => call.has("undo"),
        "helm" => call.has("rollback") || call.has("--atomic") || call.has("--rollback-on-failure"),
        _ => false,
    };
    let run = step.run.as_ref().is_some_and(|r| speaks_of_rollback(r.text.text()));
    let traffic = ["revision_traffic", "tag_traffic"].iter().any(|n| step.input(n).is_some());
    run || traffic || texts(review, step).iter().any(|t| t.calls().any(&back))
}

/// Whether a text speaks of a rollback.
#[must_use]
pub fn speaks_of_rollback(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["rollback", "roll back", "roll-back", "roll_back", "revert"].iter().any(|w| lower.contains(w))
}

/// The edit that inserts lines at the start of a mapping in block style, indented as it is.
#[must_use]
pub fn insert_lines(review: &Review<'_>, body: &Place, lines: &[&str]) -> Option<Vec<Edit>> {
    let text = review.sources.text(&body.path)?;
    let at = body.span?.start;
    let before = text.get(..at as usize)?;
    let indent = before.rsplit('\n').next()?;
    let block = indent.bytes().all(|b| b == b' ') && !text.get(at as usize..)?.starts_with('{');
    let inserted: String = lines.iter().map(|line| format!("{line}\n{indent}")).collect();
    block.then(|| insert(&body.path, at, inserted))
}

/// Whether a command or action that deploys has arguments that are not known, such as
/// `$FLAGS`.
#[must_use]
pub fn has_unknown_arguments(review: &Review<'_>, deploy: &Deploy) -> bool {
    // Flags of an action that are known only when it runs may say anything.
    let step = job_of(review, deploy).and_then(|job| job.step_of(deploy));
    let unknown =
        |name: &str| step.and_then(|s| s.input(name)).is_some_and(|f| f.value.contains("${{"));
    if unknown("flags") || unknown("no_traffic") {
        return true;
    }

    if deploy.tool == DeployTool::DeployCloudRunAction {
        return false;
    }
    let text = review.sources.text(&deploy.at.path).zip(deploy.at.span);
    let Some((text, span)) = text else { return true };
    let script = shell::parse(text.get(span.range()).unwrap_or_default());
    let Some(call) = script.invocations().next() else { return true };
    let args = call.parse(GCLOUD);
    let track = args.positional.iter().any(|w| matches!(w.text(), Some("alpha" | "beta")));
    args.positional.len() > 3 + usize::from(track)
}
