//! From services to replayed histories: which commits are built, how, and what came of it.

pub(crate) mod commits;
mod durations;
mod effect;
mod fold;
mod measure;
pub(crate) mod misses;
mod provenance;
mod reasons;
mod trail;
pub(crate) mod verify;

pub(crate) use durations::Durations;
pub(crate) use effect::effect;
pub(crate) use measure::{measure, weigh};
pub(crate) use reasons::THIS_BUILD;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;

use plimsoll_measure::history::{
    self, Built, Commit, Failed, History, HistoryError, Recipe, Request, TreeOptions, changed_paths,
};
use plimsoll_model::{CacheSetup, Date, ReplayReport, ReplayedRename};
use plimsoll_rules::discover::Service;
use plimsoll_rules::views::history::{self as plan, Starts};

use crate::pipeline::{self, Found};
use trail::Trail;

/// Which commits.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// How many builds at most.
    pub(crate) last: usize,
    /// None before this day.
    pub(crate) since: Option<Date>,
    /// The branch; what is checked out without one.
    pub(crate) branch: Option<String>,
    /// The setup that steps are counted under; the pipeline's own without one.
    pub(crate) shown: Option<CacheSetup>,
    /// How many commits are looked at to find those that start a build.
    pub(crate) most_commits: usize,
}

impl Window {
    /// The builds that a review quotes. Rules ask what the order of steps does: that shows where
    /// every layer is kept.
    fn of_evidence() -> Self {
        let shown = Some(CacheSetup::Max);
        // Nobody waits for a review: few commits are looked at.
        Self { last: 100, since: None, branch: None, shown, most_commits: 2_000 }
    }
}

/// A service's builds, ready to be replayed.
pub(crate) struct Subject<'s> {
    folder: &'s Path,
    service: &'s Service,
    plan: plan::Recipe,
    recipe: Recipe,
    window: &'s Window,
    /// Oldest first; the first one fills the caches.
    commits: Vec<Commit>,
    not_started: usize,
    shallow: bool,
    branch: String,
    renames: Vec<ReplayedRename>,
}

impl<'s> Subject<'s> {
    /// Finds the commits that build a service.
    pub(crate) fn find(
        folder: &'s Path,
        found: &Found,
        service: &'s Service,
        window: &'s Window,
    ) -> Result<Self, String> {
        let history = History::open(folder).map_err(|error| error.to_string())?;
        let branch = window.branch.clone().or_else(|| history.branch());
        let plan = pipeline::with_evidence(found, |review, _| {
            plan::recipe(review, service, branch.as_deref())
        })?;
        let recipe = recipe(&plan, history.prefix());
        let mut subject = Self {
            folder,
            service,
            recipe,
            window,
            commits: Vec::new(),
            not_started: 0,
            shallow: false,
            renames: Vec::new(),
            branch: branch.unwrap_or_else(|| "a detached HEAD".to_owned()),
            plan,
        };
        subject.walk(&history).map_err(|error| error.to_string())?;
        Ok(subject)
    }

    fn walk(&mut self, history: &History) -> Result<(), HistoryError> {
        let head = history.resolve(self.window.branch.as_deref().unwrap_or("HEAD"))?;
        let tree = history.tree(self.tree());
        let starts = self.plan.starts.clone();
        let mut walk = history.first_parents(head);
        let mut looked = 0;
        let mut names = Trail::new(&self.recipe);
        for commit in walk.by_ref() {
            let commit = commit?;
            looked += 1;
            let old = self.window.since.is_some_and(|day| Date::from_unix(commit.seconds) < day);
            if looked > self.window.most_commits {
                break;
            }
            names.at(history, &tree, &commit)?;
            if !starts_build(history, &tree, &starts, &commit)? {
                self.not_started += usize::from(!old);
                continue;
            }
            self.recipe.moved.extend(names.moved().map(|names| (commit.id, names)));
            self.commits.push(commit);
            // One more than asked for: its build fills the caches.
            if old || self.commits.len() > self.window.last {
                break;
            }
        }
        self.shallow = walk.is_cut();
        self.renames = names.renames;
        self.commits.reverse();
        Ok(())
    }

    fn tree(&self) -> TreeOptions {
        TreeOptions { submodules: self.plan.submodules }
    }

    /// How many commits are built.
    pub(crate) fn len(&self) -> usize {
        self.commits.len()
    }

    /// The names that its Dockerfile had before, newest first.
    pub(crate) fn renames(&self) -> &[ReplayedRename] {
        &self.renames
    }

    /// The files of the pipeline, from the repository's root: a proposal may replace them.
    pub(crate) fn pipeline_files(&self) -> Vec<String> {
        let context = &self.plan.context;
        let general = match context.as_str() {
            "" => ".dockerignore".to_owned(),
            folder => format!("{folder}/.dockerignore"),
        };
        let dockerfile = self.plan.dockerfile.clone();
        vec![format!("{dockerfile}.dockerignore"), general, dockerfile]
    }

