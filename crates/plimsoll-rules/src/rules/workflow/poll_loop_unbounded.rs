//! Loops that wait for ever.

use plimsoll_model::{Level, Section};

use crate::repo::Workflow;
use crate::review::Review;
use plimsoll_syntax::shell::{Command, Loop};
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/poll-loop-unbounded",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "every wait ends",
    aliases: &[],
    page: include_str!("poll_loop_unbounded.md"),
    check: Check::Workflow(check),
};

fn check(_: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for step in workflow.jobs.iter().flat_map(|j| &j.steps) {
        let Some(run) = &step.run else { continue };
        let commands = &run.script.commands;
        let Some(sleep) = commands.iter().find(|c| c.in_loop == Some(Loop::While) && is(c, "sleep")) else { continue };
        out.examined();
        let endless = commands.iter().find(|c| c.in_loop == Some(Loop::While) && (is(c, "true") || is(c, ":")));
        let bounded = commands.iter().any(|c| is(c, "exit") || is(c, "timeout") || is(c, "break") && counts(run.text.text()));
        let limited = step.timeout.is_some();
        let Some(endless) = endless.filter(|_| !bounded && !limited) else { continue };
        out.finding(&run.place(endless.span), "this loop waits until what it waits for happens, and for ever if it does not")
            .label("no bound")
            .related(&run.place(sleep.span), "waits here")
            .consequence("a deployment that never becomes ready is not reported: the job hangs until it is killed")
            .remedy("count the attempts and exit with an error after the last, or set timeout-minutes on the step");
    }
}

fn is(command: &Command, program: &str) -> bool {
    command.words.first().and_then(|w| w.text()) == Some(program)
}

/// Whether the text counts attempts, as a loop that breaks after some of them does.
fn counts(text: &str) -> bool {
    text.contains("$((") || text.contains("((") || text.contains("-ge ") || text.contains("-gt ")
}
