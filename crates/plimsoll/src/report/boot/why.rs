//! Where the time of a start goes.

use plimsoll_model::{BootImport, BootWhy, PhaseKind, WaitKind, count, seconds, share};

use super::histogram::blocks;
use crate::report::page::Page;

/// How many modules are named.
const IMPORTS: usize = 5;

pub(super) fn why(page: &mut Page, why: &BootWhy) {
    let runtime = page.fit(&why.runtime, 30);
    page.title("why", &format!("{runtime}; from starts of their own, with tracing on"));
    phases(page, why);
    waits(page, why);
    imports(page, why);
    for (at, advice) in why.advice.iter().enumerate() {
        page.wrapped(&format!("    {}. ", at + 1), advice);
    }
    if let Some(overhead) = why.overhead {
        page.line(&format!("    tracing makes it {} longer", share(overhead)));
    }
    for caveat in &why.caveats {
        page.wrapped("    note: ", caveat);
    }
}

fn phases(page: &mut Page, why: &BootWhy) {
    let all: f64 = why.phases.iter().map(|phase| phase.seconds.max(0.0)).sum();
    let room = page.width.saturating_sub(56).clamp(8, 40);
    for phase in why.phases.iter().filter(|_| all > 0.0) {
        let part = phase.seconds.max(0.0) / all;
        let bar = if part > 0.0 { blocks(part, room) } else { String::new() };
        page.line(
            format!(
                "    {:<30}{:>9} {:>6}  {bar}",
                phase_name(phase.kind),
                seconds(phase.seconds),
                share(part)
            )
            .trim_end(),
        );
    }
}

fn waits(page: &mut Page, why: &BootWhy) {
    if why.waits.is_empty() {
        return;
    }
    page.line("\n    of that it waits");
    for wait in &why.waits {
        let method = page.fit(&wait.method, 48);
        let line =
            format!("    {:<30}{:>9}  {method}", wait_name(wait.kind), seconds(wait.seconds));
        page.line(line.trim_end());
    }
}

fn imports(page: &mut Page, why: &BootWhy) {
    if why.imports.is_empty() {
        return;
    }
    let modules =
        why.modules.map_or_else(String::new, |all| format!(" of {} modules", count(all.into())));
    let missing = why.without_bytecode.filter(|missing| *missing > 0);
    let missing = missing.map_or_else(String::new, |missing| {
        format!("; {} have no bytecode and are compiled at each start", count(missing.into()))
    });
    page.out.push('\n');
    page.wrapped("    ", &format!("the costliest{modules}{missing}"));
    let most = IMPORTS.max(if page.most == usize::MAX { why.imports.len() } else { 0 });
    for import in why.imports.iter().take(most) {
        page.line(&format!("    {:>9}  {}", seconds(import.seconds), page.fit(&named(import), 17)));
    }
    page.more(why.imports.len().saturating_sub(most));
    page.out.push('\n');
}

fn named(import: &BootImport) -> String {
    let modules = match import.modules {
        0 | 1 => String::new(),
        modules => format!(" with {} more", count(f64::from(modules - 1))),
    };
    let mark = if import.without_bytecode { ", no bytecode" } else { "" };
    let by = import.by.as_deref().map_or_else(String::new, |by| format!(", loaded by {by}"));
    let file = import
        .file
        .as_deref()
        .map_or_else(String::new, |file| format!(", /{}", file.trim_start_matches('/')));
    format!("{}{modules}{mark}{by}{file}", import.name)
}

fn phase_name(kind: PhaseKind) -> &'static str {
    match kind {
        PhaseKind::Container => "the container",
        PhaseKind::Linking => "program and libraries",
        PhaseKind::Runtime => "interpreter or machine",
        PhaseKind::Imports => "modules or classes",
        PhaseKind::Setup => "setup until the port is open",
        PhaseKind::FirstAnswer => "open port to first answer",
    }
}

fn wait_name(kind: WaitKind) -> &'static str {
    match kind {
        WaitKind::Quota => "for its CPU quota",
        WaitKind::Network => "for the network",
        WaitKind::Sleep => "asleep",
        WaitKind::Disk => "for the disk",
        WaitKind::Other => "for a thread or a process",
    }
}
