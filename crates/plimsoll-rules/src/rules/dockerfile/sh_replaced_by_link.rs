//! /bin/sh that is linked to another shell.

use plimsoll_model::{Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::needed;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/sh-replaced-by-link",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "/bin/sh is the one of the base",
    aliases: &["DL4005"],
    page: include_str!("sh_replaced_by_link.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in needed(review, file) {
        for (_, command) in stage.runs() {
            for call in command.calls().filter(|c| c.program == "ln") {
                let last = call.args.last().and_then(|w| w.text());
                if !matches!(last, Some("/bin/sh" | "/usr/bin/sh")) {
                    continue;
                }
                out.finding(&command.place(call.span()), "ln replaces /bin/sh")
                    .label("for the build and for every program in the image")
                    .consequence(
                        "scripts of the system run in a shell they were not written for, and an \
                         update of the package puts the old link back",
                    )
                    .remedy(
                        "write SHELL [\"/bin/bash\", \"-c\"] instead: it is for the RUNs below it",
                    );
            }
        }
    }
}
