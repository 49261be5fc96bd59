//! What is to be tried of a service's image: what it must load, and how it is started.

use std::collections::BTreeSet;

use plimsoll_model::{CheckPlan, LoadPlan};

use super::application;
use super::start_plan::start_plans;
use crate::discover::Service;
use crate::packages::{Ecosystem, Group};
use crate::remedy;
use crate::repo::DockerfileView;
use crate::review::Review;

/// The plan for a service; its Dockerfile must be there.
#[must_use]
pub fn check_plan(review: &Review<'_>, service: &Service) -> CheckPlan {
    let Some(file) = review.repo.dockerfiles.get(service.dockerfile) else {
        return CheckPlan::default();
    };
    let context = service.context.as_ref().and_then(|context| context.folder()).unwrap_or("");
    CheckPlan {
        load: LoadPlan {
            application: remedy::application(review, file, service, context),
            distributions: distributions(review, file, service),
        },
        starts: start_plans(review, service),
    }
}

/// The distributions that the manifests name which the image installs from. One that is only
/// for some systems or versions need not be there.
fn distributions(review: &Review<'_>, file: &DockerfileView, service: &Service) -> Vec<String> {
    let target = service.target.as_deref();
    let manifests = review.repo.packages.all().filter(|manifest| {
        manifest.ecosystem == Ecosystem::Python
            && application::installed(file, target, &manifest.path).is_some()
    });
    let wants = manifests.flat_map(|manifest| {
        let text = review.sources.text(&manifest.path).unwrap_or_default();
        manifest.wants.iter().filter(move |want| {
            let line = want.at.span.map_or("", |span| line_of(text, span.start as usize));
            want.group == Group::Main && !is_conditional(line)
        })
    });
    let names: BTreeSet<&str> = wants.map(|want| want.name.as_str()).collect();
    names.into_iter().filter(|name| *name != "python").map(str::to_owned).collect()
}

fn line_of(text: &str, at: usize) -> &str {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("")
}

fn is_conditional(line: &str) -> bool {
    line.contains(';')
        || ["markers", "platform", "optional", "python =", "extras"]
            .iter()
            .any(|w| line.contains(w))
}
