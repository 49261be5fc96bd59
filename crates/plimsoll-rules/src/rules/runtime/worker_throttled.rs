//! Queue workers that have no CPU between requests.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::shell::Invocation;

use crate::discover::{Deploy, DeployTool, Platform, Service};
use crate::repo::{Command, Place};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, insert};
use crate::views::building::dockerfile;
use crate::views::effective;
use crate::views::said::says_all;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/worker-throttled",
    section: Section::Runtime,
    level: Level::ShouldFix,
    assures: "workers have their CPU between requests too",
    aliases: &[],
    page: include_str!("worker_throttled.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(file) = dockerfile(review, service) else { return };
    let Some(stage) = file.target(service.target.as_deref()) else { return };
    let all = effective(file, stage);
    let commands: Vec<&Command> =
        [all.entrypoint, all.cmd].into_iter().flatten().map(|c| c.1).collect();
    let found = commands.iter().find_map(|c| {
        c.calls().find(is_worker).map(|call| (c.place(call.span()), call.program.to_owned()))
    });
    let Some((at, program)) = found else { return };
    for deploy in service.deploys.iter().filter_map(|i| review.found.deploys.get(*i)) {
        let service = deploy.platform == Platform::CloudRun && deploy.settings.command.is_none();
        if !service || !says_all(review, deploy) {
            continue;
        }
        match &deploy.settings.cpu_throttling {
            Some(set) if !set.value => out.examined(),
            _ => report(deploy, &at, &program, out),
        }
    }
}

/// A program that takes tasks from a queue, and waits for no request.
fn is_worker(call: &Invocation<'_>) -> bool {
    match call.program {
        "celery" => call.has("worker") || call.has("beat"),
        "rq" => call.subcommand(0) == Some("worker"),
        "sidekiq" | "dramatiq" | "huey_consumer" | "huey_consumer.py" => true,
        "php" => call.has("queue:work") || call.has("queue:listen"),
        program if program.starts_with("python") => call.has("celery") && call.has("worker"),
        _ => false,
    }
}

fn report(deploy: &Deploy, at: &Place, program: &str, out: &mut Out) {
    let set = deploy.settings.cpu_throttling.as_ref();
    let finding = out
        .finding(
            set.map_or(&deploy.at, |s| &s.at),
            format!("{program} has a CPU only while a request is served"),
        )
        .label("CPU is throttled between requests")
        .related(at, "takes tasks from a queue")
        .consequence("tasks stand still until a request comes, and run into their timeouts")
        .remedy("deploy with --no-cpu-throttling and at least one instance, or as a worker pool");
    let end = deploy.insert_flag_at.as_ref().filter(|_| set.is_none());
    if let Some((end, span)) = end.and_then(|end| Some((end, end.span?)))
        && deploy.tool == DeployTool::GcloudRun
    {
        let edits = insert(&end.path, span.end, " --no-cpu-throttling");
        finding.fix("keep the CPU between requests", Applicability::Unsafe, edits);
    }
}
