//! A download that nothing verifies.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::{Invocation, Part, Separator, Word};

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

/// A download that is piped into a shell or another interpreter, or handed to one as its text.
fn run(text: &str, command: &Command, out: &mut Out) {
    let mut download: Option<Invocation<'_>> = None;
    for call in command.calls() {
        let before = download.take();
        let piped = runs_input(&call) && call.command.before == Separator::Pipe;
        if let Some(before) = before
            && (piped || runs_text(&call, before.program))
        {
            let url = before.args.iter().find(|w| w.head().contains("://"));
            let url = url.map(|word| written(text, command, word));
            let message = match url {
                Some(url) => format!("{} runs {url} unseen", call.program),
                None => format!("{} runs what {} downloads unseen", call.program, before.program),
            };
            let span = if piped { before.span().to(call.span()) } else { call.span() };
            let how = if piped {
                "a download is piped into a program that runs it"
            } else {
                "a download is run as it comes"
            };
            out.finding(&command.place(span), message).label(how).consequence(CONSEQUENCE).remedy(
                "download the file, compare its checksum, then run it; or install the package",
            );
        }
        if matches!(call.program, "curl" | "wget") {
            download = Some(call);
        }
    }
}

/// Whether a call runs what it reads.
fn runs_input(call: &Invocation<'_>) -> bool {
    let plain = call.args.first().is_none_or(|w| matches!(w.text(), Some("-" | "--")));
    let interpreter = call.program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    is_shell(call.program)
        || (plain && matches!(interpreter, "python" | "perl" | "ruby" | "php" | "node"))
}

/// Whether a call runs the output of a download that it has among its words: `sh -c "$(curl …)"`,
/// `bash <(curl …)`.
fn runs_text(call: &Invocation<'_>, download: &str) -> bool {
    let holds = |part: &Part| match part {
        Part::Opaque(text) => {
            let inner = text.trim_start_matches(['$', '<', '(', '`']).trim_start();
            inner.starts_with(download)
        }
        _ => false,
    };
    let runs = is_shell(call.program) || matches!(call.program, "eval" | "source" | ".");
    runs && call.args.iter().any(|w| matches!(w.parts.as_slice(), [part] if holds(part)))
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
