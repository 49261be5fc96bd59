//! Deployments that do without CPU boost, decided or not.

use plimsoll_model::{Applicability, Level, Section, seconds};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, insert};
use crate::views::booted::{Boosted, booted};
use crate::views::said::says_all;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/cpu-boost-off",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "it was decided whether start-up gets more CPU",
    aliases: &[],
    page: include_str!("cpu_boost_off.md"),
    check: Check::Deploy(check),
};

/// A gain that speaks against a decision: a tenth of the start, and a tenth of a second.
const WORTH: f64 = 0.1;

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    if deploy.platform != Platform::CloudRun || !says_all(review, deploy) {
        return;
    }
    out.examined();
    let boots = booted(review, deploy).map(|(_, boots)| boots);
    let boosted = boots.and_then(|boots| boots.boosted());
    let worth = match boosted {
        Some(Boosted::Gains(gain, share)) => gain >= WORTH && share >= WORTH,
        _ => false,
    };
    let (at, message) = match &deploy.settings.cpu_boost {
        Some(set) if !set.value && worth => (&set.at, "CPU boost is off, and makes starts shorter"),
        Some(_) => return,
        // It was measured, and there is nothing to decide.
        None if boosted.is_some() && !worth => return,
        None => (&deploy.at, "this deployment does not say whether start-up gets more CPU"),
    };
    let set = deploy.settings.cpu_boost.is_some();
    let draft = out.finding(at, message);
    draft.label(if set { "off" } else { "no --cpu-boost and no --no-cpu-boost" });
    match (boots, boosted) {
        (Some(boots), Some(Boosted::Gains(gain, share))) => {
            boots.quote_boost(draft);
            draft
                .consequence(format!(
                    "a cold start may take {} longer than it must, {} of it",
                    seconds(gain),
                    plimsoll_model::share(share)
                ))
                .remedy("set --cpu-boost, or keep an instance so that nobody waits");
        }
        _ => {
            draft
                .evidence("measured: at 0.5 CPU boost halved the start of a FastAPI service; at 1 CPU a single-threaded start gained nothing")
                .consequence("new services get it from current tools, services made earlier keep what they had: the same workflow runs differently")
                .remedy("measure a cold start with and without it (plimsoll boot), and write down --cpu-boost or --no-cpu-boost");
        }
    }
    let end = deploy.insert_flag_at.as_ref().filter(|_| !set).and_then(|at| Some((at, at.span?)));
    if let Some((at, span)) = end {
        draft.fix(
            "add --cpu-boost",
            Applicability::Unsafe,
            insert(&at.path, span.end, " --cpu-boost"),
        );
    }
}
