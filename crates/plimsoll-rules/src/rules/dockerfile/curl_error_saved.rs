//! curl that saves whatever the server answers.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::shell::{Invocation, Separator, Word};

use crate::repo::{Command, DockerfileView};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, insert};
use crate::views::needed;
use crate::views::running::{Flags, hides_flags};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/curl-error-saved",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "curl fails when the server says no",
    aliases: &[],
    page: include_str!("curl_error_saved.md"),
    check: Check::Dockerfile(check),
};

const VALUED: &str = "oHXdFuAbceEmrTUwxyYzKCDPQt";
const FAIL: Flags = Flags {
    short: "fwK",
    valued: VALUED,
    long: &["--fail", "--fail-with-body", "--write-out", "--config"],
};
const SAVE: Flags = Flags {
    short: "oO",
    valued: VALUED,
    long: &["--output", "--remote-name", "--remote-name-all"],
};
const OTHER: Flags = Flags {
    short: "XdFTI",
    valued: VALUED,
    long: &["--request", "--data", "--form", "--head", "--upload-file"],
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in needed(review, file) {
        for (_, command) in stage.runs() {
            for call in command.calls().filter(|c| c.program == "curl") {
                look(command, &call, out);
            }
        }
    }
}

fn look(command: &Command, call: &Invocation<'_>, out: &mut Out) {
    let to_file = call.command.redirects.iter().any(|r| matches!(&*r.operator, ">" | ">>"));
    if !(saves(call) || to_file || into_content(command, call)) || OTHER.on(call) {
        return;
    }
    if FAIL.on(call) || hides_fail(command, call) || is_checked(command) {
        return out.examined();
    }
    let draft = out.finding(&command.place(call.span()), "curl saves the page of an error");
    draft
        .label("no --fail")
        .consequence("a 404 or 500 ends well: its page is in the image in place of the file")
        .remedy("add --fail");
    let program = call.command.words.get(call.wrappers.len());
    let place = program.map(|w| command.place(w.span)).filter(|_| !command.exec);
    if let Some((place, span)) = place.and_then(|p| p.span.map(|s| (p, s))) {
        draft.fix("fail on errors", Applicability::Safe, insert(&place.path, span.end, " -f"));
    }
}

/// Whether flags name a file to save in: not the output, and not one that nobody reads.
fn saves(call: &Invocation<'_>) -> bool {
    let saved = |(i, word): (usize, &Word)| {
        let text = word.head();
        let value = match text.split_once('=') {
            Some((_, value)) => value,
            None if text.starts_with("--") || text.ends_with('o') => {
                call.args.get(i + 1).map_or("", |next| next.head())
            }
            None => text.split_once('o').map_or("", |(_, value)| value),
        };
        SAVE.is(word) && !matches!(value, "-" | "/dev/stdout" | "/dev/null")
    };
    call.args.iter().enumerate().any(saved)
}

/// Whether the download goes into a file through another command.
fn into_content(command: &Command, call: &Invocation<'_>) -> bool {
    let after = command.calls().find(|c| c.span().start > call.span().start);
    call.command.piped
        && after.is_some_and(|c| {
            c.command.before == Separator::Pipe && matches!(c.program, "tee" | "dd" | "cat")
        })
}

/// Whether flags may stand elsewhere: in a variable, or in a file that curl reads.
fn hides_fail(command: &Command, call: &Invocation<'_>) -> bool {
    let quoted = |w: &Word| w.quoted || w.text().is_some();
    (hides_flags(call) && !call.args.iter().all(quoted)) || command.text().contains(".curlrc")
}

/// Whether what was saved is read by something that fails on a page: a checksum, an archiver, a
/// package manager.
fn is_checked(command: &Command) -> bool {
    command.calls().any(|c| {
        let sums = [
            "sum", "gpg", "unzip", "tar", "gunzip", "xz", "dpkg", "rpm", "cosign", "minisign", "7z",
        ];
        sums.iter().any(|s| c.program.ends_with(s))
            || matches!(
                c.program,
                "apt-get" | "apt" | "apk" | "dnf" | "yum" | "jar" | "file" | "bsdtar"
            )
    })
}
