//! Packages of languages that are installed in whatever version there is.

use plimsoll_model::{Level, Section};

use crate::repo::{Command, DockerfileView, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::needed;
use crate::views::unpinned::packages;

pub(crate) static RULE: Rule = Rule {
    name: "security/unpinned-package",
    section: Section::Security,
    level: Level::Advice,
    assures: "packages that a build names have a version",
    aliases: &["DL3013", "DL3016", "DL3028", "DL3062"],
    page: include_str!("unpinned_package.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    // What Poetry's version breaks is the word of another rule.
    let exports = file.stages.iter().flat_map(|s| s.runs()).any(|(_, c)| {
        c.calls().any(|call| call.program == "poetry" && call.subcommand(0) == Some("export"))
    });
    for stage in needed(review, file) {
        let constrained =
            file.lineage(stage.index).iter().flat_map(|s| &s.steps).any(|s| match &s.kind {
                StepKind::Env(pairs) => pairs.iter().any(|(n, _)| n.value.ends_with("_CONSTRAINT")),
                _ => false,
            });
        for (_, command) in
            stage.runs().filter(|(_, c)| !constrained && !c.text().contains("_CONSTRAINT"))
        {
            look(command, exports, out);
        }
    }
}

fn look(command: &Command, exports: bool, out: &mut Out) {
    let mut first = None;
    let mut names: Vec<&str> = Vec::new();
    let mut named = false;
    for call in command.calls() {
        let Some(packages) = packages(&call) else { continue };
        named = true;
        for (word, name) in packages {
            if (exports && name == "poetry") || names.contains(&name) {
                continue;
            }
            first = first.or(Some(word));
            names.push(name);
        }
    }
    let Some(word) = first else {
        return if named {
            out.examined()
        };
    };
    let (list, them) = match names.as_slice() {
        [one] => ((*one).to_owned(), "it"),
        [one, two] => (format!("{one} and {two}"), "them"),
        [one, two, rest @ ..] => (format!("{one}, {two} and {} more", rest.len()), "them"),
        [] => return,
    };
    out.finding(&command.place(word.span), format!("{list}: whatever version there is today"))
        .label("no version")
        .consequence("the same commit gives another image tomorrow, and may no longer build")
        .remedy(format!("name a version, or take {them} from a lock file"));
}
