//! CPU boost that makes no start shorter.

use plimsoll_model::{Applicability, Level, Section};

use crate::discover::{Deploy, Platform, Service};
use crate::repo::Fact;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::booted::{Boosted, Booted, of_deploy};
use crate::views::cloud_run::cpus;
use crate::views::{edits, effective, server};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/cpu-boost-cannot-help",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "CPU boost is paid for where it helps",
    aliases: &[],
    page: include_str!("cpu_boost_cannot_help.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let deploys = service.deploys.iter().filter_map(|i| review.found.deploys.get(*i));
    for deploy in deploys.filter(|deploy| deploy.platform == Platform::CloudRun) {
        let Some(boost) = deploy.settings.cpu_boost.as_ref().filter(|boost| boost.value) else {
            continue;
        };
        let boots = of_deploy(review, service, deploy);
        match boots.and_then(|boots| Some((boots, boots.boosted()?))) {
            Some((_, Boosted::Gains(..))) => out.examined(),
            Some((boots, Boosted::GainsNothing)) => measured(review, deploy, boost, &boots, out),
            None => guessed(review, service, deploy, boost, out),
        }
    }
}

const CONSEQUENCE: &str =
    "the boosted time is billed at every cold start, and the start is not shorter";

fn measured(
    review: &Review<'_>,
    deploy: &Deploy,
    boost: &Fact<bool>,
    boots: &Booted<'_>,
    out: &mut Out,
) {
    let draft = out.finding(&boost.at, "CPU boost makes no start shorter");
    draft
        .label("more CPU than a start uses")
        .consequence(CONSEQUENCE)
        .remedy("set --no-cpu-boost; plimsoll boot says where the time of a start goes");
    boots.quote_boost(draft);
    if let Some(cpu) = &deploy.settings.cpu {
        draft.related(&cpu.at, "the CPU is set here");
    }
    // As a flag, and as an annotation.
    let off =
        [("--cpu-boost", "--no-cpu-boost"), ("true", "false")].into_iter().find_map(|(on, off)| {
            edits::rewrite(review.sources, &Fact::new(on.to_owned(), boost.at.clone()), off)
        });
    if let Some(edits) = off {
        draft.fix("switch CPU boost off", Applicability::Unsafe, edits);
    }
}

/// Without a measurement: a start that uses one thread, and has one CPU.
fn guessed(
    review: &Review<'_>,
    service: &Service,
    deploy: &Deploy,
    boost: &Fact<bool>,
    out: &mut Out,
) {
    let Some(file) = review.repo.dockerfiles.get(service.dockerfile) else { return };
    let Some(stage) = file.target(service.target.as_deref()) else { return };
    let Some(server) = server::server(&effective(file, stage)) else { return };
    if server.processes != Some(1) {
        return;
    }
    let Some(cpu) = deploy.settings.cpu.as_ref() else { return };
    let Some(count) = cpus(&cpu.value) else { return };
    out.examined();
    if count < 1.0 {
        return;
    }
    out.finding(&boost.at, format!("CPU boost can hardly help: one process starts on one thread and has {} CPU", cpu.value))
        .label("more CPU for one thread")
        .related(&server.at, format!("one {} process", server.program))
        .related(&cpu.at, "the CPU is set here")
        .evidence("measured on a FastAPI service: 339 ms to the first answer with 1 CPU, 332 ms with 2; cold start here: not measured")
        .consequence(CONSEQUENCE)
        .remedy("measure a cold start with and without it (plimsoll boot), and keep what pays; shorten the imports first");
}