    /// Replays the builds, with `files` in place of the commits' own.
    pub(crate) fn replay(
        &self,
        files: &BTreeMap<String, Vec<u8>>,
        done: &AtomicUsize,
    ) -> Result<Vec<Result<Built, Failed>>, String> {
        let request = Request {
            folder: self.folder,
            recipe: &self.recipe,
            tree: self.tree(),
            commits: &self.commits,
            files,
        };
        history::replay(&request, done).map_err(|error| error.to_string())
    }

    /// What two replays say of the builds that both can do.
    pub(crate) fn compare(
        &self,
        before: &[Result<Built, Failed>],
        after: &[Result<Built, Failed>],
        durations: &Durations,
    ) -> (ReplayReport, ReplayReport) {
        let fails =
            |builds: &[Result<Built, Failed>], at| builds.get(at).is_none_or(Result::is_err);
        let out = |at: usize| fails(before, at) || fails(after, at);
        (self.report(before, durations, &out), self.report(after, durations, &out))
    }

    /// What the replay says. Builds that `leave_out` names are not counted.
    pub(crate) fn report(
        &self,
        builds: &[Result<Built, Failed>],
        durations: &Durations,
        leave_out: &dyn Fn(usize) -> bool,
    ) -> ReplayReport {
        let current = self.plan.cache.as_ref().map(|(setup, _)| *setup);
        let shown = self.window.shown.or(current).unwrap_or(CacheSetup::Max);
        let mut report = fold::fold(&self.commits, builds, shown, durations, leave_out);
        report.service.clone_from(&self.service.name);
        report.branch.clone_from(&self.branch);
        report.not_started = self.not_started;
        report.shallow = self.shallow;
        report.current = current;
        report.assumptions.extend(self.plan.assumptions.iter().cloned());
        report
    }
}

fn recipe(plan: &plan::Recipe, prefix: &str) -> Recipe {
    Recipe {
        dockerfile: plan.dockerfile.clone(),
        context: plan.context.clone(),
        git_context: plan.git_context,
        git_folder: prefix.is_empty(),
        target: plan.target.clone(),
        args: plan.args.clone(),
        changing_args: plan.changing_args.clone(),
        named: plan.named.clone(),
        ..Recipe::default()
    }
}

/// How many changed files are looked at: GitHub itself stops at 300.
const MOST_CHANGES: usize = 3_000;

fn starts_build(
    history: &History,
    tree: &history::GitTree,
    starts: &Starts,
    commit: &Commit,
) -> Result<bool, HistoryError> {
    let whole = history.prefix().is_empty();
    if starts.always() && whole {
        return Ok(true);
    }
    let Some(parent) = commit.parents.first() else { return Ok(true) };
    // Where a shallow clone ends nobody can tell what changed.
    let Ok(parent) = history.commit(*parent) else { return Ok(true) };
    let at = |root| history::folder_at(tree, root, history.prefix());
    let Some(after) = at(commit.tree)? else { return Ok(false) };
    let before = at(parent.tree)?;
    // A commit of a larger repository that changes nothing in this folder is no build of it.
    if !whole && before == Some(after) {
        return Ok(false);
    }
    let changed = changed_paths(tree, before, after, MOST_CHANGES)?;
    Ok(starts.by(&changed))
}

/// The files of a proposal: a Dockerfile or an ignore file, or a folder that holds them where
/// the repository does.
pub(crate) fn proposal(
    subject: &Subject<'_>,
    path: &Path,
) -> std::io::Result<BTreeMap<String, Vec<u8>>> {
    let names = subject.pipeline_files();
    if path.is_dir() {
        return read_all(path, &names);
    }
    let text = std::fs::read(path)?;
    let is_ignore = path.to_string_lossy().ends_with(".dockerignore");
    let [own, general, dockerfile] = names.as_slice() else { return Ok(BTreeMap::new()) };
    let name = match is_ignore {
        true if subject.folder.join(own).is_file() => own,
        true => general,
        false => dockerfile,
    };
    Ok(BTreeMap::from([(name.clone(), text)]))
}

/// The pipeline's files as they are in the working tree.
pub(crate) fn today(subject: &Subject<'_>) -> std::io::Result<BTreeMap<String, Vec<u8>>> {
    read_all(subject.folder, &subject.pipeline_files())
}

fn read_all(folder: &Path, names: &[String]) -> std::io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for name in names {
        let path: PathBuf = folder.join(name);
        match std::fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => {
                files.insert(name.clone(), std::fs::read(&path)?);
            }
            _ => {}
        }
    }
    Ok(files)
}
