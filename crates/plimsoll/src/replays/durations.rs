//! How long steps take, from logs of real builds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_graph::{Graph, Keyed, Verb};
use plimsoll_measure::engine::progress::Log;
use plimsoll_model::{BuildReport, median};

use super::fold::{Name, name};
use crate::failure::Failure;

/// How large a log may be.
const MAX_LOG: u64 = 64 << 20;

/// The durations of steps in logs, by stage, number and the instruction's name.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    seconds: BTreeMap<(String, u32, String), Vec<f64>>,
}

impl Durations {
    /// Reads logs in plain progress.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut all = Self::default();
        for path in paths {
            let size =
                std::fs::metadata(path).map_err(|error| Failure::io("read", path, &error))?.len();
            if size > MAX_LOG {
                let what = format!("{} has more than {} MiB", path.display(), MAX_LOG >> 20);
                return Err(Failure::usage(what));
            }
            let bytes = std::fs::read(path).map_err(|error| Failure::io("read", path, &error))?;
            let before = all.seconds.len();
            all.add(&Log::read(&String::from_utf8_lossy(&bytes)));
            if all.seconds.len() == before {
                let what = format!("{} says of no new step how long it took", path.display());
                return Err(Failure::usage(what)
                    .hint("build with --progress=plain and --no-cache, and keep what it prints"));
            }
        }
        Ok(all)
    }

    /// The durations of a build's own steps.
    pub(crate) fn of_build(build: &BuildReport) -> Self {
        let mut all = Self::default();
        for step in build.own_steps().filter(|step| !step.cached) {
            if let (Some(number), Some(seconds)) = (step.number, step.seconds) {
                all.take(step.stage.as_deref().unwrap_or(""), number, &step.command, seconds);
            }
        }
        all
    }

    fn take(&mut self, stage: &str, number: u32, command: &str, seconds: f64) {
        let verb = command.split_whitespace().next().unwrap_or("");
        let key = (stage.to_owned(), number, verb.to_ascii_uppercase());
        self.seconds.entry(key).or_default().push(seconds);
    }

    fn add(&mut self, log: &Log) {
        for step in log.steps.iter().filter(|step| !step.cached) {
            let (Some((stage, number)), Some(seconds)) = (step.place(), step.seconds) else {
                continue;
            };
            self.take(stage, number, step.instruction(), seconds);
        }
    }

    /// The median of each step of a build; without one for each RUN, the lines of those that lack it.
    pub(crate) fn of(&self, build: &Keyed) -> Option<Result<BTreeMap<Name, f64>, Vec<u32>>> {
        if self.seconds.is_empty() {
            return None;
        }
        let (mut found, mut missing) = (BTreeMap::new(), Vec::new());
        for (at, step) in build.graph.steps.iter().enumerate() {
            // The same work in two stages is printed under one of their names.
            let twins =
                build.keys.iter().enumerate().filter(|(_, key)| key.exact == build.keys[at].exact);
            match twins.filter_map(|(twin, _)| self.samples(&build.graph, twin)).next() {
                Some(samples) => {
                    let mut sorted = samples.to_vec();
                    sorted.sort_by(f64::total_cmp);
                    found.extend(median(&sorted).map(|middle| (name(&step.label), middle)));
                }
                None if step.verb == Verb::Run => missing.push(step.label.line),
                None => {}
            }
        }
        Some(if missing.is_empty() { Ok(found) } else { Err(missing) })
    }

    fn samples(&self, graph: &Graph, at: usize) -> Option<&[f64]> {
        let step = graph.steps.get(at)?;
        let first = graph.steps.first()?.label.stage;
        let one = graph.steps.iter().all(|step| step.label.stage == first);
        let stage = if one { String::new() } else { step.label.stage_name.clone() };
        let verb = format!("{:?}", step.verb).to_ascii_uppercase();
        self.seconds.get(&(stage, step.label.number, verb)).map(Vec::as_slice)
    }
}
