//! Why the steps of one build miss after another: two commits, side by side.

use std::path::Path;

use plimsoll_graph::{Cache, Id, Outcome, Setup, Verb, counterparts};
use plimsoll_measure::history::{
    self, Commit, CompareError, Compared, History, HistoryError, Recipe, Side, TreeOptions,
};
use plimsoll_model::{CacheSetup, ComparedBuild, ExplainedStep, MissReport, StepOutcome};
use plimsoll_rules::discover::Service;
use plimsoll_rules::views::history as plan;

use super::reasons::{Sides, name};
use crate::failure::Failure;
use crate::pipeline::{self, Found};

/// The commits that are compared.
pub(crate) struct Ends {
    /// The earlier one.
    pub(crate) before: Commit,
    /// The later one.
    pub(crate) after: Commit,
}

/// A service whose builds are compared.
pub(crate) struct Subject<'s> {
    history: &'s History,
    service: &'s Service,
    plan: plan::Recipe,
    recipe: Recipe,
}

impl<'s> Subject<'s> {
    /// Finds out how a service is built.
    ///
    /// # Errors
    /// Where no part of the repository is what is sent to the builder: why.
    pub(crate) fn find(
        history: &'s History,
        found: &Found,
        service: &'s Service,
    ) -> Result<Self, String> {
        let branch = history.branch();
        let plan = pipeline::with_evidence(found, |review, _| {
            plan::recipe(review, service, branch.as_deref())
        })?;
        let recipe = super::recipe(&plan, history.prefix());
        Ok(Self { history, service, plan, recipe })
    }

    /// Compares its builds.
    pub(crate) fn explain(&self, ends: &Ends) -> Result<MissReport, Failure> {
        let tree = self.history.tree(TreeOptions { submodules: self.plan.submodules });
        let root = |commit: &Commit| {
            let found = history::folder_at(&tree, commit.tree, self.history.prefix());
            let found = found.map_err(|error| unreadable(&error.into()))?;
            found.ok_or_else(|| {
                let prefix = self.history.prefix();
                Failure::usage(format!("commit {} has no folder {prefix}", short(commit.id)))
            })
        };
        let roots = (root(&ends.before)?, root(&ends.after)?);
        // Both may have the Dockerfile elsewhere than the branch that is checked out has.
        let head = self.history.resolve("HEAD").and_then(|id| self.history.commit(id));
        let head = head.ok().and_then(|head| root(&head).ok()).unwrap_or(roots.1);
        let earlier = |recipe: &Recipe, older, newer| -> Result<Recipe, Failure> {
            let found = history::origin(&tree, older, newer, &recipe.names());
            let found = found.map_err(|error| unreadable(&error.into()))?;
            Ok(found.map_or_else(|| recipe.clone(), |names| recipe.with(&names)))
        };
        let after = earlier(&self.recipe, roots.1, head)?;
        let before = earlier(&after, roots.0, roots.1)?;
        let sides = (
            Side { recipe: &before, root: roots.0, nonce: ends.before.id },
            Side { recipe: &after, root: roots.1, nonce: ends.after.id },
        );
        let compared = history::compare(&tree, &sides.0, &sides.1);
        let compared = compared.map_err(|error| self.failed(ends, &error))?;
        Ok(self.report(ends, (&before, &after), &compared))
    }

    fn failed(&self, ends: &Ends, error: &CompareError) -> Failure {
        let (commit, reason) = match error {
            CompareError::History(error) => return unreadable(error),
            CompareError::Before(reason) => (ends.before.id, reason),
            CompareError::After(reason) => (ends.after.id, reason),
        };
        let what = format!(
            "{}: there is nothing to compare, commit {} cannot be built: {reason}",
            self.service.name,
            short(commit)
        );
        Failure::missing(what).hint("`plimsoll replay` lists the commits that cannot be built")
    }

    fn report(&self, ends: &Ends, recipes: (&Recipe, &Recipe), compared: &Compared) -> MissReport {
        let current = self.plan.cache.as_ref().map(|(setup, _)| *setup);
        let build = |commit: &Commit, recipe: &Recipe| ComparedBuild {
            commit: Some(commit.id.to_string()),
            subject: commit.subject.clone(),
            seconds: Some(commit.seconds),
            dockerfile: recipe.dockerfile.clone(),
        };
        let nonces = (ends.before.id.to_string(), ends.after.id.to_string());
        MissReport {
            service: self.service.name.clone(),
            before: build(&ends.before, recipes.0),
            after: build(&ends.after, recipes.1),
            current,
            steps: steps(compared, nonces, current),
            ignore_changed: compared.ignore_changed,
            assumptions: self.plan.assumptions.clone(),
        }
    }
}

