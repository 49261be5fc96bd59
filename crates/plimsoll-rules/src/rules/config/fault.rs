//! What is wrong with `plimsoll.toml` or with a waiver in a comment.

use plimsoll_model::{Level, Section};

use crate::rule::{Check, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "config/fault",
    section: Section::Config,
    level: Level::Blocking,
    assures: "plimsoll.toml and the waivers in comments are understood",
    aliases: &[],
    page: include_str!("fault.md"),
    check: Check::Runner,
};
