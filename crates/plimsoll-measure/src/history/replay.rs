//! The keys of a run of builds, and why each differs from the one before.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use plimsoll_graph::{
    Cause, Contexts, Evaluator, Keyed, Moment, Overlay, Pair, SelectError, Tree, TreeError,
    Unbuildable,
};

use super::{Commit, GitTree, History, HistoryError, NoBuild, Recipe, TreeOptions, folder_at};

/// What is replayed.
#[derive(Clone, Debug)]
pub struct Request<'r> {
    /// The folder of the repository.
    pub folder: &'r Path,
    /// How the image is built.
    pub recipe: &'r Recipe,
    /// How a checkout looks.
    pub tree: TreeOptions,
    /// The commits that are built, oldest first.
    pub commits: &'r [Commit],
    /// Files that stand in every commit in place of its own: today's, or a proposal.
    pub files: &'r BTreeMap<String, Vec<u8>>,
}

/// A commit as it was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// The keys.
    pub keyed: Keyed,
    /// Why each step has another key than in the build before; empty for the first.
    pub causes: Vec<Option<Cause>>,
}

/// Why a commit was not built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// Its build cannot begin.
    NoBuild(NoBuild),
    /// Its build fails.
    Unbuildable(Unbuildable),
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoBuild(reason) => write!(f, "{reason}"),
            Self::Unbuildable(reason) => write!(f, "{reason}"),
        }
    }
}

/// A thread is worth its start from this many commits.
const COMMITS_PER_THREAD: usize = 40;

/// Computes the keys of each commit's build. `done` counts the commits that are finished.
///
/// # Errors
/// When the repository cannot be opened, or a tree in it cannot be read.
pub fn replay(
    request: &Request<'_>,
    done: &AtomicUsize,
) -> Result<Vec<Result<Built, Failed>>, HistoryError> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = threads.min(request.commits.len() / COMMITS_PER_THREAD).clamp(1, 8);
    let size = request.commits.len().div_ceil(threads).max(1);
    let starts: Vec<usize> = (0..request.commits.len()).step_by(size).collect();
    let part = |start: &usize| (*start, (*start + size).min(request.commits.len()));
    let parts: Vec<_> = thread::scope(|scope| {
        let run = |(start, end)| move || run_part(request, start, end, done);
        let others: Vec<_> =
            starts.iter().skip(1).map(|start| scope.spawn(run(part(start)))).collect();
        let first = starts.first().map(|start| run(part(start))());
        let joined = others.into_iter().map(|other| {
            other.join().unwrap_or_else(|_| {
                Err(HistoryError::Object("a part of the replay ended early".to_owned()))
            })
        });
        first.into_iter().chain(joined).collect()
    });
    let mut all = Vec::with_capacity(request.commits.len());
    for part in parts {
        all.extend(part?);
    }
    Ok(all)
}

/// The build that the next one is compared with.
type Last = Option<(Keyed, Contexts)>;

fn run_part(
    request: &Request<'_>,
    start: usize,
    end: usize,
    done: &AtomicUsize,
) -> Result<Vec<Result<Built, Failed>>, HistoryError> {
    let history = History::open(request.folder)?;
    let mut part = Part {
        request,
        prefix: history.prefix().to_owned(),
        tree: Overlay::new(history.tree(request.tree)),
        evaluator: Evaluator::default(),
    };
    // The first build of this part is compared with the last one before it.
    let mut last: Last = None;
    for commit in request.commits[..start].iter().rev() {
        if let Ok(before) = part.build(commit)? {
            last = Some(before);
            break;
        }
    }
    let mut all = Vec::with_capacity(end - start);
    for commit in &request.commits[start..end] {
        let built = match part.build(commit)? {
            Err(failed) => Err(failed),
            Ok((keyed, contexts)) => {
                let causes = part.causes(&last, &keyed, &contexts)?;
                last = Some((keyed.clone(), contexts));
                Ok(Built { keyed, causes })
            }
        };
        all.push(built);
        done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(all)
}

struct Part<'r> {
    request: &'r Request<'r>,
    prefix: String,
    tree: Overlay<GitTree>,
    evaluator: Evaluator,
}

impl Part<'_> {
    fn build(&mut self, commit: &Commit) -> Result<Build, HistoryError> {
        let moment = self.moment(commit);
        keyed(&mut self.evaluator, &self.tree, moment)
    }

    fn moment(&mut self, commit: &Commit) -> Result<Moment, NoBuild> {
        let root = folder_at(&self.tree, commit.tree, &self.prefix)?;
        let Some(root) = root else { return Err(NoBuild::Context(self.prefix.clone())) };
        let root = self.tree.with_files(root, self.request.files)?;
        let recipe = match self.request.files.is_empty() {
            true => self.request.recipe.at(commit.id),
            // Files that stand in every commit stand where they lie today.
            false => Cow::Borrowed(self.request.recipe),
        };
        recipe.moment(&self.tree, root, commit.id)
    }

    fn causes(
        &mut self,
        last: &Last,
        keyed: &Keyed,
        contexts: &Contexts,
    ) -> Result<Vec<Option<Cause>>, HistoryError> {
        let Some((before, old)) = last else { return Ok(Vec::new()) };
        let pair = Pair { before: (before, old), after: (keyed, contexts) };
        let causes = pair.causes(&mut self.evaluator, &self.tree);
        causes.map_err(|error| HistoryError::Object(error.to_string()))
    }
}

/// The keys of a build with its contexts, or why it has none.
pub(super) type Build = Result<(Keyed, Contexts), Failed>;

/// The keys of a build. A tree that cannot be read is no fault of the build.
pub(super) fn keyed(
    evaluator: &mut Evaluator,
    tree: &impl Tree,
    moment: Result<Moment, NoBuild>,
) -> Result<Build, HistoryError> {
    let unreadable = |error: TreeError| Err(HistoryError::Object(error.to_string()));
    let moment = match moment {
        Ok(moment) => moment,
        Err(NoBuild::Tree(error)) => return unreadable(error),
        Err(reason) => return Ok(Err(Failed::NoBuild(reason))),
    };
    match evaluator.build(tree, &moment) {
        Ok(keyed) => Ok(Ok((keyed, moment.contexts))),
        Err(Unbuildable::Files(_, SelectError::Tree(error))) => unreadable(error),
        Err(reason) => Ok(Err(Failed::Unbuildable(reason))),
    }
}
