//! An archive that stays beside what was unpacked from it.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::{Invocation, Word};

use crate::repo::{Command, DockerfileView, Fact};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::running::{Flags, mounted};
use crate::views::shipped;

pub(crate) static RULE: Rule = Rule {
    name: "image/archive-left",
    section: Section::Image,
    level: Level::Advice,
    assures: "no archive stays beside what was unpacked from it",
    aliases: &["DL3010"],
    page: include_str!("archive_left.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in shipped(review, file) {
        let copied = file.lineage(stage.index);
        let copied: Vec<&Fact<String>> = copied
            .iter()
            .flat_map(|s| s.copies())
            .filter(|(_, c)| !c.add)
            .flat_map(|(_, c)| c.sources.iter().map(|s| &s.path))
            .collect();
        for (_, command) in stage.runs().filter(|(_, c)| !c.exec) {
            for call in command.calls() {
                look(command, &call, &copied, out);
            }
        }
    }
}

fn look(command: &Command, call: &Invocation<'_>, copied: &[&Fact<String>], out: &mut Out) {
    let Some(word) = unpacked(call) else { return };
    let Some(path) = word.text() else { return };
    let name = base(path);
    if removed(command, call, path) || mounted(command, path) || command.text().contains("trap ") {
        return out.examined();
    }
    let at = command.place(call.span());
    if command.calls().any(|c| c.span().start < call.span().start && saves(&c, name)) {
        out.finding(&at, format!("{name} stays in the image beside its content"))
            .label("unpacked, and not removed in this RUN")
            .consequence("each pull carries it, packed and unpacked")
            .remedy(format!("remove {name} at the end of this RUN, or pipe the download into tar"));
    } else if let Some(source) = copied.iter().find(|s| base(&s.value) == name) {
        out.finding(&at, format!("{name} stays in the image beside its content"))
            .label("a layer below has the archive")
            .related(&source.at, "copied here")
            .consequence(
                "each pull carries it, packed and unpacked, also when a later RUN removes it",
            )
            .remedy("unpack it with ADD, or mount it: RUN --mount=type=bind,source=…,target=…");
    }
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_archive(path: &str) -> bool {
    [".tar", ".gz", ".tgz", ".xz", ".bz2", ".zip", ".zst"].iter().any(|e| path.ends_with(e))
}

/// The archive that a call unpacks.
fn unpacked<'a>(call: &Invocation<'a>) -> Option<&'a Word> {
    let archive = |w: &&&Word| w.text().is_some_and(|t| is_archive(t) && !t.contains('*'));
    match call.program {
        "unzip" => call.args.iter().find(|w| archive(&w)),
        "tar" | "bsdtar" => {
            let first = call.args.first()?.head().trim_start_matches('-');
            const EXTRACT: Flags =
                Flags { short: "x", valued: "fCT", long: &["--extract", "--get"] };
            let old = !call.args[0].head().starts_with('-') && first.contains('x');
            (old || EXTRACT.on(call)).then(|| call.args.iter().find(|w| archive(&w))).flatten()
        }
        _ => None,
    }
}

/// Whether a call downloads a file of that name.
fn saves(call: &Invocation<'_>, name: &str) -> bool {
    let named = |w: &Word| {
        let text = w.text().unwrap_or_default();
        base(text) == name || text.rsplit('=').next().is_some_and(|t| base(t) == name)
    };
    let ends = |w: &Word| {
        let last = w.parts.last();
        matches!(last, Some(plimsoll_syntax::shell::Part::Text(t)) if base(t) == name && t.contains('/'))
    };
    matches!(call.program, "curl" | "wget")
        && (call.args.iter().any(|w| named(w) || ends(w))
            || call
                .command
                .redirects
                .iter()
                .any(|r| r.target.text().is_some_and(|t| base(t) == name)))
}

/// Whether the RUN removes or moves the archive after that, or may.
fn removed(command: &Command, call: &Invocation<'_>, path: &str) -> bool {
    let lists = |t: &str| t.starts_with("/var/lib/apt") || t.starts_with("/var/cache");
    let hits = |w: &Word| match w.text() {
        None => true,
        Some(t) if lists(t) || t.starts_with('-') => false,
        Some(t) => {
            let folder = t.trim_end_matches('/');
            base(t) == base(path)
                || t.contains('*')
                || !path.starts_with('/')
                || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        }
    };
    command
        .calls()
        .filter(|c| c.span().start > call.span().start)
        .any(|c| matches!(c.program, "rm" | "mv" | "unlink" | "find") && c.args.iter().any(hits))
}
