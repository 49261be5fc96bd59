//! Why a step has another key, in the words of the report: values, files, chains.

use plimsoll_graph::{Cause, Difference, Facet, Input, MOST_FILES, Step, What};
use plimsoll_measure::history::Compared;
use plimsoll_model::{ChangedFile, ChangedValue, FileChange, MissCause, StepName, ValueOf};

/// What stands in a value for what is another in every build.
pub(crate) const THIS_BUILD: &str = "<this build>";

/// Two builds, and what stands in each for what is another in every build.
pub(super) struct Sides<'c> {
    pub(super) compared: &'c Compared,
    /// For each step of the later build, the one of the earlier that it is compared with.
    pub(super) others: Vec<Option<usize>>,
    pub(super) nonces: (String, String),
}

impl Sides<'_> {
    /// The steps from the one above to the one where the chain of misses begins.
    pub(super) fn chain(&self, at: usize) -> Vec<usize> {
        let mut chain = Vec::new();
        let mut at = at;
        // A cause points only upwards, so this ends.
        while let Some(Some(Cause::Above(next))) = self.compared.causes.get(at)
            && *next < at
        {
            chain.push(*next);
            at = *next;
        }
        chain
    }

    /// The steps right below one, and those it copies from, that have another key.
    pub(super) fn below(&self, at: usize) -> Vec<usize> {
        let Some(step) = self.compared.after.graph.steps.get(at) else { return Vec::new() };
        let stages = step.inputs.iter().filter_map(|input| match input {
            Input::Stage { last, .. } => *last,
            _ => None,
        });
        let mut below: Vec<usize> =
            step.parent.filter(|_| !step.linked).into_iter().chain(stages).collect();
        below.sort_unstable();
        below.dedup();
        below.retain(|at| self.compared.causes.get(*at).is_some_and(Option::is_some));
        below
    }

    /// Why a step where a chain begins has another key.
    pub(super) fn causes(&self, at: usize) -> Vec<MissCause> {
        let Some(cause) = self.compared.causes.get(at).and_then(Option::as_ref) else {
            return Vec::new();
        };
        let Some((old, new)) = self.steps(at) else { return vec![MissCause::New] };
        match cause {
            Cause::New => vec![MissCause::New],
            Cause::Facets(whats) if !whats.is_empty() => {
                whats.iter().map(|what| MissCause::Value(self.value(what, old, new))).collect()
            }
            Cause::Facets(_) => vec![MissCause::Value(self.instruction(old, new))],
            Cause::Files(changes) => self.files(changes, old, new),
            Cause::Above(_) | Cause::Nothing => self.sources(old, new),
        }
    }

    fn steps(&self, at: usize) -> Option<(&Step, &Step)> {
        let other = self.others.get(at).copied().flatten()?;
        let old = self.compared.before.graph.steps.get(other)?;
        Some((old, self.compared.after.graph.steps.get(at)?))
    }

    fn value(&self, what: &What, old: &Step, new: &Step) -> ChangedValue {
        if *what == What::Instruction {
            return self.instruction(old, new);
        }
        let of = |step: &Step| {
            let found = step.facets.iter().find(|facet| facet.what == *what);
            found.map(readable)
        };
        let (kind, name) = match what {
            What::Instruction => (ValueOf::Instruction, None),
            What::Image => (ValueOf::BaseImage, None),
            What::Directory => (ValueOf::Directory, None),
            What::User => (ValueOf::User, None),
            What::Shell => (ValueOf::Shell, None),
            What::Variable(name) => (ValueOf::Variable, Some(name.clone())),
        };
        let (before, after) = (of(old), of(new));
        // Equal values that count as changed stand at another place among the others.
        let kind = if before == after { ValueOf::Order } else { kind };
        ChangedValue { name, ..self.changed(kind, before, after) }
    }

    fn instruction(&self, old: &Step, new: &Step) -> ChangedValue {
        let (a, b) = (&old.label.text, &new.label.text);
        if a != b {
            return self.changed(ValueOf::Instruction, Some(a.clone()), Some(b.clone()));
        }
        let (a, b) = (expanded(old), expanded(new));
        let (a, b) = if a.len() == b.len() { differing(&a, &b) } else { (a, b) };
        self.changed(ValueOf::Expanded, Some(a.join(" ")), Some(b.join(" ")))
    }

    fn changed(
        &self,
        what: ValueOf,
        before: Option<String>,
        after: Option<String>,
    ) -> ChangedValue {
        let (old, new) = &self.nonces;
        let with = |value: &Option<String>, nonce: &String| {
            value.as_ref().is_some_and(|value| value.contains(nonce.as_str()))
        };
        let every_build = with(&before, old) || with(&after, new);
        let before = before.map(|value| value.replace(old.as_str(), THIS_BUILD));
        let after = after.map(|value| value.replace(new.as_str(), THIS_BUILD));
        ChangedValue { what, name: None, before, after, every_build }
    }

    fn files(&self, changes: &[plimsoll_graph::Change], old: &Step, new: &Step) -> Vec<MissCause> {
        let mut causes = Vec::new();
        if old.label.text != new.label.text {
            causes.push(MissCause::Value(self.instruction(old, new)));
        }
        if !changes.is_empty() || causes.is_empty() {
            let more = changes.len() >= MOST_FILES;
            causes.push(MissCause::Files { files: changes.iter().map(file).collect(), more });
        }
        causes
    }

    /// What is the same but for where it comes from.
    fn sources(&self, old: &Step, new: &Step) -> Vec<MissCause> {
        let named = |input: &Input| match input {
            Input::Image(name) => Some(name.clone()),
            Input::Remote(url) => Some(url.clone()),
            Input::Files { .. } | Input::Stage { .. } => None,
        };
        let pairs = old.inputs.iter().zip(&new.inputs).map(|(a, b)| (named(a), named(b)));
        let differ = pairs.filter(|(a, b)| a != b);
        let mut causes: Vec<MissCause> =
            differ.map(|(a, b)| MissCause::Value(self.changed(ValueOf::Source, a, b))).collect();
        if causes.is_empty() {
            causes.push(MissCause::Below);
        }
        causes
    }
}

/// The name of a step.
pub(super) fn name(step: &Step) -> StepName {
    let label = &step.label;
    StepName {
        stage: label.stage_name.clone(),
        number: label.number,
        line: label.line,
        text: label.text.clone(),
    }
}

fn file(change: &plimsoll_graph::Change) -> ChangedFile {
    let kind = match change.difference {
        Difference::Added => FileChange::Added,
        Difference::Removed => FileChange::Removed,
        Difference::Modified => FileChange::Modified,
        Difference::Mode => FileChange::Mode,
    };
    ChangedFile { path: change.path.clone(), change: kind }
}

/// The value of a facet as a person writes it.
fn readable(facet: &Facet) -> String {
    match facet.value.split_once('\0') {
        Some((image, "")) => image.to_owned(),
        Some((image, platform)) => format!("{image} for {platform}"),
        None => facet.value.clone(),
    }
}

/// The parts of an instruction with its arguments put in.
fn expanded(step: &Step) -> Vec<String> {
    let found = step.facets.iter().find(|facet| facet.what == What::Instruction);
    found.map_or_else(Vec::new, |facet| facet.value.split('\0').map(str::to_owned).collect())
}

fn differing(a: &[String], b: &[String]) -> (Vec<String>, Vec<String>) {
    let pairs = a.iter().zip(b).filter(|(a, b)| a != b);
    pairs.map(|(a, b)| (a.clone(), b.clone())).unzip()
}
