//! What the git history says of a Dockerfile's steps: evidence for the rules about caches.

use plimsoll_model::{CacheSetup, Level, ReplayReport, ReplayedStep};

use crate::discover::Build;
use crate::repo::Place;
use crate::review::{Review, locate};
use crate::rule::Draft;

use super::building::dockerfile_of;

/// From how many builds on a history says that something does not matter.
const ENOUGH: usize = 20;

/// What happens in fewer builds than one in this many does not matter.
const RARE: usize = 20;

/// A gain of hits, as a share of all steps, that is not worth a change.
const SMALL: f64 = 0.02;

/// The replay of a Dockerfile: of the service that has most builds, where several have it.
#[must_use]
pub fn of_dockerfile<'a>(review: &Review<'a>, path: &str) -> Option<&'a ReplayReport> {
    let index = review.repo.dockerfile(path)?;
    let services = review.found.services_of(index).iter();
    let reports = services.filter_map(|s| review.measured.replays.get(&s.name));
    reports.filter(|report| report.counted() > 0).max_by_key(|report| report.counted())
}

/// The replay of what a build builds.
#[must_use]
pub fn of_build<'a>(review: &Review<'a>, build: &Build) -> Option<&'a ReplayReport> {
    of_dockerfile(review, &dockerfile_of(review, build)?.path)
}

/// The step of the instruction that a place lies in; none where no build needs it.
fn step<'a>(review: &Review<'_>, report: &'a ReplayReport, at: &Place) -> Option<&'a ReplayedStep> {
    let file = review.repo.dockerfile(&at.path)?;
    let stages = &review.repo.dockerfiles.get(file)?.stages;
    let inside = at.span?;
    let mut steps = stages.iter().flat_map(|stage| &stage.steps);
    let instruction = steps.find(|step| {
        step.at.span.is_some_and(|span| span.start <= inside.start && inside.end <= span.end)
    })?;
    let line = locate(review.sources, &instruction.at).start?.line;
    report.steps.iter().find(|step| step.line == line)
}

/// Quotes how often a step ran because of another instruction, and weighs the finding as advice
/// where that was rare.
pub fn ran_because(
    review: &Review<'_>,
    report: &ReplayReport,
    ran: &Place,
    because: &Place,
    draft: &mut Draft,
) {
    let (Some(ran), Some(because)) = (step(review, report, ran), step(review, report, because))
    else {
        return;
    };
    let blamed = ran.misses.iter().filter(|m| m.line == Some(because.line));
    let count = blamed.map(|misses| misses.count).sum();
    let text = format!(
        "{} ran in {} of the last {} builds of {}, in {count} of them because of {}",
        named(ran),
        ran.builds - ran.hits,
        ran.builds,
        report.branch,
        named(because)
    );
    weigh(text, count, ran.builds, draft);
}

/// Quotes how often a step ran because a build argument changed.
pub fn ran_for_argument(
    review: &Review<'_>,
    report: &ReplayReport,
    ran: &Place,
    argument: &str,
    draft: &mut Draft,
) {
    let Some(ran) = step(review, report, ran) else { return };
    let variable = format!("the variable {argument}");
    let blamed = ran.misses.iter().filter(|m| m.reason.contains(&variable));
    let count = blamed.map(|misses| misses.count).sum();
    let text = format!(
        "{} ran in {count} of the last {} builds of {} because {argument} had changed",
        named(ran),
        ran.builds,
        report.branch
    );
    weigh(text, count, ran.builds, draft);
}

/// A step as a sentence names it.
fn named(step: &ReplayedStep) -> String {
    const MOST: usize = 40;
    let short = step.text.char_indices().nth(MOST).map(|(at, _)| &step.text[..at]);
    match short {
        Some(short) => format!("`{short}…` (line {})", step.line),
        None => format!("`{}` (line {})", step.text, step.line),
    }
}

fn weigh(text: String, count: usize, builds: usize, draft: &mut Draft) {
    draft.evidence(text);
    if builds >= ENOUGH && count * RARE < builds {
        draft.level(Level::Advice);
    }
}

/// Quotes what another cache setup would have answered, and weighs the finding as advice where
/// that makes no difference.
pub fn compare(report: &ReplayReport, now: CacheSetup, then: CacheSetup, draft: &mut Draft) {
    let ratio = |setup| report.rate(setup).and_then(|rate| rate.ratio);
    let (Some(a), Some(b)) = (ratio(now), ratio(then)) else { return };
    draft.evidence(format!(
        "of the steps of the last {} builds of {} the cache answers {:.1} % with {}, {:.1} % with {}",
        report.counted(),
        report.branch,
        a * 100.0,
        shown(now),
        b * 100.0,
        shown(then)
    ));
    if report.counted() >= ENOUGH && b - a < SMALL {
        draft.level(Level::Advice);
    }
}

fn shown(setup: CacheSetup) -> &'static str {
    match setup {
        CacheSetup::None => "no cache",
        CacheSetup::Inline => "an inline cache",
        CacheSetup::Min => "mode=min",
        CacheSetup::Max => "mode=max",
        CacheSetup::Local => "a builder that stays",
    }
}

/// Quotes how often what copies the whole context ran, and in how many builds `.git` changed it.
pub fn copied_whole(review: &Review<'_>, report: &ReplayReport, at: &Place, draft: &mut Draft) {
    let Some(copy) = step(review, report, at) else { return };
    let files = copy.misses.iter().filter(|m| m.line.is_none()).flat_map(|m| &m.files);
    let git: usize = files.filter(|file| file.path == ".git").map(|file| file.count).sum();
    let ran = copy.builds - copy.hits;
    let mut text = format!(
        "{} ran in {ran} of the last {} builds of {}",
        named(copy),
        copy.builds,
        report.branch
    );
    if git > 0 {
        text.push_str(&format!("; .git alone changes it with every commit ({git} builds)"));
    }
    draft.evidence(text);
}
