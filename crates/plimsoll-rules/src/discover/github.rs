//! GitHub workflows and composite actions.

use std::sync::Arc;

use plimsoll_syntax::Span;
use plimsoll_syntax::shell::{self, Invocation};

use super::commands::{self, Site, build_arg};
use super::gcloud::{self, GCLOUD};
use super::paths::join;
use super::scope::Scope;
use super::types::{Build, BuildTool, CacheSpec, ContextRef, Deploy, DeployTool, JobRef, Platform};
use super::{Finder, environment};
use crate::repo::{EnvVar, Fact, Job, Place, Workflow, WorkflowStep as Step};

/// Goes through the jobs of a workflow.
pub(super) fn find(index: usize, finder: &mut Finder<'_>) {
    let repo = finder.repo;
    let workflow = &repo.workflows[index];
    for (j, job) in workflow.jobs.iter().enumerate() {
        called(job, finder);
        for (s, step) in job.steps.iter().enumerate() {
            let index = JobRef { workflow: index, job: j, step: s };
            let none: &[(String, Fact<String>)] = &[];
            // A step that speaks of the matrix is one for each of its combinations.
            let rows: Vec<_> = if step.uses_matrix() && !job.matrix.is_empty() {
                job.matrix.iter().map(Vec::as_slice).collect()
            } else {
                vec![none]
            };
            for row in rows {
                StepAt { workflow, job, step, index, row }.find(finder);
            }
        }
    }
}

/// A called workflow is read on its own where it is in the repository; its inputs are not
/// carried into it.
fn called(job: &Job, finder: &mut Finder<'_>) {
    let Some(uses) = &job.uses else { return };
    if !uses.value.starts_with("./") {
        finder.note(&uses.at, format!("the workflow {} stands in another repository", uses.value));
    } else if !job.with.is_empty() {
        finder.note(&uses.at, "the inputs of a called workflow are not carried into it");
    }
}

struct StepAt<'a> {
    workflow: &'a Workflow,
    job: &'a Job,
    step: &'a Step,
    index: JobRef,
    /// The combination of the matrix.
    row: &'a [(String, Fact<String>)],
}

