//! Package lists that are shipped.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::views::{Manager, installs};
use crate::rule::insert;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "image/apt-lists-left",
    section: Section::Image,
    level: Level::ShouldFix,
    assures: "no package lists are shipped",
    aliases: &["DL3009"],
    page: include_str!("apt_lists_left.md"),
    check: Check::Dockerfile(check),
};

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(last) = file.last() else { return };
    for (step, run) in file.lineage(last.index).into_iter().flat_map(|s| s.runs()) {
        let Some(update) = run.calls().find(|c| matches!(c.program, "apt-get" | "apt") && c.has("update")) else { continue };
        out.examined();
        let mounted = run.mounts.iter().any(|m| m.target.as_deref().is_some_and(|t| t.starts_with("/var/lib/apt")));
        let removed = run.text().contains("/var/lib/apt/lists") || run.text().contains("/var/lib/apt/*") || run.text().contains("/var/lib/apt ");
        if mounted || removed {
            continue;
        }
        let finding = out.finding(&run.place(update.span()), "the package lists of apt stay in the image");
        finding
            .label("fetched here, never removed")
            .consequence("lists that nothing reads are pulled with the image; removing them in a later step frees nothing")
            .remedy("end the same RUN with rm -rf /var/lib/apt/lists/*");
        if let Some(span) = step.at.span.filter(|_| !run.exec && installs(run).any(|i| i.manager == Manager::Apt) && !run.text().contains("<<")) {
            let edits = insert(&step.at.path, span.end, " && rm -rf /var/lib/apt/lists/*");
            finding.fix("remove the lists in the same RUN", Applicability::Safe, edits);
        }
    }
}
