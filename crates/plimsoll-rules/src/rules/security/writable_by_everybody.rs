//! chmod that lets everybody write.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::Invocation;

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::imaged::images;
use crate::views::shipped_runs;

pub(crate) static RULE: Rule = Rule {
    name: "security/writable-by-everybody",
    section: Section::Security,
    level: Level::Advice,
    assures: "no RUN lets everybody write",
    aliases: &[],
    page: include_str!("writable_by_everybody.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for (step, command) in shipped_runs(review, file) {
        // What an image really has is the word of image/world-writable.
        if images(review, file, &step.at).all(|_| true) {
            continue;
        }
        for call in command.calls().filter(|c| c.program == "chmod") {
            let Some((mode, path)) = opens(&call) else {
                out.examined();
                continue;
            };
            out.finding(
                &command.place(call.span()),
                format!("chmod {mode} lets everybody change {path}"),
            )
            .label("every account and every process of the container")
            .consequence("USER protects nothing there: whoever breaks in can replace the files")
            .remedy(
                "give the files to the user that needs them: COPY --chown, or chown and mode 755",
            );
        }
    }
}

/// The mode that lets everybody write, and the first path it is for.
fn opens<'a>(call: &Invocation<'a>) -> Option<(&'a str, &'a str)> {
    let mut plain = call.args.iter().filter(|w| !w.head().starts_with("--") && !is_flag(w.head()));
    let mode = plain.next()?.text()?;
    if !is_open(mode) {
        return None;
    }
    let path = plain.filter_map(|w| w.text()).find(|p| !is_for_writing(p))?;
    Some((mode, path))
}

/// `-R` and its like; `-w` is a mode.
fn is_flag(head: &str) -> bool {
    head.strip_prefix('-')
        .is_some_and(|rest| rest.chars().all(|c| matches!(c, 'R' | 'v' | 'f' | 'c')))
}

fn is_open(mode: &str) -> bool {
    if mode.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        let bits = u32::from_str_radix(mode, 8).unwrap_or(0);
        return bits & 0o2 != 0 && bits & 0o1000 == 0;
    }
    mode.split(',').any(|clause| {
        let Some(at) = clause.find(['+', '=']) else { return false };
        let (who, what) = clause.split_at(at);
        who.contains(['o', 'a']) && what.contains('w') && !what.contains('t')
    })
}

/// Whether a path is named after what a service writes there.
fn is_for_writing(path: &str) -> bool {
    const NAMES: [&str; 15] = [
        "tmp", "temp", "cache", ".cache", "log", "logs", "data", "upload", "uploads", "media",
        "storage", "run", "var", "volumes", "dev",
    ];
    path.split('/').any(|part| NAMES.contains(&part.to_ascii_lowercase().as_str()))
}
