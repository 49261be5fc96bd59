//! Python: what its modules cost, and whether they have bytecode.

mod files;
mod trace;

use std::collections::BTreeSet;

use plimsoll_model::BootWhy;

use super::Loaded;
use super::advice::Bytecode;
use super::rounds::Rounds;
use super::runs::{Extra, Tracing};
use super::runtime::Runtime;
use crate::engine::EngineError;

/// What makes it say when it has loaded a module.
pub(super) fn tracing() -> Tracing {
    let env = vec![("PYTHONPROFILEIMPORTTIME".to_owned(), "1".to_owned())];
    Tracing { env, files: Vec::new() }
}

/// Reads what it said with `-X importtime` and asks the image where its modules are.
pub(super) fn look(
    extra: &Extra<'_>,
    runtime: &Runtime,
    rounds: &Rounds,
    why: &mut BootWhy,
) -> Result<Loaded, EngineError> {
    let Some(traced) = &rounds.traced else {
        let failed = "with -X importtime it did not become ready: modules are not known";
        why.caveats.push(failed.to_owned());
        return Ok(Loaded::default());
    };
    let mut all = trace::parse(&traced.ready);
    if all.cut {
        why.caveats.push("more modules were loaded than are looked at".to_owned());
    }
    if all.startup.is_empty() && all.service.modules.is_empty() {
        why.caveats.push("-X importtime printed nothing: is its output sent elsewhere?".to_owned());
    }
    let before = traced.opened.as_deref().map(trace::parse);
    all.service.scale(rounds.factor);
    let files = ask(extra, runtime, &all)?;
    files.tell(&mut all.service);
    let seconds = all.service.seconds();
    let before =
        before.map_or(seconds, |before| before.service.seconds() * rounds.factor).min(seconds);
    let is_there = |name: &str| !files.is_missing(name);
    why.imports = all.service.costliest();
    let named: BTreeSet<&str> =
        all.service.modules.iter().map(|module| module.name.as_str()).collect();
    let own = all.startup.iter().filter(|name| !named.contains(name.as_str())).count();
    let modules = all.service.count(|module| is_there(&module.name)) + own as u32;
    let missing = all.service.count(|module| module.without_bytecode);
    why.modules = Some(modules);
    why.without_bytecode = files.version.is_some().then_some(missing);
    if files.version.is_none() {
        why.caveats.push("the image's Python could not be asked where its modules are".to_owned());
    }
    let of_missing = all.service.modules.iter().filter(|module| module.without_bytecode);
    let bytecode = Bytecode {
        missing,
        all: modules,
        seconds: all.service.own(|module| module.without_bytecode),
        folders: files::folders(of_missing.filter_map(|module| module.file.as_deref())),
    };
    Ok(Loaded {
        version: files.version,
        imports: Some((before, seconds - before, "-X importtime")),
        bytecode: Some(bytecode),
    })
}

fn ask(
    extra: &Extra<'_>,
    runtime: &Runtime,
    trace: &trace::Trace,
) -> Result<files::Files, EngineError> {
    // Where the service's own modules are: the folder of its script, and where it runs.
    let mut paths = Vec::new();
    if let Some(program) = &runtime.program {
        let script = program.args.get(1).filter(|arg| !arg.starts_with('-'));
        let folder = script.and_then(|script| Some(script.rsplit_once('/')?.0));
        paths.extend(folder.filter(|folder| folder.starts_with('/')).map(str::to_owned));
        paths.push(program.cwd.clone());
    }
    let args = [runtime.call.clone(), files::SCRIPT_PATH.to_owned()];
    let files = files::question(&trace.service, &paths);
    let ran = extra.ran(&args, &Tracing { env: Vec::new(), files })?;
    Ok(ran.map(|(_, said)| files::answer(&said.out)).unwrap_or_default())
}
