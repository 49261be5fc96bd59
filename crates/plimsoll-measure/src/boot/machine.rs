//! The machine that is measured on, and what else goes on there.

use std::fs;
use std::thread;
use std::time::Instant;

use plimsoll_model::{BootMachine, EngineKind};

use crate::engine::Engine;

/// This machine.
pub(super) fn this() -> BootMachine {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    BootMachine {
        cpus: thread::available_parallelism().map_or(1, |count| count.get() as u32),
        model: model.map_or(String::new(), |(_, model)| model.trim().to_owned()),
        kernel: kernel.trim().to_owned(),
    }
}

/// Watches what others do on this machine meanwhile.
#[derive(Debug)]
pub struct Quiet {
    /// Whether containers are processes of this one, whose time is known.
    ours: bool,
    began: Instant,
    before: Option<Ticks>,
    own: f64,
}

/// Seconds of all processors since the machine was started.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ticks {
    busy: f64,
    stolen: f64,
}

impl Ticks {
    fn read() -> Option<Self> {
        Self::of(fs::read_to_string("/proc/stat").ok()?.lines().next()?)
    }

    fn of(line: &str) -> Option<Self> {
        let numbers: Vec<f64> = line
            .strip_prefix("cpu ")?
            .split_whitespace()
            .map(|n| n.parse().unwrap_or(0.0))
            .collect();
        let at = |index: usize| numbers.get(index).copied().unwrap_or(0.0) / 100.0;
        // User, nice, system, interrupts; what guests take is in user already.
        Some(Self { busy: at(0) + at(1) + at(2) + at(5) + at(6), stolen: at(7) })
    }
}

/// Seconds of processors that this process and its children took.
fn own() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let numbers = fields.split_whitespace().skip(11).take(4);
    numbers.filter_map(|n| n.parse::<f64>().ok()).sum::<f64>() / 100.0
}

impl Quiet {
    /// Begins to watch. Of an engine elsewhere it is not known which programs are its containers.
    #[must_use]
    pub fn begin(engine: &dyn Engine) -> Self {
        let ours = engine.about().kind == EngineKind::Embedded;
        Self { ours, began: Instant::now(), before: Ticks::read(), own: own() }
    }

    /// What made it a bad place to measure on; nothing where it was quiet.
    #[must_use]
    pub fn end(self) -> Vec<String> {
        let elapsed = self.began.elapsed().as_secs_f64();
        let (Some(before), Some(after)) = (self.before, Ticks::read()) else { return Vec::new() };
        let own = if self.ours { own() - self.own } else { f64::INFINITY };
        noise(before, after, own, elapsed * f64::from(this().cpus))
    }
}

fn noise(before: Ticks, after: Ticks, own: f64, all: f64) -> Vec<String> {
    let share = |seconds: f64| if all > 0.5 { seconds / all } else { 0.0 };
    let others = share(after.busy - before.busy - own);
    let stolen = share(after.stolen - before.stolen);
    let mut said = Vec::new();
    if others > 0.1 {
        said.push(format!(
            "a noisy machine: other programs took {:.0} % of its processors meanwhile",
            others * 100.0
        ));
    }
    if stolen > 0.02 {
        said.push(format!(
            "a noisy machine: {:.0} % of its time went to other machines on the same host",
            stolen * 100.0
        ));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_heard() {
        let before = Ticks::of("cpu  100 0 100 5000 0 0 0 0 0 0").unwrap();
        let after = Ticks::of("cpu  700 0 100 9000 0 0 0 100 0 0").unwrap();
        assert_eq!(noise(before, after, 6.0, 20.0).len(), 1);
        let said = noise(before, after, 1.0, 20.0);
        assert!(said[0].contains("25 %") && said[1].contains("5 %"), "{said:?}");
        assert_eq!((Ticks::of("intr 5"), noise(before, before, 0.0, 0.0)), (None, Vec::new()));
    }

    #[test]
    fn this_machine_has_processors() {
        assert!(this().cpus > 0 && !this().kernel.is_empty());
    }
}
