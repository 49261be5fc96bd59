//! Why a cold start takes as long as it does.
//!
//! It is started a few times more, which are not counted: looked at while it starts, with tracing on,
//! and of less than the whole: the loader alone, an empty program. Each is done three times and the
//! middle one counts. Nothing is estimated; what cannot be told apart is in the part that remains.

mod advice;
mod asks;
mod forest;
mod java;
mod node;
mod phases;
mod processes;
mod python;
mod runs;
mod runtime;
mod waits;

use plimsoll_model::{BootReport, BootWhy, EngineKind, ImageReport};

use super::Subject;
use crate::engine::{Cancel, Engine, EngineError};
use phases::{Imports, Known};
use runs::{Extra, TIMES, Tracing, until};
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
    let mut seen = extra.looked_at()?;
    let of_process = seen.iter_mut().find_map(|seen| seen.runtime.take());
    let waited: Vec<_> = seen.into_iter().filter_map(|seen| seen.waited).collect();
    if waited.is_empty() {
        let unseen =
            "its processes cannot be seen from here: waits are not known, but for CPU quota";
        why.caveats.push(unseen.to_owned());
    }
    why.waits = waits::told(report, &waited);
    let Some(runtime) = of_process.or_else(|| Runtime::of_image(subject, image)) else {
        why.caveats.push("it is not known which program runs it".to_owned());
        why.phases = phases::of(report, &Known::default());
        why.advice = advice::of(&why, report, None);
        return Ok(why);
    };
    let (mut known, said) = parts(&extra, &runtime)?;
    let mut loaded = match runtime.kind {
        Kind::Python => python::look(&extra, &runtime, report, &mut why)?,
        Kind::Node => node::look(&extra, &runtime, report, &mut why)?,
        Kind::Java => java(&extra, &runtime, report, &mut why)?,
        Kind::Native => Loaded::default(),
    };
    if runtime.kind == Kind::Java {
        loaded.version = java::version(&said);
    }
    why.runtime = runtime.name(loaded.version.as_deref());
    known.imports = loaded.imports.map(|(before, after, by)| imports(before, after, by, &why));
    why.phases = phases::of(report, &known);
    why.advice = advice::of(&why, report, loaded.bytecode.as_ref());
    if engine.about().kind != EngineKind::Embedded {
        let late = "the engine says late that a program ended: its loading and its interpreter seem longer";
        why.caveats.push(late.to_owned());
    }
    Ok(why)
}

fn imports(before: f64, after: f64, by: &str, why: &BootWhy) -> Imports {
    let less = why.overhead.filter(|overhead| *overhead > 0.0);
    let less = if less.is_some() { ", less what tracing adds" } else { "" };
    Imports { before, after, method: format!("{by}, the middle of {TIMES} starts{less}") }
}

/// What less than the whole takes, and what an empty program said.
fn parts(extra: &Extra<'_>, runtime: &Runtime) -> Result<(Known, String), EngineError> {
    let mut known = Known::default();
    // Any other loader would not stop, and start the service.
    let program = runtime.program.as_ref().filter(|program| program.by_gnu_loader);
    if let Some(program) = program {
        let env = [("LD_TRACE_LOADED_OBJECTS".to_owned(), "1".to_owned())];
        let ran = extra.median_of(std::slice::from_ref(&program.exe), &env)?;
        let ran = ran.filter(|(_, said)| said.out.contains("ld-linux"));
        known.linking = ran.map(|(took, _)| took);
    }
    let mut said = String::new();
    if let Some(args) = runtime.empty()
        && let Some((took, ended)) = extra.median_of(&args, &[])?
    {
        known.runtime = Some((took, args.join(" ")));
        said = ended.err;
    }
    Ok((known, said))
}

/// By what times of a traced start are made shorter, and what part longer it was.
fn slower(report: &BootReport, traced: f64) -> (f64, Option<f64>) {
    match report.of(|boot| boot.ready).median {
        Some(ready) if ready > 0.0 && traced > 0.0 => {
            ((ready / traced).min(1.0), Some((traced / ready - 1.0).max(0.0)))
        }
        _ => (1.0, None),
    }
}

/// Counts the classes of a Java service; when they are loaded is not looked at.
fn java(
    extra: &Extra<'_>,
    runtime: &Runtime,
    report: &BootReport,
    why: &mut BootWhy,
) -> Result<Loaded, EngineError> {
    let option = runtime.with(extra.subject, "JAVA_TOOL_OPTIONS", java::OPTION);
    let traced = extra.traced(&Tracing { env: vec![option], files: Vec::new() }, 1)?;
    let Some(traced) = traced else {
        why.caveats.push(
            "with -Xlog:class+load it did not become ready: classes are not known".to_owned(),
        );
        return Ok(Loaded::default());
    };
    let classes = java::parse(&traced.ready);
    why.modules = Some(classes.all);
    why.without_bytecode = Some(classes.not_shared);
    why.overhead = slower(report, until(&traced.boot)).1;
    why.caveats.push(format!(
        "of {} classes {} do not come from the shared archive; loading them is in the setup",
        classes.all, classes.not_shared
    ));
    Ok(Loaded::default())
}
