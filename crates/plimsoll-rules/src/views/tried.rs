//! What was tried of a service's image, as rules look at it.

use plimsoll_model::{CheckName, CheckState, ServiceCheck};

use super::start;
use crate::discover::Service;
use crate::repo::{DockerfileView, Place};
use crate::review::Review;
use crate::rule::{Draft, Out};

/// Begins a finding where a try of that name failed, with what was seen in each environment. The
/// service counts as examined where it was tried at all.
pub(crate) fn finding<'o>(
    review: &Review<'_>,
    service: &Service,
    name: CheckName,
    message: &str,
    out: &'o mut Out,
) -> Option<&'o mut Draft> {
    let checks = review.measured.checks.get(&service.name)?.iter();
    let tried = checks.filter(|check| check.name == name && check.state != CheckState::NotRun);
    let tried: Vec<&ServiceCheck> = tried.collect();
    let failed: Vec<&ServiceCheck> =
        tried.iter().copied().filter(|check| check.state == CheckState::Failed).collect();
    if failed.is_empty() {
        if !tried.is_empty() {
            out.examined();
        }
        return None;
    }
    let draft = out.finding(&place(review, service, name)?, message);
    for check in failed {
        draft.evidence(told(check));
        for deploy in start::deploys(review, service) {
            if check.environment.is_some() && deploy.environment == check.environment {
                draft.related(&deploy.at, "with the settings of this deployment");
            }
        }
    }
    Some(draft)
}

fn told(check: &ServiceCheck) -> String {
    match &check.environment {
        Some(environment) => format!("in {environment}: {}", check.detail),
        None => check.detail.clone(),
    }
}

/// The step that failed, or the command that starts the service; the Dockerfile otherwise.
pub(crate) fn place(review: &Review<'_>, service: &Service, name: CheckName) -> Option<Place> {
    let file = review.repo.dockerfiles.get(service.dockerfile)?;
    let step = match name {
        CheckName::Builds => failed_step(review, service, file),
        _ => start::image(review, service).and_then(|i| Some(i.starts()?.0.at.clone())),
    };
    Some(step.unwrap_or_else(|| Place::file(file.path.clone())))
}

/// The instruction that the builder names as the one that failed.
fn failed_step(review: &Review<'_>, service: &Service, file: &DockerfileView) -> Option<Place> {
    let builds = review.measured.builds.get(&service.name)?;
    let command = words(&builds.cold.failed()?.command);
    let text = file.text(review.sources);
    let steps = file.stages.iter().flat_map(|stage| &stage.steps);
    let is_it = |place: &&Place| place.span.is_some_and(|span| words(span.text(text)) == command);
    steps.map(|step| &step.at).find(is_it).cloned()
}

/// A text with its lines joined, and one blank between its words.
fn words(text: &str) -> String {
    text.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ")
}
