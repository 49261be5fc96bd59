//! Finds what builds and deploys images, and links it into services.
//!
//! Everything found carries its place. What cannot be followed is in
//! [`Discovery::not_analysed`] with its reason: it is never passed over in silence.

pub(crate) mod beside;
pub(crate) mod cloudbuild;
pub(crate) mod commands;
mod compose;
mod environment;
mod follow;
pub(crate) mod gcloud;
mod github;
pub(crate) mod gitlab;
pub(crate) mod link;
mod manifests;
pub mod paths;
mod probe;
pub mod scope;
mod skaffold;
mod types;

use std::collections::BTreeSet;
use std::sync::Arc;

use plimsoll_model::Sources;
use plimsoll_syntax::compose::is_compose_name;
use plimsoll_syntax::yaml::Yaml;

pub(crate) use manifests::kustomizations;
pub use types::{
    Build, BuildTool, CacheSpec, ContextRef, Deploy, DeployTool, Discovery, JobRef, Platform,
    Probe, Service, Settings,
};

use crate::config::Config;
use crate::repo::{Place, Repo};

/// What the finders share.
struct Finder<'a> {
    sources: &'a Sources,
    repo: &'a Repo,
    found: Discovery,
    /// Scripts and Makefiles that something calls: they are not read again on their own.
    followed: BTreeSet<String>,
    /// How many calls of them were followed.
    calls: usize,
}

/// Finds and links everything.
#[must_use]
pub fn discover(sources: &Sources, repo: &Repo, config: &Config) -> Discovery {
    let mut finder =
        Finder { sources, repo, found: Discovery::default(), followed: BTreeSet::new(), calls: 0 };
    for (index, _) in repo.workflows.iter().enumerate() {
        github::find(index, &mut finder);
    }
    let patches = manifests::patches(repo);
    for (path, yaml) in &repo.yaml {
        let path: Arc<str> = path.as_str().into();
        let name = paths::file_name(&path);
        finder.errors(&path, yaml);
        if path.starts_with(".github/") {
            continue;
        } else if is_compose_name(name) {
            let beside = paths::join(paths::folder(&path), ".env");
            let env = beside.and_then(|p| sources.text(&p)).unwrap_or("");
            compose::find(&path, yaml, env, &mut finder.found);
        } else if cloudbuild::is_cloudbuild(name, yaml) {
            cloudbuild::find(&path, yaml, &mut finder);
        } else if gitlab::is_gitlab(&path) {
            gitlab::find(&path, yaml, &mut finder);
        } else if name.starts_with("skaffold") {
            skaffold::find(&path, yaml, &mut finder);
        } else {
            manifests::find(&path, yaml, &patches, &mut finder);
        }
    }
    follow::scripts_nobody_calls(&mut finder);
    let Finder { mut found, .. } = finder;
    link::link(sources, repo, config, &mut found);
    found
}

impl Finder<'_> {
    /// Says where a pipeline's file is no YAML. Other files may be templates, and are not.
    fn errors(&mut self, path: &Arc<str>, yaml: &Yaml) {
        let name = paths::file_name(path);
        let pipeline = path.starts_with(".github/workflows/")
            || is_compose_name(name)
            || gitlab::is_gitlab(path);
        if let Some(error) = yaml.errors().first().filter(|_| pipeline) {
            let reason = format!("this YAML cannot be read further: {}", error.message);
            self.note(&Place::new(path, error.span), reason);
        }
    }
}
