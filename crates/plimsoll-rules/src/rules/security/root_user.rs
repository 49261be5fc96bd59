//! An image that runs as root.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::FromRef;

use crate::repo::{DockerfileView, Stage, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::{effective, runs_as_root, shipped};

pub(crate) static RULE: Rule = Rule {
    name: "security/root-user",
    section: Section::Security,
    level: Level::ShouldFix,
    assures: "the image runs as a user other than root",
    aliases: &["DL3002"],
    page: include_str!("root_user.md"),
    check: Check::Dockerfile(check),
};

const REMEDY: &str = "create a user in the last stage and name it with USER before CMD";
const CONSEQUENCE: &str = "whoever breaks into the service is root in the container";

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(last) = file.last() else { return };
    let stages = shipped(file);
    if stages.iter().any(|s| drops_privileges(s)) {
        return;
    }
    let settings = effective(file, last.index);
    if let Some(user) = settings.user {
        if user.value.contains('$') {
            return;
        }
        let name = user.value.split(':').next().unwrap_or("").trim();
        if matches!(name, "root" | "0") {
            out.finding(&user.at, format!("the image runs as root: USER {}", user.value))
                .label("the last USER is root")
                .consequence(CONSEQUENCE)
                .remedy(REMEDY);
        } else {
            out.examined();
        }
        return;
    }
    let Some((base, true, at)) = settings.base else { return };
    // An image of files alone, such as one to export them, runs nothing.
    if base == "scratch" && settings.starts().is_none() {
        return;
    }
    if base.contains("nonroot") {
        out.examined();
    } else if runs_as_root(base) {
        let base = base.split('@').next().unwrap_or(base);
        let draft = out.finding(&last.at, format!("the image runs as root: no USER after {base}"));
        draft.label("the last stage").consequence(CONSEQUENCE).remedy(REMEDY);
        if *at != last.image.at {
            draft.related(at, "the base runs as root");
        }
    }
}

/// Whether a stage brings a program that an entrypoint changes its user with.
fn drops_privileges(stage: &Stage) -> bool {
    const PROGRAMS: [&str; 7] =
        ["gosu", "su-exec", "setpriv", "chpst", "setuidgid", "s6-overlay", "runuser"];
    let names = |text: &str| PROGRAMS.iter().any(|p| text.contains(p));
    stage.steps.iter().any(|step| match &step.kind {
        StepKind::Run(c) | StepKind::Cmd(c) | StepKind::Entrypoint(c) => names(c.text()),
        StepKind::Copy(c) => {
            let from = c.from.as_ref().is_some_and(|(text, meaning)| {
                !matches!(meaning, FromRef::Stage(_)) && names(&text.value)
            });
            from || names(&c.dest.value) || c.sources.iter().any(|s| names(&s.path.value))
        }
        _ => false,
    })
}
