//! The images a Dockerfile ships: the stages that are built for use, and those they are built on.

use std::collections::BTreeSet;

use super::building::{builds, services_of, target};
use super::effective;
use crate::discover::{BuildTool, Platform, Service};
use crate::repo::{Command, DockerfileView, Stage, Step};
use crate::review::Review;

/// The stages that are shipped: the targets of the builds. Without a build, and beside builds
/// for the desk, that is the last stage that is not for the desk itself; where all are, it is the
/// only one that is built and starts something. A target that is not known ships nothing known.
#[must_use]
pub fn targets(review: &Review<'_>, file: &DockerfileView) -> BTreeSet<usize> {
    let services = services_of(review, file);
    let (mut shipped, mut aside) = (BTreeSet::new(), BTreeSet::new());
    let mut unknown = false;
    for service in services {
        for build in builds(review, service) {
            let Ok(name) = target(build) else {
                unknown = true;
                continue;
            };
            let Some(stage) = file.target(name) else { continue };
            let desk = name.is_some_and(for_the_desk) && !is_deployed(review, service);
            // Compose names a target for work; whoever releases the image may build another.
            let released = build.tool != BuildTool::Compose || name.is_none();
            if desk {
                aside.insert(stage);
            } else if released || services.iter().all(|s| only_compose(review, s)) {
                shipped.insert(stage);
            }
        }
    }
    if shipped.is_empty() && !unknown {
        unnamed(file, &aside).into_iter().collect()
    } else {
        shipped
    }
}

/// The stage that is shipped where no build names one for use.
fn unnamed(file: &DockerfileView, aside: &BTreeSet<usize>) -> Option<usize> {
    let starts = |stage: usize| effective(file, stage).starts().is_some();
    let used = |stage: &Stage| {
        let desk = stage.name.as_deref().is_some_and(for_the_desk);
        let later = file.stages.iter().filter(|s| s.index > stage.index);
        let of_others = later
            .into_iter()
            .any(|s| file.reachable_from(s.index).any(|needed| needed.index == stage.index));
        !desk && !aside.contains(&stage.index) && (!of_others || starts(stage.index))
    };
    if let Some(stage) = file.stages.iter().rev().find(|s| used(s)) {
        return Some(stage.index);
    }
    let mut built = aside.iter().copied();
    match (built.next(), built.next()) {
        (None, _) => file.target(None),
        (Some(only), None) => Some(only).filter(|only| starts(*only)),
        _ => None,
    }
}

/// Whether a stage is named after work that nobody ships: development, tests, builds.
fn for_the_desk(name: &str) -> bool {
    const WORDS: [&str; 22] = [
        "dev",
        "devel",
        "develop",
        "development",
        "devcontainer",
        "local",
        "debug",
        "test",
        "tests",
        "tester",
        "testing",
        "e2e",
        "ci",
        "lint",
        "linter",
        "check",
        "build",
        "builder",
        "compile",
        "compiler",
        "deps",
        "dependencies",
    ];
    let lower = name.to_ascii_lowercase();
    lower.split(['-', '_', '.']).any(|word| WORDS.contains(&word))
}

fn is_deployed(review: &Review<'_>, service: &Service) -> bool {
    let mut deploys = service.deploys.iter().filter_map(|i| review.found.deploys.get(*i));
    deploys.any(|d| d.platform != Platform::Compose)
}

fn only_compose(review: &Review<'_>, service: &Service) -> bool {
    builds(review, service).all(|b| b.tool == BuildTool::Compose)
}

/// The stages whose layers are in a shipped image, in order.
#[must_use]
pub fn shipped<'f>(review: &Review<'_>, file: &'f DockerfileView) -> Vec<&'f Stage> {
    in_order(targets(review, file).into_iter().flat_map(|stage| file.lineage(stage)))
}

/// The stages that a build of a shipped image runs, in order.
#[must_use]
pub fn needed<'f>(review: &Review<'_>, file: &'f DockerfileView) -> Vec<&'f Stage> {
    let of = |stage: usize| file.reachable_from(stage).collect::<Vec<_>>();
    in_order(targets(review, file).into_iter().flat_map(of))
}

fn in_order<'f>(stages: impl Iterator<Item = &'f Stage>) -> Vec<&'f Stage> {
    let mut stages: Vec<&Stage> = stages.collect();
    stages.sort_by_key(|s| s.index);
    stages.dedup_by_key(|s| s.index);
    stages
}

/// The RUN instructions of the shipped images.
pub fn shipped_runs<'f>(
    review: &Review<'_>,
    file: &'f DockerfileView,
) -> impl Iterator<Item = (&'f Step, &'f Command)> + use<'f> {
    shipped(review, file).into_iter().flat_map(|stage| stage.runs())
}

/// The name of an image without registry, folder, tag and digest: `python` of
/// `docker.io/library/python:3.12-slim`. Images of other owners keep their folder.
#[must_use]
pub fn image_name(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    let slash = image.rfind('/').map_or(0, |i| i + 1);
    let name = image[slash..].find(':').map_or(image, |i| &image[..slash + i]);
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}

/// Whether a build of the repository gives the image: as a named context, or by its tag.
#[must_use]
pub fn is_given(review: &Review<'_>, image: &str) -> bool {
    is_stage_elsewhere(review, image)
        || review.found.builds.iter().any(|build| {
            build.contexts.iter().any(|(name, _)| name == image)
                || build.tags.iter().any(|tag| image_name(&tag.value) == image_name(image))
        })
}

/// Whether an image without registry, folder and tag is called as a stage of the repository is:
/// that stage is then built first, under its own name. A name of one word may as well be an image
/// of everybody's.
fn is_stage_elsewhere(review: &Review<'_>, image: &str) -> bool {
    let plain = image.contains('-') && !image.contains(['/', ':', '@']);
    let mut stages = review.repo.dockerfiles.iter().flat_map(|d| &d.stages);
    plain && stages.any(|s| s.name.as_deref() == Some(image))
}

/// Whether an image is known to run as root unless a Dockerfile says otherwise.
#[must_use]
pub fn runs_as_root(image: &str) -> bool {
    const ROOT: [&str; 27] = [
        "scratch",
        "alpine",
        "debian",
        "ubuntu",
        "fedora",
        "rockylinux",
        "almalinux",
        "amazonlinux",
        "archlinux",
        "busybox",
        "buildpack-deps",
        "python",
        "pypy",
        "node",
        "golang",
        "rust",
        "ruby",
        "php",
        "perl",
        "openjdk",
        "eclipse-temurin",
        "amazoncorretto",
        "maven",
        "gradle",
        "elixir",
        "erlang",
        "oven/bun",
    ];
    let name = image_name(image);
    ROOT.contains(&name) || (name.starts_with("gcr.io/distroless/") && !image.contains("nonroot"))
}
