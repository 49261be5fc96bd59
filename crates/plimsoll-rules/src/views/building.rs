//! What a service is built from: its builds, their contexts, and what earlier steps may add.

use plimsoll_model::EntryKind;
use plimsoll_syntax::dockerfile::MountKind;
use plimsoll_syntax::shell::{Command, Invocation, Script};

use crate::discover::paths::join;
use crate::discover::{Build, BuildTool, Service};
use crate::repo::{DockerfileView, Job, Place, SourceView, Stage, WorkflowStep};
use crate::review::Review;

/// The builds of a service.
pub fn builds<'a>(
    review: &Review<'a>,
    service: &'a Service,
) -> impl Iterator<Item = &'a Build> + use<'a> {
    let found = review.found;
    service.builds.iter().filter_map(|i| found.builds.get(*i))
}

/// The Dockerfile of a service.
#[must_use]
pub fn dockerfile<'a>(review: &Review<'a>, service: &Service) -> Option<&'a DockerfileView> {
    review.repo.dockerfiles.get(service.dockerfile)
}

/// The services of a Dockerfile.
#[must_use]
pub fn services_of<'a>(review: &Review<'a>, file: &DockerfileView) -> &'a [Service] {
    review.repo.dockerfile(&file.path).map_or(&[], |index| review.found.services_of(index))
}

/// The Dockerfile of a build.
#[must_use]
pub fn dockerfile_of<'a>(review: &Review<'a>, build: &Build) -> Option<&'a DockerfileView> {
    let index = review.repo.dockerfile(&build.dockerfile.as_ref()?.value)?;
    review.repo.dockerfiles.get(index)
}

/// What depends on values that are known only when the build runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown;

/// The target of a build: `Err` where it depends on what is not known.
pub fn target(build: &Build) -> Result<Option<&str>, Unknown> {
    match &build.target {
        Some(target) if target.value.contains('$') => Err(Unknown),
        Some(target) => Ok(Some(&target.value).filter(|t| !t.is_empty()).map(String::as_str)),
        None => Ok(None),
    }
}

/// A context folder of a service.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The folder; `""` is the root of the repository.
    pub folder: &'a str,
    /// Where it is set.
    pub at: &'a Place,
    /// The build that sets it; `None` where it was told from the files.
    pub build: Option<&'a Build>,
}

impl Context<'_> {
    /// The folder for a sentence.
    #[must_use]
    pub fn shown(&self) -> &str {
        shown(self.folder)
    }
}

/// A folder for a sentence: the root is `.`.
#[must_use]
pub fn shown(folder: &str) -> &str {
    if folder.is_empty() { "." } else { folder }
}

/// The context folders of a service, each once. A build of unknown context has none.
#[must_use]
pub fn contexts<'a>(review: &Review<'a>, service: &'a Service) -> Vec<Context<'a>> {
    let mut all: Vec<Context<'a>> = Vec::new();
    for build in builds(review, service) {
        let Some(folder) = build.context.folder() else { continue };
        if all.iter().all(|c| c.folder != folder) {
            all.push(Context { folder, at: build.context.at(), build: Some(build) });
        }
    }
    if let (true, Some(context)) = (service.builds.is_empty(), &service.context)
        && let Some(folder) = context.folder()
    {
        all.push(Context { folder, at: context.at(), build: None });
    }
    all
}

/// The workflow job a build stands in, with the number of its step.
#[must_use]
pub fn job<'a>(review: &Review<'a>, build: &Build) -> Option<(&'a Job, usize)> {
    let at = build.job?;
    Some((review.repo.workflows.get(at.workflow)?.jobs.get(at.job)?, at.step))
}

/// The steps of the job before the one that builds.
#[must_use]
pub fn steps_before<'a>(review: &Review<'a>, build: &Build) -> &'a [WorkflowStep] {
    job(review, build).and_then(|(job, step)| job.steps.get(..step)).unwrap_or(&[])
}

