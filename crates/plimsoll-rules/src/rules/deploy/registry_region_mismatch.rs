//! Images in another region than the service.

use plimsoll_model::{Level, Section};

use crate::discover::gcloud::GCLOUD;
use crate::discover::scope::Scope;
use crate::discover::{Deploy, Platform};
use crate::repo::Fact;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{job_of, texts};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/registry-region-mismatch",
    section: Section::Deploy,
    level: Level::Advice,
    assures: "images are kept in the region of the service",
    aliases: &[],
    page: include_str!("registry_region_mismatch.md"),
    check: Check::Deploy(check),
};

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let image = deploy.image.as_ref().filter(|_| deploy.platform == Platform::CloudRun);
    let Some((image, registry)) = image.and_then(|i| Some((i, location(&i.value)?))) else {
        return;
    };
    let Some(region) = region(review, deploy) else { return };
    if serves(registry, &region.value) {
        out.examined();
        return;
    }
    out.finding(&image.at, format!("the image is kept in {registry} and runs in {}", region.value))
        .label("pulled across regions")
        .related(&region.at, "the region of the service")
        .consequence("each new revision is pulled from afar, egress is billed, and an outage there stops deployments here")
        .remedy(format!("push the image to {}-docker.pkg.dev", region.value));
}

/// `europe-west1` of `europe-west1-docker.pkg.dev/…`.
fn location(image: &str) -> Option<&str> {
    let location = image.split('/').next()?.strip_suffix("-docker.pkg.dev")?;
    is_plain(location).then_some(location)
}

fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether a location is the region, or the multi-region that holds it.
fn serves(location: &str, region: &str) -> bool {
    location == region
        || (matches!(location, "us" | "europe" | "asia")
            && region.split('-').next() == Some(location))
}

/// The region of the deployment, where its step says it.
fn region(review: &Review<'_>, deploy: &Deploy) -> Option<Fact<String>> {
    let job = job_of(review, deploy)?;
    let step = job.step_of(deploy)?;
    let scope = Scope::of_step(job.workflow, job.job, &step.env);
    if let Some(input) = step.input("region") {
        let region = input.clone().map(|t| scope.expand(&t).text);
        return Some(region).filter(|r| is_plain(&r.value));
    }
    texts(review, step).iter().find_map(|text| {
        let mut calls = text.calls().filter(|c| c.program == "gcloud");
        let call = calls.find(|c| text.place(c.span()) == deploy.at)?;
        let args = call.parse(GCLOUD);
        let word = args.last(&["--region"])?.value.as_ref()?;
        let region = Fact::new(scope.word(word).text, text.place(word.span));
        Some(region).filter(|r| is_plain(&r.value))
    })
}
