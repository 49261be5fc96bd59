//! Containers without a memory limit.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, DeployTool};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::workload::of_each;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/memory-limit-missing",
    section: Section::Runtime,
    level: Level::ShouldFix,
    assures: "every container has a memory limit",
    aliases: &[],
    page: include_str!("memory_limit_missing.md"),
    check: Check::Repo(all),
};

fn all(review: &Review<'_>, out: &mut Out) {
    of_each(review, out, check, |_| (), "nor has this one of the same name");
}

fn check(_: &Review<'_>, deploy: &Deploy, out: &mut Out) {
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
