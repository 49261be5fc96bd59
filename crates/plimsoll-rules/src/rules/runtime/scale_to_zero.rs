//! Production services that start from nothing.

use plimsoll_model::{Level, Section, seconds};

use crate::discover::{Deploy, Platform};
use crate::review::{Review, limit};
use crate::rule::{Check, Out, Rule};
use crate::views::booted::booted;
use crate::views::said::says_all;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/scale-to-zero",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "production keeps an instance, or its cold start is measured",
    aliases: &[],
    page: include_str!("scale_to_zero.md"),
    check: Check::Deploy(check),
};

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let production = deploy.environment.as_deref() == Some("production");
    if deploy.platform != Platform::CloudRun || !production || !says_all(review, deploy) {
        return;
    }
    out.examined();
    let kept = deploy.settings.min_instances.as_ref();
    if kept.is_some_and(|m| m.value.trim() != "0") {
        return;
    }
    let boots = booted(review, deploy);
    let slowest = boots.and_then(|(service, boots)| Some((service, boots.slowest(|b| b.ready)?)));
    let budget = slowest.and_then(|(service, _)| limit(review, &service.name, "boot.ready.p95"));
    let bearable = slowest.zip(budget).is_some_and(|((_, slowest), budget)| slowest <= budget);
    if bearable {
        return;
    }
    let draft = out.finding(kept.map_or(&deploy.at, |m| &m.at), "production scales to zero");
    draft
        .label(if kept.is_some() { "no instance is kept" } else { "no --min-instances: the default is 0" })
        .consequence("the first user after a quiet time waits for a whole cold start")
        .remedy(match budget {
            Some(_) => "keep an instance with --min-instances=1, or make the start faster: plimsoll boot says where its time goes",
            None => "measure the cold start; keep an instance with --min-instances=1 where it is longer than a user should wait",
        });
    match (boots, slowest, budget) {
        (Some((_, boots)), Some((_, slowest)), Some(budget)) => {
            boots.quote(draft);
            draft.evidence(format!(
                "the longest took {}, the budget of a cold start is {}",
                seconds(slowest),
                seconds(budget)
            ));
        }
        _ => {
            draft.evidence("cold start: not measured; plimsoll boot measures it");
        }
    }
}
