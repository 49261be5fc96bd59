//! `--prove`: builds a service before and after a change in copies of the repository.

use std::fs::DirBuilder;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use plimsoll_measure::engine::{self, Choice, Engine};
use plimsoll_measure::proof::{self, Copies, Event, Phase, tree};
use plimsoll_model::{Exit, Proof, ProofPlan, Sources};
use plimsoll_rules::remedy::Outcome;

use super::apply;
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

/// A folder for the copies, which goes when the proof ends.
struct Bench {
    name: String,
    folder: PathBuf,
}

impl Bench {
    fn new() -> Result<Self, Failure> {
        // The name is that of the images, too, and many machines may share an engine.
        let name = format!("{:016x}", RandomState::new().build_hasher().finish());
        let folder = std::env::temp_dir().join(format!("plimsoll-proof-{name}"));
        // Others on this machine must not read what they may not read in the repository.
        let made = DirBuilder::new().mode(0o700).create(&folder);
        made.map_err(|e| Failure::io("make the folder", &folder, &e))?;
        Ok(Self { name, folder })
    }

    fn copy(&self, root: &Path, name: &str) -> Result<PathBuf, Failure> {
        let to = self.folder.join(name);
        tree::copy(root, &to).map_err(|e| Failure::io("copy the repository to", &to, &e))?;
        Ok(to)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            ui::note(format_args!("{} was left behind: {error}", self.folder.display()));
        }
    }
}
