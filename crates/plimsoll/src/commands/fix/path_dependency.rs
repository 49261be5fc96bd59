//! `plimsoll fix path-dependency`: the ways to mend local packages, ranked, with a diff.

use plimsoll_model::{Applicability, Exit};
use plimsoll_rules::remedy::{Proposal, Refusal, STRATEGIES, Strategy, propose};

use super::{Args, apply};
use crate::failure::Failure;
use crate::pipeline;
use crate::ui;

/// Shows, applies or proves the best way, or the one that is named.
pub(super) fn run(args: &Args, colour: ui::Colour) -> Result<Exit, Failure> {
    let strategy = args.strategy.as_deref().map(strategy).transpose()?;
    let all = pipeline::find(&args.path)?;
    if let Some(name) = &args.service
        && !all.found.services.iter().any(|s| s.name == *name)
    {
        let names: Vec<&str> = all.found.services.iter().map(|s| s.name.as_str()).collect();
        return Err(Failure::usage(format!("there is no service `{name}`"))
            .hint(format!("the services are: {}", names.join(", "))));
    }
    let services = all.found.services.iter();
    let wanted = services.filter(|s| args.service.as_ref().is_none_or(|n| *n == s.name));
    let mut any = false;
    let mut unmended = false;
    for service in wanted {
        let (proposals, refusals) =
            pipeline::with_evidence(&all, |review, terms| propose(review, terms, service));
        if proposals.is_empty() && refusals.is_empty() {
            continue;
        }
        any = true;
        let chosen = proposals.iter().find(|p| strategy.is_none_or(|s| p.strategy == s));
        describe(&service.name, &proposals, &refusals, chosen)?;
        match chosen {
            Some(proposal) => one(args, &all, proposal, colour)?,
            None => unmended = true,
        }
        if args.write && chosen.is_some() {
            // The next service must be judged by what was written.
            break;
        }
    }
    if !any {
        ui::note("no local package is out of reach of an install: nothing to mend");
    }
    Ok(if unmended { Exit::Missing } else { Exit::Passed })
}

fn strategy(name: &str) -> Result<Strategy, Failure> {
    STRATEGIES.into_iter().find(|s| s.name() == name).ok_or_else(|| {
        let names: Vec<&str> = STRATEGIES.iter().map(|s| s.name()).collect();
        Failure::usage(format!("there is no strategy `{name}`"))
            .hint(format!("the strategies are: {}", names.join(", ")))
    })
}

/// The ways, the best first, and those that do not fit.
fn describe(
    service: &str,
    proposals: &[Proposal],
    refusals: &[Refusal],
    chosen: Option<&Proposal>,
) -> Result<(), Failure> {
    use plimsoll_model::printable;
    let mut text = format!("{}: local packages\n", printable(service));
    for proposal in proposals {
        let is_chosen = chosen.is_some_and(|c| c.strategy == proposal.strategy);
        let mark = if is_chosen { '>' } else { ' ' };
        let name = proposal.strategy.name();
        text.push_str(&format!(
            "{mark} {name:<15} mends {} findings in {} files: {}\n",
            proposal.gone,
            proposal.outcome.len(),
            proposal.strategy.when()
        ));
        for left in &proposal.remaining {
            text.push_str(&format!("                  leaves {}\n", printable(left)));
        }
    }
    for refusal in refusals {
        let (name, reason) = (refusal.strategy.name(), printable(&refusal.reason));
        text.push_str(&format!("  {name:<15} does not fit: {reason}\n"));
    }
    text.push('\n');
    ui::result(&text)?;
    Ok(())
}

fn one(
    args: &Args,
    all: &pipeline::Found,
    proposal: &Proposal,
    colour: ui::Colour,
) -> Result<(), Failure> {
    apply::show(&all.sources, &proposal.outcome, colour)?;
    for note in &proposal.notes {
        ui::note(format_args!("note: {note}"));
    }
    if !args.write {
        ui::note("run again with --write to apply, with --prove to build it before and after");
        return Ok(());
    }
    if proposal.applicability == Applicability::Display {
        return Err(Failure::usage(format!(
            "`{}` does not mend everything and was not written",
            proposal.strategy.name()
        ))
        .hint("read what it leaves, above; another --strategy may fit"));
    }
    apply::write(&args.path, &all.sources, &proposal.outcome, args.force)?;
    ui::note(format_args!(
        "applied {}: {} files changed",
        proposal.strategy.name(),
        proposal.outcome.len()
    ));
    Ok(())
}
