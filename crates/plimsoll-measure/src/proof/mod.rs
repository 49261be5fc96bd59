//! Proves that the local packages of a service are in its image: builds before and after a
//! change, loads everything in the image as its user and without network, then changes one file
//! of a local package and builds again.
//!
//! Everything runs in containers of the engine; of this machine the engine sees the copies of
//! the repository, and nothing else.

mod ask;
pub mod tree;

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_model::{BuildPlan, Built, Change, Left, LocalPackage, Proof, ProofPlan, Trial};

use crate::engine::{Docker, Outcome, Request};
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
/// Where the engine's client cannot be run or the copies cannot be written. A build that fails
/// is no error: it is what the proof says.
pub fn prove(
    docker: &Docker,
    copies: Copies<'_>,
    plan: &ProofPlan,
    name: &str,
    tell: &mut dyn FnMut(Event<'_>),
) -> io::Result<Proof> {
    let mut bench = Bench { docker, plan, name, tell, marker: "", images: Vec::new() };
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

struct Bench<'b> {
    docker: &'b Docker,
    plan: &'b ProofPlan,
    name: &'b str,
    tell: &'b mut dyn FnMut(Event<'_>),
    marker: &'b str,
    images: Vec<String>,
}

impl Drop for Bench<'_> {
    fn drop(&mut self) {
        self.images.iter().for_each(|i| self.docker.forget(i));
    }
}

impl Bench<'_> {
    /// Builds, and loads what was built; the names of what holds the marker.
    fn trial(
        &mut self,
        phase: Phase,
        build: &BuildPlan,
        root: &Path,
    ) -> io::Result<(Trial, Vec<String>)> {
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
            container: &image.replace(':', "-"),
            packages: &self.plan.packages,
            application: self.plan.application.as_ref(),
            marker: self.marker,
        };
        let answer = ask(self.docker, &question)?;
        (trial.loads, trial.left, trial.unasked) = (answer.loads, answer.left, answer.unasked);
        Ok((trial, answer.marked))
    }

    fn build(
        &mut self,
        phase: Phase,
        build: &BuildPlan,
        root: &Path,
    ) -> io::Result<(Outcome, String)> {
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
        let outcome = self.docker.build(&Request {
            context: &tree::inside(root, &build.context)?,
            dockerfile: &tree::inside(root, &build.dockerfile)?,
            target: build.target.as_deref(),
            args: &build.args,
            named: &named,
            tag: &image,
        })?;
        self.images.push(image.clone());
        (self.tell)(Event::Built(phase, outcome.built));
        Ok((outcome, image))
    }

    /// Changes a file of a package and builds again.
    fn rebuild(&mut self, package: &LocalPackage, file: &str, root: &Path) -> io::Result<Change> {
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
                image: &image,
                container: &image.replace(':', "-"),
                packages: std::slice::from_ref(package),
                application: None,
                marker: &marker,
            };
            new_code = Some(!ask(self.docker, &question)?.marked.is_empty());
        }
        Ok(Change { file: file.to_owned(), third_party, new_code })
    }
}

/// Whether the step of an instruction was cached.
fn is_cached(outcome: &Outcome, wanted: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let wanted = plain(wanted);
    let same = |s: &&crate::engine::progress::Step| {
        plain(s.instruction()).strip_prefix("RUN ").is_some_and(|i| i == wanted)
    };
    outcome.log.steps.iter().find(same).is_some_and(|s| s.cached)
}

/// The last lines of the step that failed, and the builder's error.
fn built(outcome: &Outcome) -> Built {
    const LINES: usize = 20;
    let seconds = outcome.took.as_secs_f64();
    if outcome.built {
        return Built::Done { seconds };
    }
    let failed = outcome.log.failed();
    let tail = failed.map_or(&outcome.log.other, |s| &s.tail);
    let mut said: Vec<String> = tail.iter().rev().take(LINES).rev().cloned().collect();
    said.extend(failed.and_then(|s| s.error.clone()));
    Built::Failed { seconds, step: failed.map(|s| s.instruction().to_owned()), said }
}
