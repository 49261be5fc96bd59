//! CPU and memory that the platform refuses.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::cloud_run::{cloud_run, cpus, mebibytes};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/cpu-memory-invalid",
    section: Section::Runtime,
    level: Level::Blocking,
    assures: "CPU and memory fit together",
    aliases: &[],
    page: include_str!("cpu_memory_invalid.md"),
    check: Check::Deploy(check),
};

fn check(_: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let (Some(cpu), Some(memory)) = (&deploy.settings.cpu, &deploy.settings.memory) else { return };
    let (Some(cpus), Some(size)) = (cpus(&cpu.value), mebibytes(&memory.value)) else { return };
    if deploy.platform != Platform::CloudRun {
        return;
    }
    out.examined();
    let data = cloud_run();
    let Some((_, least, most)) = data.cpu.iter().find(|(c, _, _)| cpus <= *c) else { return };
    if (*least..=*most).contains(&size) {
        return;
    }
    let limit = if size > *most {
        format!("at most {most:.0} MiB")
    } else {
        format!("at least {least:.0} MiB")
    };
    out.finding(
        &memory.at,
        format!("Cloud Run refuses {} of memory with {} CPU", memory.value, cpu.value),
    )
    .label(limit.clone())
    .related(&cpu.at, "the CPU is set here")
    .evidence(format!(
        "documentation of Cloud Run, read {}: {} CPU allows {limit}",
        data.read, cpu.value
    ))
    .consequence("the deployment fails")
    .remedy("raise the CPU, or change the memory to what it allows");
}
