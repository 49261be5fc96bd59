//! Proves that the local packages of a service are in its image: builds before and after a
//! change, loads everything in the image as its user and without network, then changes one file
//! of a local package and builds again.
//!
//! Everything runs in containers of the engine; of this machine the engine sees the copies of
//! the repository, and nothing else.

pub(crate) mod ask;
pub mod tree;

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_model::{
    BuildPlan, BuildReport, Built, Change, Left, LocalPackage, Proof, ProofPlan, Trial,
};

use crate::engine::{BuildRequest, Cancel, Engine, EngineError};
use ask::{Question, ask};

/// What is going on, for whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'e> {
    /// A build begins.
    Building(Phase),
    /// A build ended.
    Built(Phase, bool),
    /// Packages are loaded in the image.
    Loading(Phase),
    /// A file was changed for the rebuild.
    Changed(&'e str),
}

/// Which of the builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// As the repository is.
    Before,
    /// After the change.
    After,
    /// After one file of a local package changed.
    Rebuild,
}

/// Two copies of a repository to build in.
#[derive(Clone, Copy, Debug)]
pub struct Copies<'c> {
    /// As it is.
    pub before: &'c Path,
    /// After the change; a file of it is changed for the rebuild.
    pub after: &'c Path,
}

/// Builds, loads, changes and builds again.
///
/// # Errors
/// Where the engine cannot be reached or the copies cannot be written. A build that fails
/// is no error: it is what the proof says.
pub fn prove(
    engine: &dyn Engine,
    copies: Copies<'_>,
    plan: &ProofPlan,
    name: &str,
    tell: &mut dyn FnMut(Event<'_>),
    cancel: &Cancel,
) -> Result<Proof, Unproven> {
    let mut bench = Bench { engine, plan, name, tell, cancel, marker: "", images: Vec::new() };
    let before = match &plan.before {
        Some(build) => Some(bench.trial(Phase::Before, build, copies.before)?.0),
        None => None,
    };
    let (after, _) = bench.trial(Phase::After, &plan.after, copies.after)?;
    let change = match plan.packages.iter().find_map(|p| Some((p, p.probe.as_deref()?))) {
        Some((package, file)) if after.works() => {
            Some(bench.rebuild(package, file, copies.after)?)
        }
        _ => None,
    };
    Ok(Proof { before, after, change })
}

/// Why there is no proof.
#[derive(Debug)]
pub enum Unproven {
    /// The engine did not do what it was asked.
    Engine(EngineError),
    /// A copy cannot be written.
    Copy(io::Error),
}

impl std::fmt::Display for Unproven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Engine(error) => error.fmt(f),
            Self::Copy(error) => error.fmt(f),
        }
    }
}

impl From<EngineError> for Unproven {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<io::Error> for Unproven {
    fn from(error: io::Error) -> Self {
        Self::Copy(error)
    }
}

struct Bench<'b> {
    engine: &'b dyn Engine,
    plan: &'b ProofPlan,
    name: &'b str,
    tell: &'b mut dyn FnMut(Event<'_>),
    cancel: &'b Cancel,
    marker: &'b str,
    images: Vec<String>,
}

impl Drop for Bench<'_> {
    fn drop(&mut self) {
        for image in &self.images {
            // An image left behind harms nobody.
            let _ = self.engine.remove(image);
        }
    }
}

