//! Starts that spend their time loading modules.

use plimsoll_model::{BootImport, BootWhy, CheckName, Level, PhaseKind, Section, seconds, share};

use crate::discover::Service;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::booted::boots;
use crate::views::tried;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/slow-imports",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "a start loads what it needs, and little else",
    aliases: &[],
    page: include_str!("slow_imports.md"),
    check: Check::Service(check),
};

/// The share of a start from which on its imports are worth a look, and seconds.
const SHARE: f64 = 0.25;
const LEAST: f64 = 0.3;
/// How many are named.
const NAMED: usize = 5;

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(why) = boots(review, service).find_map(|boots| boots.why()) else { return };
    let Some((imports, whole)) = imports(why) else { return };
    out.examined();
    if imports < LEAST || imports < whole * SHARE {
        return;
    }
    let Some(place) = tried::place(review, service, CheckName::Starts) else { return };
    let draft =
        out.finding(&place, format!("{} spends much of its start loading modules", service.name));
    draft.label("what this starts loads them").evidence(format!(
        "measured with tracing on: {} of {} of a start load modules, {}{}",
        seconds(imports),
        seconds(whole),
        share(imports / whole),
        why.modules.map_or(String::new(), |count| format!("; {count} modules")),
    ));
    let mut costly: Vec<&BootImport> = why.imports.iter().collect();
    costly.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
    for import in costly.into_iter().take(NAMED) {
        draft.evidence(told(import));
    }
    draft
        .consequence("each new instance loads them before it answers, whether or not its first requests need them")
        .remedy("load what the first request does not need where it is used, inside of the function, and drop what nothing uses");
    for caveat in &why.caveats {
        draft.evidence(format!("caveat of the tracing: {caveat}"));
    }
    let python = why.runtime.starts_with("Python");
    if let Some(missing) = why.without_bytecode.filter(|missing| python && *missing > 0) {
        draft.evidence(format!("{missing} of the modules have no bytecode: compile them first, it costs no change of code"));
    }
}

/// Seconds of imports, and of the whole start, with the same tracing on.
fn imports(why: &BootWhy) -> Option<(f64, f64)> {
    let whole: f64 = why.phases.iter().map(|phase| phase.seconds).sum();
    let imports = why.phases.iter().filter(|phase| phase.kind == PhaseKind::Imports);
    let imports: f64 = imports.map(|phase| phase.seconds).sum();
    (whole > 0.0 && imports > 0.0).then_some((imports, whole))
}

fn told(import: &BootImport) -> String {
    let file = import
        .file
        .as_ref()
        .map_or(String::new(), |file| format!(", /{}", file.trim_start_matches('/')));
    let by = import.by.as_ref().map_or(String::new(), |by| format!(", loaded by {by}"));
    let count = if import.modules > 1 {
        format!(" with {} modules", import.modules)
    } else {
        String::new()
    };
    format!("{}: {}{count}{by}{file}", import.name, seconds(import.seconds))
}
