//! The password of an account, set while the image is built.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::{Invocation, Separator};

use crate::repo::{Command, DockerfileView};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::running::Flags;
use crate::views::shipped_runs;

pub(crate) static RULE: Rule = Rule {
    name: "security/password-in-build",
    section: Section::Security,
    level: Level::ShouldFix,
    assures: "no account of the image has a password that is in the Dockerfile",
    aliases: &[],
    page: include_str!("password_in_build.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for (_, command) in shipped_runs(review, file) {
        let mut before: Option<Invocation<'_>> = None;
        for call in command.calls() {
            if let Some(said) = account(&call, before.as_ref()) {
                report(command, &call, &said, out);
            }
            before = Some(call);
        }
    }
}

fn report(command: &Command, call: &Invocation<'_>, said: &str, out: &mut Out) {
    out.finding(&command.place(call.span()), said)
        .label("the image has it, and so has its history")
        .consequence("whoever can pull the image can log in to that account in every container")
        .remedy("set no password: a service needs none, and USER changes the account without it");
}

/// What a call does to the password of an account. The password itself is never said.
fn account(call: &Invocation<'_>, before: Option<&Invocation<'_>>) -> Option<String> {
    const EMPTIES: Flags = Flags { short: "d", valued: "", long: &["--delete"] };
    const SETS: Flags = Flags { short: "p", valued: "cdeGgksuK", long: &["--password"] };
    match call.program {
        "chpasswd" => {
            let echo =
                before.filter(|b| matches!(b.program, "echo" | "printf") && b.command.piped)?;
            if call.command.before != Separator::Pipe {
                return None;
            }
            let pair = echo.args.iter().filter_map(|w| w.text()).find(|t| t.contains(':'))?;
            let user = pair.split(':').next().filter(|u| !u.is_empty() && !u.contains('%'))?;
            Some(format!("the password of {user} is in the Dockerfile"))
        }
        "passwd" if EMPTIES.on(call) => {
            let user = call.args.iter().filter_map(|w| w.text()).find(|t| !t.starts_with('-'))?;
            Some(format!("{user} has an empty password"))
        }
        "useradd" | "usermod" => {
            let at = call.args.iter().position(|w| SETS.is(w) && w.head() != "--password-stdin")?;
            let value = call.args.get(at + 1)?.text()?;
            let user = call.args.last()?.text()?;
            let locked = value.starts_with(['!', '*']);
            (!locked).then(|| format!("the password of {user} is in the Dockerfile"))
        }
        _ => None,
    }
}
