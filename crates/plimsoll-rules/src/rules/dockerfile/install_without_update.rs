//! apt-get install with package lists of another day, or with none.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::Invocation;

use crate::repo::{Command, CopyStep, DockerfileView, Place, Step, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::running::{System, mounted, system};
use crate::views::{Install, Manager, installs, needed};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/install-without-update",
    section: Section::Dockerfile,
    level: Level::ShouldFix,
    assures: "apt installs from the lists of the same RUN",
    aliases: &["DS-0017"],
    page: include_str!("install_without_update.md"),
    check: Check::Dockerfile(check),
};

/// What is known of the lists before a step.
enum Lists<'a> {
    Unknown,
    /// The base has none.
    Never,
    Removed(&'a Step),
    Fetched(Place),
}

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in needed(review, file) {
        let mut lists = match system(file, stage.index) {
            Some(System::Debian) => Lists::Never,
            _ => Lists::Unknown,
        };
        for each in file.lineage(stage.index) {
            for step in &each.steps {
                match &step.kind {
                    StepKind::Run(command) => {
                        if each.index == stage.index {
                            look(command, &lists, out);
                        }
                        lists = after(step, command, lists);
                    }
                    StepKind::Copy(copy) if brings(copy) => lists = Lists::Unknown,
                    _ => {}
                }
            }
        }
    }
}

fn look(command: &Command, lists: &Lists<'_>, out: &mut Out) {
    let Some(install) = installs(command).find(|i| i.manager == Manager::Apt) else { return };
    if is_obscure(command) || mounted(command, "/var/lib/apt/lists") || !is_from_lists(&install) {
        return;
    }
    let at = command.place(install.call.span());
    let program = install.call.program;
    let draft = match lists {
        Lists::Unknown => return out.examined(),
        Lists::Never => {
            let draft = out.finding(&at, format!("{program} install has no package lists"));
            draft.label("no apt-get update before it, and the base has none")
        }
        Lists::Removed(step) => {
            let draft = out.finding(&at, format!("{program} install has no package lists"));
            draft.label("no apt-get update in this RUN").related(&step.at, "removes the lists")
        }
        Lists::Fetched(place) => {
            let message = format!("{program} install uses the package lists of another RUN");
            out.finding(&at, message)
                .label("no apt-get update in this RUN")
                .related(place, "fetches the lists, and stays cached")
                .consequence(
                    "when this RUN changes, the lists are as old as the build cache: packages that \
                     the mirror has replaced since are not found",
                )
                .remedy("put apt-get update and apt-get install into one RUN");
            return;
        }
    };
    draft
        .consequence("the build fails: apt cannot locate what the base does not already have")
        .remedy("begin this RUN with apt-get update &&");
}

/// Whether the packages have to be found in lists: they are names, and no files.
fn is_from_lists(install: &Install<'_>) -> bool {
    let is_name = |t: &str| !t.contains('/') && !t.ends_with(".deb");
    !install.packages.is_empty() && install.packages.iter().all(|w| w.text().is_some_and(is_name))
}

fn after<'a>(step: &'a Step, command: &Command, before: Lists<'a>) -> Lists<'a> {
    if mounted(command, "/var/lib/apt/lists") {
        return Lists::Unknown;
    }
    if command.calls().any(|c| removes(&c)) {
        return Lists::Removed(step);
    }
    match update(command) {
        Some(place) => Lists::Fetched(place),
        None if is_obscure(command) => Lists::Unknown,
        None => before,
    }
}

fn removes(call: &Invocation<'_>) -> bool {
    let folder = |t: &str| t.contains("/var/lib/apt") || t.contains("/var/lib/{apt");
    (call.program == "rm" && call.args.iter().any(|w| folder(w.head())))
        || (call.program == "apt-get" && (call.has("dist-clean") || call.has("distclean")))
}

fn update(command: &Command) -> Option<Place> {
    let mut calls = command.calls().filter(|c| matches!(c.program, "apt-get" | "apt" | "aptitude"));
    calls.find(|c| c.has("update")).map(|c| command.place(c.span()))
}

/// Whether a RUN may fetch lists in a way that does not show: it does so itself, calls scripts, or
/// is not written out.
fn is_obscure(command: &Command) -> bool {
    let text = command.text();
    let plain = |c: &plimsoll_syntax::shell::Command| {
        let Some(word) = c.words.first() else { return true };
        word.text()
            .is_some_and(|t| !t.contains('/') || t.starts_with("/usr/") || t.starts_with("/bin/"))
    };
    let runs_others = |program: &str| {
        matches!(
            program,
            "sh" | "bash" | "dash" | "." | "source" | "eval" | "make" | "perl" | "ansible-playbook"
        ) || program.contains('.')
            || program.contains("apt-repository")
            || program.starts_with("python")
            || program.starts_with("install")
    };
    (text.contains("apt") && text.contains("update"))
        || command.exec
        || !command.script.commands.iter().all(plain)
        || command.script.commands.iter().any(|c| c.function.is_some())
        || command.calls().any(|c| runs_others(c.program))
}

/// Whether a COPY may bring lists.
fn brings(copy: &CopyStep) -> bool {
    copy.dest.value == "/" || copy.dest.value.contains("/var") || copy.dest.value.contains('$')
}
