//! Builders that nobody maintains any more.

use std::sync::Arc;

use plimsoll_model::{Level, Section};
use plimsoll_syntax::yaml::Node;

use crate::discover::beside::is_sample;
use crate::discover::cloudbuild::is_cloudbuild;
use crate::discover::gitlab::is_gitlab;
use crate::discover::paths::file_name;
use crate::repo::Place;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/archived-builder",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "images are built with a maintained builder",
    aliases: &[],
    page: include_str!("archived_builder.md"),
    check: Check::Repo(check),
};

fn check(review: &Review<'_>, out: &mut Out) {
    for (path, yaml) in review.repo.yaml.iter().filter(|(path, _)| !is_sample(path)) {
        let Some(root) = yaml.documents().next() else { continue };
        let images = if is_gitlab(path) {
            of_gitlab(root)
        } else if is_cloudbuild(file_name(path), yaml) {
            let steps = root.get("steps").into_iter().flat_map(|s| s.items());
            steps.filter_map(|s| s.get("name")).collect()
        } else {
            continue;
        };
        let path: Arc<str> = path.as_str().into();
        match images.iter().find(|n| n.as_str().is_some_and(is_kaniko)) {
            Some(image) => report(&Place::new(&path, image.span()), out),
            None if images.is_empty() => {}
            None => out.examined(),
        }
    }
}

/// The images that the jobs of a pipeline run in.
fn of_gitlab(root: Node<'_>) -> Vec<Node<'_>> {
    let jobs = root.entries().map(|(_, job)| job).chain([root]);
    let images = jobs.filter_map(|job| job.get("image"));
    images.map(|image| image.get("name").unwrap_or(image)).collect()
}

fn is_kaniko(image: &str) -> bool {
    image.starts_with("gcr.io/kaniko-project/")
}

fn report(at: &Place, out: &mut Out) {
    out.finding(at, "this image of kaniko gets no more updates")
        .label("archived on 3 June 2025")
        .consequence("its faults stay, among them those in security, and what newer Dockerfiles use it does not learn")
        .remedy("build with `docker buildx build` and a registry cache, or with a maintained fork of kaniko");
}
