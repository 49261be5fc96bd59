//! The processors that an image is built for and those that it runs on.

use crate::discover::{Build, Deploy, Platform};
use crate::repo::Fact;
use crate::review::Review;

/// The platform that a build makes an image for and nothing deploys, with a deployment of the
/// image: arm64 beside amd64, in a registry of Google, where every deployment is Cloud Run.
#[must_use]
pub(crate) fn not_deployed<'a>(
    review: &Review<'a>,
    build: &'a Build,
) -> Option<(&'a Fact<String>, &'a Deploy)> {
    let arm = build.platforms.iter().find(|p| p.value.starts_with("linux/arm64"))?;
    let amd = build.platforms.iter().any(|p| p.value == "linux/amd64");
    let google = |tag: &Fact<String>| {
        let host = tag.value.split('/').next().unwrap_or("");
        host == "gcr.io" || host.ends_with(".gcr.io") || host.ends_with("-docker.pkg.dev")
    };
    let kept = !build.tags.is_empty() && build.tags.iter().all(google);
    let index = review.found.builds.iter().position(|b| std::ptr::eq(b, build))?;
    let of_build = review.found.services.iter().filter(|s| s.builds.contains(&index));
    let mut deploys =
        of_build.flat_map(|s| &s.deploys).filter_map(|i| review.found.deploys.get(*i)).peekable();
    let first = *deploys.peek()?;
    let all = deploys.all(|d| d.platform == Platform::CloudRun);
    (amd && kept && all).then_some((arm, first))
}
