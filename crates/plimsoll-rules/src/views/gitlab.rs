//! The jobs of GitLab pipelines, as far as their own file says what they are.

use std::sync::Arc;

use plimsoll_model::Edit;
use plimsoll_syntax::yaml::{Kind, Node};

use crate::discover::beside::is_sample;
use crate::discover::gitlab::{RESERVED, is_gitlab};
use crate::discover::{Build, Deploy};
use crate::repo::Place;
use crate::review::Review;

use super::deploy_job::{LOCAL, insert_lines, is_command};

/// A pipeline that is all in one file: nothing is included.
pub(crate) struct Pipeline<'a> {
    /// The file.
    pub(crate) path: Arc<str>,
    /// Its mapping.
    pub(crate) root: Node<'a>,
    /// The jobs that run.
    pub(crate) jobs: Vec<Job<'a>>,
}

/// A job that says itself what it is: it extends nothing.
pub(crate) struct Job<'a> {
    /// The key.
    pub(crate) key: Node<'a>,
    /// What stands under it.
    pub(crate) body: Node<'a>,
    /// Its file.
    path: Arc<str>,
}

/// The pipelines that are all in one file.
pub(crate) fn pipelines<'a>(review: &Review<'a>) -> Vec<Pipeline<'a>> {
    let files = review
        .repo
        .yaml
        .iter()
        .filter(|(path, yaml)| is_gitlab(path) && !is_sample(path) && yaml.errors().is_empty());
    files.filter_map(|(path, yaml)| pipeline(path, yaml.documents().next()?)).collect()
}

fn pipeline<'a>(path: &str, root: Node<'a>) -> Option<Pipeline<'a>> {
    let path: Arc<str> = path.into();
    let run = |(key, body): &(Node<'a>, Node<'a>)| {
        let named = key.as_str().is_some_and(|n| !n.starts_with('.') && !RESERVED.contains(&n));
        let plain = ["extends", "trigger", "inherit"].iter().all(|k| body.get(k).is_none());
        named && plain && body.kind() == Kind::Map && body.get("script").is_some()
    };
    // A specification before the jobs makes it a component, whose settings are inputs.
    let whole = root.get("include").is_none() && root.get("spec").is_none();
    let jobs = root.entries().filter(run);
    let jobs = jobs.map(|(key, body)| Job { key, body, path: Arc::clone(&path) }).collect();
    whole.then_some(Pipeline { path, root, jobs })
}

impl<'a> Pipeline<'a> {
    /// A setting of a job, or the default of the pipeline.
    pub(crate) fn setting(&self, job: &Job<'a>, key: &str) -> Option<Node<'a>> {
        let global = ["image", "services", "cache"].contains(&key).then(|| self.root.get(key));
        let default = self.root.get_path(&["default", key]);
        job.body.get(key).or(default).or(global.flatten())
    }

    /// The place of a node.
    pub(crate) fn place(&self, node: Node<'_>) -> Place {
        Place::new(&self.path, node.span())
    }
}

impl Job<'_> {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.key.as_str().unwrap_or("")
    }

    /// The place of its name.
    pub(crate) fn at(&self) -> Place {
        Place::new(&self.path, self.key.span())
    }

    fn holds(&self, at: &Place) -> bool {
        let inside = |key: &str| {
            let script = self.body.get(key).map(|n| n.span());
            script
                .zip(at.span)
                .is_some_and(|(all, one)| all.start <= one.start && one.end <= all.end)
        };
        at.path == self.path && ["before_script", "script", "after_script"].into_iter().any(inside)
    }

    /// The first command in its scripts that deploys, unless it deploys to a cluster that the job
    /// starts itself.
    pub(crate) fn deploy<'r>(&self, review: &Review<'r>) -> Option<&'r Deploy> {
        if self.starts_cluster() {
            return None;
        }
        review.found.deploys.iter().find(|d| is_command(d) && self.holds(&d.at))
    }

    fn starts_cluster(&self) -> bool {
        let scripts = ["before_script", "script"].into_iter().filter_map(|k| self.body.get(k));
        let services = self.body.get("services").into_iter().flat_map(|s| s.items());
        let services = services.map(|s| s.get("name").unwrap_or(s));
        let lines = scripts.flat_map(|s| s.items().chain([s])).chain(services);
        lines.filter_map(|n| n.as_str()).any(|text| {
            text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| LOCAL.contains(&word))
        })
    }

    /// Whether a build stands in its scripts.
    pub(crate) fn builds(&self, build: &Build) -> bool {
        self.holds(&build.at)
    }

    /// The edit that puts a line first into its mapping.
    pub(crate) fn insert(&self, review: &Review<'_>, line: &str) -> Option<Vec<Edit>> {
        // What is merged in or aliased stands elsewhere.
        insert_lines(review, &Place::new(&self.path, self.body.span()), &[line])
    }
}
