//! One Dockerfile that compose and the pipeline build from different folders.

use plimsoll_model::{Level, Section};

use crate::discover::beside::is_sample;
use crate::discover::{Build, BuildTool};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::{dockerfile_of, shown, target};

pub(crate) static RULE: Rule = Rule {
    name: "context/contexts-disagree",
    section: Section::Context,
    level: Level::Advice,
    assures: "compose builds from the folder that the pipeline builds from",
    aliases: &[],
    page: include_str!("contexts_disagree.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    if build.tool != BuildTool::Compose || is_sample(&build.at.path) || !copies(review, build) {
        return;
    }
    let (Some(file), Some(own)) = (&build.dockerfile, build.context.folder()) else { return };
    let shipped =
        review.found.builds.iter().filter(|b| {
            is_pipeline(b) && b.dockerfile.as_ref().is_some_and(|f| f.value == file.value)
        });
    let folders: Vec<(&Build, &str)> =
        shipped.filter_map(|b| Some((b, b.context.folder()?))).collect();
    // Where some pipeline builds it from the same folder, the other build is the odd one.
    if folders.iter().any(|(_, folder)| *folder == own) {
        return out.examined();
    }
    let Some((other, folder)) = folders.first() else { return };
    let message = format!(
        "compose builds {} from {}, {} from {}",
        file.value,
        shown(own),
        other.tool.name(),
        shown(folder)
    );
    out.finding(build.context.at(), message)
        .label("another context than the pipeline's")
        .related(other.context.at(), "what is shipped is built from here")
        .consequence("COPY takes other files in the one than in the other: what works on a desk fails in the pipeline, or ships something else")
        .remedy(format!("set `context:` so that compose builds from {} too", shown(folder)));
}

/// Whether a build is one of a pipeline, and not of a desk.
fn is_pipeline(build: &Build) -> bool {
    let cloud = [BuildTool::CloudBuildDocker, BuildTool::Kaniko, BuildTool::GcloudBuilds];
    build.job.is_some() || cloud.contains(&build.tool)
}

/// Whether what compose builds takes anything from the context.
fn copies(review: &Review<'_>, build: &Build) -> bool {
    let (Some(file), Ok(target)) = (dockerfile_of(review, build), target(build)) else {
        return false;
    };
    file.reachable(target).any(|s| s.copies().any(|(_, c)| c.from.is_none()))
}