impl Bench<'_> {
    /// Builds, and loads what was built; the names of what holds the marker.
    fn trial(
        &mut self,
        phase: Phase,
        build: &BuildPlan,
        root: &Path,
    ) -> Result<(Trial, Vec<String>), Unproven> {
        let (outcome, image) = self.build(phase, build, root)?;
        let mut trial = Trial {
            build: built(&outcome),
            loads: Vec::new(),
            left: Left::default(),
            unasked: None,
        };
        if !outcome.built {
            return Ok((trial, Vec::new()));
        }
        (self.tell)(Event::Loading(phase));
        let question = Question {
            image: &image,
            name: self.name,
            limit: ask::LIMIT,
            cancel: self.cancel,
            packages: &self.plan.packages,
            distributions: &[],
            application: self.plan.application.as_ref(),
            marker: self.marker,
        };
        let answer = ask(self.engine, &question)?;
        (trial.loads, trial.left, trial.unasked) = (answer.loads, answer.left, answer.unasked);
        Ok((trial, answer.marked))
    }

    fn build(
        &mut self,
        phase: Phase,
        build: &BuildPlan,
        root: &Path,
    ) -> Result<(BuildReport, String), Unproven> {
        (self.tell)(Event::Building(phase));
        let tag = match phase {
            Phase::Before => "before",
            Phase::After => "after",
            Phase::Rebuild => "rebuild",
        };
        let image = format!("plimsoll-proof-{}:{tag}", self.name);
        let folder =
            |(name, path): &(String, String)| Ok((name.clone(), tree::inside(root, path)?));
        let named: io::Result<Vec<(String, PathBuf)>> = build.named.iter().map(folder).collect();
        let named = named?;
        let (context, dockerfile) =
            (tree::inside(root, &build.context)?, tree::inside(root, &build.dockerfile)?);
        let request = BuildRequest {
            target: build.target.as_deref(),
            args: &build.args,
            named: &named,
            tag: Some(&image),
            ..BuildRequest::new(&context, &dockerfile)
        };
        let outcome = self.engine.build(&request, &mut |_| {}, self.cancel)?;
        self.images.push(image.clone());
        (self.tell)(Event::Built(phase, outcome.built));
        Ok((outcome, image))
    }

    /// Changes a file of a package and builds again.
    fn rebuild(
        &mut self,
        package: &LocalPackage,
        file: &str,
        root: &Path,
    ) -> Result<Change, Unproven> {
        let marker = format!("plimsoll-proof-{}", self.name);
        let comment = match package.runtime {
            plimsoll_model::Runtime::Python => "#",
            plimsoll_model::Runtime::Node => "//",
        };
        tree::append(root, file, &format!("{comment} {marker}"))?;
        (self.tell)(Event::Changed(file));
        let (outcome, image) = self.build(Phase::Rebuild, &self.plan.after, root)?;
        let third_party = self
            .plan
            .third_party
            .iter()
            .map(|wanted| (wanted.clone(), is_cached(&outcome, wanted)))
            .collect();
        let mut new_code = None;
        if outcome.built {
            (self.tell)(Event::Loading(Phase::Rebuild));
            let question = Question {
                distributions: &[],
                image: &image,
                name: self.name,
                limit: ask::LIMIT,
                cancel: self.cancel,
                packages: std::slice::from_ref(package),
                application: None,
                marker: &marker,
            };
            new_code = Some(!ask(self.engine, &question)?.marked.is_empty());
        }
        Ok(Change { file: file.to_owned(), third_party, new_code })
    }
}

/// Whether the step of an instruction was cached.
fn is_cached(outcome: &BuildReport, wanted: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let wanted = plain(wanted);
    let same = |step: &&plimsoll_model::BuildStep| {
        plain(&step.command).strip_prefix("RUN ").is_some_and(|i| i == wanted)
    };
    outcome.steps.iter().find(same).is_some_and(|s| s.cached)
}

/// The last lines of the step that failed, and the builder's error.
fn built(outcome: &BuildReport) -> Built {
    let seconds = outcome.seconds;
    if outcome.built {
        return Built::Done { seconds };
    }
    let failed = outcome.failed();
    let mut said = failed.map_or_else(Vec::new, |step| step.tail.clone());
    said.extend(failed.and_then(|step| step.error.clone()).or_else(|| outcome.error.clone()));
    Built::Failed { seconds, step: failed.map(|step| step.command.clone()), said }
}
