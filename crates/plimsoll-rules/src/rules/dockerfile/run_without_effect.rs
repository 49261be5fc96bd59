//! A RUN that changes only its own shell.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::Invocation;

use crate::repo::{Command, DockerfileView};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::needed;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/run-without-effect",
    section: Section::Dockerfile,
    level: Level::ShouldFix,
    assures: "what a RUN does outlives it",
    aliases: &[],
    page: include_str!("run_without_effect.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in needed(review, file) {
        for (_, command) in stage.runs().filter(|(_, c)| !c.exec) {
            look(command, out);
        }
    }
}

/// The last command is what would have to outlive the RUN: nothing follows that uses it.
fn look(command: &Command, out: &mut Out) {
    let Some(last) = command.script.commands.last() else { return };
    if last.conditional || last.in_substitution || last.function.is_some() || last.piped {
        return;
    }
    let Some(call) = Invocation::of(last).filter(|_| last.redirects.is_empty()) else { return };
    let Some((what, remedy)) = lost(&call).filter(|_| !goes_back(command, &call)) else {
        return out.examined();
    };
    out.finding(&command.place(last.span), format!("{} has no effect after this RUN", said(&call)))
        .label(what)
        .consequence("the next instruction begins as if it had not been there")
        .remedy(remedy);
}

/// Whether a `cd` ends what an earlier one has begun.
fn goes_back(command: &Command, last: &Invocation<'_>) -> bool {
    let is_cd = |c: &Invocation<'_>| matches!(c.program, "cd" | "pushd");
    is_cd(last)
        && (last.args.first().is_none_or(|w| w.head().starts_with(['-', '.']))
            || command.calls().filter(is_cd).count() > 1)
}

fn said(call: &Invocation<'_>) -> String {
    let first = call.args.first().and_then(|w| w.text()).unwrap_or_default();
    let first = first.split('=').next().unwrap_or_default();
    format!("{} {first}", call.program).trim_end().to_owned()
}

/// What ends with the shell of the RUN, and what to write instead.
fn lost(call: &Invocation<'_>) -> Option<(&'static str, &'static str)> {
    let names = |ends: &[&str]| {
        call.args
            .first()
            .and_then(|w| w.text())
            .is_some_and(|t| ends.iter().any(|e| t.ends_with(e)))
    };
    match call.program {
        "cd" | "pushd" => Some(("each RUN begins in WORKDIR", "use WORKDIR")),
        "export" if !call.args.is_empty() => {
            Some(("variables end with their shell", "use ENV, or ARG for the build alone"))
        }
        "alias" if !call.args.is_empty() => {
            Some(("aliases end with their shell", "put a script of that name into the PATH"))
        }
        "umask" if !call.args.is_empty() => {
            Some(("the mask ends with its shell", "set it in the RUN that makes the files"))
        }
        "source" | "."
            if names(&["/activate", ".bashrc", ".profile", "/etc/profile", ".bash_profile"]) =>
        {
            Some(("what it sets ends with its shell", "set PATH and the variables with ENV"))
        }
        "service" if names_start(call.args.get(1).and_then(|w| w.text())) => {
            Some(("processes end with their RUN", "start it in CMD, or in the RUN that needs it"))
        }
        _ => None,
    }
}

fn names_start(verb: Option<&str>) -> bool {
    matches!(verb, Some("start" | "restart"))
}
