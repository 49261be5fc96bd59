//! useradd with a large id, which writes a log of that size.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule, insert};
use crate::views::imaged::size;
use crate::views::running::Flags;
use crate::views::shipped_runs;

pub(crate) static RULE: Rule = Rule {
    name: "image/sparse-login-log",
    section: Section::Image,
    level: Level::Advice,
    assures: "no user's id makes a log large",
    aliases: &["DL3046"],
    page: include_str!("sparse_login_log.md"),
    check: Check::Dockerfile(check),
};

/// Bytes that the log of last logins has for each id.
const RECORD: u64 = 292;
/// Ids from which the log is worth a word.
const LARGE: u64 = 100_000;

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    const QUIET: Flags = Flags { short: "l", valued: "bcdefgGkKpsu", long: &["--no-log-init"] };
    for (_, command) in shipped_runs(review, file) {
        for call in command.calls().filter(|c| c.program == "useradd") {
            let id = call.args.windows(2).find_map(|pair| {
                let flag = pair[0].head();
                let short = flag.starts_with('-') && !flag.starts_with("--") && flag.ends_with('u');
                (short || flag == "--uid").then(|| pair[1].text()?.parse::<u64>().ok()).flatten()
            });
            let joined =
                call.args.iter().find_map(|w| w.text()?.strip_prefix("--uid=")?.parse().ok());
            let Some(id) = id.or(joined).filter(|id| *id >= LARGE) else { continue };
            if QUIET.on(&call) {
                out.examined();
                continue;
            }
            let bytes = size(id.saturating_mul(RECORD));
            let draft = out
                .finding(&command.place(call.span()), format!("useradd writes a log of {bytes}"));
            draft
                .label(format!("one record for each id up to {id}"))
                .consequence(
                    "the file has holes on disk and none in a layer: builds, pushes and pulls handle \
                     all of it",
                )
                .remedy("add --no-log-init (-l), or take a smaller id");
            let program = call.command.words.get(call.wrappers.len());
            let place = program.map(|w| command.place(w.span)).filter(|_| !command.exec);
            if let Some((place, span)) = place.and_then(|p| p.span.map(|s| (p, s))) {
                draft.fix(
                    "write no log",
                    Applicability::Safe,
                    insert(&place.path, span.end, " -l"),
                );
            }
        }
    }
}
