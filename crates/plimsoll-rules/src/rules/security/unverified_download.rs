//! A download that nothing verifies.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::{Invocation, Word};

use crate::repo::{Command, CopyStep, DockerfileView};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::needed;

pub(crate) static RULE: Rule = Rule {
    name: "security/unverified-download",
    section: Section::Security,
    level: Level::Advice,
    assures: "what a build downloads is verified",
    aliases: &[],
    page: include_str!("unverified_download.md"),
    check: Check::Dockerfile(check),
};

const CONSEQUENCE: &str = "the image gets whatever that address gives on the day of the build";

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in needed(review, file) {
        for (_, copy) in stage.copies() {
            added(file.text(review.sources), copy, out);
        }
        for (_, command) in stage.runs() {
            run(file.text(review.sources), command, out);
        }
    }
}

fn added(text: &str, copy: &CopyStep, out: &mut Out) {
    for source in &copy.sources {
        let url = source.path.value.as_str();
        let web = url.starts_with("https://") || url.starts_with("http://");
        let git = url.split(['#', '?']).next().is_some_and(|u| u.ends_with(".git"));
        if !copy.add || !web || git {
            continue;
        }
        if copy.checksum {
            out.examined();
            continue;
        }
        // A variable that is not known is shown as it is written.
        let written = source.path.at.span.map_or(url, |s| s.text(text));
        let url = if source.known { url } else { written };
        out.finding(&source.path.at, format!("ADD downloads {url} without a checksum"))
            .label("not verified")
            .consequence(CONSEQUENCE)
            .remedy("add --checksum=sha256:… with the sum of the file that was checked");
    }
}

/// A download that is piped into a shell.
fn run(text: &str, command: &Command, out: &mut Out) {
    let mut download: Option<Invocation<'_>> = None;
    for call in command.calls() {
        let before = download.take();
        if let Some(before) = before
            && is_shell(call.program)
            && call.command.before == plimsoll_syntax::shell::Separator::Pipe
        {
            let url = before.args.iter().find(|w| w.head().contains("://"));
            let url = url.map(|word| written(text, command, word));
            let message = match url {
                Some(url) => format!("{} runs {url} unseen", call.program),
                None => format!("{} runs what {} downloads unseen", call.program, before.program),
            };
            out.finding(&command.place(before.span().to(call.span())), message)
                .label("a download is piped into a shell")
                .consequence(CONSEQUENCE)
                .remedy(
                    "download the file, compare its checksum, then run it; or install the package",
                );
        }
        if matches!(call.program, "curl" | "wget") {
            download = Some(call);
        }
    }
}

/// A word as it is written, its variables included.
fn written<'a>(text: &'a str, command: &Command, word: &'a Word) -> &'a str {
    let span = command.place(word.span).span;
    let whole = span.map_or("", |s| s.text(text)).trim_matches(['"', '\'']);
    if whole.starts_with(word.head()) && !whole.contains('\n') { whole } else { word.head() }
}

fn is_shell(program: &str) -> bool {
    matches!(program, "sh" | "bash" | "dash" | "ash" | "zsh")
}
