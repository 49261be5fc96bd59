//! The values of variables in commands of a stage.

use plimsoll_syntax::shell::{Resolved, Word};

use crate::repo::{DockerfileView, Stage, StepKind};
use crate::review::Review;

/// A word of a command with the variables of its stage replaced. An argument that some build
/// sets stays unknown.
#[must_use]
pub fn resolve(review: &Review<'_>, file: &DockerfileView, stage: &Stage, word: &Word) -> Resolved {
    let passed = |name: &str| {
        review.found.builds.iter().any(|b| b.args.iter().any(|(n, _)| n.value == name))
    };
    word.resolve(&|name| if passed(name) { None } else { value(file, stage, name) })
}

/// The last value that ENV or ARG gives a variable, where it is written out.
fn value(file: &DockerfileView, stage: &Stage, name: &str) -> Option<String> {
    let lineage = file.lineage(stage.index);
    let steps = lineage.iter().flat_map(|s| &s.steps);
    let set = |kind: &StepKind| match kind {
        StepKind::Env(pairs) => {
            let pair = pairs.iter().rev().find(|(n, _)| n.value == name);
            pair.map(|(_, v)| v.value.clone())
        }
        StepKind::Arg(args) => {
            let arg = args.iter().find(|a| a.name.value == name)?;
            let global = || file.global_args.iter().find(|a| a.name.value == name);
            let default = arg.default.as_ref().or_else(|| global()?.default.as_ref());
            default.map(|d| d.value.trim_matches(['"', '\'']).to_owned())
        }
        _ => None,
    };
    let values: Vec<String> = steps.filter_map(|s| set(&s.kind)).collect();
    values.into_iter().next_back().filter(|v| !v.contains('$'))
}
