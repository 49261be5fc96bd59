//! Builds for another processor that are emulated, where GitHub has machines with it.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::Invocation;

use crate::discover::Build;
use crate::repo::{DockerfileView, Fact, Place, Stage};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::{dockerfile_of, job, steps_before, target};
use crate::views::platforms::not_deployed;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/emulated-build",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "no build compiles on an emulated processor",
    aliases: &[],
    page: include_str!("emulated_build.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let Some((job, _)) = job(review, build) else { return };
    // Whoever needs no such image needs no faster way to it.
    if not_deployed(review, build).is_some() {
        return;
    }
    let emulates = steps_before(review, build).iter().find(|s| {
        s.condition.is_none() && s.action().as_deref() == Some("docker/setup-qemu-action")
    });
    let platform = build.platforms.iter().find(|p| p.value.starts_with("linux/arm64"));
    let (Some(qemu), Some(platform)) = (emulates, platform) else { return };
    let Some(file) = dockerfile_of(review, build) else { return };
    let Ok(target) = target(build) else { return };
    let slow = file.reachable(target).filter(|s| !is_native(file, s)).find_map(compiles);
    match slow.filter(|_| is_hosted_amd64(&job.runs_on)) {
        None => out.examined(),
        Some((program, at)) => {
            let finding = out
                .finding(&platform.at, format!("`{program}` runs on an emulated processor for {}", platform.value))
                .label("the runner is amd64")
                .related(&at, "runs once for each platform")
                .consequence("emulated compilers take many times as long: minutes become an hour")
                .remedy("build each platform on a runner of its own (`ubuntu-24.04-arm`) and join the digests, or compile for the target in a stage `FROM --platform=$BUILDPLATFORM`");
            if let Some(uses) = &qemu.uses {
                finding.related(&uses.at, "sets up the emulation");
            }
        }
    }
}

/// Runners of GitHub that are known to be amd64.
fn is_hosted_amd64(labels: &[Fact<String>]) -> bool {
    const KNOWN: [&str; 3] = ["ubuntu-latest", "ubuntu-22.04", "ubuntu-24.04"];
    !labels.is_empty() && labels.iter().all(|l| KNOWN.contains(&l.value.as_str()))
}

/// Whether a stage runs on the builder's own processor, whatever it builds for.
fn is_native(file: &DockerfileView, stage: &Stage) -> bool {
    file.lineage(stage.index).iter().any(|s| s.platform.is_some())
}

/// The first command of a stage that compiles.
fn compiles(stage: &Stage) -> Option<(String, Place)> {
    stage.runs().find_map(|(_, command)| {
        let call = command.calls().find(is_compiler)?;
        Some((call.program.to_owned(), command.place(call.span())))
    })
}

fn is_compiler(call: &Invocation<'_>) -> bool {
    let first = call.subcommand(0);
    match call.program {
        "cargo" => matches!(first, Some("build" | "install" | "chef" | "b")),
        "go" => matches!(first, Some("build" | "install")),
        "npm" | "pnpm" | "yarn" | "bun" => {
            matches!(first, Some("build"))
                || first == Some("run")
                    && call.subcommand(1).is_some_and(|script| script.starts_with("build"))
        }
        "make" | "cmake" | "ninja" | "gcc" | "g++" | "mvn" | "gradle" | "gradlew" | "mvnw" => true,
        "dotnet" => matches!(first, Some("build" | "publish")),
        _ => false,
    }
}
