//! Images on the hosts of Container Registry.

use std::collections::BTreeSet;

use plimsoll_model::{Level, Section};

use crate::discover::beside::is_sample;
use crate::repo::Fact;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::is_command;

pub(crate) static RULE: Rule = Rule {
    name: "deploy/deprecated-registry",
    section: Section::Deploy,
    level: Level::Advice,
    assures: "no image is pushed to or deployed from a gcr.io host",
    aliases: &[],
    page: include_str!("deprecated_registry.md"),
    check: Check::Repo(check),
};

/// Folders of gcr.io that others publish.
const PUBLIC: [&str; 8] = [
    "distroless",
    "cloudrun",
    "google-containers",
    "cloud-builders",
    "google-samples",
    "kaniko-project",
    "google.com",
    "cloud-marketplace",
];

fn check(review: &Review<'_>, out: &mut Out) {
    let tags = review.found.builds.iter().flat_map(|b| &b.tags);
    // A manifest may name what others publish.
    let commands = review.found.deploys.iter().filter(|d| is_command(d));
    let images = commands.filter_map(|d| d.image.as_ref());
    let mut seen = BTreeSet::new();
    for image in tags.chain(images).filter(|i| !is_sample(&i.at.path)) {
        match host(image) {
            None => out.examined(),
            Some(host) => {
                if seen.insert(image.at.path.to_string()) {
                    report(image, host, out);
                }
            }
        }
    }
}

fn report(image: &Fact<String>, host: &str, out: &mut Out) {
    out.finding(&image.at, format!("{host} is a host of Container Registry, which was shut down"))
        .label("served by Artifact Registry, as a redirect")
        .evidence("Container Registry was shut down in 2025; its hosts live on as redirects")
        .consequence("access, clean-up and region follow the redirect's repository, not what this name suggests")
        .remedy("push to and deploy from a repository on `<region>-docker.pkg.dev`");
}

fn host(image: &Fact<String>) -> Option<&str> {
    let (host, rest) = image.value.split_once('/')?;
    let folder = rest.split(['/', ':']).next()?;
    let legacy = matches!(host, "gcr.io" | "us.gcr.io" | "eu.gcr.io" | "asia.gcr.io");
    (legacy && !PUBLIC.contains(&folder)).then_some(host)
}
