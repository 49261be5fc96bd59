//! Everything is copied before dependencies are installed.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::dockerfile::MountKind;

use crate::repo::{Command, DockerfileView, Place, SourceView, Stage, StepKind};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule};
use crate::views::application::needs_manifests_only;
use crate::views::building::{clamp, is_path};
use crate::views::manifests_first::{Order, manifests_first};
use crate::views::{Install, Manager, installs, replayed};

pub(crate) static RULE: Rule = Rule {
    name: "cache/copy-all-before-install",
    section: Section::Cache,
    level: Level::ShouldFix,
    assures: "dependencies are installed before the rest is copied",
    aliases: &[],
    page: include_str!("copy_all_before_install.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in &file.stages {
        of_stage(review, file, stage, out);
    }
}

fn of_stage(review: &Review<'_>, file: &DockerfileView, stage: &Stage, out: &mut Out) {
    let mut whole: Option<(usize, &Place)> = None;
    let mut done: Vec<Manager> = Vec::new();
    for (at, step) in stage.steps.iter().enumerate() {
        match &step.kind {
            StepKind::Copy(copy) if copy.from.is_none() && copy.excludes.is_empty() => {
                let all = |s: &&SourceView| is_path(s) && clamp(&s.path.value).is_empty();
                whole = whole.or_else(|| copy.sources.iter().find(all).map(|s| (at, &s.path.at)));
            }
            StepKind::Run(command) => {
                for install in installs(command).filter(needs_manifests_only) {
                    // A second install of the same kind, after the sources, is on purpose.
                    if done.contains(&install.manager) {
                        continue;
                    }
                    done.push(install.manager);
                    let Some((copy, place)) = whole else {
                        out.examined();
                        continue;
                    };
                    let draft = report(command, &install, place, out);
                    quote(review, file, &command.place(install.call.span()), place, draft);
                    fix(review, Order { file, stage, copy, run: at }, &install, draft);
                    return;
                }
            }
            _ => {}
        }
    }
}

fn report<'o>(
    command: &Command,
    install: &Install<'_>,
    copy: &Place,
    out: &'o mut Out,
) -> &'o mut Draft {
    let program = install.call.program;
    let draft = out.finding(copy, format!("everything is copied before {program} installs"));
    draft
        .label("changes with every file of the context")
        .related(&command.place(install.call.span()), "runs again after each change")
        .consequence("a change to any file installs all dependencies again")
        .remedy(format!("copy {} first, install, then copy the rest", manifests(install.manager)));
    if command.mounts.iter().any(|m| m.kind == Some(MountKind::Cache)) {
        draft
            .level(Level::Advice)
            .evidence("a cache mount keeps the downloads on the same builder");
    }
    draft
}

/// What the git history says of it.
fn quote(review: &Review<'_>, file: &DockerfileView, ran: &Place, copy: &Place, draft: &mut Draft) {
    if let Some(report) = replayed::of_dockerfile(review, &file.path) {
        replayed::ran_because(review, report, ran, copy, draft);
    }
}

fn fix(review: &Review<'_>, order: Order<'_>, install: &Install<'_>, draft: &mut Draft) {
    let Some(better) = manifests_first(review, order, install) else { return };
    let safety = if better.safe { Applicability::Safe } else { Applicability::Unsafe };
    let title =
        format!("copy {} before the install, the rest after it", better.manifests.join(" "));
    draft.fix(title, safety, better.edits);
}

fn manifests(manager: Manager) -> &'static str {
    match manager {
        Manager::Npm => "package.json and package-lock.json",
        Manager::Yarn => "package.json and yarn.lock",
        Manager::Pnpm => "package.json and pnpm-lock.yaml",
        Manager::Poetry => "pyproject.toml and poetry.lock",
        Manager::Uv => "pyproject.toml and uv.lock",
        Manager::Pipenv => "Pipfile and Pipfile.lock",
        Manager::Bundler => "Gemfile and Gemfile.lock",
        Manager::Composer => "composer.json and composer.lock",
        Manager::Go => "go.mod and go.sum",
        Manager::Dotnet => "the project files",
        _ => "the requirements file",
    }
}
