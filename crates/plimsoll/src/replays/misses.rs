//! Why the steps of one build miss after another: two commits, side by side.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use plimsoll_graph::{Cache, Id, Outcome, Tree, Verb, counterparts};
use plimsoll_measure::history::{
    self, Commit, CompareError, Compared, DiskTree, History, Recipe, Side, TreeOptions,
    WORKING_TREE,
};
use plimsoll_model::{CacheSetup, ComparedBuild, ExplainedStep, MissReport, StepOutcome};
use plimsoll_rules::discover::Service;
use plimsoll_rules::views::history as plan;

use super::commits::{commit, unreadable};
use super::reasons::{Sides, name};
use crate::failure::Failure;
use crate::pipeline::{self, Found};
use crate::ui;

/// What is compared.
pub(crate) struct Ends {
    /// The earlier one.
    pub(crate) before: Commit,
    /// The later one; none for the working tree.
    pub(crate) after: Option<Commit>,
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
    pub(crate) fn explain(&self, folder: &Path, ends: &Ends) -> Result<MissReport, Failure> {
        let files = AtomicUsize::new(0);
        let state = || format!("reading {} files", files.load(Ordering::Relaxed));
        ui::while_working(&state, || match &ends.after {
            Some(after) => {
                let tree = self.history.tree(self.options());
                let root = root(self.history, &tree, after)?;
                self.compare(&tree, ends, root)
            }
            None => self.with_disk(folder, ends, &files),
        })
    }

    fn with_disk(
        &self,
        folder: &Path,
        ends: &Ends,
        files: &AtomicUsize,
    ) -> Result<MissReport, Failure> {
        if self.recipe.git_context {
            let what = "its context is the git commit: what is not committed is not built";
            return Err(Failure::usage(format!("{}: {what}", self.service.name))
                .hint("commit, and name the commit: plimsoll explain-miss A..HEAD"));
        }
        let tree = DiskTree::read(self.history, folder, &self.recipe, self.options(), files);
        let tree = tree.map_err(|error| unreadable(&error))?;
        let mut report = self.compare(&tree, ends, tree.root())?;
        report.assumptions.extend(
            tree.special()
                .iter()
                .map(|path| format!("{path} is neither file, link nor folder and is left out")),
        );
        Ok(report)
    }

    fn options(&self) -> TreeOptions {
        TreeOptions { submodules: self.plan.submodules }
    }

    fn compare(&self, tree: &impl Tree, ends: &Ends, after: Id) -> Result<MissReport, Failure> {
        let before = root(self.history, tree, &ends.before)?;
        // Both may have the Dockerfile elsewhere than the branch that is checked out has.
        let head = self.history.resolve("HEAD").and_then(|id| self.history.commit(id));
        let head = head.ok().and_then(|head| root(self.history, tree, &head).ok());
        let earlier = |recipe: &Recipe, older, newer| -> Result<Recipe, Failure> {
            let found = history::origin(tree, older, newer, &recipe.names());
            let found = found.map_err(|error| unreadable(&error.into()))?;
            Ok(found.map_or_else(|| recipe.clone(), |names| recipe.with(&names)))
        };
        let new = earlier(&self.recipe, after, head.unwrap_or(after))?;
        let old = earlier(&new, before, after)?;
        let sides = (
            Side { recipe: &old, root: before, nonce: ends.before.id },
            Side { recipe: &new, root: after, nonce: nonce(ends.after.as_ref()) },
        );
        let compared = history::compare(tree, &sides.0, &sides.1);
        let compared = compared.map_err(|error| self.failed(ends, &error))?;
        Ok(self.report(ends, (&old, &new), &compared))
    }

    fn failed(&self, ends: &Ends, error: &CompareError) -> Failure {
        let (commit, reason) = match error {
            CompareError::History(error) => return unreadable(error),
            CompareError::Before(reason) => (Some(&ends.before), reason),
            CompareError::After(reason) => (ends.after.as_ref(), reason),
        };
        let built = commit.map_or_else(
            || "the working tree".to_owned(),
            |commit| format!("commit {}", short(commit.id)),
        );
        let name = &self.service.name;
        let what =
            format!("{name}: there is nothing to compare, {built} cannot be built: {reason}");
        Failure::missing(what).hint("`plimsoll replay` lists the commits that cannot be built")
    }

    fn report(&self, ends: &Ends, recipes: (&Recipe, &Recipe), compared: &Compared) -> MissReport {
        let current = self.plan.cache.as_ref().map(|(setup, _)| *setup);
        let build = |commit: Option<&Commit>, recipe: &Recipe| ComparedBuild {
            commit: commit.map(|commit| commit.id.to_string()),
            subject: commit.map_or_else(String::new, |commit| commit.subject.clone()),
            seconds: commit.map(|commit| commit.seconds),
            dockerfile: recipe.dockerfile.clone(),
        };
        let nonces = (ends.before.id.to_string(), nonce(ends.after.as_ref()).to_string());
        MissReport {
            service: self.service.name.clone(),
            before: build(Some(&ends.before), recipes.0),
            after: build(ends.after.as_ref(), recipes.1),
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
            let mut also = if missed { sides.below(at) } else { Vec::new() };
            also.retain(|below| chain.first() != Some(below));
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
        Some(setup @ (CacheSetup::Inline | CacheSetup::Min)) => with(setup),
        _ => with(CacheSetup::Max),
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

/// The start of a commit's id.
fn short(id: Id) -> String {
    id.to_string().chars().take(10).collect()
}

/// What stands for what is another in every build.
fn nonce(commit: Option<&Commit>) -> Id {
    commit.map_or(WORKING_TREE, |commit| commit.id)
}

/// The repository's folder at a commit.
fn root(history: &History, tree: &impl Tree, commit: &Commit) -> Result<Id, Failure> {
    let found = history::folder_at(tree, commit.tree, history.prefix());
    let found = found.map_err(|error| unreadable(&error.into()))?;
    found.ok_or_else(|| {
        let what = format!("commit {} has no folder {}", short(commit.id), history.prefix());
        Failure::missing(what).hint("name commits that have it")
    })
}

/// What the two sides of a range mean; an empty later one is the working tree. Without a later
/// one, a commit is compared with its first parent.
pub(crate) fn ends(history: &History, first: &str, second: Option<&str>) -> Result<Ends, Failure> {
    let one = commit(history, first)?;
    match second {
        Some("") => return Ok(Ends { before: one, after: None }),
        Some(second) => return Ok(Ends { before: one, after: Some(commit(history, second)?) }),
        None => {}
    }
    let Some(parent) = one.parents.first() else {
        let what = format!("commit {} is the first one: it has no parent", short(one.id));
        return Err(Failure::usage(what).hint("name two commits: plimsoll explain-miss A..B"));
    };
    let before = history.commit(*parent).map_err(|error| match history.is_shallow() {
        true => shallow(format!("the parent of commit {} is not in this clone", short(one.id))),
        false => unreadable(&error),
    })?;
    Ok(Ends { before, after: Some(one) })
}

fn shallow(what: String) -> Failure {
    Failure::missing(what).hint("the clone is shallow: `git fetch --unshallow` gets the rest")
}
