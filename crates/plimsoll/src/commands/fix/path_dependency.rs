//! `plimsoll fix path-dependency`: the ways to mend local packages, ranked, with a diff.

use std::collections::BTreeSet;

use plimsoll_measure::engine::Engine;
use plimsoll_model::{Applicability, Exit, Proof, ProofPlan, printable};
use plimsoll_rules::discover::Service;
use plimsoll_rules::remedy::{Outcome, Proposal, Refusal, STRATEGIES, Strategy, as_it_is, propose};

use super::apply::{self, Uncommitted};
use super::{Args, prove};
use crate::failure::Failure;
use crate::pipeline;
use crate::ui;

/// Shows, proves or applies the best way, or the one that is named.
pub(super) fn run(args: &Args, colour: ui::Colour) -> Result<Exit, Failure> {
    let strategy = args.strategy.as_deref().map(strategy).transpose()?;
    let engine = if args.prove { Some(prove::engine()?) } else { None };
    let mut all = pipeline::find(&args.path)?;
    if let Some(name) = &args.service
        && !all.found.services.iter().any(|s| s.name == *name)
    {
        let names: Vec<&str> = all.found.services.iter().map(|s| s.name.as_str()).collect();
        return Err(Failure::usage(format!("there is no service `{name}`"))
            .hint(format!("the services are: {}", names.join(", "))));
    }
    let names: Vec<String> = all.found.services.iter().map(|s| s.name.clone()).collect();
    let mut exit = None;
    let mut written = BTreeSet::new();
    for name in names.iter().filter(|n| args.service.as_ref().is_none_or(|w| w == *n)) {
        // What was written for one service is there when the next is looked at.
        let Some(service) = all.found.services.iter().find(|s| s.name == *name) else { continue };
        let task = Task { args, all: &all, service, engine: engine.as_deref(), colour };
        let (ended, files) = task.run(strategy, &written)?;
        // Of several services the worst end counts.
        exit = exit.max(ended);
        if !files.is_empty() {
            written.extend(files);
            all = pipeline::find(&args.path)?;
        }
    }
    if exit.is_none() {
        ui::note("no local package is out of reach of an install: nothing to mend");
    }
    Ok(exit.unwrap_or(Exit::Passed))
}

fn strategy(name: &str) -> Result<Strategy, Failure> {
    STRATEGIES.into_iter().find(|s| s.name() == name).ok_or_else(|| {
        let names: Vec<&str> = STRATEGIES.iter().map(|s| s.name()).collect();
        Failure::usage(format!("there is no strategy `{name}`"))
            .hint(format!("the strategies are: {}", names.join(", ")))
    })
}

/// One service to mend.
struct Task<'t> {
    args: &'t Args,
    all: &'t pipeline::Found,
    service: &'t Service,
    engine: Option<&'t dyn Engine>,
    colour: ui::Colour,
}

impl Task<'_> {
    /// How it ended, where there was something to do, and the files that were written. `own` are
    /// those that this run has written before.
    fn run(
        &self,
        strategy: Option<Strategy>,
        own: &BTreeSet<String>,
    ) -> Result<(Option<Exit>, Vec<String>), Failure> {
        let (proposals, refusals) = pipeline::with_evidence(self.all, |r, terms| {
            propose(r, terms, self.service, self.args.index.as_deref())
        });
        if proposals.is_empty() && refusals.is_empty() {
            return Ok((self.prove_as_it_is()?, Vec::new()));
        }
        let chosen = proposals.iter().find(|p| strategy.is_none_or(|s| p.strategy == s));
        describe(&self.service.name, &proposals, &refusals, chosen)?;
        let Some(proposal) = chosen else { return Ok((Some(Exit::Missing), Vec::new())) };
        apply::show(&self.all.sources, &proposal.outcome, self.colour)?;
        for note in &proposal.notes {
            ui::note(format_args!("note: {note}"));
        }
        if let Some(engine) = self.engine
            && !self.proven(engine, &proposal.outcome, &proposal.proof, proposal.strategy.name())?
        {
            return Ok((Some(Exit::NotProven), Vec::new()));
        }
        if self.args.write {
            self.write(proposal, own)?;
            return Ok((Some(Exit::Passed), proposal.outcome.keys().cloned().collect()));
        }
        let prove =
            if self.args.prove { "" } else { ", with --prove to build it before and after" };
        ui::note(format_args!("run again with --write to apply{prove}"));
        Ok((Some(Exit::Passed), Vec::new()))
    }

    /// A service whose installs find everything is proven as it is.
    fn prove_as_it_is(&self) -> Result<Option<Exit>, Failure> {
        let Some(engine) = self.engine else { return Ok(None) };
        let plan = pipeline::with_evidence(self.all, |r, _| as_it_is(r, self.service));
        let Some(plan) = plan.filter(|p| !p.packages.is_empty()) else { return Ok(None) };
        let proven = self.proven(engine, &Outcome::new(), &plan, "as it is")?;
        Ok(Some(if proven { Exit::Passed } else { Exit::NotProven }))
    }

    fn proven(
        &self,
        engine: &dyn Engine,
        outcome: &Outcome,
        plan: &ProofPlan,
        what: &str,
    ) -> Result<bool, Failure> {
        let proof: Proof = prove::prove(engine, &self.args.path, &self.all.sources, outcome, plan)?;
        let holds = proof.holds();
        let verdict = if holds { "PROVEN" } else { "NOT PROVEN" };
        let name = printable(&self.service.name);
        let text = crate::report::proof::render(&proof, ui::width());
        ui::result(&format!("\n{verdict}  {name}: {what}\n{text}"))?;
        Ok(holds)
    }

    fn write(&self, proposal: &Proposal, own: &BTreeSet<String>) -> Result<(), Failure> {
        if proposal.applicability == Applicability::Display {
            return Err(Failure::usage(format!(
                "`{}` does not mend everything and was not written",
                proposal.strategy.name()
            ))
            .hint("read what it leaves, above; another --strategy may fit"));
        }
        let uncommitted = match self.args.force {
            true => Uncommitted::Forced,
            false => Uncommitted::Refused(own),
        };
        apply::write(&self.args.path, &self.all.sources, &proposal.outcome, uncommitted)?;
        ui::note(format_args!(
            "applied {}: {} files changed",
            proposal.strategy.name(),
            proposal.outcome.len()
        ));
        Ok(())
    }
}

/// The ways, the best first, and those that do not fit.
fn describe(
    service: &str,
    proposals: &[Proposal],
    refusals: &[Refusal],
    chosen: Option<&Proposal>,
) -> Result<(), Failure> {
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
