//! Pods that Kubernetes refuses to start because it cannot see that they are not root.

use plimsoll_model::{Level, Section};

use crate::discover::{Platform, Service};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::{effective, runs_as_root};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/non-root-refused",
    section: Section::Runtime,
    level: Level::Blocking,
    assures: "where Kubernetes wants a user other than root, the image names one by number",
    aliases: &["DL3066"],
    page: include_str!("non_root_refused.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(file) = review.repo.dockerfiles.get(service.dockerfile) else { return };
    let Some(stage) = file.target(service.target.as_deref()) else { return };
    let image = effective(file, stage);
    for deploy in service.deploys.iter().filter_map(|at| review.found.deploys.get(*at)) {
        let settings = &deploy.settings;
        let Some(wanted) = settings.non_root.as_ref().filter(|_| !deploy.partial) else { continue };
        if deploy.platform != Platform::Kubernetes {
            continue;
        }
        out.examined();
        if settings.run_as_user.is_some() {
            continue;
        }
        let (what, at) = match (image.user, image.base) {
            (Some(user), _) if user.value.contains('$') => continue,
            (Some(user), _) => match user.value.split(':').next().unwrap_or_default().trim() {
                "0" | "root" => (format!("USER {} is root", user.value), &user.at),
                number if number.bytes().all(|byte| byte.is_ascii_digit()) => continue,
                name => (format!("USER {name} is a name, which may be root's"), &user.at),
            },
            (None, Some((base, true, at))) if runs_as_root(base) => {
                (format!("no USER, and {base} runs as root"), at)
            }
            _ => continue,
        };
        let name = deploy.service.as_ref().map_or("the pod", |name| name.value.as_str());
        out.finding(at, format!("Kubernetes will not start {name}: {what}"))
            .label("told by the image")
            .related(wanted, "no program of root is started")
            .consequence("the container stays in CreateContainerConfigError, and the rollout does not end")
            .remedy("name the user by its number in the image, USER 1000, or set runAsUser in the manifest");
    }
}
