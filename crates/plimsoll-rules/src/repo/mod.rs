//! The repository, parsed: every file once.

mod dockerfile;
mod place;
mod workflow;

use std::collections::BTreeMap;

use plimsoll_model::Sources;
use plimsoll_syntax::dockerfile::is_dockerfile_name;
use plimsoll_syntax::gitignore::GitIgnore;
use plimsoll_syntax::makefile::Makefile;
use plimsoll_syntax::yaml::{self, Yaml};

use crate::packages::tree::Packages;

pub use dockerfile::{
    ArgView, Command, CopyStep, DockerfileView, MountView, SourceView, Stage, Step, StepKind,
};
pub use place::{Fact, Place};
pub use workflow::{
    Concurrency, EnvVar, Job, Permissions, Run, Step as WorkflowStep, Trigger, Workflow,
};

/// Everything that was read, parsed.
#[derive(Debug, Default)]
pub struct Repo {
    /// The Dockerfiles, by path.
    pub dockerfiles: Vec<DockerfileView>,
    /// GitHub workflows and composite actions, by path.
    pub workflows: Vec<Workflow>,
    /// Every YAML file.
    pub yaml: BTreeMap<String, Yaml>,
    /// Every Makefile.
    pub makefiles: BTreeMap<String, Makefile>,
    /// What git ignores.
    pub ignored: GitIgnore,
    /// The manifests of packages.
    pub packages: Packages,
}

impl Repo {
    /// Parses what was read.
    #[must_use]
    pub fn read(sources: &Sources) -> Self {
        let mut repo = Self::default();
        for (path, file) in &sources.files {
            let name = path.rsplit('/').next().unwrap_or(path);
            let lower = name.to_ascii_lowercase();
            if is_dockerfile_name(name) {
                repo.dockerfiles.push(DockerfileView::read(path, &file.text));
            } else if lower.ends_with(".yml") || lower.ends_with(".yaml") {
                repo.yaml.insert(path.clone(), yaml::parse(&file.text));
            } else if matches!(name, "Makefile" | "makefile" | "GNUmakefile") {
                repo.makefiles.insert(path.clone(), Makefile::parse(&file.text));
            } else if name == ".gitignore" {
                repo.ignored
                    .add(path.rsplit_once('/').map_or("", |(folder, _)| folder), &file.text);
            }
        }
        repo.packages = Packages::read(sources);
        let workflows = repo.yaml.iter().filter(|(path, _)| is_workflow(path));
        repo.workflows = workflows.filter_map(|(path, yaml)| Workflow::read(path, yaml)).collect();
        repo
    }

    /// The Dockerfile at a path; `dockerfile` in lower case stands in for `Dockerfile`.
    #[must_use]
    pub fn dockerfile(&self, path: &str) -> Option<usize> {
        let find = |p: &str| self.dockerfiles.binary_search_by(|d| d.path.as_ref().cmp(p)).ok();
        find(path).or_else(|| find(&format!("{}dockerfile", path.strip_suffix("Dockerfile")?)))
    }
}

fn is_workflow(path: &str) -> bool {
    let workflow = path.strip_prefix(".github/workflows/").is_some_and(|rest| !rest.contains('/'));
    workflow
        || path.ends_with("/action.yml")
        || path.ends_with("/action.yaml")
        || path == "action.yml"
        || path == "action.yaml"
}
