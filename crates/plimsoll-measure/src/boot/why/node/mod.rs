//! Node.js: what its modules cost.

mod trace;

use plimsoll_model::BootWhy;

use super::Loaded;
use super::rounds::Rounds;
use super::runs::Tracing;
use super::runtime::Runtime;
use crate::boot::Subject;

const SCRIPT: &[u8] = include_bytes!("trace.cjs");
const SCRIPT_PATH: &str = "/.plimsoll/trace.cjs";

/// A script before it that says how long each module takes.
pub(super) fn tracing(subject: &Subject<'_>, runtime: &Runtime) -> Tracing {
    let options = runtime.with(subject, "NODE_OPTIONS", &format!("--require {SCRIPT_PATH}"));
    let files = vec![(SCRIPT_PATH.to_owned(), SCRIPT.to_vec())];
    Tracing { env: vec![options], files }
}

/// Reads what that script said.
pub(super) fn look(rounds: &Rounds, why: &mut BootWhy) -> Loaded {
    let Some(traced) = &rounds.traced else {
        let failed = "with NODE_OPTIONS=--require it did not become ready: modules are not known";
        why.caveats.push(failed.to_owned());
        return Loaded::default();
    };
    let mut all = trace::parse(&traced.ready);
    if all.is_esm {
        why.caveats.push("it is an ES module: what it imports as such is not traced".to_owned());
    }
    if all.cut {
        why.caveats.push("more modules were loaded than are looked at".to_owned());
    }
    let before = traced.opened.as_deref().map(trace::parse);
    all.service.scale(rounds.factor);
    let seconds = all.service.seconds();
    let before =
        before.map_or(seconds, |before| before.service.seconds() * rounds.factor).min(seconds);
    why.imports = all.service.costliest();
    why.modules = Some(all.service.count(|_| true));
    let version = all
        .version
        .as_deref()
        .and_then(|version| Some(version.trim_start_matches('v').split('.').next()?.to_owned()));
    let imports = Some((before, seconds - before, "a script before it")).filter(|_| !all.is_esm);
    Loaded { version, imports, bytecode: None }
}
