//! The rules, and the judgement they lead to: from what was read and measured to a report.
//!
//! [`repo::Repo`] parses what was read, [`discover::discover`] finds and links the services,
//! [`review::review`] runs every rule over both and over what was measured. Everything here
//! is a pure function of its inputs: no file is opened, no command run, no clock read.
//!
//! A rule lives in `rules/<section>/<rule>.rs` with its page beside it; see
//! `CONTRIBUTING.md` for how to add one.

pub mod config;
pub mod discover;
pub mod layout;
pub mod local;
pub mod packages;
pub mod remedy;
pub mod repo;
pub mod review;
mod rule;
mod rules;
pub mod views;
mod wildcards;

pub use rule::{Check, Draft, Out, Rule, insert, replace};
pub use rules::{all as all_rules, find as find_rule};
