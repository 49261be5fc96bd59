//! Containers without a memory limit.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, DeployTool};
use crate::repo::Place;
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule};
use crate::views::aside::is_aside;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/memory-limit-missing",
    section: Section::Runtime,
    level: Level::ShouldFix,
    assures: "every container has a memory limit",
    aliases: &[],
    page: include_str!("memory_limit_missing.md"),
    check: Check::Repo(all),
};

/// One finding for each workload: manifests are copied, and bundles are made of them. What is shipped
/// comes first.
fn all(review: &Review<'_>, out: &mut Out) {
    let mut deploys: Vec<&Deploy> = review.found.deploys.iter().collect();
    deploys.sort_by_key(|d| is_aside(&d.at.path));
    let mut named: Vec<(&Place, &str)> = Vec::new();
    for deploy in deploys {
        check(deploy, out);
        named.extend(deploy.service.as_ref().map(|s| (&deploy.at, s.value.as_str())));
    }
    let name = |draft: &Draft| named.iter().find(|(at, _)| **at == draft.at).map(|(_, name)| *name);
    // A workload without a name is nobody's copy.
    out.gather(
        |draft| name(draft).map_or_else(|| Err(draft.at.clone()), Ok),
        |draft| (draft.at.clone(), "nor has this one of the same name".to_owned()),
    );
}

fn check(deploy: &Deploy, out: &mut Out) {
    // A patch or a template does not say what it leaves out.
    if deploy.tool != DeployTool::KubernetesManifest || deploy.partial {
        return;
    }
    out.examined();
    if deploy.settings.memory.is_none() {
        let name = deploy.service.as_ref().map_or("a workload", |s| s.value.as_str());
        out.finding(&deploy.at, format!("a container of {name} has no memory limit"))
            .label("no resources.limits.memory")
            .consequence("a leak takes the memory of the node, and the kernel kills whichever process it likes, perhaps another service's")
            .remedy("set resources.limits.memory above the working set that you measure under load");
    }
}
