//! A build argument that changes each run, above an install.

use std::sync::Arc;

use plimsoll_model::{Applicability, Edit, Level, Section};

use crate::discover::Build;
use crate::repo::{Command, DockerfileView, Fact, Stage, Step, StepKind};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule};
use crate::views::application::needs_manifests_only;
use crate::views::building::{changes_each_run, dockerfile_of, target};
use crate::views::{Install, Manager, installs, replayed};

pub(crate) static RULE: Rule = Rule {
    name: "cache/changing-arg-before-install",
    section: Section::Cache,
    level: Level::ShouldFix,
    assures: "no install runs again because of a build argument",
    aliases: &[],
    page: include_str!("changing_arg_before_install.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let (Some(file), Ok(target)) = (dockerfile_of(review, build), target(build)) else { return };
    let changing = |v: &Option<String>| v.as_deref().is_some_and(changes_each_run);
    for (name, _) in build.args.iter().filter(|(_, v)| changing(v)) {
        out.examined();
        for stage in file.reachable(target) {
            of_stage(review, file, stage, name, out);
        }
    }
    // Stages that declare the same argument are one finding of their Dockerfile.
    out.gather(
        |draft| (Arc::clone(&draft.at.path), draft.message.clone()),
        |draft| (draft.at.clone(), "above an install here, too".to_owned()),
    );
}

fn of_stage(
    review: &Review<'_>,
    file: &DockerfileView,
    stage: &Stage,
    name: &Fact<String>,
    out: &mut Out,
) {
    let Some(at) = stage.steps.iter().position(|s| declares(s, &name.value)) else { return };
    let below = stage.steps.get(at + 1..).unwrap_or(&[]);
    let install = |s: &Step| if let StepKind::Run(c) = &s.kind { installed(c) } else { None };
    let Some(last) = below.iter().rposition(|s| install(s).is_some()) else { return };
    let Some(first) = below.iter().find_map(install) else { return };
    let (Some(arg), Some(until)) = (stage.steps.get(at), below.get(..=last)) else { return };
    let draft = out.finding(
        &arg.at,
        format!("ARG {} stands above an install and changes with each run", name.value),
    );
    draft
        .label("every RUN below it has its value in the environment")
        .related(&name.at, "set here to a value that is new each run")
        .related(&first, "installs again each time")
        .consequence("no install below it is ever reused from the cache")
        .remedy(format!("declare ARG {} below the installs", name.value));
    if let Some(report) = replayed::of_dockerfile(review, &file.path) {
        replayed::ran_for_argument(review, report, &first, &name.value, draft);
    }
    fix(review, file, arg, until, &name.value, draft);
}

fn declares(step: &Step, name: &str) -> bool {
    matches!(&step.kind, StepKind::Arg(args) if args.iter().any(|a| a.name.value == name))
}

/// The first install of a command.
fn installed(command: &Command) -> Option<crate::repo::Place> {
    let compiles = |m: Manager| {
        matches!(
            m,
            Manager::Go | Manager::Cargo | Manager::Maven | Manager::Gradle | Manager::Dotnet
        )
    };
    // What compiles may well want the value.
    let only = |i: &Install<'_>| !compiles(i.manager) || needs_manifests_only(i);
    installs(command).find(only).map(|i| command.place(i.call.span()))
}

/// Moves the line below the last install, unless something until there uses the argument.
fn fix(
    review: &Review<'_>,
    file: &DockerfileView,
    arg: &Step,
    until: &[Step],
    name: &str,
    draft: &mut Draft,
) {
    let text = file.text(review.sources);
    let (Some(from), Some(to)) = (arg.at.span, until.last().and_then(|s| s.at.span)) else {
        return;
    };
    let alone = matches!(&arg.kind, StepKind::Arg(args) if args.len() == 1);
    let between = text.get(from.end as usize..to.end as usize).unwrap_or(name);
    let after = text.get(from.end as usize..).unwrap_or("");
    let start_of_line =
        text.get(..from.start as usize).is_some_and(|t| t.is_empty() || t.ends_with('\n'));
    if !alone || between.contains(name) || !after.starts_with('\n') || !start_of_line {
        return;
    }
    let line = text.get(from.range()).unwrap_or("");
    let edit = |start, end, text: String| Edit { path: file.path.to_string(), start, end, text };
    draft.fix(
        "move it below the installs",
        Applicability::Safe,
        vec![
            edit(from.start, from.end + 1, String::new()),
            edit(
                to.end,
                to.end,
                format!(
                    "{}{line}",
                    if text.get(..to.end as usize).is_some_and(|t| t.ends_with('\n')) {
                        ""
                    } else {
                        "\n"
                    }
                ),
            ),
        ],
    );
}
