//! Packages that nobody asked for.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::views::{Manager, installs};
use crate::rule::insert;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "image/recommends-installed",
    section: Section::Image,
    level: Level::Advice,
    assures: "apt installs what is asked for",
    aliases: &["DL3015", "DS-0029"],
    page: include_str!("recommends_installed.md"),
    check: Check::Dockerfile(check),
};

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(last) = file.last() else { return };
    for (_, run) in file.lineage(last.index).into_iter().flat_map(|s| s.runs()) {
        for install in installs(run).filter(|i| i.manager == Manager::Apt) {
            out.examined();
            let args = install.call.args;
            let without = args.iter().any(|w| w.head() == "--no-install-recommends" || w.head().contains("Install-Recommends=0") || w.head().contains("Install-Recommends=false"));
            let Some(verb) = args.iter().find(|w| w.text() == Some(install.verb)).filter(|_| !without) else { continue };
            let at = run.place(verb.span);
            let edits = at.span.map(|s| insert(&at.path, s.end, " --no-install-recommends")).unwrap_or_default();
            out.finding(&at, "apt also installs what the packages recommend")
                .label("no --no-install-recommends")
                .consequence("packages that nobody asked for are shipped, updated and scanned")
                .remedy("add --no-install-recommends, and name what turns out to be needed")
                .fix("add --no-install-recommends", Applicability::Unsafe, edits);
        }
    }
}
