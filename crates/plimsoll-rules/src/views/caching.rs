//! What the builds of a repository write to caches and read from them.

use plimsoll_model::Level;

use crate::discover::paths::{image_name, image_tag};
use crate::discover::{Build, BuildTool, CacheSpec};
use crate::repo::{DockerfileView, Fact, Job, Place, Stage, Trigger};
use crate::review::Review;
use crate::rule::Draft;

use super::building::{dockerfile_of, job, steps_before, target};

/// The needed stages with commands whose layers are not in the final image.
#[must_use]
pub fn builder_stages<'a>(review: &Review<'a>, build: &Build) -> Vec<&'a Stage> {
    let Some(file) = dockerfile_of(review, build) else { return Vec::new() };
    let Ok(target) = target(build) else { return Vec::new() };
    let Some(last) = file.target(target) else { return Vec::new() };
    let kept: Vec<usize> = file.lineage(last).iter().map(|s| s.index).collect();
    let needed = file.reachable(target).filter(|s| !kept.contains(&s.index));
    needed.filter(|s| s.runs().next().is_some()).collect()
}

/// The names of stages for a sentence.
#[must_use]
pub fn names(stages: &[&Stage]) -> String {
    let name = |s: &&Stage| s.name.clone().unwrap_or_else(|| format!("stage {}", s.index));
    stages.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Where a build writes its cache into the image itself.
#[must_use]
pub fn inline(build: &Build) -> Option<&Place> {
    let spec = build.cache_to.iter().find(|c| c.value.kind == "inline").map(|c| &c.at);
    let arg = || {
        let named = |(n, v): &&(Fact<String>, Option<String>)| {
            n.value == "BUILDKIT_INLINE_CACHE" && v.as_deref().is_some_and(|v| v.trim() == "1")
        };
        build.args.iter().find(named).map(|(n, _)| &n.at)
    };
    spec.or_else(arg)
}

/// Whether a job runs on a machine of GitHub that begins empty.
#[must_use]
pub fn is_hosted(job: &Job) -> bool {
    const NAMES: [&str; 3] = ["ubuntu-", "windows-", "macos-"];
    !job.runs_on.is_empty()
        && job.runs_on.iter().all(|l| NAMES.iter().any(|n| l.value.starts_with(n)))
}

/// Whether an earlier step of the job may set up another builder than Docker's own.
#[must_use]
pub fn sets_up_builder(review: &Review<'_>, build: &Build) -> bool {
    let own = job(review, build).and_then(|(job, step)| job.steps.get(step));
    let named = own.is_some_and(|s| s.input("builder").is_some());
    let scripted = |text: &str| text.contains("buildx create") || text.contains("buildx use");
    let in_own = own.and_then(|s| s.run.as_ref()).is_some_and(|r| scripted(r.text.text()));
    let before = steps_before(review, build).iter().any(|s| {
        let action = s.action().is_some_and(|a| {
            a.contains("setup-buildx")
                || a.contains("setup-docker")
                || a.starts_with("./")
                || a.contains("depot")
                || a.contains("blacksmith")
                || a.contains("namespace")
        });
        action || s.run.as_ref().is_some_and(|r| scripted(r.text.text()))
    });
    named || in_own || before
}

/// Whether the builder of a job may keep its cache elsewhere.
#[must_use]
pub fn has_own_cache(review: &Review<'_>, build: &Build) -> bool {
    steps_before(review, build).iter().any(|s| {
        let Some(action) = s.action() else { return false };
        let remote = s.input("driver").is_some_and(|d| d.value != "docker-container")
            || s.input("endpoint").is_some();
        action.starts_with("./")
            || ["depot", "blacksmith", "namespace", "warp"].iter().any(|n| action.contains(n))
            || (action.contains("setup-buildx") && remote)
    })
}

/// Whether a build runs for tags and releases only.
#[must_use]
pub fn is_for_releases(review: &Review<'_>, build: &Build) -> bool {
    let Some(workflow) = build.job.and_then(|j| review.repo.workflows.get(j.workflow)) else {
        return false;
    };
    let release = |t: &Trigger| match t.event.value.as_str() {
        "release" => true,
        "push" => !t.tags.is_empty() && t.branches.is_empty() && t.branches_ignore.is_empty(),
        _ => false,
    };
    let by_hand = |t: &Trigger| t.event.value == "workflow_dispatch";
    workflow.on.iter().any(release) && workflow.on.iter().all(|t| release(t) || by_hand(t))
}

/// Weighs a finding about a cache less where the build is seldom.
pub(crate) fn weigh(review: &Review<'_>, build: &Build, draft: &mut Draft) {
    if is_for_releases(review, build) {
        draft.level(Level::Advice).evidence("the workflow runs for tags and releases only");
    }
}

/// Whether some build of the repository is not read, so that it may write or read any cache.
#[must_use]
pub fn has_hidden_builds(review: &Review<'_>) -> bool {
    let steps = review.repo.workflows.iter().flat_map(|w| &w.jobs).flat_map(|j| &j.steps);
    let hidden = |s: &crate::repo::WorkflowStep| {
        s.action().as_deref() == Some("docker/bake-action")
            || s.run.as_ref().is_some_and(|r| r.text.text().contains("bake"))
    };
    let mut jobs = review.repo.workflows.iter().flat_map(|w| &w.jobs);
    steps.into_iter().any(hidden)
        || jobs.any(|j| j.uses.as_ref().is_some_and(|u| !u.value.starts_with("./")))
}

/// Whether two references are one, as far as can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Same {
    /// They are.
    Yes,
    /// They may be, once variables are known.
    Maybe,
    /// They are not.
    No,
}

