//! Local dependencies as the installs of a build meet them: each one, where the installer looks
//! for it, and whether it is there at that moment.
//!
//! [`uses`] begins at what an install names, reads manifests and lock files where the image has
//! them, and follows every dependency into the package it leads to.

mod go;
mod link;
mod lookup;
mod node;
mod node_walk;
pub mod outcome;
mod pip;
mod python;
mod readers;
mod takes;
mod walk;
mod wanted;

use crate::layout::installs::Install;
use crate::layout::{Layout, Moment};
use crate::packages::tree;
use crate::packages::{Dependency, Ecosystem};
use crate::repo::Place;
use crate::review::Review;

pub use lookup::submodule_of;
pub(crate) use node::{Taken, taken};

/// A local dependency as an install meets it.
#[derive(Clone, Debug)]
pub struct Use {
    /// The dependency.
    pub dependency: Dependency,
    /// The manifest that declares it; the Dockerfile for a path of a command.
    pub manifest: String,
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// Where the installer looks for it, as a path of the image.
    pub wanted: String,
    /// Where it leads in the repository.
    pub place: tree::Place,
    /// Whether it is there.
    pub state: State,
    /// 0 for a dependency of what the install begins with, 1 for one of its packages, …
    pub depth: usize,
    /// The install, as an index of [`Uses::installs`].
    pub install: usize,
    /// The lock file that gave the path, where one did.
    pub lock: Option<Place>,
    /// Whether the install leaves a link to the folder instead of a copy of it.
    pub linked: bool,
}

/// A dependency on a git repository as an install meets it.
#[derive(Clone, Debug)]
pub struct GitUse {
    /// The dependency.
    pub dependency: Dependency,
    /// The install, as an index of [`Uses::installs`].
    pub install: usize,
}

/// What the installs meet.
#[derive(Debug, Default)]
struct Met {
    uses: Vec<Use>,
    git: Vec<GitUse>,
    /// Manifests and lock files that are read, by install.
    read: Vec<(String, usize)>,
}

/// Whether an install finds a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It finds this folder or file of the repository.
    Present {
        /// The path of the repository.
        path: String,
        /// What put it there.
        by: Place,
    },
    /// It does not.
    Missing(Why),
    /// That cannot be told.
    Unknown,
}

/// Why a dependency is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The path is one of some machine.
    Machine,
    /// The path leaves the repository.
    AboveRepository,
    /// The repository has nothing there.
    Gone,
    /// It lies outside the context.
    OutsideContext,
    /// The ignore file leaves it out.
    Ignored(Place),
    /// A later step copies it.
    Late(Place),
    /// It is copied to another path.
    Elsewhere(String, Place),
    /// Only another stage has it.
    OtherStage(Place),
    /// Nothing copies it.
    NotCopied,
    /// A link on the way leads out of the context.
    Link(String),
    /// Another folder is there in its place.
    Other(String, Place),
    /// The member that needs it, at this path, is copied only after the install.
    Unseen(String, Place),
    /// It is linked to this path of the image that runs, and only the install has it.
    LeftBehind(String, Place),
    /// Its manifest is there, the file that it begins with is not.
    ManifestOnly(String),
    /// It is linked, and this package that it needs is not installed for it.
    Bare(String),
    /// The root of its workspace is not in the image.
    NoWorkspace(String),
}

/// The installs of a build and what they meet.
pub struct Uses<'a> {
    /// The installs, in order.
    pub installs: Vec<Install<'a>>,
    /// What they meet.
    pub uses: Vec<Use>,
    /// The git repositories they clone.
    pub git: Vec<GitUse>,
    /// The manifests and lock files they read: path, and the install as an index.
    pub read: Vec<(String, usize)>,
}

/// What the installs of a target meet.
#[must_use]
pub fn uses<'a>(review: &Review<'_>, layout: &Layout<'a>, target: Option<&str>) -> Uses<'a> {
    let installs = layout.installs(target);
    let last = layout.file.target(target).unwrap_or_default();
    let mut all = Met::default();
    for (index, install) in installs.iter().enumerate() {
        // An export only writes down paths; the install of its list meets them.
        if !install.export {
            walk::Walk::new(review, layout, &installs, index, last).run(&mut all);
        }
    }
    Uses { installs, uses: all.uses, git: all.git, read: all.read }
}

/// Whether an environment variable is set to a value when a step runs.
#[must_use]
pub fn env_is(layout: &Layout<'_>, at: Moment, name: &str, values: &[&str]) -> bool {
    let mut found = None;
    for stage in layout.file.lineage(at.stage) {
        for (index, step) in stage.steps.iter().enumerate() {
            if stage.index == at.stage && index >= at.step {
                break;
            }
            if let crate::repo::StepKind::Env(pairs) = &step.kind {
                let set = pairs.iter().filter(|(n, _)| n.value == name);
                found = set.map(|(_, v)| v.value.as_str()).next_back().or(found);
            }
        }
    }
    found.is_some_and(|v| values.contains(&v))
}

/// Whether an install is the export of a moment.
fn is_export_of(install: &Install<'_>, at: Moment) -> bool {
    install.export && install.moment == at
}
