//! Development dependencies in the shipped image.

use std::collections::BTreeSet;

use plimsoll_model::{Applicability, ImageReport, Level, OwnerKind, Section};

use crate::discover::paths::folder;
use crate::packages::{Ecosystem, Group, normal, read};
use crate::repo::{Command, DockerfileView, Step, StepKind};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, replace};
use crate::views::imaged::{few, images, packages};
use crate::views::{Install, Manager, installs, shipped};

pub(crate) static RULE: Rule = Rule {
    name: "image/dev-dependencies-installed",
    section: Section::Image,
    level: Level::ShouldFix,
    assures: "the image has no development dependencies",
    aliases: &[],
    page: include_str!("dev_dependencies_installed.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let all: Vec<&Step> = shipped(review, file).into_iter().flat_map(|s| &s.steps).collect();
    let steps: Vec<&StepKind> = all.iter().map(|s| &s.kind).collect();
    // The variables that hold where the install stands.
    let mut off: Vec<Manager> = Vec::new();
    for (index, kind) in steps.iter().enumerate() {
        match kind {
            StepKind::Env(pairs) => {
                off.extend(pairs.iter().filter_map(|(n, v)| switches(&n.value, &v.value)));
            }
            StepKind::Arg(args) => off.extend(args.iter().filter_map(|a| {
                // A build may set one that has no default.
                switches(&a.name.value, a.default.as_ref().map_or("$", |d| &d.value))
            })),
            StepKind::Run(command) => {
                let images = images(review, file, &all[index].at);
                for install in installs(command).filter(|i| listed(i)) {
                    let names = dev_names(review, file, install.manager);
                    let kept = off.contains(&install.manager)
                        || leaves_out(&install)
                        || pruned(&install, &steps[index..])
                        || !has_dev(review, file, install.manager)
                        || images.all(|i| found(i, &names).is_some_and(|f| f.is_empty()));
                    if kept {
                        out.examined();
                    } else {
                        let draft = report(command, &install, out);
                        images.quote(draft, |i| figure(i, &names));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether an install takes the groups of the project's manifest.
fn listed(install: &Install<'_>) -> bool {
    let elsewhere = ["-g", "--global", "--prefix", "-C", "--directory", "--project", "--package"];
    install.packages.is_empty()
        && !elsewhere.iter().any(|f| install.call.has(f))
        && match install.manager {
            Manager::Poetry | Manager::Npm => true,
            Manager::Uv => install.verb == "sync" && install.call.subcommand(0) != Some("pip"),
            _ => false,
        }
}

/// The manager that a variable tells to leave development dependencies out, or may.
fn switches(name: &str, value: &str) -> Option<Manager> {
    let value = value.trim_matches(['"', '\'']);
    let open = value.contains('$');
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "node_env" => (open || value == "production").then_some(Manager::Npm),
        "npm_config_omit" | "npm_config_only" | "npm_config_production" => Some(Manager::Npm),
        "uv_no_dev" | "uv_no_default_groups" => Some(Manager::Uv),
        _ => lower.starts_with("poetry_without").then_some(Manager::Poetry),
    }
}

/// Whether the call itself leaves them out. One with a variable may.
fn leaves_out(install: &Install<'_>) -> bool {
    let own = &install.call.command.assignments;
    let assigned = own
        .iter()
        .any(|(name, value)| switches(name, value.text().unwrap_or("$")) == Some(install.manager));
    let wrapped = install.call.wrappers.iter().any(|w| w.head().contains('='));
    let flags: &[&str] = match install.manager {
        Manager::Poetry => &["--only", "--no-dev", "--without"],
        Manager::Uv => {
            &["--no-dev", "--no-default-groups", "--only-group", "--no-group", "--dry-run"]
        }
        _ => &["--omit", "--production", "--only", "--package-lock-only", "--dry-run"],
    };
    assigned
        || wrapped
        || install.call.args.iter().any(|w| {
            let word = w.head();
            word.is_empty() || flags.iter().any(|f| word.starts_with(f))
        })
}

/// Whether a later step takes them away again.
fn pruned(install: &Install<'_>, steps: &[&StepKind]) -> bool {
    let later = steps.iter().filter_map(|k| if let StepKind::Run(c) = k { Some(c) } else { None });
    later.flat_map(Command::calls).any(|call| match install.manager {
        Manager::Npm => {
            matches!(call.program, "npm" | "npm-prune")
                && call.args.iter().any(|w| matches!(w.text(), Some("prune")))
                || call.program == "rm"
                    && call
                        .args
                        .iter()
                        .any(|w| w.head().trim_end_matches('/').ends_with("node_modules"))
        }
        Manager::Poetry => {
            call.program == "poetry" && call.args.iter().any(|w| w.text() == Some("--sync"))
        }
        _ => call.program == "uv" && call.args.iter().any(|w| w.head().starts_with("--no-dev")),
    })
}

/// The manifest: the one beside the Dockerfile, else that of the root.
fn manifest<'a>(
    review: &Review<'a>,
    file: &DockerfileView,
    manager: Manager,
) -> Option<(&'static str, &'a str)> {
    let name = if manager == Manager::Npm { "package.json" } else { "pyproject.toml" };
    let folder = folder(&file.path);
    let beside = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let text = review.sources.text(&beside).or_else(|| review.sources.text(name))?;
    Some((name, text))
}

/// What the manifest asks for in development only.
fn dev_names(review: &Review<'_>, file: &DockerfileView, manager: Manager) -> BTreeSet<String> {
    let read = manifest(review, file, manager).and_then(|(name, text)| read(name, text));
    let wants = || read.iter().flat_map(|manifest| &manifest.wants);
    let main: BTreeSet<&String> =
        wants().filter(|w| w.group == Group::Main).map(|w| &w.name).collect();
    let dev = wants().filter(|w| matches!(w.group, Group::Dev(_)) && !main.contains(&w.name));
    dev.map(|want| want.name.clone()).collect()
}

/// Those of the names that an image has; none where nothing follows from it.
fn found(image: &ImageReport, names: &BTreeSet<String>) -> Option<Vec<String>> {
    let all = packages(image, &[OwnerKind::Pip, OwnerKind::Npm]).filter(|_| !names.is_empty())?;
    let is = |kind: OwnerKind, name: &str| match kind {
        OwnerKind::Pip => names.contains(&normal(Ecosystem::Python, name)),
        _ => names.contains(name),
    };
    let found: BTreeSet<&String> =
        all.into_iter().filter(|o| is(o.kind, &o.name)).map(|o| &o.name).collect();
    Some(found.into_iter().cloned().collect())
}

fn figure(image: &ImageReport, names: &BTreeSet<String>) -> Option<String> {
    let found = found(image, names).filter(|found| !found.is_empty())?;
    Some(format!("has {}", few(&found, 5)))
}

/// Whether the manifest lists development dependencies.
fn has_dev(review: &Review<'_>, file: &DockerfileView, manager: Manager) -> bool {
    let Some((_, text)) = manifest(review, file, manager) else { return false };
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    match manager {
        Manager::Npm => compact.contains("\"devDependencies\":{\""),
        Manager::Uv => {
            let group = compact.split_once("[dependency-groups]").map(|(_, rest)| rest);
            group.is_some_and(|g| g.contains("dev=[\"") || g.contains("dev=['"))
                || compact.contains("dev-dependencies=[\"")
        }
        _ => {
            text.contains("[tool.poetry.dev-dependencies]")
                || (["dev", "test", "tests", "lint"]
                    .iter()
                    .any(|g| text.contains(&format!("[tool.poetry.group.{g}.dependencies]")))
                    && !compact.contains("optional=true"))
        }
    }
}

fn report<'o>(command: &Command, install: &Install<'_>, out: &'o mut Out) -> &'o mut Draft {
    let program = install.call.program;
    let flag = match install.manager {
        Manager::Poetry => "--only main",
        Manager::Uv => "--no-dev",
        _ => "--omit=dev",
    };
    let message = format!("{program} {} installs development dependencies", install.verb);
    let draft = out.finding(&command.place(install.call.span()), message);
    draft
        .label(format!("no {flag}"))
        .consequence("the image carries test tools and compilers, and scanners report their holes")
        .remedy(format!("add {flag}; where the build needs them, build in a stage of its own"));
    if let Some(verb) = install.call.args.iter().find(|w| w.text() == Some(install.verb)) {
        draft.fix(
            "install without development dependencies",
            Applicability::Unsafe,
            replace(&command.place(verb.span), format!("{} {flag}", install.verb)),
        );
    }
    draft
}
