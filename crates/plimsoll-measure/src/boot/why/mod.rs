//! Why a cold start takes as long as it does.
//!
//! It is started a few times more, which are not counted: looked at while it starts, with tracing on,
//! and of less than the whole: the loader alone, an empty program. Each is done three times, in turns,
//! and the middle one counts. Nothing is estimated; what cannot be told apart is in the part that remains.

mod advice;
mod asks;
mod forest;
mod java;
mod node;
mod phases;
mod processes;
mod python;
mod rounds;
mod runs;
mod runtime;
mod waits;

use plimsoll_model::{BootReport, BootWhy, ImageReport};

use super::Subject;
use crate::engine::{Cancel, Engine, EngineError};
use phases::{Imports, Known};
use rounds::{Rounds, TIMES};
use runs::Extra;
use runtime::{Kind, Runtime};

/// What is known of what a service loads.
#[derive(Debug, Default)]
struct Loaded {
    version: Option<String>,
    /// Seconds until its port is open, seconds after, and what traced it.
    imports: Option<(f64, f64, &'static str)>,
    bytecode: Option<advice::Bytecode>,
}

/// Finds out why the starts of a report take as long as they do.
///
/// # Errors
/// As for [`measure`](super::measure).
pub fn why(
    engine: &dyn Engine,
    subject: &Subject<'_>,
    report: &BootReport,
    image: Option<&ImageReport>,
    cancel: &Cancel,
) -> Result<BootWhy, EngineError> {
    let mut why = BootWhy::default();
    if report.ready().next().is_none() {
        why.caveats.push("it did not become ready: there is no start to look into".to_owned());
        return Ok(why);
    }
    let extra = Extra { engine, subject, cancel };
    let mut first = extra.looked_at()?;
    let runtime = first.runtime.take().or_else(|| Runtime::of_image(subject, image));
    let Some(runtime) = runtime else {
        why.caveats.push("it is not known which program runs it".to_owned());
        why.waits = waits::told(report, &[]);
        why.phases = phases::of(report, &Known::default());
        why.advice = advice::of(&why, report, None);
        return Ok(why);
    };
    let tracing = match runtime.kind {
        Kind::Python => Some(python::tracing()),
        Kind::Node => Some(node::tracing(subject, &runtime)),
        Kind::Java => Some(java::tracing(subject, &runtime)),
        Kind::Native => None,
    };
    let rounds = rounds::make(&extra, report, first, &runtime, tracing.as_ref())?;
    why.overhead = rounds.overhead;
    let loaded = match runtime.kind {
        Kind::Python => python::look(&extra, &runtime, &rounds, &mut why)?,
        Kind::Node => node::look(&rounds, &mut why),
        Kind::Java => java::look(&rounds, &mut why),
        Kind::Native => Loaded::default(),
    };
    why.runtime = runtime.name(loaded.version.as_deref());
    why.waits = waits::told(report, &rounds.waited);
    why.phases = phases::of(report, &known(&rounds, &runtime, loaded.imports));
    why.advice = advice::of(&why, report, loaded.bytecode.as_ref());
    why.caveats.extend(unseen(&extra, &rounds));
    Ok(why)
}

fn known(rounds: &Rounds, runtime: &Runtime, imports: Option<(f64, f64, &'static str)>) -> Known {
    let called = runtime.empty().unwrap_or_default().join(" ");
    let less = if rounds.factor < 1.0 { ", less what tracing adds" } else { "" };
    Known {
        linking: rounds.linking,
        runtime: rounds.empty.map(|took| (took, called)),
        imports: imports.map(|(before, after, by)| Imports {
            before,
            after,
            method: format!("{by}, the middle of {TIMES} starts{less}"),
        }),
    }
}

fn unseen(extra: &Extra<'_>, rounds: &Rounds) -> Vec<String> {
    let mut caveats = Vec::new();
    if rounds.waited.is_empty() {
        caveats.push(
            "its processes cannot be seen from here: waits are not known, but for CPU quota"
                .to_owned(),
        );
    }
    if !extra.sees_ends() {
        caveats.push(
            "the engine says late that a program ended: what its loader and its interpreter take is in \
             other parts (--engine embedded tells)"
                .to_owned(),
        );
    }
    caveats
}