/// Whether a path climbs above the folder it starts from.
#[must_use]
pub fn climbs(path: &str) -> bool {
    let mut depth = 0_usize;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

/// A path as a builder takes it: `..` ends at the root of the context.
#[must_use]
pub fn clamp(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Whether a source of COPY or ADD is a plain path of the context: no URL, no pattern.
#[must_use]
pub fn is_path(source: &SourceView) -> bool {
    let text = source.path.value.as_str();
    source.known
        && !text.is_empty()
        && !text.contains(['*', '?', '[', '\\', '$'])
        && !text.contains("://")
        && !text.starts_with("git@")
}

/// The plain paths a stage takes from the context by COPY, ADD and bind mounts, each with the
/// place that names it.
#[must_use]
pub fn taken(stage: &Stage) -> Vec<(&str, &Place)> {
    let copies = stage.copies().filter(|(_, c)| c.from.is_none()).flat_map(|(_, c)| &c.sources);
    let copies = copies.filter(|s| is_path(s)).map(|s| (s.path.value.as_str(), &s.path.at));
    let mounts = stage.runs().flat_map(|(_, c)| &c.mounts);
    let bound = mounts.filter(|m| m.kind == Some(MountKind::Bind) && m.from.is_none());
    let bound = bound.filter_map(|m| Some((m.source.as_deref()?, &m.at)));
    copies.chain(bound.filter(|(p, _)| !p.contains('$'))).collect()
}

/// Whether a path that is not in the repository may be there when a build runs: git ignores
/// it, it lies below a folder that was not read, or something before the build may write it.
#[must_use]
pub fn may_appear(review: &Review<'_>, build: Option<&Build>, path: &str) -> bool {
    let ignored = review.repo.ignored.is_ignored(path, false);
    ignored
        || review.repo.ignored.is_ignored(path, true)
        || below_unread(review, path)
        || build.is_some_and(|b| written_before(review, b))
}

/// Whether a folder above a path, or the path itself, was not entered.
#[must_use]
pub fn below_unread(review: &Review<'_>, path: &str) -> bool {
    let ends = path.match_indices('/').map(|(i, _)| i).chain([path.len()]);
    ends.filter_map(|i| path.get(..i)).any(|p| {
        matches!(
            review.sources.kind(p),
            Some(EntryKind::Unread | EntryKind::Symlink | EntryKind::Special)
        )
    })
}

/// Whether something that runs before a build may add files to its context.
#[must_use]
pub fn written_before(review: &Review<'_>, build: &Build) -> bool {
    match build.tool {
        BuildTool::Compose | BuildTool::Config => return false,
        BuildTool::Skaffold => return true,
        _ => {}
    }
    let Some((job, step)) = job(review, build) else { return true };
    let Some(own) = job.steps.get(step) else { return true };
    // A script that is called from the step is not read for what it writes.
    if own.at.path != build.at.path {
        return true;
    }
    steps_before(review, build).iter().any(may_write)
        || own.run.as_ref().is_some_and(|r| script_writes(&r.script))
}

/// Whether a step may write files into the working tree.
#[must_use]
pub fn may_write(step: &WorkflowStep) -> bool {
    if let Some(run) = &step.run {
        return script_writes(&run.script);
    }
    step.action().is_some_and(|action| !is_harmless_action(&action))
}

fn is_harmless_action(action: &str) -> bool {
    const HARMLESS: [&str; 8] = [
        "actions/setup-",
        "docker/",
        "google-github-actions/auth",
        "google-github-actions/setup-gcloud",
        "aws-actions/",
        "azure/login",
        "azure/docker-login",
        "sigstore/cosign-installer",
    ];
    // A checkout is what the tree holds; `path:` and `repository:` put more beside it.
    HARMLESS.iter().any(|h| action.starts_with(h)) || action == "actions/checkout"
}

fn script_writes(script: &Script) -> bool {
    script.commands.iter().any(command_writes)
}

fn command_writes(command: &Command) -> bool {
    const HARMLESS: [&str; 26] = [
        "echo", "printf", "set", "export", "cd", "test", "[", "[[", "true", "false", "exit",
        "docker", "podman", "gcloud", "aws", "az", "sleep", "date", "cat", "ls", "df", "kubectl",
        "jq", "grep", "cut", "tr",
    ];
    let to_file = command.redirects.iter().any(|r| {
        let github = r.target.variables().any(|v| v.starts_with("GITHUB_"));
        r.operator.starts_with('>') && !github && r.target.text() != Some("/dev/null")
    });
    if to_file {
        return true;
    }
    if command.words.is_empty() {
        return false;
    }
    let Some(call) = Invocation::of(command) else { return true };
    if call.program == "git" {
        return !matches!(call.subcommand(0), Some("rev-parse" | "describe" | "log" | "config"));
    }
    // `docker run -v` and `docker cp` write where they like.
    let docker_writes = matches!(call.program, "docker" | "podman")
        && matches!(call.subcommand(0), Some("run" | "cp" | "compose" | "export" | "save"));
    docker_writes || !HARMLESS.contains(&call.program)
}

/// Whether a word of a script names GitHub's commit, run or time: text that is new each run.
#[must_use]
pub fn changes_each_run(text: &str) -> bool {
    const CHANGING: [&str; 12] = [
        "github.sha",
        "github.run_id",
        "github.run_number",
        "github.run_attempt",
        "GITHUB_SHA",
        "GITHUB_RUN_ID",
        "GITHUB_RUN_NUMBER",
        "COMMIT_SHA",
        "SHORT_SHA",
        "$(date",
        "git rev-parse",
        "BUILD_ID",
    ];
    CHANGING.iter().any(|c| text.contains(c))
}

/// A path from the root of the repository, for a path of the context.
#[must_use]
pub fn in_repository(folder: &str, path: &str) -> String {
    join(folder, &clamp(path)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_end_at_the_root_of_the_context() {
        for (path, out, clamped) in [
            ("../x", true, "x"),
            ("a/../../x", true, "x"),
            ("a/../x", false, "x"),
            ("/a/./b/", false, "a/b"),
            (".", false, ""),
        ] {
            assert_eq!((climbs(path), clamp(path).as_str()), (out, clamped), "{path}");
        }
    }

    #[test]
    fn commands_that_write_are_told_apart() {
        for (text, want) in [
            ("echo hi", false),
            ("echo \"v=1\" >> $GITHUB_OUTPUT", false),
            ("echo hi > version.txt", true),
            ("docker build -t x . && docker push x", false),
            ("docker run -v $PWD:/w x", true),
            ("npm run build", true),
            ("git rev-parse HEAD", false),
            ("git clone https://x", true),
        ] {
            assert_eq!(script_writes(&plimsoll_syntax::shell::parse(text)), want, "{text}");
        }
    }
}
