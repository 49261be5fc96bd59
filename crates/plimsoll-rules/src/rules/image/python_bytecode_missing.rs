//! Python packages that are installed without bytecode.

use plimsoll_model::{Applicability, ImageReport, Level, Section};
use plimsoll_syntax::dockerfile::FromRef;

use crate::repo::{Command, DockerfileView, Stage, StepKind};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, replace};
use crate::views::booted::{all_have_bytecode, quote_bytecode};
use crate::views::building::services_of;
use crate::views::imaged::{Images, images};
use crate::views::purpose::is_to_build_on;
use crate::views::{Install, Manager, effective, installs, shipped, targets};

pub(crate) static RULE: Rule = Rule {
    name: "image/python-bytecode-missing",
    section: Section::Image,
    level: Level::ShouldFix,
    assures: "Python packages are installed with their bytecode",
    aliases: &[],
    page: include_str!("python_bytecode_missing.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    if is_to_build_on(review, file)
        || targets(review, file).into_iter().all(|stage| starts_something_else(file, stage))
    {
        return;
    }
    let services = services_of(review, file);
    let starts_compiled = all_have_bytecode(review, services);
    let stages = sources(review, file);
    let compiled = stages.iter().any(|s| compiles(s));
    for stage in &stages {
        // One install is enough to say it: its flag compiles all that is there.
        let mut said = false;
        for (step, command) in stage.runs() {
            let images = images(review, file, &step.at);
            for install in installs(command) {
                match plain(&install) {
                    Some(flag)
                        if !compiled && !said && !starts_compiled && !images.all(has_bytecode) =>
                    {
                        said = true;
                        let draft = report(command, &install, flag, &images, out);
                        for service in services {
                            quote_bytecode(review, service, draft);
                        }
                    }
                    _ if install.manager.is_python() => out.examined(),
                    _ => {}
                }
            }
        }
    }
}

/// Python files of packages in an image, and how many of them have no bytecode.
fn of_packages(image: &ImageReport) -> (u64, u64) {
    let folders = image.bytecode.folders.iter();
    let packages = folders.filter(|f| f.path.ends_with("-packages"));
    (image.bytecode.sources, packages.map(|f| f.files).sum())
}

/// Whether an image that was looked at has Python files, and nearly all packages are compiled.
fn has_bytecode(image: &ImageReport) -> bool {
    let (sources, missing) = of_packages(image);
    sources > 0 && missing * 20 < sources
}

fn figure(image: &ImageReport) -> Option<String> {
    let (sources, missing) = of_packages(image);
    (missing > 0).then(|| {
        format!("has {missing} modules of packages without bytecode, of {sources} Python files")
    })
}

/// Whether an image is known to start a program of another language: what Python packages it
/// has are tools.
fn starts_something_else(file: &DockerfileView, stage: usize) -> bool {
    const OTHERS: [&str; 14] = [
        "node", "npm", "npx", "yarn", "pnpm", "bun", "deno", "java", "ruby", "bundle", "php",
        "php-fpm", "nginx", "dotnet",
    ];
    let all = effective(file, stage);
    let mut commands = [all.entrypoint, all.cmd].into_iter().flatten();
    commands.any(|(_, c)| c.calls().next().is_some_and(|call| OTHERS.contains(&call.program)))
}

/// The stages that Python packages come from: those of the image, and those it copies an
/// environment from.
fn sources<'f>(review: &Review<'_>, file: &'f DockerfileView) -> Vec<&'f Stage> {
    let mut all = shipped(review, file);
    let mut copied: Vec<usize> = Vec::new();
    for (_, copy) in all.iter().flat_map(|s| s.copies()) {
        let environment = copy.sources.iter().any(|s| {
            let path = s.path.value.as_str();
            path.contains("venv") || path.contains("site-packages") || path == "/usr/local"
        });
        if let (Some((_, FromRef::Stage(i))), true) = (&copy.from, environment) {
            copied.push(*i);
        }
    }
    for stage in copied.into_iter().flat_map(|i| file.lineage(i)) {
        if all.iter().all(|s| s.index != stage.index) {
            all.push(stage);
        }
    }
    all.sort_by_key(|s| s.index);
    all
}

/// Whether a stage compiles all packages, by a variable, a flag or a call.
fn compiles(stage: &Stage) -> bool {
    stage.steps.iter().any(|step| match &step.kind {
        StepKind::Env(pairs) => pairs.iter().any(|(name, value)| {
            name.value == "UV_COMPILE_BYTECODE"
                && !matches!(value.value.as_str(), "0" | "false" | "")
        }),
        StepKind::Arg(args) => args.iter().any(|a| a.name.value == "UV_COMPILE_BYTECODE"),
        StepKind::Run(c) => {
            let text = c.text();
            ["compileall", "--compile", "UV_COMPILE_BYTECODE"].iter().any(|t| text.contains(t))
        }
        StepKind::Copy(c) => c.sources.iter().any(|s| s.path.value.ends_with("uv.toml")),
        _ => false,
    })
}

/// The flag an install lacks, or has and should not.
fn plain(install: &Install<'_>) -> Option<&'static str> {
    let words = install.call.args;
    // A flag from a variable may be the one.
    if words.iter().any(|w| w.head().is_empty()) {
        return None;
    }
    match install.manager {
        Manager::Pip => {
            words.iter().any(|w| w.text() == Some("--no-compile")).then_some("--no-compile")
        }
        Manager::Uv => (!install.call.has("--dry-run")).then_some("--compile-bytecode"),
        Manager::Poetry => (!install.call.has("--dry-run")).then_some("--compile"),
        _ => None,
    }
}

fn report<'o>(
    command: &Command,
    install: &Install<'_>,
    flag: &'static str,
    images: &Images<'_>,
    out: &'o mut Out,
) -> &'o mut Draft {
    let pip = install.manager == Manager::Pip;
    let message = if pip {
        format!("{} --no-compile leaves the packages without bytecode", install.shown())
    } else {
        format!("{} leaves the packages without bytecode", install.shown())
    };
    let draft = out.finding(&command.place(install.call.span()), message);
    draft
        .label(if pip { "--no-compile".to_owned() } else { format!("no {flag}") })
        .evidence(
            "measured on a FastAPI service: start without bytecode takes 3.6 to 4.1 times as long",
        )
        .consequence("each new container compiles every module it imports before it is ready")
        .remedy(match install.manager {
            Manager::Pip => "remove --no-compile",
            Manager::Uv => "set ENV UV_COMPILE_BYTECODE=1, or add --compile-bytecode",
            _ => "add --compile",
        });
    images.quote(draft, figure);
    let word = if pip { flag } else { install.verb };
    let Some(at) = install.call.args.iter().find(|w| w.text() == Some(word)) else { return draft };
    let (text, sure) = match install.manager {
        Manager::Pip => ("--compile".to_owned(), Applicability::Safe),
        Manager::Uv => (format!("{word} {flag}"), Applicability::Safe),
        // Old versions of Poetry do not know the flag.
        _ => (format!("{word} {flag}"), Applicability::Unsafe),
    };
    draft.fix("compile while installing", sure, replace(&command.place(at.span), text))
}
