//! From a service to its build: what the engine is asked for, and what is told meanwhile.

mod now;
mod watch;

pub(crate) use now::{Now, Running};
pub(crate) use watch::Watch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_measure::history::History;
use plimsoll_measure::proof::tree;
use plimsoll_rules::discover::Service;
use plimsoll_rules::views::history::{self as plan, Recipe};

use crate::failure::Failure;
use crate::pipeline::{self, Found};

/// What is asked for beside what the pipeline says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// Build arguments, `NAME=VALUE`.
    pub(crate) args: &'a [(String, String)],
    /// The target stage.
    pub(crate) target: Option<&'a str>,
}

/// A service's build as its pipeline has it, with paths of this machine.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The Dockerfile, from the repository's root.
    pub(crate) path: String,
    pub(crate) context: PathBuf,
    pub(crate) dockerfile: PathBuf,
    pub(crate) target: Option<String>,
    pub(crate) args: Vec<(String, String)>,
    pub(crate) named: Vec<(String, PathBuf)>,
    /// Where it is another build than the pipeline's.
    pub(crate) caveats: Vec<String>,
}

/// How a service is built in its working tree.
pub(crate) fn plan(
    root: &Path,
    found: &Found,
    service: &Service,
    asked: Asked<'_>,
) -> Result<Plan, Failure> {
    let branch = History::open(root).ok().and_then(|history| history.branch());
    plan_in(root, branch, found, service, asked)
}

/// How a service is built in a copy of its repository, as a push to `branch` builds it.
pub(crate) fn plan_in(
    root: &Path,
    branch: Option<String>,
    found: &Found,
    service: &Service,
    asked: Asked<'_>,
) -> Result<Plan, Failure> {
    let recipe = pipeline::with_evidence(found, |review, _| {
        plan::recipe(review, service, branch.as_deref())
    });
    let recipe = recipe
        .map_err(|why| Failure::missing(format!("{} cannot be built: {why}", service.name)))?;
    let inside = |path: &str| {
        tree::inside(root, path)
            .map_err(|error| Failure::missing(format!("failed to build: {error}")))
    };
    let mut caveats = Vec::new();
    let args = arguments(&recipe, asked.args, &mut caveats);
    if recipe.git_context {
        caveats.push("the pipeline builds the commit; this was the working tree".to_owned());
    }
    let named = recipe.named.iter().map(|(name, folder)| Ok((name.clone(), inside(folder)?)));
    Ok(Plan {
        context: inside(&recipe.context)?,
        dockerfile: inside(&recipe.dockerfile)?,
        target: asked.target.map(str::to_owned).or(recipe.target),
        args,
        named: named.collect::<Result<_, Failure>>()?,
        path: recipe.dockerfile,
        caveats,
    })
}

/// The arguments of the pipeline and those that are asked for, which win.
fn arguments(
    recipe: &Recipe,
    asked: &[(String, String)],
    caveats: &mut Vec<String>,
) -> Vec<(String, String)> {
    let mut args: BTreeMap<String, String> = asked.iter().cloned().collect();
    let mut unknown: Vec<&String> = recipe.changing_args.iter().collect();
    for (name, value) in &recipe.args {
        match value.contains("${{") || value.contains("$(") {
            true => unknown.push(name),
            false => {
                args.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    for name in unknown.into_iter().filter(|name| !args.contains_key(*name)) {
        caveats.push(format!(
            "the pipeline computes the build argument {name}; here it has its default \
             (--build-arg {name}=VALUE gives it)"
        ));
    }
    args.into_iter().collect()
}

/// Where the log of a service's last build is kept, and a folder for it.
pub(crate) fn log_path(service: &str) -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    let folder = state.join("plimsoll/builds");
    std::fs::create_dir_all(&folder).ok()?;
    let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    Some(folder.join(format!("{}.log", service.chars().map(plain).take(80).collect::<String>())))
}
