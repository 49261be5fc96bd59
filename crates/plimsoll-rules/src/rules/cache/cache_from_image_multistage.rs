//! A cache that is only the final image, of a build with builder stages.

use plimsoll_model::{Level, Section};

use crate::discover::beside::is_sample;
use crate::discover::{Build, BuildTool};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::dockerfile_of;
use crate::views::caching::{Same, builder_stages, inline, names, reference, same};

pub(crate) static RULE: Rule = Rule {
    name: "cache/cache-from-image-multistage",
    section: Section::Cache,
    level: Level::ShouldFix,
    assures: "the images that a build reads as its cache hold the builder stages",
    aliases: &[],
    page: include_str!("cache_from_image_multistage.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let tools = [BuildTool::CloudBuildDocker, BuildTool::DockerBuild];
    if !tools.contains(&build.tool) || is_sample(&build.at.path) || build.cache_from.is_empty() {
        return;
    }
    // A script may run where the layers still are.
    if build.job.is_none() && !review.repo.yaml.contains_key(build.at.path.as_ref()) {
        return;
    }
    // What an inline cache leaves out is the subject of another rule.
    if !build.cache_to.is_empty() || inline(build).is_some() {
        return;
    }
    let own = |reference: &str| build.tags.iter().any(|t| same_image(reference, &t.value));
    let references: Option<Vec<&str>> =
        build.cache_from.iter().map(|c| reference(&c.value)).collect();
    let lost = builder_stages(review, build);
    let (Some(references), Some(first), Some(file)) =
        (references, lost.first(), dockerfile_of(review, build))
    else {
        return;
    };
    if references.iter().any(|r| !own(r) || is_of_stage(review, build, r)) {
        return out.examined();
    }
    let Some(from) = build.cache_from.first() else { return };
    let message = format!(
        "the image that is read as the cache leaves out what {} builds in {}",
        file.path,
        names(&lost)
    );
    out.finding(&from.at, message)
        .label("the final image only")
        .related(&first.at, "the layers of this stage are in no cache")
        .consequence("every run builds these stages from the beginning, and then what copies from them")
        .remedy("use `docker buildx build` with a registry cache and mode=max, or push an image of each stage and read these too");
}

/// Whether two references name one image, whatever their tags.
fn same_image(a: &str, b: &str) -> bool {
    crate::discover::paths::image_name(a) == crate::discover::paths::image_name(b)
}

/// Whether another build makes the image of a builder stage under this name.
fn is_of_stage(review: &Review<'_>, build: &Build, reference: &str) -> bool {
    review.found.builds.iter().any(|other| {
        let file = |b: &Build| b.dockerfile.as_ref().map(|f| f.value.clone());
        file(other) == file(build)
            && other.target.as_ref().map(|t| &t.value) != build.target.as_ref().map(|t| &t.value)
            && other.tags.iter().any(|t| same(reference, &t.value) != Same::No)
    })
}