/// Compares two image references.
#[must_use]
pub fn same(a: &str, b: &str) -> Same {
    let (name_a, name_b) = (image_name(a), image_name(b));
    if name_a != name_b {
        let open = name_a.contains('$') || name_b.contains('$');
        return if open { Same::Maybe } else { Same::No };
    }
    let (tag_a, tag_b) = (tag(a), tag(b));
    if tag_a == tag_b {
        return Same::Yes;
    }
    // A commit or a run is no name that somebody writes out.
    let open = |t: &str| t.contains('$') && !super::building::changes_each_run(t);
    if open(tag_a) || open(tag_b) { Same::Maybe } else { Same::No }
}

fn tag(reference: &str) -> &str {
    image_tag(reference).unwrap_or("latest")
}

/// Whether the kind of a cache is known: an expression may stand for a whole specification.
#[must_use]
pub fn is_known(spec: &CacheSpec) -> bool {
    let whole = |t: &str| t.starts_with('$') && !t.contains(['/', ':']) && !t.contains("}}-");
    let named = spec.get("ref").is_some_and(|r| !whole(r) && !r.contains("}} ${{"));
    !spec.kind.contains('$') && (spec.kind != "registry" || named)
}

/// The reference of a registry cache.
#[must_use]
pub fn reference(spec: &CacheSpec) -> Option<&str> {
    (spec.kind == "registry" && is_known(spec)).then(|| spec.get("ref")).flatten()
}

/// The scope of a cache in GitHub's service.
#[must_use]
pub fn scope(spec: &CacheSpec) -> Option<&str> {
    (spec.kind == "gha").then(|| spec.get("scope").unwrap_or("buildkit"))
}

/// Compares what one build reads with what another writes.
#[must_use]
pub fn matches(from: &CacheSpec, to: &CacheSpec) -> Same {
    if !is_known(from) || !is_known(to) {
        return Same::Maybe;
    }
    match ((reference(from), reference(to)), (scope(from), scope(to))) {
        ((Some(a), Some(b)), _) => same(a, b),
        (_, (Some(a), Some(b))) if a == b => Same::Yes,
        (_, (Some(a), Some(b))) if a.contains('$') || b.contains('$') => Same::Maybe,
        _ => Same::No,
    }
}

/// Whether a build runs with BuildKit's own flags for caches.
#[must_use]
pub fn speaks_buildkit(build: &Build) -> bool {
    matches!(build.tool, BuildTool::BuildPushAction | BuildTool::Buildx)
}

/// The first command of a Dockerfile's needed stages, where there is one.
#[must_use]
pub fn runs_anything(file: &DockerfileView, target: Option<&str>) -> bool {
    file.reachable(target).any(|s| s.runs().next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_compared_as_far_as_they_are_known() {
        for (a, b, want) in [
            ("r/a:x", "r/a:x", Same::Yes),
            ("r/a", "r/a:latest", Same::Yes),
            ("r/a:x", "r/a:y", Same::No),
            ("r/a:x", "r/b:x", Same::No),
            ("${{ vars.R }}/a:x", "r/a:x", Same::Maybe),
            ("r/a:staging", "r/a:${{ github.sha }}", Same::No),
            ("r/a:staging", "r/a:${{ inputs.tag }}", Same::Maybe),
            ("${{ vars.R }}/a:x", "${{ vars.R }}/a:x", Same::Yes),
        ] {
            assert_eq!(same(a, b), want, "{a} {b}");
        }
    }

    #[test]
    fn an_expression_may_be_any_cache() {
        for (text, want) in [
            ("type=registry,ref=r/a:x", true),
            ("r/a:x", true),
            ("${{ env.IMAGE }}:cache", true),
            ("${{ steps.cache.outputs.to }}", false),
            ("type=${{ inputs.kind }}", false),
            ("${{ github.ref == 'refs/heads/main' && 'type=gha' || '' }}", false),
            ("type=gha", true),
        ] {
            assert_eq!(is_known(&CacheSpec::parse(text)), want, "{text}");
        }
    }
}
