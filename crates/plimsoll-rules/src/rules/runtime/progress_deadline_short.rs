//! Rollouts that count as failed while their pods may still start.

use plimsoll_model::{Level, Section, seconds};

use crate::discover::beside::is_sample;
use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::booted::booted;
use crate::views::probing::window;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/progress-deadline-short",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "a rollout has the time that its pods have to start",
    aliases: &[],
    page: include_str!("progress_deadline_short.md"),
    check: Check::Deploy(check),
};

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let s = &deploy.settings;
    let Some(set) = s.progress_deadline.as_ref().filter(|_| !is_sample(&deploy.at.path)) else {
        return;
    };
    let Ok(deadline) = set.value.trim().parse::<u32>() else { return };
    if deploy.platform != Platform::Kubernetes {
        return;
    }
    let boots = booted(review, deploy).map(|(_, boots)| boots);
    let slowest = boots.and_then(|boots| boots.slowest(|boot| boot.ready));
    let slow = slowest.filter(|slowest| f64::from(deadline) < *slowest);
    let allowed = s.startup_probe.as_ref().filter(|probe| window(probe) > deadline);
    if slow.is_none() && allowed.is_none() {
        return out.examined();
    }
    let draft = out.finding(
        &set.at,
        format!("a rollout that takes more than {deadline} seconds counts as failed"),
    );
    draft
        .label("less than a start may take")
        .consequence("`kubectl rollout status` and what waits for it report a failure of a release that is still coming up, and then goes live")
        .remedy("set it above the time that pulling the image and starting may take, or leave the default of 600 seconds");
    if let Some(probe) = allowed {
        draft.related(&probe.at, format!("lets a pod take {} seconds to start", window(probe)));
    }
    if let (Some(slowest), Some(boots)) = (slow, boots) {
        boots.quote(draft);
        draft.evidence(format!("measured: the longest start took {}", seconds(slowest)));
        draft.level(Level::ShouldFix);
    }
}
