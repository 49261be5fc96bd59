//! Node.js: what its modules cost.

mod trace;

use plimsoll_model::{BootReport, BootWhy};

use super::runs::{Extra, Tracing, until};
use super::runtime::Runtime;
use super::{Loaded, slower};
use crate::engine::EngineError;

const SCRIPT: &[u8] = include_bytes!("trace.cjs");
const SCRIPT_PATH: &str = "/.plimsoll/trace.cjs";

/// Starts it with a script before it that says how long each module takes.
pub(super) fn look(
    extra: &Extra<'_>,
    runtime: &Runtime,
    report: &BootReport,
    why: &mut BootWhy,
) -> Result<Loaded, EngineError> {
    let options = runtime.with(extra.subject, "NODE_OPTIONS", &format!("--require {SCRIPT_PATH}"));
    let files = vec![(SCRIPT_PATH.to_owned(), SCRIPT.to_vec())];
    let traced = extra.traced(&Tracing { env: vec![options], files }, super::TIMES)?;
    let Some(traced) = traced else {
        why.caveats.push(
            "with NODE_OPTIONS=--require it did not become ready: modules are not known".to_owned(),
        );
        return Ok(Loaded::default());
    };
    let mut all = trace::parse(&traced.ready);
    if all.is_esm {
        why.caveats.push("it is an ES module: what it imports as such is not traced".to_owned());
    }
    if all.cut {
        why.caveats.push("more modules were loaded than are looked at".to_owned());
    }
    let before = traced.opened.as_deref().map(trace::parse);
    let (factor, overhead) = slower(report, until(&traced.boot));
    why.overhead = overhead;
    all.service.scale(factor);
    let seconds = all.service.seconds();
    let before = before.map_or(seconds, |before| before.service.seconds() * factor).min(seconds);
    why.imports = all.service.costliest();
    why.modules = Some(all.service.count(|_| true));
    let version = all
        .version
        .as_deref()
        .and_then(|version| Some(version.trim_start_matches('v').split('.').next()?.to_owned()));
    let imports = Some((before, seconds - before, "a script before it")).filter(|_| !all.is_esm);
    Ok(Loaded { version, imports, bytecode: None })
}
