//! Deployments that say nothing about CPU boost.

use plimsoll_model::{Applicability, Level, Section};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::insert;
use crate::views::said::says_all;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/cpu-boost-off",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "it was decided whether start-up gets more CPU",
    aliases: &[],
    page: include_str!("cpu_boost_off.md"),
    check: Check::Deploy(check),
};

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    if deploy.platform != Platform::CloudRun || !says_all(review, deploy) {
        return;
    }
    out.examined();
    if deploy.settings.cpu_boost.is_some() {
        return;
    }
    let finding = out.finding(&deploy.at, "this deployment does not say whether start-up gets more CPU");
    finding
        .label("no --cpu-boost and no --no-cpu-boost")
        .evidence("measured: at 0.5 CPU boost halved the start of a FastAPI service; at 1 CPU a single-threaded start gained nothing")
        .consequence("new services get it from current tools, services made earlier keep what they had: the same workflow runs differently")
        .remedy("measure a cold start with and without it, and write down --cpu-boost or --no-cpu-boost");
    if let Some(at) = deploy.insert_flag_at.as_ref().and_then(|p| Some((p, p.span?))) {
        finding.fix("add --cpu-boost", Applicability::Unsafe, insert(&at.0.path, at.1.end, " --cpu-boost"));
    }
}
