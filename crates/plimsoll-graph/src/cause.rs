//! Why a step missed: what differs from the build before.

use std::collections::HashMap;

use crate::graph::{Graph, Input, Step, Verb, What};
use crate::keys::{Contexts, Evaluator, Keyed};
use crate::select::{Change, SelectError};
use crate::tree::Tree;

/// Why a step's key is another than in the build before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There was no such step.
    New,
    /// The instruction, or what it sees besides files, is another.
    Facets(Vec<What>),
    /// Files that it takes are others: which, in the order of their paths.
    Files(Vec<Change>),
    /// A step below it, or one of the stage it copies from, missed: its index.
    Above(usize),
    /// Nothing differs.
    Nothing,
}

/// How many files a cause lists.
pub const MOST_FILES: usize = 64;

/// For each step of a build, the step of an earlier one that it is compared with.
#[must_use]
pub fn counterparts(before: &Graph, after: &Graph) -> Vec<Option<usize>> {
    let mut taken = vec![false; before.steps.len()];
    let mut found = vec![None; after.steps.len()];
    // First those that are written alike, then those that stand at the same place.
    pair(before, after, (&mut taken, &mut found), |step| {
        (&step.label.stage_name, step.label.text.as_str(), 0, Verb::From)
    });
    pair(before, after, (&mut taken, &mut found), |step| {
        (&step.label.stage_name, "", step.label.number, step.verb)
    });
    found
}

/// By what two steps are alike.
type Likeness<'s> = (&'s str, &'s str, u32, Verb);

/// Pairs the steps that are still free with the first one that is alike.
fn pair<'s>(
    before: &'s Graph,
    after: &'s Graph,
    (taken, found): (&mut [bool], &mut [Option<usize>]),
    likeness: impl Fn(&'s Step) -> Likeness<'s>,
) {
    let mut free: HashMap<Likeness<'s>, Vec<usize>> = HashMap::new();
    for (index, step) in before.steps.iter().enumerate().rev() {
        if !taken[index] {
            free.entry(likeness(step)).or_default().push(index);
        }
    }
    for (slot, step) in found.iter_mut().zip(&after.steps) {
        if slot.is_none() {
            *slot = free.get_mut(&likeness(step)).and_then(Vec::pop);
            slot.iter().for_each(|index| taken[*index] = true);
        }
    }
}

/// Two builds, the earlier one first, with their contexts.
#[derive(Clone, Copy)]
pub struct Pair<'p> {
    /// The earlier build.
    pub before: (&'p Keyed, &'p Contexts),
    /// The later one.
    pub after: (&'p Keyed, &'p Contexts),
}

impl Pair<'_> {
    /// Why each step of the later build whose key is another has it; none for equal keys.
    ///
    /// # Errors
    /// When a tree cannot be read.
    pub fn causes<T: Tree>(
        &self,
        evaluator: &mut Evaluator,
        tree: &T,
    ) -> Result<Vec<Option<Cause>>, SelectError> {
        let (before, after) = (self.before.0, self.after.0);
        let others = counterparts(&before.graph, &after.graph);
        let mut causes: Vec<Option<Cause>> = Vec::with_capacity(others.len());
        for (at, other) in others.iter().enumerate() {
            let same = other.is_some_and(|other| before.keys[other].exact == after.keys[at].exact);
            let cause =
                if same { None } else { Some(self.cause(evaluator, tree, at, *other, &causes)?) };
            causes.push(cause);
        }
        Ok(causes)
    }

    fn cause<T: Tree>(
        &self,
        evaluator: &mut Evaluator,
        tree: &T,
        at: usize,
        other: Option<usize>,
        above: &[Option<Cause>],
    ) -> Result<Cause, SelectError> {
        let Some(other) = other else { return Ok(Cause::New) };
        let (old, new) = (&self.before.0.graph.steps[other], &self.after.0.graph.steps[at]);
        let facets = facets(old, new);
        if !facets.is_empty() || old.inputs.len() != new.inputs.len() {
            return Ok(Cause::Facets(facets));
        }
        let mut files = Vec::new();
        let mut differ = false;
        for (index, (a, b)) in old.inputs.iter().zip(&new.inputs).enumerate() {
            if self.before.0.keys[other].files[index] == self.after.0.keys[at].files[index] {
                continue;
            }
            differ = true;
            if let (Input::Files { context, selection }, Input::Files { selection: wanted, .. }) =
                (a, b)
                && selection == wanted
            {
                let sides = (side(self.before.1, context), side(self.after.1, context));
                files.extend(evaluator.selector.changes(tree, sides, selection, MOST_FILES)?);
            }
        }
        if differ {
            return Ok(Cause::Files(files));
        }
        let below = new.parent.filter(|_| !new.linked).into_iter().chain(new.stages());
        let missed = below.into_iter().find(|below| above.get(*below).is_some_and(Option::is_some));
        Ok(missed.map_or(Cause::Nothing, Cause::Above))
    }
}

fn side<'c>(contexts: &'c Contexts, name: &Option<String>) -> &'c crate::select::Snapshot {
    let named = name.as_ref().and_then(|name| contexts.named.get(name));
    named.unwrap_or(&contexts.main)
}

/// The facets by which two steps differ. Where only their order does, the ones that moved.
fn facets(old: &Step, new: &Step) -> Vec<What> {
    if old.facets == new.facets {
        return Vec::new();
    }
    let missing = |from: &Step, of: &Step| {
        let gone = of.facets.iter().filter(|facet| !from.facets.contains(facet));
        gone.map(|facet| facet.what.clone()).collect::<Vec<_>>()
    };
    let mut found = missing(old, new);
    found.extend(missing(new, old));
    if found.is_empty() {
        let moved = old.facets.iter().zip(&new.facets).filter(|(a, b)| a != b);
        found = moved.map(|(_, facet)| facet.what.clone()).collect();
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The step that a chain of causes begins with, and its cause.
#[must_use]
pub fn root(causes: &[Option<Cause>], at: usize) -> Option<(usize, &Cause)> {
    let mut at = at;
    // A cause points only upwards, so this ends.
    loop {
        match causes.get(at)?.as_ref()? {
            Cause::Above(next) if *next < at => at = *next,
            cause => return Some((at, cause)),
        }
    }
}
