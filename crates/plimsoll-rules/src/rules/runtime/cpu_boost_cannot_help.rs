//! CPU boost for starts that use one thread.

use plimsoll_model::{Level, Section};

use crate::discover::{Platform, Service};
use crate::review::Review;
use crate::views::cloud_run::cpus;
use crate::views::{effective, server};
use crate::rule::{Check, Out, Rule};

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
    let Some(file) = review.repo.dockerfiles.get(service.dockerfile) else { return };
    let Some(stage) = file.target(service.target.as_deref()) else { return };
    let Some(server) = server::server(&effective(file, stage)) else { return };
    if server.processes != Some(1) {
        return;
    }
    for deploy in service.deploys.iter().filter_map(|i| review.found.deploys.get(*i)) {
        let Some(boost) = deploy.settings.cpu_boost.as_ref().filter(|b| b.value && deploy.platform == Platform::CloudRun) else {
            continue;
        };
        let Some(cpu) = deploy.settings.cpu.as_ref() else { continue };
        let Some(count) = cpus(&cpu.value) else { continue };
        out.examined();
        if count < 1.0 {
            continue;
        }
        out.finding(&boost.at, format!("CPU boost can hardly help: one process starts on one thread and has {} CPU", cpu.value))
            .label("more CPU for one thread")
            .related(&server.at, format!("one {} process", server.program))
            .related(&cpu.at, "the CPU is set here")
            .evidence("measured on a FastAPI service: 339 ms to the first answer with 1 CPU, 332 ms with 2; cold start here: not measured")
            .consequence("the boosted time is billed at every cold start, and the start is not shorter")
            .remedy("measure a cold start with and without it (docker run --cpus), and keep what pays; shorten the imports first");
    }
}
