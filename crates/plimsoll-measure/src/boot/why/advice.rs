//! What can be done about a cold start, each with the figure that says so.

use plimsoll_model::{BootReport, BootWhy, PhaseKind, WaitKind, count, seconds};

/// From what part of the start something is worth saying, and how many seconds at least.
const PART: f64 = 0.1;
const LEAST: f64 = 0.02;
/// What serves, and so is needed before anything is answered.
const SERVERS: [&str; 16] = [
    "aiohttp",
    "django",
    "express",
    "falcon",
    "fastapi",
    "fastify",
    "flask",
    "gunicorn",
    "http",
    "hypercorn",
    "koa",
    "@nestjs",
    "sanic",
    "starlette",
    "tornado",
    "uvicorn",
];

/// Modules that are compiled at each start.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bytecode {
    pub(super) missing: u32,
    pub(super) all: u32,
    /// Seconds of their own that these take.
    pub(super) seconds: f64,
    /// Where they are.
    pub(super) folders: Vec<String>,
}

/// The advice, the most worthwhile first.
pub(super) fn of(why: &BootWhy, report: &BootReport, bytecode: Option<&Bytecode>) -> Vec<String> {
    let Some(ready) = report.of(|boot| boot.ready).median else { return Vec::new() };
    let mut all = Vec::new();
    all.extend(bytecode.filter(|bytecode| bytecode.missing > 0).map(compile));
    all.extend(import(why, ready));
    all.extend(why.waits.iter().filter_map(|wait| waited(wait.kind, wait.seconds, ready, report)));
    all.extend(early(why, report));
    all.retain(|(worth, _)| *worth >= LEAST);
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all.into_iter().map(|(_, advice)| advice).collect()
}

fn compile(bytecode: &Bytecode) -> (f64, String) {
    let Bytecode { missing, all, seconds: own, folders } = bytecode;
    let advice = format!(
        "{} of {} modules are compiled at each start and take {} of their own: compile them in the \
         image, RUN python3 -m compileall -q {}",
        count(f64::from(*missing)),
        count(f64::from(*all)),
        seconds(*own),
        folders.join(" ")
    );
    (*own, advice)
}

fn is_server(name: &str) -> bool {
    SERVERS.contains(&name.split(['.', '/']).next().unwrap_or(name))
}

fn import(why: &BootWhy, ready: f64) -> Option<(f64, String)> {
    let import = why.imports.iter().find(|import| !is_server(&import.name))?;
    let by = import.by.as_ref().map_or_else(String::new, |by| format!(", loaded by {by}"));
    let advice = format!(
        "{} takes {} of {}{by}: load it where it is used, if not every request needs it",
        import.name,
        seconds(import.seconds),
        seconds(ready)
    );
    (import.seconds >= PART * ready).then_some((import.seconds, advice))
}

fn waited(kind: WaitKind, took: f64, ready: f64, report: &BootReport) -> Option<(f64, String)> {
    let of = format!("{} of {}", seconds(took), seconds(ready));
    let advice = match kind {
        WaitKind::Quota => {
            let has = report
                .settings
                .cpus
                .map_or_else(String::new, |cpus| format!(": it has {cpus} CPU"));
            let boost = report.settings.boosted_cpus.is_none();
            let more = if boost { "; CPU boost, or more of it, shortens the start" } else { "" };
            format!("{of} is waiting for CPU quota{has}{more}")
        }
        WaitKind::Network => {
            format!("{of} is waiting for the network: connect after it listens, or at first use")
        }
        WaitKind::Sleep => format!("{of} is sleep: wait for what is needed, not for a time"),
        WaitKind::Disk => format!("{of} is waiting for the disk: load fewer and smaller files"),
        WaitKind::Other => return None,
    };
    (took >= PART * ready).then_some((took, advice))
}

/// A port that is open long before anything is answered there.
fn early(why: &BootWhy, report: &BootReport) -> Option<(f64, String)> {
    let answer = why.phases.iter().find(|phase| phase.kind == PhaseKind::FirstAnswer)?.seconds;
    let by_port = !report.settings.probe.as_deref().is_some_and(|probe| probe.starts_with("GET"));
    let advice = format!(
        "the port is open {} before it answers, and a TCP probe lets requests in by then: probe a path",
        seconds(answer)
    );
    (by_port && answer >= 0.1).then_some((answer, advice))
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Boot, BootImport, BootOutcome, BootPhase, BootWait};

    use super::*;

    fn report() -> BootReport {
        let boot = Boot { outcome: BootOutcome::Ready, ready: Some(2.0), ..Boot::default() };
        let mut report = BootReport { boots: vec![boot], ..BootReport::default() };
        report.settings.cpus = Some(0.5);
        report
    }

    fn import(name: &str, seconds: f64) -> BootImport {
        BootImport { name: name.to_owned(), seconds, ..BootImport::default() }
    }

    #[test]
    fn the_most_worthwhile_comes_first() {
        let wait = |kind, seconds| BootWait { kind, seconds, method: String::new() };
        let answer =
            BootPhase { kind: PhaseKind::FirstAnswer, seconds: 0.45, method: String::new() };
        let why = BootWhy {
            phases: vec![answer],
            waits: vec![
                wait(WaitKind::Quota, 0.6),
                wait(WaitKind::Sleep, 0.1),
                wait(WaitKind::Other, 1.0),
            ],
            imports: vec![import("fastapi.routing", 1.5), import("pandas", 1.2)],
            ..BootWhy::default()
        };
        let folders = vec!["/usr/lib/python3.11".to_owned(), "/app".to_owned()];
        let bytecode = Bytecode { missing: 812, all: 1024, seconds: 0.8, folders };
        let advice = of(&why, &report(), Some(&bytecode));
        assert_eq!(
            advice,
            [
                "pandas takes 1.20 s of 2.00 s: load it where it is used, if not every request needs it",
                "812 of 1 024 modules are compiled at each start and take 800 ms of their own: compile \
                 them in the image, RUN python3 -m compileall -q /usr/lib/python3.11 /app",
                "600 ms of 2.00 s is waiting for CPU quota: it has 0.5 CPU; CPU boost, or more of it, \
                 shortens the start",
                "the port is open 450 ms before it answers, and a TCP probe lets requests in by then: \
                 probe a path",
            ]
        );
    }

    #[test]
    fn of_little_nothing_is_said() {
        let why = BootWhy { imports: vec![import("json", 0.05)], ..BootWhy::default() };
        assert!(of(&why, &report(), Some(&Bytecode::default())).is_empty());
    }
}
