//! `--prove`: builds a service before and after a change in copies of the repository.

use std::path::Path;

use plimsoll_measure::engine::{self, Choice, Engine};
use plimsoll_measure::proof::{self, Copies, Event, Phase};
use plimsoll_model::{Exit, Proof, ProofPlan, Sources};
use plimsoll_rules::remedy::Outcome;

use super::apply;
use crate::bench::Bench;
use crate::failure::Failure;
use crate::{signals, ui};

/// The engine, or what is missing.
pub(super) fn engine() -> Result<Box<dyn Engine>, Failure> {
    let engine = engine::find(&Choice::Docker)?;
    match engine.capabilities().builds {
        true => Ok(engine),
        false => Err(engine::client_program().map_or_else(Failure::from, |_| {
            Failure::missing("the client of the engine cannot build")
        })),
    }
}

/// Proves a plan; the changes are made in a copy.
pub(super) fn prove(
    engine: &dyn Engine,
    root: &Path,
    sources: &Sources,
    outcome: &Outcome,
    plan: &ProofPlan,
) -> Result<Proof, Failure> {
    if !plan.after.named.is_empty() && !engine.capabilities().named_contexts {
        return Err(Failure::missing("this client cannot give a build named contexts")
            .hint("install the plugin docker-buildx, or choose another --strategy"));
    }
    let bench = Bench::new()?;
    let before = bench.copy(root, "before")?;
    let after = bench.copy(root, "after")?;
    apply::write(&after, sources, outcome, apply::Uncommitted::Forced)?;
    let copies = Copies { before: &before, after: &after };
    let cancel = signals::wish_to_stop()?;
    let proven = proof::prove(engine, copies, plan, &bench.name, &mut tell, &cancel);
    proven.map_err(|error| {
        let exit = if cancel.is_cancelled() { Exit::Interrupted } else { Exit::Missing };
        Failure { exit, ..Failure::missing(format!("failed to prove the change: {error}")) }
    })
}

fn tell(event: Event<'_>) {
    let phase = |phase| match phase {
        Phase::Before => "before",
        Phase::After => "after",
        Phase::Rebuild => "again",
    };
    match event {
        Event::Building(p) => ui::note(format_args!("{}: building", phase(p))),
        Event::Built(_, true) => {}
        Event::Built(p, false) => ui::note(format_args!("{}: the build fails", phase(p))),
        Event::Loading(p) => ui::note(format_args!("{}: loading in the image", phase(p))),
        Event::Changed(file) => ui::note(format_args!("again: {file} is changed")),
    }
}
