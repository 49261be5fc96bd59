//! apt-get install that takes recommended packages along.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::{DockerfileView, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::{Manager, installs, shipped, shipped_runs};

pub(crate) static RULE: Rule = Rule {
    name: "image/recommends-installed",
    section: Section::Image,
    level: Level::Advice,
    assures: "apt installs no packages that are only recommended",
    aliases: &["DL3015", "DS-0029"],
    page: include_str!("recommends_installed.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    if switched_off(review, file) {
        return;
    }
    for (_, command) in shipped_runs(review, file) {
        for install in installs(command).filter(|i| i.manager == Manager::Apt) {
            let words = install.call.args;
            // A flag from a variable may be the one.
            let flagged = words.iter().any(|w| {
                w.head().starts_with("--no-install-recommends")
                    || w.head() == "--without-recommends"
                    || w.head() == "-R"
                    || (w.text().is_none() && w.head().is_empty())
            });
            if flagged {
                out.examined();
                continue;
            }
            let place = command.place(install.call.span());
            let program = install.call.program;
            let draft =
                out.finding(&place, format!("{program} install takes recommended packages"));
            draft
                .label("no --no-install-recommends")
                .consequence("packages that nothing asked for make the image larger")
                .remedy("add --no-install-recommends, and name what the service needs after all");
            if let Some(verb) = words.iter().find(|w| w.text() == Some(install.verb)) {
                draft.fix(
                    "install without recommended packages",
                    Applicability::Unsafe,
                    replace(
                        &command.place(verb.span),
                        format!("{} --no-install-recommends", install.verb),
                    ),
                );
            }
        }
    }
}

/// Whether something sets `APT::Install-Recommends`, for all calls.
fn switched_off(review: &Review<'_>, file: &DockerfileView) -> bool {
    let named = |text: &str| text.contains("Install-Recommends") || text.contains("apt.conf");
    shipped(review, file).iter().flat_map(|s| &s.steps).any(|step| match &step.kind {
        StepKind::Run(c) => named(c.text()),
        StepKind::Copy(c) => named(&c.dest.value) || c.sources.iter().any(|s| named(&s.path.value)),
        _ => false,
    })
}
