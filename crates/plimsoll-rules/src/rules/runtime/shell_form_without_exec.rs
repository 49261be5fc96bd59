//! Commands whose shell swallows SIGTERM.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::{Command, DockerfileView};
use crate::review::Review;
use crate::rule::insert;
use crate::views::effective;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/shell-form-without-exec",
    section: Section::Runtime,
    level: Level::ShouldFix,
    assures: "the service gets SIGTERM",
    aliases: &["DL3025", "JSONArgsRecommended"],
    page: include_str!("shell_form_without_exec.md"),
    check: Check::Dockerfile(check),
};

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(last) = file.last() else { return };
    let all = effective(file, last.index);
    let Some((step, command)) = all.starts() else { return };
    out.examined();
    if command.exec || command.script.commands.is_empty() || hands_over(command) {
        return;
    }
    let commands = &command.script.commands;
    let single = commands.len() == 1 && !commands[0].words.is_empty() && commands[0].assignments.is_empty();
    let place = command.place(commands[0].span);
    let finding = out.finding(&step.at, "the shell is process 1: the service never gets SIGTERM");
    finding
        .label("shell form without exec")
        .consequence("the platform asks the shell to stop, the shell does not pass it on, and requests in flight are cut when SIGKILL comes 10 seconds later")
        .remedy("begin the command with exec, or use the exec form: CMD [\"program\", \"argument\"]");
    if let Some(span) = place.span.filter(|_| single) {
        finding.fix("begin the command with exec", Applicability::Safe, insert(&place.path, span.start, "exec "));
    }
}

/// Whether the shell is replaced by the last command, or by a script that may do so.
fn hands_over(command: &Command) -> bool {
    let first = |c: &plimsoll_syntax::shell::Command| c.words.first().and_then(|w| w.text()).map(str::to_owned).unwrap_or_default();
    let last = command.script.commands.iter().rev().find(|c| !c.in_substitution).map(first).unwrap_or_default();
    last == "exec" || last.ends_with(".sh") || last.ends_with("entrypoint") || matches!(last.as_str(), "tini" | "dumb-init" | "wait")
}
