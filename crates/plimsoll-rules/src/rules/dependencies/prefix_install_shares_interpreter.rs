//! `pip install --prefix` in an interpreter that has packages of its own.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::dockerfile::FromRef;
use plimsoll_syntax::shell::Word;

use crate::repo::{Command, DockerfileView, Place, Stage, StepKind};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, insert};
use crate::views::{Install, Manager, installs, package_name};

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/prefix-install-shares-interpreter",
    section: Section::Dependencies,
    level: Level::ShouldFix,
    assures: "an install into a prefix is complete",
    aliases: &[],
    page: include_str!("prefix_install_shares_interpreter.md"),
    check: Check::Dockerfile(check),
};

/// A pip install that puts its packages aside.
struct Aside<'a> {
    install: Install<'a>,
    command: &'a Command,
    flag: &'a str,
    copied: &'a Place,
}

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in &file.stages {
        let lineage = file.lineage(stage.index);
        if lineage.iter().any(|s| has_environment(s)) {
            continue;
        }
        let mut tool: Option<(Place, String)> = None;
        for (_, command) in lineage.iter().flat_map(|s| s.runs()) {
            for install in installs(command).filter(|i| i.manager == Manager::Pip) {
                match aside(file, stage, command, install.clone()) {
                    Some(found) => judge(&found, tool.as_ref(), out),
                    None => tool = into_interpreter(command, &install).or(tool),
                }
            }
        }
    }
}

fn judge(found: &Aside<'_>, tool: Option<&(Place, String)>, out: &mut Out) {
    let Some((place, tool)) = tool else { return out.examined() };
    if skips_nothing(&found.install) {
        return out.examined();
    }
    let at = found.command.place(found.install.call.span());
    let draft = out.finding(
        &at,
        format!("pip install {} skips what {tool} brought into this interpreter", found.flag),
    );
    draft
        .label("packages that are already satisfied are not installed here")
        .related(place, format!("{tool} and its dependencies are installed here"))
        .related(found.copied, "only what was put aside is copied")
        .evidence(
            "measured with Poetry: 11 of 67 pinned packages were skipped, anyio and requests \
             among them; the build and `pip check` were green",
        )
        .consequence("the service fails with ModuleNotFoundError when it needs one of them")
        .remedy("install the tool in a stage or environment of its own, or add --ignore-installed");
    fix(found, draft);
}

fn fix(found: &Aside<'_>, draft: &mut Draft) {
    let verb = found.install.call.args.iter().find(|w| w.text() == Some(found.install.verb));
    let Some(place) = verb.map(|w| found.command.place(w.span)) else { return };
    let Some(span) = place.span.filter(|_| !found.command.exec) else { return };
    let edits = insert(&place.path, span.end, " --ignore-installed");
    draft.fix("install all of them", Applicability::Safe, edits);
}

fn skips_nothing(install: &Install<'_>) -> bool {
    ["--ignore-installed", "-I", "--force-reinstall"].iter().any(|f| install.call.has(f))
}

/// Whether a stage makes a virtual environment: which interpreter a pip belongs to is not
/// told apart then.
fn has_environment(stage: &Stage) -> bool {
    let env = |kind: &StepKind| match kind {
        StepKind::Env(pairs) => pairs.iter().any(|(n, _)| n.value == "VIRTUAL_ENV"),
        _ => false,
    };
    stage.steps.iter().any(|s| env(&s.kind))
        || stage.runs().any(|(_, c)| c.text().contains("venv") || c.text().contains("virtualenv"))
}

/// An install with `--prefix` or `--root` whose folder another stage copies.
fn aside<'a>(
    file: &'a DockerfileView,
    stage: &Stage,
    command: &'a Command,
    install: Install<'a>,
) -> Option<Aside<'a>> {
    let (flag, folder) = put_aside(&install)?;
    let from_here = |from: &Option<(crate::repo::Fact<String>, FromRef)>| {
        from.as_ref().is_some_and(|(_, r)| *r == FromRef::Stage(stage.index))
    };
    let copies = file.stages.iter().flat_map(Stage::copies).filter(|(_, c)| from_here(&c.from));
    let mut sources = copies.flat_map(|(_, c)| &c.sources);
    let copied = sources.find(|s| s.path.value.starts_with(folder.trim_end_matches('/')))?;
    Some(Aside { install, command, flag, copied: &copied.path.at })
}

/// The flag and the folder of an install that does not go into the interpreter.
fn put_aside<'a>(install: &Install<'a>) -> Option<(&'a str, &'a str)> {
    let args = install.call.args;
    for flag in ["--prefix", "--root"] {
        for (i, word) in args.iter().enumerate() {
            let text = word.text().unwrap_or("");
            let joined = text.strip_prefix(flag).and_then(|t| t.strip_prefix('='));
            let next = || args.get(i + 1).and_then(Word::text).filter(|_| text == flag);
            if let Some(folder) = joined.or_else(next).filter(|f| f.len() > 1) {
                return Some((flag, folder));
            }
        }
    }
    None
}

/// The first package that an install puts into the interpreter, other than pip's own.
fn into_interpreter(command: &Command, install: &Install<'_>) -> Option<(Place, String)> {
    let elsewhere = ["--target", "-t", "--user", "--prefix", "--root"];
    let is_elsewhere = install.call.args.iter().any(|w| {
        elsewhere.iter().any(|e| w.head() == *e || w.head().starts_with(&format!("{e}=")))
    });
    if is_elsewhere || install.call.command.words.first()?.head().contains('/') {
        return None;
    }
    let own = ["pip", "setuptools", "wheel", "build", ""];
    let mut named = install.packages.iter().map(|w| package_name(w.head()));
    let tool = named.find(|n| !own.contains(n) && !n.contains(['/', '.']))?;
    Some((command.place(install.call.span()), tool.to_owned()))
}
