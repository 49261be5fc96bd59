//! What a build does now: the step that each stage is at.

use std::collections::BTreeSet;
use std::time::Instant;

use plimsoll_measure::engine::progress::Step;

/// A step that runs, or the last one that ran.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Running {
    /// The stage, `""` where there is only one; none for what the builder does itself.
    pub(crate) stage: Option<String>,
    pub(crate) number: Option<(u32, Option<u32>)>,
    pub(crate) command: String,
    pub(crate) cached: bool,
    /// Why it failed.
    pub(crate) failed: bool,
    /// How long it took, or runs by now.
    pub(crate) seconds: Option<f64>,
    /// Whether it came to its end.
    pub(crate) over: bool,
    started: Option<f64>,
}

/// The stages of a build and what they are at.
pub(crate) struct Now {
    begun: Instant,
    stages: Vec<Running>,
    told: BTreeSet<String>,
}

impl Now {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), stages: Vec::new(), told: BTreeSet::new() }
    }

    /// Takes in what is new of a step. One that came to its end is given back, once.
    pub(crate) fn step(&mut self, step: &Step) -> Option<Running> {
        let running = Running::of(step);
        match self.stages.iter_mut().find(|known| known.stage == running.stage) {
            // Of two steps of a stage the later one is what it is at; the builder has no order.
            Some(known) if known.number.is_none() || known.number <= running.number => {
                *known = running.clone();
            }
            Some(_) => {}
            None => self.stages.push(running.clone()),
        }
        let fresh = running.over && running.number.is_some() && self.told.insert(step.name.clone());
        fresh.then_some(running)
    }

    /// The stages, with the time that has gone by.
    pub(crate) fn stages(&self) -> Vec<Running> {
        let now = self.begun.elapsed().as_secs_f64();
        let timed = |stage: &Running| {
            let since = stage.started.map(|started| (now - started).max(0.0));
            Running { seconds: if stage.over { stage.seconds } else { since }, ..stage.clone() }
        };
        self.stages.iter().map(timed).collect()
    }

    /// How long it has been going on.
    pub(crate) fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }
}

impl Running {
    fn of(step: &Step) -> Self {
        let place = step.full_place();
        Self {
            stage: place.map(|(stage, ..)| stage.to_owned()),
            number: place.map(|(_, number, of)| (number, of)),
            command: step.instruction().to_owned(),
            cached: step.cached,
            failed: step.error.is_some(),
            seconds: step.seconds,
            over: step.is_over(),
            started: step.started,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_measure::engine::progress::Log;

    #[test]
    fn each_stage_is_at_one_step_and_ends_are_told_once() {
        let log = Log::read(
            "#1 [internal] load build context\n#2 [a 1/2] FROM x\n#2 CACHED\n#3 [b 1/1] RUN y\n\
             #4 [a 2/2] RUN z\n#4 DONE 1.5s\n",
        );
        let mut now = Now::new();
        let ends = log.steps.iter().chain(&log.steps).filter_map(|step| now.step(step)).count();
        assert_eq!(ends, 2);
        let stages = now.stages();
        let at: Vec<_> = stages.iter().map(|s| (s.stage.as_deref(), s.command.as_str())).collect();
        let wanted = [(None, "load build context"), (Some("a"), "RUN z"), (Some("b"), "RUN y")];
        assert_eq!(at, wanted);
        assert_eq!(stages[1].seconds, Some(1.5));
    }
}
