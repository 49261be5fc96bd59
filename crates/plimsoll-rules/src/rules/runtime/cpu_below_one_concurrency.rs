//! Fractions of a CPU with concurrency.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::cloud_run::cpus;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/cpu-below-one-concurrency",
    section: Section::Runtime,
    level: Level::Blocking,
    assures: "less than one CPU serves one request at a time",
    aliases: &[],
    page: include_str!("cpu_below_one_concurrency.md"),
    check: Check::Deploy(check),
};

fn check(_: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let (Some(cpu), Some(concurrency)) = (&deploy.settings.cpu, &deploy.settings.concurrency)
    else {
        return;
    };
    let (Some(cpus), Ok(requests)) = (cpus(&cpu.value), concurrency.value.parse::<u32>()) else {
        return;
    };
    if deploy.platform != Platform::CloudRun {
        return;
    }
    out.examined();
    if cpus < 1.0 && requests > 1 {
        out.finding(
            &concurrency.at,
            format!("Cloud Run refuses a concurrency of {requests} with {} CPU", cpu.value),
        )
        .label("less than one CPU allows one request")
        .related(&cpu.at, "the CPU is set here")
        .consequence("the deployment fails")
        .remedy("set --concurrency=1, or --cpu=1");
    }
}
