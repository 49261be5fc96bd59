//! What a change of the pipeline's files is worth: the replay before and after it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicUsize;

use plimsoll_model::{CacheSetup, ReplayReport, ReplayedStep, printable};

use super::{Durations, Subject, Window, today};
use crate::pipeline::Found;

/// How many steps are named.
const MOST: usize = 3;

/// Says, for each service whose Dockerfile or ignore file changes, what the change is worth.
///
/// Says nothing where there is no history: a fix needs none.
pub(crate) fn effect(
    path: &Path,
    found: &Found,
    changed: &BTreeMap<String, Option<String>>,
) -> Vec<String> {
    let window = Window::of_evidence();
    let mut lines = Vec::new();
    for service in &found.found.services {
        let Ok(subject) = Subject::find(path, found, service, &window) else { continue };
        let names = subject.pipeline_files();
        let own = changed.iter().filter(|(name, _)| names.contains(name));
        let own =
            own.map(|(name, text)| (name.clone(), text.clone().unwrap_or_default().into_bytes()));
        let own: BTreeMap<String, Vec<u8>> = own.collect();
        if own.is_empty() {
            continue;
        }
        let Some((before, after)) = both(&subject, own) else { continue };
        lines.extend(said(&before, &after));
    }
    lines
}

fn both(
    subject: &Subject<'_>,
    changed: BTreeMap<String, Vec<u8>>,
) -> Option<(ReplayReport, ReplayReport)> {
    let now = today(subject).ok()?;
    let mut then = now.clone();
    then.extend(changed);
    let done = AtomicUsize::new(0);
    let (before, after) = (subject.replay(&now, &done).ok()?, subject.replay(&then, &done).ok()?);
    Some(subject.compare(&before, &after, &Durations::default()))
}

fn said(before: &ReplayReport, after: &ReplayReport) -> Option<String> {
    let setup =
        before.current.filter(|setup| *setup != CacheSetup::None).unwrap_or(CacheSetup::Max);
    let ratio = |report: &ReplayReport| report.rate(setup).and_then(|rate| rate.ratio);
    let (a, b) = (ratio(before)?, ratio(after)?);
    let mut text = format!(
        "{}: over the last {} builds of {} the cache answers {:.1} % of the steps today and {:.1} % \
         with this change (setup {})",
        before.service,
        before.counted(),
        before.branch,
        a * 100.0,
        b * 100.0,
        setup.name()
    );
    for (step, ran, runs) in gains(before, after) {
        let short: String = step.text.chars().take(40).collect();
        text.push_str(&format!(
            "; `{}` ran {ran} times and would have run {runs}",
            printable(&short)
        ));
    }
    Some(text)
}

/// The commands that run less often, the largest gain first.
fn gains<'r>(
    before: &'r ReplayReport,
    after: &ReplayReport,
) -> Vec<(&'r ReplayedStep, usize, usize)> {
    let ran = |step: &ReplayedStep| step.builds - step.hits;
    let other = |step: &ReplayedStep| {
        after.steps.iter().find(|s| s.stage == step.stage && s.text == step.text).map(ran)
    };
    let commands =
        before.steps.iter().filter(|step| step.text.to_ascii_uppercase().starts_with("RUN"));
    let mut found: Vec<_> = commands
        .filter_map(|step| Some((step, ran(step), other(step)?)))
        .filter(|(_, now, then)| then < now)
        .collect();
    found.sort_by_key(|(_, now, then)| std::cmp::Reverse(now - then));
    found.truncate(MOST);
    found
}