impl StepAt<'_> {
    fn scope(&self) -> Scope {
        Scope::of_row(self.workflow, self.job, &self.step.env, self.row)
    }

    fn environment(&self) -> Option<String> {
        if let Some(environment) = &self.job.environment {
            let resolved = self.scope().expand(&environment.value);
            let named = environment::guess(&[&resolved.text]);
            return named.or_else(|| resolved.unknown.is_empty().then_some(resolved.text));
        }
        let step = self.step.name.as_ref().map_or("", |n| &n.value);
        environment::guess(&[step, &self.job.id.value, &self.workflow.path, &self.workflow.name])
    }

    fn find(&self, finder: &mut Finder<'_>) {
        if let Some(run) = &self.step.run {
            let place = |span: Span| run.place(span);
            let folder = self.folder();
            let site = Site {
                place: &place,
                folder,
                job: Some(self.index),
                environment: self.environment(),
                scope: self.scope(),
                depth: 0,
            };
            commands::scan(&run.script, site, finder);
        }
        match self.step.action().as_deref() {
            Some("docker/build-push-action") => self.build_push(finder),
            Some("google-github-actions/deploy-cloudrun") => self.deploy_cloudrun(finder),
            Some("docker/bake-action") => {
                finder.note(&self.step.at, "the targets of bake files are not read");
            }
            Some(
                "azure/k8s-deploy"
                | "azure/webapps-deploy"
                | "aws-actions/amazon-ecs-deploy-task-definition",
            ) => {
                finder.note(&self.step.at, "deployments with this action are not analysed");
            }
            Some(action) => self.local_action(action, finder),
            None => {}
        }
    }

    /// An action of the repository itself is read on its own.
    fn local_action(&self, action: &str, finder: &mut Finder<'_>) {
        let Some(folder) = action.strip_prefix("./") else { return };
        let known = ["action.yml", "action.yaml"]
            .iter()
            .any(|n| join(folder, n).is_some_and(|p| finder.sources.kind(&p).is_some()));
        if !known {
            finder.note(&self.step.at, format!("the action {action} is not in the repository"));
        }
    }

    /// The working directory of a `run:` step.
    fn folder(&self) -> Option<String> {
        let set = [
            &self.step.working_directory,
            &self.job.working_directory,
            &self.workflow.working_directory,
        ];
        match set.into_iter().flatten().next() {
            Some(fact) => {
                let resolved = self.scope().expand(&fact.value);
                resolved.unknown.is_empty().then_some(resolved.text).and_then(|t| join("", &t))
            }
            None => Some(String::new()),
        }
    }

    fn input(&self, scope: &Scope, name: &str) -> Option<Fact<String>> {
        let fact = self.step.input(name)?.clone();
        Some(fact.map(|t| scope.expand(&t).text)).filter(|f| !f.value.is_empty())
    }

    fn items(&self, scope: &Scope, name: &str) -> Vec<Fact<String>> {
        let items = self.step.with(name).map(EnvVar::items).unwrap_or_default();
        items.into_iter().map(|f| f.map(|t| scope.expand(&t).text)).collect()
    }

    fn lines(&self, scope: &Scope, name: &str) -> Vec<Fact<String>> {
        let lines = self.step.with(name).map(EnvVar::lines).unwrap_or_default();
        lines.into_iter().map(|f| f.map(|t| scope.expand(&t).text)).collect()
    }

    fn build_push(&self, finder: &mut Finder<'_>) {
        let scope = self.scope();
        let context = self.context(&scope);
        if self.input(&scope, "call").is_some_and(|call| commands::asks(&call.value)) {
            return;
        }
        let mut build = Build::new(self.step.at.clone(), BuildTool::BuildPushAction, context);
        build.job = Some(self.index);
        build.environment = self.environment();
        build.dockerfile = self.dockerfile(&scope, &build.context);
        build.target = self.input(&scope, "target");
        build.tags = self.tags(&scope);
        let specs = |name: &str| {
            self.lines(&scope, name).into_iter().map(|f| f.map(|t| CacheSpec::parse(&t))).collect()
        };
        build.cache_from = specs("cache-from");
        build.cache_to = specs("cache-to");
        let truth = |name: &str| self.input(&scope, name).map(|f| f.map(|v| v == "true"));
        build.no_cache = truth("no-cache").filter(|f| f.value).map(|f| f.at);
        build.push = truth("push").map(|f| f.value);
        build.platforms = self.items(&scope, "platforms");
        build.args = self.lines(&scope, "build-args").into_iter().map(build_arg).collect();
        let pair = |f: Fact<String>| {
            f.value
                .split_once('=')
                .map(|(n, v)| (n.to_owned(), Fact::new(v.to_owned(), f.at.clone())))
        };
        build.contexts =
            self.lines(&scope, "build-contexts").into_iter().filter_map(pair).collect();
        finder.found.builds.push(build);
    }

    fn context(&self, scope: &Scope) -> ContextRef {
        let Some(fact) = self.input(scope, "context") else {
            return ContextRef::Git(self.step.at.clone());
        };
        let text = fact.value.trim_start_matches("${{ github.workspace }}").trim_start_matches('/');
        let text = if text.is_empty() { "." } else { text };
        if text.contains("defaultContext") {
            // `{{defaultContext}}:sub/dir` is the commit, too.
            return ContextRef::Git(fact.at);
        }
        if text.contains("://") || text.starts_with("git@") {
            return ContextRef::Remote(fact);
        }
        match (!text.contains("${{")).then(|| join("", text)).flatten() {
            Some(folder) => ContextRef::Folder(Fact::new(folder, fact.at)),
            None => ContextRef::Unknown(fact),
        }
    }

    /// `file:` from the working tree, or the default in the context.
    fn dockerfile(&self, scope: &Scope, context: &ContextRef) -> Option<Fact<String>> {
        match self.input(scope, "file") {
            Some(file) => {
                let text = file.value.trim_start_matches("${{ github.workspace }}/");
                let path = (!text.contains("${{")).then(|| join("", text)).flatten()?;
                Some(Fact::new(path, file.at))
            }
            None => Some(Fact::new(join(context.folder()?, "Dockerfile")?, context.at().clone())),
        }
    }

    /// The tags; those of docker/metadata-action are its images with a version that is not known.
    fn tags(&self, scope: &Scope) -> Vec<Fact<String>> {
        let mut tags = Vec::new();
        for tag in self.items(scope, "tags") {
            match self.metadata(&tag.value) {
                Some(images) => tags.extend(images),
                None => tags.push(tag),
            }
        }
        tags
    }

    fn metadata(&self, tag: &str) -> Option<Vec<Fact<String>>> {
        let id = tag.strip_prefix("${{ steps.")?.split(".outputs.tags").next()?;
        let named = |s: &&Step| s.id.as_ref().is_some_and(|i| i.value == id);
        let step = self.job.steps.iter().find(named)?;
        if step.action().as_deref() != Some("docker/metadata-action") {
            return None;
        }
        let scope = Scope::of_row(self.workflow, self.job, &step.env, self.row);
        let images = step.with("images")?.items().into_iter();
        Some(
            images
                .map(|f| {
                    f.map(|t| {
                        format!("{}:${{{{ steps.{id}.outputs.version }}}}", scope.expand(&t).text)
                    })
                })
                .collect(),
        )
    }

    fn deploy_cloudrun(&self, finder: &mut Finder<'_>) {
        let scope = self.scope();
        let mut deploy =
            Deploy::new(self.step.at.clone(), Platform::CloudRun, DeployTool::DeployCloudRunAction);
        deploy.job = Some(self.index);
        deploy.service = self.input(&scope, "service");
        let name = deploy.service.as_ref().map_or("", |s| s.value.as_str());
        deploy.environment = self.environment().or_else(|| environment::guess(&[name]));
        if let Some(flags) = self.step.with("flags") {
            self.flags(flags, &scope, &mut deploy);
        }
        deploy.image = self.input(&scope, "image").or(deploy.image);
        deploy.from_source = self.input(&scope, "source");
        let s = &mut deploy.settings;
        s.timeout = self.input(&scope, "timeout").or(s.timeout.take());
        s.tag = self.input(&scope, "tag").or(s.tag.take());
        if let Some(no_traffic) = self.input(&scope, "no_traffic").filter(|f| f.value == "true") {
            s.no_traffic = Some(no_traffic.at);
        }
        s.env.extend(self.pairs(&scope, "env_vars"));
        s.secrets.extend(self.pairs(&scope, "secrets"));
        s.labels.extend(self.pairs(&scope, "labels"));
        if let Some(manifest) = self.input(&scope, "metadata") {
            finder.note(
                &manifest.at,
                "the settings stand in the manifest it names; they are read from there",
            );
        }
        finder.found.deploys.push(deploy);
    }

    fn pairs(&self, scope: &Scope, name: &str) -> Vec<(Fact<String>, Fact<String>)> {
        self.items(scope, name).iter().flat_map(gcloud::pairs).collect()
    }

    /// The `flags:` input: arguments of `gcloud run deploy`.
    fn flags(&self, flags: &EnvVar, scope: &Scope, deploy: &mut Deploy) {
        let path: Arc<str> = Arc::clone(&self.workflow.path);
        let prefix = "gcloud run deploy x ";
        let shift = u32::try_from(prefix.len()).unwrap_or(0);
        let one_line = flags.cooked.text().replace(['\n', '\r'], " ");
        let script = shell::parse(&format!("{prefix}{one_line}"));
        let place = |span: Span| {
            let inner = Span {
                start: span.start.saturating_sub(shift),
                end: span.end.saturating_sub(shift),
            };
            Place::new(&path, flags.cooked.source_span(inner))
        };
        let Some(call) = script.commands.first().and_then(Invocation::of) else { return };
        let site = Site {
            place: &place,
            folder: None,
            job: None,
            environment: None,
            scope: scope.clone(),
            depth: 0,
        };
        gcloud::cloud_run_flags(deploy, &call.parse(GCLOUD), &site);
    }
}
