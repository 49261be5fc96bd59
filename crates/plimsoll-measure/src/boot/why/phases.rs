//! The parts of a start, which add up to the median of what was measured.

use plimsoll_model::{BootPhase, BootReport, PhaseKind, seconds};

use super::rounds::TIMES;

/// What is known of the parts, in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Known {
    /// Until the loader has loaded the program and its libraries.
    pub(super) linking: Option<f64>,
    /// Until the interpreter has run an empty program, the above included, and how it was called.
    pub(super) runtime: Option<(f64, String)>,
    /// Modules.
    pub(super) imports: Option<Imports>,
}

/// Modules that were loaded until the port was open, and after.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Imports {
    pub(super) before: f64,
    pub(super) after: f64,
    pub(super) method: String,
}

/// Time that is given away part by part, and never more than there is.
struct Room {
    left: f64,
    phases: Vec<BootPhase>,
}

impl Room {
    fn take(&mut self, kind: PhaseKind, wanted: f64, method: String) {
        let taken = wanted.clamp(0.0, self.left.max(0.0));
        // A part that was measured alone may take longer than in the whole: machines vary.
        let method = match wanted - taken > 0.001 {
            true => format!("{method}; {} alone, cut to what the whole leaves", seconds(wanted)),
            false => method,
        };
        self.left -= taken;
        self.phases.push(BootPhase { kind, seconds: taken, method });
    }
}

/// The parts of a start.
pub(super) fn of(report: &BootReport, known: &Known) -> Vec<BootPhase> {
    let count = report.ready().count();
    let exec = report.of(|boot| boot.exec).median.unwrap_or(0.0);
    let port = report.of(|boot| boot.port).median;
    let ready = report.of(|boot| boot.ready).median;
    // One without a port has no end that could be seen.
    let port = port.zip(ready).map(|(port, ready)| port.min(ready));
    let mut room = Room { left: port.unwrap_or(f64::MAX), phases: Vec::new() };
    room.take(PhaseKind::Container, exec, format!("median of {count} starts"));
    if let Some(linking) = known.linking {
        let method = format!(
            "the loader alone, LD_TRACE_LOADED_OBJECTS, in turns with the whole, median of {TIMES} runs"
        );
        room.take(PhaseKind::Linking, linking, method);
    }
    if let Some((empty, called)) = &known.runtime {
        let rest = empty - known.linking.unwrap_or(0.0);
        let method =
            format!("`{called}` less the above, in turns with the whole, median of {TIMES} runs");
        room.take(PhaseKind::Runtime, rest, method);
    }
    if let Some(imports) = &known.imports {
        room.take(PhaseKind::Imports, imports.before, imports.method.clone());
    }
    if let Some((port, ready)) = port.zip(ready) {
        let rest = room.left;
        room.take(PhaseKind::Setup, rest, "what remains until the port is open".to_owned());
        let after = known.imports.as_ref().map_or(0.0, |imports| imports.after);
        let method = match after > 0.001 {
            true => format!("median of {count} starts; modules are {} of it", seconds(after)),
            false => format!("median of {count} starts"),
        };
        room.phases.push(BootPhase { kind: PhaseKind::FirstAnswer, seconds: ready - port, method });
    }
    room.phases
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Boot, BootOutcome};

    use super::*;

    fn report(port: Option<f64>, ready: Option<f64>) -> BootReport {
        let boot =
            Boot { outcome: BootOutcome::Ready, exec: Some(0.01), port, ready, ..Boot::default() };
        BootReport { boots: vec![boot], ..BootReport::default() }
    }

    fn known(linking: f64, runtime: f64, before: f64) -> Known {
        let imports = Imports { before, after: 0.1, method: "traced".to_owned() };
        Known {
            linking: Some(linking),
            runtime: Some((runtime, "python3 -c pass".to_owned())),
            imports: Some(imports),
        }
    }

    fn millis(phases: &[BootPhase]) -> Vec<f64> {
        phases.iter().map(|phase| (phase.seconds * 1000.0).round()).collect()
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let phases = of(&report(Some(0.5), Some(0.7)), &known(0.02, 0.05, 0.3));
        assert_eq!(millis(&phases), [10.0, 20.0, 30.0, 300.0, 140.0, 200.0]);
        assert!(phases[5].method.contains("modules are 100 ms of it"), "{phases:?}");
    }

    #[test]
    fn no_part_is_longer_than_the_whole_leaves() {
        let phases = of(&report(Some(0.2), Some(0.2)), &known(0.02, 0.01, 0.3));
        assert_eq!(millis(&phases), [10.0, 20.0, 0.0, 170.0, 0.0, 0.0]);
        assert!(phases[3].method.contains("300 ms alone"), "{phases:?}");
    }

    #[test]
    fn without_a_port_there_is_no_end() {
        let phases = of(&report(None, None), &Known::default());
        assert_eq!(millis(&phases), [10.0]);
    }
}
