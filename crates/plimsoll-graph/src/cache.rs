//! What a cache holds from one build to the next, and what a build finds in it.

use std::collections::HashSet;

use plimsoll_model::CacheSetup;

use crate::digest::Digest;
use crate::keys::Keyed;

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It need not run.
    Hit,
    /// It runs.
    Miss,
    /// A stage it copies from ran again: it runs unless that wrote the same bytes as before.
    /// Counted as a miss.
    Depends,
    /// Its key is known, but the cache kept no layer for it: it runs again.
    NotKept,
    /// It is the same work as an earlier step of this build.
    Shared,
}

impl Outcome {
    /// Whether the step counts, and if so, whether it hits.
    #[must_use]
    pub fn hit(self) -> Option<bool> {
        match self {
            Self::Hit => Some(true),
            Self::Miss | Self::Depends | Self::NotKept => Some(false),
            Self::Shared => None,
        }
    }
}

/// The memory of a setup.
#[derive(Clone, Debug)]
pub struct Cache {
    setup: CacheSetup,
    keys: HashSet<Digest>,
    lenient: HashSet<Digest>,
    layers: HashSet<Digest>,
}

impl Cache {
    /// An empty one.
    #[must_use]
    pub fn new(setup: CacheSetup) -> Self {
        let (keys, lenient, layers) = (HashSet::new(), HashSet::new(), HashSet::new());
        Self { setup, keys, lenient, layers }
    }

    /// Whether nothing has been built with it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// What becomes of each step of a build.
    #[must_use]
    pub fn outcomes(&self, build: &Keyed) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> =
            build.keys.iter().map(|key| self.lookup(key.exact, key.lenient)).collect();
        if matches!(self.setup, CacheSetup::Inline | CacheSetup::Min) {
            self.run_what_is_needed(build, &mut outcomes);
        }
        let mut seen = HashSet::new();
        for (key, outcome) in build.keys.iter().zip(&mut outcomes) {
            if !seen.insert(key.exact) {
                *outcome = Outcome::Shared;
            }
        }
        outcomes
    }

    fn lookup(&self, exact: Digest, lenient: Digest) -> Outcome {
        if self.keys.contains(&exact) {
            Outcome::Hit
        } else if self.lenient.contains(&lenient) {
            Outcome::Depends
        } else {
            Outcome::Miss
        }
    }

    /// A known key is of use only with its layer: whoever runs needs the layers that it stands
    /// on and copies from, and those that were not kept are made again.
    fn run_what_is_needed(&self, build: &Keyed, outcomes: &mut [Outcome]) {
        let mut needed: HashSet<Digest> = HashSet::new();
        for at in (0..outcomes.len()).rev() {
            let key = build.keys[at].exact;
            if outcomes[at] == Outcome::Hit {
                if !needed.contains(&key) || self.layers.contains(&key) {
                    continue;
                }
                outcomes[at] = Outcome::NotKept;
            }
            let Some(step) = build.graph.steps.get(at) else { continue };
            let below = step.parent.into_iter().chain(step.stages());
            // By key and not by place: the same work in two stages is done once.
            needed.extend(below.filter_map(|at| build.keys.get(at)).map(|key| key.exact));
        }
    }

    /// Keeps what this setup keeps of a build.
    pub fn keep(&mut self, build: &Keyed) {
        if self.setup == CacheSetup::None {
            return;
        }
        if self.setup != CacheSetup::Local {
            self.keys.clear();
            self.lenient.clear();
            self.layers.clear();
        }
        let chain = build.graph.image_chain();
        for (at, key) in build.keys.iter().enumerate() {
            self.keys.insert(key.exact);
            self.lenient.insert(key.lenient);
            if chain.contains(&at) {
                self.layers.insert(key.exact);
            }
        }
    }
}
