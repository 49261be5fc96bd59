//! `plimsoll explain`: the page of a rule, or the list of all.

use std::fmt::Write as _;

use plimsoll_model::{Exit, Section};
use plimsoll_rules::{all_rules, find_rule};

use crate::failure::Failure;
use crate::ui;

/// Which rule.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The rule, as a finding names it; without it, every rule is listed.
    rule: Option<String>,
}

/// Prints the page or the list.
pub(crate) fn run(args: &Args, colour: ui::Colour) -> Result<Exit, Failure> {
    let Some(name) = &args.rule else {
        ui::result(&list())?;
        return Ok(Exit::Passed);
    };
    let Some(rule) = find_rule(name) else {
        return Err(unknown(name));
    };
    let page = rule.page.trim_start();
    ui::result(&if colour.on() { tinted(page) } else { page.to_owned() })?;
    Ok(Exit::Passed)
}

fn list() -> String {
    let mut out = String::new();
    for section in Section::ALL {
        let rules: Vec<_> = all_rules().filter(|r| r.section == section).collect();
        if rules.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{}", section.title());
        for rule in rules {
            let _ = writeln!(out, "  {:<44} {:<11} {}", rule.name, rule.level, rule.assures);
        }
    }
    out
}

fn unknown(name: &str) -> Failure {
    let near = all_rules().filter(|r| {
        r.name.contains(name) || name.contains(r.name.split('/').nth(1).unwrap_or("-"))
    });
    let near: Vec<&str> = near.map(|r| r.name).take(5).collect();
    let hint = if near.is_empty() {
        "`plimsoll explain` lists every rule".to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    Failure::usage(format!("there is no rule `{name}`")).hint(hint)
}

/// Headings bold; the rest as it is.
fn tinted(page: &str) -> String {
    let line = |l: &str| {
        if l.starts_with('#') { format!("\u{1b}[1m{l}\u{1b}[0m\n") } else { format!("{l}\n") }
    };
    page.lines().map(line).collect()
}