/// The steps of the later build, FROM left out, with the reasons of those that run.
fn steps(
    compared: &Compared,
    nonces: (String, String),
    current: Option<CacheSetup>,
) -> Vec<ExplainedStep> {
    let graph = &compared.after.graph;
    let others = counterparts(&compared.before.graph, graph);
    let sides = Sides { compared, others, nonces };
    let outcomes = outcomes(compared, current);
    let counted = graph.steps.iter().zip(outcomes).enumerate();
    let counted = counted.filter(|(_, (step, _))| step.verb != Verb::From);
    counted
        .map(|(at, (step, outcome))| {
            let missed = matches!(outcome, StepOutcome::Miss | StepOutcome::Depends);
            let chain = if missed { sides.chain(at) } else { Vec::new() };
            let root = chain.last().copied().unwrap_or(at);
            let causes = if missed { sides.causes(root) } else { Vec::new() };
            let also = if missed && chain.is_empty() { sides.below(at) } else { Vec::new() };
            let names = |all: Vec<usize>| {
                all.iter().filter_map(|at| graph.steps.get(*at)).map(name).collect()
            };
            let (chain, also) = (names(chain), names(also));
            ExplainedStep { step: name(step), outcome, chain, causes, also }
        })
        .collect()
}

/// What becomes of each step. All layers of the earlier build are taken as kept, but for those
/// that the pipeline's own setup loses.
fn outcomes(compared: &Compared, current: Option<CacheSetup>) -> Vec<StepOutcome> {
    let with = |setup| {
        let mut cache = Cache::new(setup);
        cache.keep(&compared.before);
        cache.outcomes(&compared.after)
    };
    let outcomes = match current {
        Some(CacheSetup::Inline) => with(Setup::Inline),
        Some(CacheSetup::Min) => with(Setup::Min),
        _ => with(Setup::Max),
    };
    let outcome = |outcome| match outcome {
        Outcome::Hit => StepOutcome::Hit,
        Outcome::Miss => StepOutcome::Miss,
        Outcome::Depends => StepOutcome::Depends,
        Outcome::NotKept => StepOutcome::NotKept,
        Outcome::Shared => StepOutcome::Shared,
    };
    outcomes.into_iter().map(outcome).collect()
}

fn unreadable(error: &HistoryError) -> Failure {
    Failure::missing(format!("failed to read the history: {error}"))
}

/// The start of a commit's id.
fn short(id: Id) -> String {
    id.to_string().chars().take(10).collect()
}

/// Opens the repository of a folder.
pub(crate) fn open(folder: &Path) -> Result<History, Failure> {
    History::open(folder).map_err(|error| {
        Failure::missing(error.to_string())
            .hint("builds are compared commit by commit: name a folder of a git repository")
    })
}

/// The commits that two names mean; without the later one, a commit and its first parent.
pub(crate) fn ends(history: &History, first: &str, second: Option<&str>) -> Result<Ends, Failure> {
    let one = commit(history, first)?;
    if let Some(second) = second {
        return Ok(Ends { before: one, after: commit(history, second)? });
    }
    let Some(parent) = one.parents.first() else {
        let what = format!("commit {} is the first one: it has no parent", short(one.id));
        return Err(Failure::usage(what).hint("name two commits: plimsoll explain-miss A..B"));
    };
    let before = history.commit(*parent).map_err(|error| match history.is_shallow() {
        true => shallow(format!("the parent of commit {} is not in this clone", short(one.id))),
        false => unreadable(&error),
    })?;
    Ok(Ends { before, after: one })
}

fn shallow(what: String) -> Failure {
    Failure::missing(what).hint("the clone is shallow: `git fetch --unshallow` gets the rest")
}

fn commit(history: &History, name: &str) -> Result<Commit, Failure> {
    let found = history.resolve(name).and_then(|id| history.commit(id));
    found.map_err(|error| match error {
        HistoryError::Unknown(_) => {
            let hint = match history.is_shallow() {
                true => "the clone is shallow: `git fetch --unshallow` gets older commits",
                false => "name a branch, a tag, a commit or HEAD~3; `git log --oneline` lists them",
            };
            Failure::usage(error.to_string()).hint(hint)
        }
        error => unreadable(&error),
    })
}
