//! Waivers whose day has passed.

use plimsoll_model::{Level, Section};

use crate::rule::{Check, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "config/expired-waiver",
    section: Section::Config,
    level: Level::ShouldFix,
    assures: "no waiver has run out",
    aliases: &[],
    page: include_str!("expired_waiver.md"),
    check: Check::Runner,
};
