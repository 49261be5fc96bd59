//! How a service is built at each commit: what a replay of the git history needs to know.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::CacheSetup;
use plimsoll_syntax::filter_pattern::{matches, selects};

use crate::discover::{Build, BuildTool, ContextRef, Service, paths};
use crate::repo::{Place, Trigger, WorkflowStep};
use crate::review::Review;

use super::building::{changes_each_run, dockerfile, job, steps_before, target};
use super::caching::{has_own_cache, inline, is_hosted};

/// A service's build, as a replay takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipe {
    /// The Dockerfile, from the repository's root.
    pub dockerfile: String,
    /// The folder that is sent; `""` is the root.
    pub context: String,
    /// Whether the builder fetches the commit itself.
    pub git_context: bool,
    /// The target stage.
    pub target: Option<String>,
    /// Build arguments.
    pub args: BTreeMap<String, String>,
    /// Build arguments that are another in every build.
    pub changing_args: BTreeSet<String>,
    /// Named contexts that are folders of the repository.
    pub named: BTreeMap<String, String>,
    /// Whether the checkout has the submodules.
    pub submodules: bool,
    /// What starts a build.
    pub starts: Starts,
    /// How the cache is kept, where that can be told, and where it is set.
    pub cache: Option<(CacheSetup, Option<Place>)>,
    /// What is assumed.
    pub assumptions: Vec<String>,
}

/// Which pushes start a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Starts {
    /// `paths:` of each trigger; a trigger without a filter has none.
    filters: Option<Vec<Filter>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Filter {
    paths: Vec<String>,
    ignored: Vec<String>,
}

impl Starts {
    /// Whether every push does.
    #[must_use]
    pub fn always(&self) -> bool {
        self.filters.as_ref().is_none_or(|all| {
            all.iter().any(|filter| filter.paths.is_empty() && filter.ignored.is_empty())
        })
    }

    /// Whether a push that changes these files does.
    #[must_use]
    pub fn by(&self, changed: &[String]) -> bool {
        let Some(filters) = self.filters.as_ref().filter(|_| !self.always()) else { return true };
        filters.iter().any(|filter| {
            let wanted =
                filter.paths.is_empty() || changed.iter().any(|p| selects(&filter.paths, p));
            let all_ignored = !filter.ignored.is_empty()
                && !changed.is_empty()
                && changed.iter().all(|path| selects(&filter.ignored, path));
            wanted && !all_ignored
        })
    }
}

/// How a service is built when `branch` is pushed; without one, when any branch is.
///
/// # Errors
/// Where no part of the repository is what is sent to the builder: why.
pub fn recipe(
    review: &Review<'_>,
    service: &Service,
    branch: Option<&str>,
) -> Result<Recipe, String> {
    let Some(file) = dockerfile(review, service) else {
        return Err("its Dockerfile cannot be read".to_owned());
    };
    let build = chosen(review, service);
    let context = build.map(|build| &build.context).or(service.context.as_ref());
    let (folder, git_context) = match context {
        Some(ContextRef::Folder(folder)) => (folder.value.clone(), false),
        Some(ContextRef::Git(_)) => (String::new(), true),
        Some(ContextRef::Remote(from) | ContextRef::Unknown(from)) => {
            return Err(format!("its context is {}, which is no folder here", from.value));
        }
        None => return Err("the root of its context is not known".to_owned()),
    };
    let mut recipe = Recipe {
        dockerfile: file.path.to_string(),
        context: folder,
        git_context,
        target: service.target.clone(),
        ..Recipe::default()
    };
    recipe.assumptions.push("base images and what ADD fetches are taken as unchanged".to_owned());
    let Some(build) = build else {
        let note = "nothing in the repository builds it: every commit is taken as a build";
        recipe.assumptions.push(note.to_owned());
        return Ok(recipe);
    };
    if let Ok(Some(target)) = target(build) {
        recipe.target = Some(target.to_owned());
    }
    arguments(build, &mut recipe);
    for (name, source) in &build.contexts {
        if let Some(folder) = local_folder(&source.value) {
            recipe.named.insert(name.clone(), folder);
        }
    }
    recipe.submodules = steps_before(review, build).iter().any(checks_out_submodules);
    recipe.starts = starts(review, build, branch, &mut recipe.assumptions);
    recipe.cache = cache(review, build);
    Ok(recipe)
}

/// The build that counts: one that runs on pushes and pushes the image, if there is one.
fn chosen<'a>(review: &Review<'a>, service: &Service) -> Option<&'a Build> {
    let builds = service.builds.iter().filter_map(|index| review.found.builds.get(*index));
    let rank = |build: &&Build| {
        let pushed = build.job.is_some_and(|at| {
            let workflow = review.repo.workflows.get(at.workflow);
            workflow.is_some_and(|w| w.on.iter().any(|t| t.event.value == "push"))
        });
        (build.job.is_some(), pushed, build.push == Some(true))
    };
    // The first of equals: `max_by_key` gives the last.
    builds.rev().max_by_key(rank)
}

