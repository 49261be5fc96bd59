//! apt where apt-get is meant.

use plimsoll_model::{Applicability, Edit, Level, Section};
use plimsoll_syntax::shell::Invocation;

use crate::repo::{Command, DockerfileView};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::needed;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/apt-in-script",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "builds call apt-get and not apt",
    aliases: &["DL3027", "CKV_DOCKER_9"],
    page: include_str!("apt_in_script.md"),
    check: Check::Dockerfile(check),
};

/// What apt and apt-get do alike.
const ALIKE: [&str; 7] =
    ["update", "install", "remove", "purge", "autoremove", "clean", "autoclean"];

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in needed(review, file) {
        for (_, command) in stage.runs() {
            let calls: Vec<Invocation<'_>> =
                command.calls().filter(|c| c.program == "apt").collect();
            match calls.as_slice() {
                [] => {}
                [first, ..] => report(command, first, &calls, out),
            }
        }
    }
}

fn report(command: &Command, first: &Invocation<'_>, calls: &[Invocation<'_>], out: &mut Out) {
    let verb = first.subcommand(0).unwrap_or_default();
    let message = format!("apt {verb} is made for people").replace("  ", " ");
    let draft = out.finding(&command.place(first.span()), message);
    draft
        .label("apt-get is the one for scripts")
        .consequence("its options and output may change with the release of the base")
        .remedy("call apt-get, or apt-cache for queries");
    let alike =
        |c: &Invocation<'_>| c.args.iter().any(|w| w.text().is_some_and(|t| ALIKE.contains(&t)));
    if command.exec || !calls.iter().all(alike) {
        return;
    }
    let program =
        |c: &Invocation<'_>| c.command.words.get(c.wrappers.len()).map(|w| command.place(w.span));
    let edits: Vec<Edit> =
        calls.iter().filter_map(program).flat_map(|at| replace(&at, "apt-get")).collect();
    draft.fix("call apt-get", Applicability::Safe, edits);
}
