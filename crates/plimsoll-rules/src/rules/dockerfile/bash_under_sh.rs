//! Text for bash that another shell reads.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::Span;
use plimsoll_syntax::shell::{Bashism, Invocation};

use crate::repo::{Command, DockerfileView, Stage, Step, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::needed;
use crate::views::running::{System, shell_before, system};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/bash-under-sh",
    section: Section::Dockerfile,
    level: Level::ShouldFix,
    assures: "RUN is written for the shell that runs it",
    aliases: &[
        "SC3001", "SC3010", "SC3011", "SC3020", "SC3030", "SC3040", "SC3044", "SC3046", "SC3009",
    ],
    page: include_str!("bash_under_sh.md"),
    check: Check::Dockerfile(check),
};

const FAILS: &str = "the RUN fails, or passes by what it should do";
const LITERAL: &str =
    "sh takes the braces as they are: one path of that name, and none of those that were meant";
const BACKGROUND: &str =
    "sh runs the command in the background, does not see it fail, and empties the file";

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in needed(review, file) {
        let Some(system) = system(file, stage.index) else { continue };
        for (step, command) in stage.runs() {
            if is_plain(file, stage, step, command) {
                look(system, command, out);
            }
        }
    }
}

/// Whether the `/bin/sh` of the base reads the text of a RUN.
fn is_plain(file: &DockerfileView, stage: &Stage, step: &Step, command: &Command) -> bool {
    let before = file.lineage(stage.index).into_iter().flat_map(|s| &s.steps);
    let replaced = before.take_while(|s| s.at != step.at).any(|s| match &s.kind {
        StepKind::Run(c) => c.text().contains("bin/sh") || c.text().contains("dash"),
        StepKind::Copy(c) => c.dest.value.contains("/bin/sh") || c.dest.value == "/",
        _ => false,
    });
    let text = command.text();
    !command.exec
        && !replaced
        && !text.starts_with("#!")
        && !text.contains("bin/sh")
        && shell_before(file, stage, step).is_empty()
}

fn look(system: System, command: &Command, out: &mut Out) {
    let constructs = command.script.bash.iter().filter_map(|(what, span)| {
        let (written, consequence) = construct(system, *what)?;
        Some((written.to_owned(), *span, consequence))
    });
    let calls = command.calls().filter_map(|call| builtin(system, &call));
    let Some((written, span, consequence)) =
        constructs.chain(calls).min_by_key(|(_, s, _)| s.start)
    else {
        return out.examined();
    };
    let shell = match system {
        System::Debian => "dash",
        System::Alpine => "BusyBox",
    };
    let draft =
        out.finding(&command.place(span), format!("{written} is for bash, and sh is {shell}"));
    draft.label("RUN is read by /bin/sh").consequence(consequence);
    draft.remedy(match system {
        System::Debian => "put SHELL [\"/bin/bash\", \"-c\"] before it, or write it for sh",
        System::Alpine => {
            "write it for sh; or install bash, and put SHELL [\"/bin/bash\", \"-c\"] before it"
        }
    });
}

/// A construct that the shell of a system does not read, and what comes of it.
fn construct(system: System, what: Bashism) -> Option<(&'static str, &'static str)> {
    let dash = system == System::Debian;
    match what {
        Bashism::Test if dash => Some(("[[ … ]]", FAILS)),
        Bashism::Function if dash => Some(("function", FAILS)),
        Bashism::BothStreams if dash => Some(("&>", BACKGROUND)),
        Bashism::Test | Bashism::Function | Bashism::BothStreams => None,
        Bashism::Array => Some(("an array", FAILS)),
        Bashism::ProcessSubstitution => Some(("<(…)", FAILS)),
        Bashism::HereString => Some(("<<<", FAILS)),
    }
}

/// A call that only bash knows, or means something else to.
fn builtin(system: System, call: &Invocation<'_>) -> Option<(String, Span, &'static str)> {
    let dash = system == System::Debian;
    let name = call.program;
    let first = call.args.first().and_then(|w| w.text());
    let only_bash = match name {
        "source" => dash && first.is_some() && call.wrappers.is_empty(),
        "pushd" | "popd" | "shopt" | "declare" => call.wrappers.is_empty(),
        "set" => dash && call.args.iter().any(|w| w.text() == Some("pipefail")),
        _ => false,
    };
    if only_bash {
        let said = if name == "set" { "set -o pipefail" } else { name };
        return Some((said.to_owned(), call.span(), FAILS));
    }
    let paths = matches!(name, "mkdir" | "touch" | "rm" | "cp" | "mv" | "chmod" | "chown");
    let word = call.args.iter().find(|w| paths && !w.quoted && w.text().is_some_and(has_braces))?;
    Some((word.text()?.to_owned(), word.span, LITERAL))
}

/// Whether bash makes several words of this one.
fn has_braces(text: &str) -> bool {
    let Some((_, rest)) = text.split_once('{') else { return false };
    rest.split_once('}').is_some_and(|(inner, _)| inner.contains(',') || inner.contains(".."))
}
