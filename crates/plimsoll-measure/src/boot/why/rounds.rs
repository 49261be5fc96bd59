//! The whole, its parts and the whole with tracing on, in turns.
//!
//! A machine's pace changes from minute to minute. What is measured of a part is set against the
//! whole that was started beside it, and then stands for that part of the median of all starts.

use plimsoll_model::{BootReport, median};

use super::runs::{Extra, LookedAt, Traced, Tracing};
use super::runtime::Runtime;
use super::waits::Waited;
use crate::engine::EngineError;

/// How often each is made; the middle one counts.
pub(super) const TIMES: usize = 3;

/// What the rounds say.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// What was waited for, in each start where that could be seen.
    pub(super) waited: Vec<Waited>,
    /// Seconds of the loader alone.
    pub(super) linking: Option<f64>,
    /// Seconds of an empty program, that of the loader included.
    pub(super) empty: Option<f64>,
    /// What an empty program said beside its result.
    pub(super) said: String,
    /// The middle one of the traced starts.
    pub(super) traced: Option<Traced>,
    /// By what its times are made shorter.
    pub(super) factor: f64,
    /// What part longer a traced start takes.
    pub(super) overhead: Option<f64>,
}

#[derive(Default)]
struct Taken {
    linking: Vec<f64>,
    empty: Vec<f64>,
    traced: Vec<Traced>,
    slower: Vec<f64>,
}

/// Makes them; the first start was made to see what runs the service.
pub(super) fn make(
    extra: &Extra<'_>,
    report: &BootReport,
    first: LookedAt,
    runtime: &Runtime,
    tracing: Option<&Tracing>,
) -> Result<Rounds, EngineError> {
    let ready = report.of(|boot| boot.ready).median;
    let (mut rounds, mut taken, mut first) = (Rounds::default(), Taken::default(), Some(first));
    for _ in 0..TIMES {
        let seen = first.take().map_or_else(|| extra.looked_at(), Ok)?;
        let whole = seen.boot.ready;
        rounds.waited.extend(seen.waited);
        let pace = ready.zip(whole).filter(|(_, whole)| *whole > 0.0);
        let pace = pace.map_or(1.0, |(ready, whole)| ready / whole);
        if extra.sees_ends() {
            taken.linking.extend(linking(extra, runtime)?.map(|took| took * pace));
        }
        if let Some(args) = runtime.empty()
            && let Some((took, said)) = extra.ran(&args, &Tracing::default())?
        {
            taken.empty.extend(extra.sees_ends().then_some(took * pace));
            rounds.said = said.err;
        }
        let traced = tracing.map(|tracing| extra.traced(tracing)).transpose()?.flatten();
        if let Some(traced) = traced {
            let longer = traced.boot.ready.zip(whole).map(|(traced, whole)| traced / whole - 1.0);
            taken.slower.extend(longer);
            taken.traced.push(traced);
        }
    }
    Ok(told(rounds, taken, ready))
}

fn told(mut rounds: Rounds, mut taken: Taken, ready: Option<f64>) -> Rounds {
    rounds.linking = middle(taken.linking);
    rounds.empty = middle(taken.empty);
    rounds.overhead = middle(taken.slower).map(|overhead| overhead.max(0.0));
    let until = |traced: &Traced| traced.boot.ready.unwrap_or(0.0);
    taken.traced.sort_by(|a, b| until(a).total_cmp(&until(b)));
    let at = taken.traced.len() / 2;
    rounds.traced = taken.traced.into_iter().nth(at);
    let traced = rounds.traced.as_ref().map(until).filter(|traced| *traced > 0.0);
    rounds.factor = ready.zip(traced).map_or(1.0, |(ready, traced)| (ready / traced).min(1.0));
    rounds
}

/// The median, where no round failed.
fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    median(&values).filter(|_| values.len() == TIMES)
}

/// The program and its libraries are loaded, and nothing of it runs.
fn linking(extra: &Extra<'_>, runtime: &Runtime) -> Result<Option<f64>, EngineError> {
    // Any other loader would not stop, and start the service.
    let program = runtime.program.as_ref().filter(|program| program.by_gnu_loader);
    let Some(program) = program else { return Ok(None) };
    let env = vec![("LD_TRACE_LOADED_OBJECTS".to_owned(), "1".to_owned())];
    let ran = extra.ran(std::slice::from_ref(&program.exe), &Tracing { env, files: Vec::new() })?;
    Ok(ran.filter(|(_, said)| said.out.contains("ld-linux")).map(|(took, _)| took))
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Boot;

    use super::*;

    #[test]
    fn the_middle_of_the_traced_starts_counts() {
        let traced = |ready| Traced {
            boot: Boot { ready: Some(ready), ..Boot::default() },
            ..Traced::default()
        };
        let taken = Taken {
            linking: vec![0.3, 0.1, 0.2],
            empty: vec![0.1],
            traced: vec![traced(4.0), traced(1.0), traced(2.0)],
            slower: vec![0.4, -0.1, 0.2],
        };
        let rounds = told(Rounds::default(), taken, Some(1.0));
        assert_eq!((rounds.linking, rounds.empty), (Some(0.2), None));
        assert_eq!((rounds.factor, rounds.overhead), (0.5, Some(0.2)));
        assert_eq!(told(Rounds::default(), Taken::default(), None).factor, 1.0);
    }
}
