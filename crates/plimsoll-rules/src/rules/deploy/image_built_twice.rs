//! Images that are tested in one build and shipped from another.

use plimsoll_model::{Level, Section};

use crate::discover::{Build, BuildTool};
use crate::repo::{Job, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::conditions::needed;
use crate::views::deploy_job::builds_of;

pub(crate) static RULE: Rule = Rule {
    name: "deploy/image-built-twice",
    section: Section::Deploy,
    level: Level::Advice,
    assures: "the image that is shipped is the one that was tested",
    aliases: &[],
    page: include_str!("image_built_twice.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for job in workflow.jobs.iter().filter(|j| !j.needs.is_empty()) {
        let shipped = builds_of(review, workflow, job);
        let shipped = shipped.iter().filter(|b| b.push == Some(true) && is_plain(b));
        for build in shipped {
            let earlier = needed(workflow, job).into_iter().find_map(|other| {
                let builds = builds_of(review, workflow, other);
                let same = builds.into_iter().find(|b| is_same(b, build))?;
                tests(other, same).then_some((other, same))
            });
            match earlier {
                None => out.examined(),
                Some((other, tested)) => report(build, other, tested, out),
            }
        }
    }
}

/// A build whose parts are known, and that starts from no shared cache.
fn is_plain(build: &Build) -> bool {
    let open = |b: &&crate::repo::Fact<String>| b.value.contains('$');
    build.dockerfile.as_ref().is_some_and(|f| !f.value.contains('$'))
        && build.context.folder().is_some()
        && build.target.as_ref().filter(open).is_none()
        && build.cache_from.is_empty()
        && !matches!(build.tool, BuildTool::Compose | BuildTool::Config | BuildTool::Bake)
}

/// Whether both builds make the same of the same files.
fn is_same(tested: &Build, shipped: &Build) -> bool {
    let text = |f: &Option<crate::repo::Fact<String>>| f.as_ref().map(|f| f.value.clone());
    let args =
        |b: &Build| b.args.iter().map(|(n, v)| (n.value.clone(), v.clone())).collect::<Vec<_>>();
    let platforms = |b: &Build| b.platforms.iter().map(|p| p.value.clone()).collect::<Vec<_>>();
    tested.push != Some(true)
        && is_plain(tested)
        && text(&tested.dockerfile) == text(&shipped.dockerfile)
        && text(&tested.target) == text(&shipped.target)
        && tested.context.folder() == shipped.context.folder()
        && args(tested) == args(shipped)
        && platforms(tested) == platforms(shipped)
}

/// Whether the job runs what it built.
fn tests(job: &Job, build: &Build) -> bool {
    let after = build.job.and_then(|r| job.steps.get(r.step..)).unwrap_or_default();
    let runs = after.iter().filter_map(|s| s.run.as_ref());
    runs.into_iter().any(|r| {
        r.script
            .invocations()
            .any(|c| matches!((c.program, c.subcommand(0)), ("docker" | "podman", Some("run"))))
    })
}

fn report(build: &Build, other: &Job, tested: &Build, out: &mut Out) {
    out.finding(&build.at, format!("the image that is pushed is not the one that `{}` tested", other.id.value))
        .label("built again")
        .related(&tested.at, "built and tested here")
        .consequence("the build runs twice, and what it fetches may differ the second time: the digest that is shipped was never tested")
        .remedy("push the image once, by its commit, test it by its digest, and deploy that digest");
}
