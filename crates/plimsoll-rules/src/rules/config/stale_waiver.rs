//! Waivers that cover nothing.

use plimsoll_model::{Level, Section};

use crate::rule::{Check, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "config/stale-waiver",
    section: Section::Config,
    level: Level::ShouldFix,
    assures: "every waiver covers a finding",
    aliases: &[],
    page: include_str!("stale_waiver.md"),
    check: Check::Runner,
};
