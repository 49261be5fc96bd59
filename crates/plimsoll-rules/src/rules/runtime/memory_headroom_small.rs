//! Limits of memory that a start nearly fills.

use plimsoll_model::{
    Applicability, BootOutcome, CheckName, CheckState, Edit, Level, Section, bytes,
};

use crate::discover::{Deploy, Platform, Service};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, insert};
use crate::views::booted::{Booted, of_deploy};
use crate::views::cloud_run::{cloud_run, limit_for};
use crate::views::edits;
use crate::views::said::says_all;
use crate::views::start_plan::deploy_plan;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/memory-headroom-small",
    section: Section::Runtime,
    level: Level::ShouldFix,
    assures: "a started instance has memory left for requests",
    aliases: &[],
    page: include_str!("memory_headroom_small.md"),
    check: Check::Service(check),
};

/// What a started instance may have used of its memory.
const SMALL: f64 = 0.7;
/// From here on a few requests are enough to have it killed.
const NONE: f64 = 0.9;

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    for deploy in service.deploys.iter().filter_map(|i| review.found.deploys.get(*i)) {
        let Some(boots) = of_deploy(review, service, deploy) else { continue };
        let plan = deploy_plan(review, service, deploy);
        let Some(limit) = plan.and_then(|plan| plan.memory) else { continue };
        let tried_with = boots.report.settings.memory.unwrap_or(limit);
        let killed = limit <= tried_with && boots.any(|end| *end == BootOutcome::OutOfMemory);
        match boots.memory() {
            _ if killed && is_told(review, service, deploy) => out.examined(),
            _ if killed => starved(deploy, limit, &boots, out),
            Some(used) => fits(review, deploy, limit, used, &boots, out),
            None => {}
        }
    }
}

/// Whether the try of a start failed: `runtime/does-not-start` tells it.
fn is_told(review: &Review<'_>, service: &Service, deploy: &Deploy) -> bool {
    let checks = review.measured.checks.get(&service.name).into_iter().flatten();
    let mut failed =
        checks.filter(|check| check.name == CheckName::Starts && check.state == CheckState::Failed);
    failed.any(|check| check.environment == deploy.environment)
}

fn starved(deploy: &Deploy, limit: u64, boots: &Booted<'_>, out: &mut Out) {
    let set = deploy.settings.memory.as_ref();
    let draft = out.finding(
        set.map_or(&deploy.at, |memory| &memory.at),
        "a start is killed because it wants more memory than it may have",
    );
    draft
        .level(Level::Blocking)
        .label(format!("the limit is {}", size(limit)))
        .consequence("instances are killed while they start, and no revision becomes ready")
        .remedy("double the limit and measure again: plimsoll boot --memory tries one without a deployment");
    boots.quote(draft);
}

fn fits(
    review: &Review<'_>,
    deploy: &Deploy,
    limit: u64,
    used: u64,
    boots: &Booted<'_>,
    out: &mut Out,
) {
    out.examined();
    let share = used as f64 / limit as f64;
    if share <= SMALL {
        return;
    }
    let set = deploy.settings.memory.as_ref();
    let place = set.map_or(&deploy.at, |memory| &memory.at);
    let draft = out.finding(place, "a started instance has little memory left for requests");
    if share > NONE {
        draft.level(Level::Blocking);
    }
    draft
        .label(format!("the limit is {}{}", size(limit), if set.is_some() { "" } else { ", the default" }))
        .evidence(format!("measured: {} in use after the start, {} of the limit, before any load", size(used), plimsoll_model::share(share)))
        .consequence("a few requests at once, or a leak, and the kernel kills the instance with all the requests it has");
    boots.quote_caveats(draft);
    enlarge(review, deploy, used, draft);
}

/// The limit that a start would use seven tenths of.
fn enlarge(review: &Review<'_>, deploy: &Deploy, used: u64, draft: &mut Draft) {
    let (mebibytes, text) = limit_for(used as f64 / 1_048_576.0 / SMALL);
    let remedy = format!("set the limit to {text}, then measure under load");
    let is_run = deploy.platform == Platform::CloudRun;
    let cpus = deploy
        .settings
        .cpu
        .as_ref()
        .map_or(Some(cloud_run().default_cpu), |cpu| crate::views::cloud_run::cpus(&cpu.value));
    let most = cpus.filter(|_| is_run).and_then(|cpus| cloud_run().memory(cpus));
    if let Some((_, most)) = most.filter(|(_, most)| mebibytes > *most) {
        draft.remedy(format!("{remedy}; it needs more CPU: this one allows {most:.0} MiB"));
        return;
    }
    draft.remedy(remedy);
    if let Some(edits) = edits(review, deploy, &text) {
        draft.fix(format!("a limit of {text}"), Applicability::Unsafe, edits);
    }
}

fn edits(review: &Review<'_>, deploy: &Deploy, text: &str) -> Option<Vec<Edit>> {
    if let Some(set) = &deploy.settings.memory {
        return edits::rewrite(review.sources, set, text);
    }
    let at = deploy.insert_flag_at.as_ref().filter(|_| says_all(review, deploy))?;
    Some(insert(&at.path, at.span?.end, format!(" --memory={text}")))
}

fn size(value: u64) -> String {
    bytes(value as f64)
}
