//! sudo in an image.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::Span;
use plimsoll_syntax::shell::Invocation;

use crate::repo::{Command, DockerfileView, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::{effective, installs, package_name, runs_as_root, targets};

pub(crate) static RULE: Rule = Rule {
    name: "security/sudo-in-build",
    section: Section::Security,
    level: Level::Advice,
    assures: "the image is built without sudo",
    aliases: &["DL3004", "DS-0010", "CKV2_DOCKER_1"],
    page: include_str!("sudo_in_build.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in targets(review, file) {
        let base = effective(file, stage).base;
        let mut root = base.is_some_and(|(image, known, _)| known && runs_as_root(image));
        for step in file.lineage(stage).into_iter().flat_map(|s| &s.steps) {
            match &step.kind {
                StepKind::User(user) => {
                    let name = user.value.split(':').next().unwrap_or("").trim();
                    root = matches!(name, "root" | "0");
                }
                StepKind::Run(command) => {
                    out.examined();
                    installed(command, out);
                    if root {
                        needless(command, out);
                    }
                }
                _ => {}
            }
        }
    }
}

/// The package, unless the RUN takes it away again.
fn installed(command: &Command, out: &mut Out) {
    for install in installs(command).filter(|i| i.manager.is_system()) {
        let Some(word) = install.packages.iter().find(|w| package_name(w.head()) == "sudo") else {
            continue;
        };
        let start = install.call.span().start;
        if command.calls().any(|c| c.span().start > start && removes(&c)) {
            continue;
        }
        out.finding(&command.place(word.span), "sudo stays in the image")
            .label("a program that makes its caller root")
            .consequence("whoever breaks into the service has one more way to become root")
            .remedy("leave sudo out: do what needs root before USER, or between two USER");
    }
}

fn removes(call: &Invocation<'_>) -> bool {
    let verb = ["remove", "purge", "del", "erase", "autoremove"].iter().any(|v| call.has(v));
    // A name from a variable may be this one.
    verb && call.args.iter().any(|w| w.text().is_none_or(|t| t == "sudo"))
}

/// Calls through sudo where the user is root already.
fn needless(command: &Command, out: &mut Out) {
    for call in command.calls() {
        let Some(sudo) = call.wrappers.first().filter(|_| call.is_wrapped_in("sudo")) else {
            continue;
        };
        // With flags it may act for another user.
        if call.wrappers.len() != 1 {
            continue;
        }
        let at = command.place(sudo.span);
        let draft = out.finding(&at, format!("sudo {} is called by root", call.program));
        draft
            .label("the user is root here")
            .consequence(
                "the build fails where the base has no sudo; where it has, it does nothing",
            )
            .remedy("call the program without sudo");
        let program = call.command.words.get(1).map(|w| w.span);
        // In exec form the words are JSON.
        if let Some(program) = program.filter(|p| !command.exec && p.start > sudo.span.end) {
            let gap = Span { start: sudo.span.start, end: program.start };
            draft.fix("drop sudo", Applicability::Safe, replace(&command.place(gap), ""));
        }
    }
}
