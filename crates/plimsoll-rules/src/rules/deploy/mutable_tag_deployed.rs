//! Deployments of a tag that moves.

use plimsoll_model::{Level, Section};

use crate::discover::beside::is_sample;
use crate::discover::paths::{file_name, image_name};
use crate::discover::{Deploy, DeployTool, Platform};
use crate::repo::{Fact, Place};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::is_command;
use crate::views::tag::moved_tag;

pub(crate) static RULE: Rule = Rule {
    name: "deploy/mutable-tag-deployed",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "what is deployed is named by a tag of its own or a digest",
    aliases: &["DL3007"],
    page: include_str!("mutable_tag_deployed.md"),
    check: Check::Deploy(check),
};

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let Some(image) = deploy.image.as_ref().filter(|_| counts(review, deploy)) else { return };
    match moved_tag(&image.value) {
        Some(tag) if !image.value.contains("cloudrun/hello") => report(deploy, image, tag, out),
        _ => out.examined(),
    }
}

/// Commands and Cloud Run manifests count; Kubernetes manifests only where nothing is known
/// to replace the image they name, and it is one that the repository builds.
fn counts(review: &Review<'_>, deploy: &Deploy) -> bool {
    let Some(image) = deploy.image.as_ref().filter(|i| !is_sample(&i.at.path)) else {
        return false;
    };
    let own = || {
        let name = image_name(&image.value);
        let mut tags = review.found.builds.iter().flat_map(|b| &b.tags);
        tags.any(|t| image_name(&t.value) == name)
    };
    let replaced = || {
        let set_image = review.found.deploys.iter().any(|d| d.tool == DeployTool::Kubectl);
        let tools = ["kustomization", "skaffold", "Chart.y"];
        let tool = |p: &String| tools.iter().any(|t| file_name(p).starts_with(t));
        set_image || review.sources.tree.keys().any(tool)
    };
    match deploy.tool {
        DeployTool::KubernetesManifest => own() && !replaced(),
        DeployTool::CloudRunManifest => !replaced(),
        // An image without a registry was loaded into a cluster of one's own.
        DeployTool::Kubectl => image.value.split('/').next().is_some_and(is_host),
        _ => is_command(deploy),
    }
}

fn is_host(text: &str) -> bool {
    text.contains(['.', ':', '$'])
}

fn report(deploy: &Deploy, image: &Fact<String>, tag: &str, out: &mut Out) {
    let finding = out
        .finding(&image.at, format!("the tag `{tag}` is deployed: the next push moves it"))
        .label("another image by the same name after the next build")
        .remedy("deploy the tag of the commit, or the digest that the build gives");
    if deploy.platform == Platform::CloudRun {
        finding
            .evidence("Cloud Run looks the tag up once, when the revision is made")
            .consequence("a build that ends in between is deployed in its place, and the tag cannot name what was live before");
    } else {
        finding.consequence(
            "nodes that pull at different times run different images, and the tag cannot name what was live before",
        );
        if let Some(at) = keeps_old(deploy, tag) {
            finding.related(at, "a node that has the name does not pull it again").evidence(
                "a node that ran the tag before keeps its old image, after a rollout too",
            );
        }
    }
}

/// Where it is said that a node keeps the image it has: by a policy, or by the tag, since only
/// `latest` is pulled always.
fn keeps_old<'a>(deploy: &'a Deploy, tag: &str) -> Option<&'a Place> {
    match &deploy.settings.pull_policy {
        Some(policy) if policy.value == "Always" => None,
        Some(policy) => Some(&policy.at),
        None if deploy.tool == DeployTool::KubernetesManifest && tag != "latest" => {
            deploy.image.as_ref().map(|i| &i.at)
        }
        None => None,
    }
}
