//! Production services that start from nothing.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
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
    out.finding(kept.map_or(&deploy.at, |m| &m.at), "production scales to zero")
        .label(if kept.is_some() { "no instance is kept" } else { "no --min-instances: the default is 0" })
        .evidence("cold start: not measured; a later version measures it: plimsoll boot")
        .consequence("the first user after a quiet time waits for a whole cold start")
        .remedy("measure the cold start; keep an instance with --min-instances=1 where it is longer than a user should wait");
}