fn arguments(build: &Build, recipe: &mut Recipe) {
    for (name, value) in &build.args {
        let Some(value) = value else { continue };
        // What an earlier step or job computes is a version or a date more often than not.
        let computed = value.contains("steps.") || value.contains("needs.");
        if changes_each_run(value) || (computed && value.contains("${{")) {
            recipe.changing_args.insert(name.value.clone());
            if computed {
                recipe.assumptions.push(format!(
                    "the build argument {} ({value}) is taken as another in every build",
                    name.value
                ));
            }
        } else {
            recipe.args.insert(name.value.clone(), value.clone());
        }
    }
}

fn local_folder(source: &str) -> Option<String> {
    let elsewhere = source.contains("://") || source.contains('$') || source.starts_with('/');
    (!elsewhere).then(|| paths::join("", source)).flatten()
}

fn checks_out_submodules(step: &WorkflowStep) -> bool {
    step.action().is_some_and(|action| action == "actions/checkout")
        && step.input("submodules").is_some_and(|v| matches!(v.value.trim(), "true" | "recursive"))
}

fn starts(
    review: &Review<'_>,
    build: &Build,
    branch: Option<&str>,
    assumptions: &mut Vec<String>,
) -> Starts {
    let workflow = build.job.and_then(|at| review.repo.workflows.get(at.workflow));
    let Some(workflow) = workflow else {
        assumptions.push("every commit is taken as a build".to_owned());
        return Starts::default();
    };
    let pushes = workflow.on.iter().filter(|t| t.event.value == "push" && is_of(t, branch));
    let texts =
        |facts: &[crate::repo::Fact<String>]| facts.iter().map(|f| f.value.clone()).collect();
    let filters: Vec<Filter> = pushes
        .map(|t| Filter { paths: texts(&t.paths), ignored: texts(&t.paths_ignore) })
        .collect();
    if filters.is_empty() {
        assumptions.push(format!(
            "its workflow is not started by a push to {}: every commit is taken as a build",
            branch.unwrap_or("a branch")
        ));
        return Starts::default();
    }
    assumptions.push("each first-parent commit is taken as one push".to_owned());
    Starts { filters: Some(filters) }
}

/// Whether a trigger is one for pushes to a branch.
fn is_of(trigger: &Trigger, branch: Option<&str>) -> bool {
    let patterns: Vec<&str> = trigger.branches.iter().map(|b| b.value.as_str()).collect();
    // A trigger for tags alone is none for branches.
    if patterns.is_empty() && trigger.branches_ignore.is_empty() {
        return trigger.tags.is_empty();
    }
    let Some(branch) = branch else { return true };
    match patterns.is_empty() {
        true => !trigger.branches_ignore.iter().any(|b| matches(&b.value, branch)),
        false => selects(&patterns, branch),
    }
}

/// How the cache of a build is kept, where that can be told.
fn cache(review: &Review<'_>, build: &Build) -> Option<(CacheSetup, Option<Place>)> {
    if let Some(place) = &build.no_cache {
        return Some((CacheSetup::None, Some(place.clone())));
    }
    let written = |mode: &str| {
        let of_mode = |spec: &&crate::repo::Fact<crate::discover::CacheSpec>| {
            spec.value.kind != "inline" && spec.value.get("mode").unwrap_or("min") == mode
        };
        build.cache_to.iter().find(of_mode).map(|spec| spec.at.clone())
    };
    if !build.cache_from.is_empty() {
        if let Some(place) = written("max") {
            return Some((CacheSetup::Max, Some(place)));
        }
        if let Some(place) = written("min") {
            return Some((CacheSetup::Min, Some(place)));
        }
        if let Some(place) = inline(build) {
            return Some((CacheSetup::Inline, Some(place.clone())));
        }
        // Somebody else writes it, or nobody does.
        return None;
    }
    let Some((job, _)) = job(review, build) else {
        let stays = matches!(build.tool, BuildTool::Compose | BuildTool::DockerBuild);
        return stays.then_some((CacheSetup::Local, None));
    };
    if has_own_cache(review, build) {
        return None;
    }
    is_hosted(job).then(|| (CacheSetup::None, Some(build.at.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_start_builds() {
        let filter = |paths: &[&str], ignored: &[&str]| Filter {
            paths: paths.iter().map(|p| (*p).to_owned()).collect(),
            ignored: ignored.iter().map(|p| (*p).to_owned()).collect(),
        };
        let changed = |paths: &[&str]| paths.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        let starts = Starts { filters: Some(vec![filter(&["api/**", "!**.md"], &[])]) };
        assert!(starts.by(&changed(&["api/a.py", "web/b.js"])));
        assert!(!starts.by(&changed(&["api/README.md"])));
        assert!(!starts.by(&[]));
        let starts = Starts { filters: Some(vec![filter(&[], &["docs/**"])]) };
        assert!(starts.by(&changed(&["docs/a.md", "b.py"])));
        assert!(!starts.by(&changed(&["docs/a.md"])));
        assert!(Starts::default().by(&[]));
    }
}
