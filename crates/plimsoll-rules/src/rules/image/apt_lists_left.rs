//! Package lists of apt that stay in a layer.

use plimsoll_model::{Applicability, ImageReport, Level, NeedlessKind, Section};

use crate::repo::{Command, DockerfileView};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::imaged::{hidden_below, images, needless, size};
use crate::views::running::at_end;
use crate::views::{Manager, installs, shipped_runs};

pub(crate) static RULE: Rule = Rule {
    name: "image/apt-lists-left",
    section: Section::Image,
    level: Level::ShouldFix,
    assures: "apt leaves no package lists in the image",
    aliases: &["DL3009"],
    page: include_str!("apt_lists_left.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for (step, command) in shipped_runs(review, file) {
        let Some(update) = update(command) else { continue };
        let images = images(review, file, &step.at);
        if cleans(command) || images.all(|image| has(image) == (0, 0)) {
            out.examined();
            continue;
        }
        let place = command.place(update);
        let draft = out.finding(&place, "apt-get update leaves its package lists in the image");
        draft
            .label("no rm of /var/lib/apt/lists in this RUN")
            .consequence("each pull carries 20 to 40 MB of lists that nothing reads")
            .remedy("end the RUN with && rm -rf /var/lib/apt/lists/*");
        images.quote(draft, figure);
        if let Some(edits) =
            at_end(review.sources, file, step, command, "rm -rf /var/lib/apt/lists/*")
        {
            // A later install would miss the lists.
            let needed = file.stages.iter().flat_map(|s| s.runs()).any(|(_, c)| needs_lists(c));
            let sure = if needed { Applicability::Unsafe } else { Applicability::Safe };
            draft.fix("remove the lists at the end of the RUN", sure, edits);
        }
    }
}

/// Bytes of package lists that containers see, and of those that a later layer hides.
fn has(image: &ImageReport) -> (u64, u64) {
    // What is left after a removal: a lock, empty folders.
    const NOTHING: u64 = 100_000;
    let worth = |bytes| if bytes < NOTHING { 0 } else { bytes };
    (worth(needless(image, NeedlessKind::PackageLists)), worth(hidden_below(image, "var/lib/apt")))
}

fn figure(image: &ImageReport) -> Option<String> {
    match has(image) {
        (0, 0) => None,
        (0, hidden) => Some(format!("has {} of lists that a later layer hides", size(hidden))),
        (seen, _) => Some(format!("has {} of package lists", size(seen))),
    }
}

/// Where a RUN fetches the lists.
fn update(command: &Command) -> Option<plimsoll_syntax::Span> {
    let apt = |program: &str| matches!(program, "apt-get" | "apt" | "aptitude");
    let mut calls = command.calls();
    calls.find(|c| apt(c.program) && c.has("update") && !c.has("install")).map(|c| c.span())
}

fn cleans(command: &Command) -> bool {
    let text = command.text();
    ["/var/lib/apt", "/var/lib/{apt", "dist-clean", "distclean"].iter().any(|t| text.contains(t))
        || command.mounts.iter().any(|m| {
            let target = m.target.as_deref().unwrap_or("");
            target.contains('$') || target.starts_with("/var/lib/apt") || target == "/var/lib"
        })
}

fn needs_lists(command: &Command) -> bool {
    update(command).is_none() && installs(command).any(|i| i.manager == Manager::Apt)
}
