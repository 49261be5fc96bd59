//! Two builds side by side: why each step of the later one has another key.

use plimsoll_graph::{Cause, Evaluator, Id, Keyed, Pair, Tree};

use super::replay::{Build, keyed};
use super::{Failed, HistoryError, Recipe};

/// What is built on one side.
#[derive(Clone, Copy, Debug)]
pub struct Side<'s> {
    /// How.
    pub recipe: &'s Recipe,
    /// The repository's folder.
    pub root: Id,
    /// What stands for everything that is another in every build.
    pub nonce: Id,
}

/// Two builds.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The earlier one.
    pub before: Keyed,
    /// The later one.
    pub after: Keyed,
    /// Why each step of the later one has another key; none where it has the same.
    pub causes: Vec<Option<Cause>>,
    /// Whether another ignore file holds for the context.
    pub ignore_changed: bool,
}

/// Why two builds cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompareError {
    /// The earlier one fails.
    Before(Failed),
    /// The later one fails.
    After(Failed),
    /// The history cannot be read.
    History(HistoryError),
}

/// Compares two builds.
///
/// # Errors
/// When one of them fails, or a tree cannot be read.
pub fn compare(
    tree: &impl Tree,
    before: &Side<'_>,
    after: &Side<'_>,
) -> Result<Compared, CompareError> {
    let mut evaluator = Evaluator::default();
    let history = CompareError::History;
    let (old, old_files) =
        build(&mut evaluator, tree, before).map_err(history)?.map_err(CompareError::Before)?;
    let (new, new_files) =
        build(&mut evaluator, tree, after).map_err(history)?.map_err(CompareError::After)?;
    let pair = Pair { before: (&old, &old_files), after: (&new, &new_files) };
    let causes = pair.causes(&mut evaluator, tree);
    let causes = causes.map_err(|error| history(HistoryError::Object(error.to_string())))?;
    let ignore_changed = old_files.main.ignore != new_files.main.ignore;
    Ok(Compared { before: old, after: new, causes, ignore_changed })
}

fn build(
    evaluator: &mut Evaluator,
    tree: &impl Tree,
    side: &Side<'_>,
) -> Result<Build, HistoryError> {
    let moment = side.recipe.moment(tree, side.root, side.nonce);
    keyed(evaluator, tree, moment)
}
