//! A package manager of Python that is installed into the shipped image.

use plimsoll_model::{ImageReport, Level, Owner, OwnerKind, Section};

use crate::repo::{Command, DockerfileView, Fact, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::imaged::{images, packages, size};
use crate::views::{Manager, installs, package_name, shipped, shipped_runs};

pub(crate) static RULE: Rule = Rule {
    name: "image/package-manager-left",
    section: Section::Image,
    level: Level::Advice,
    assures: "the image has no package manager beyond its base's",
    aliases: &[],
    page: include_str!("package_manager_left.md"),
    check: Check::Dockerfile(check),
};

const MANAGERS: [&str; 6] = ["poetry", "pipenv", "uv", "pdm", "hatch", "pip-tools"];

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for (step, command) in shipped_runs(review, file) {
        let images = images(review, file, &step.at);
        for install in installs(command) {
            let by_python = install.manager == Manager::Pip
                || (install.manager == Manager::Uv && install.call.subcommand(0) == Some("pip"));
            if !by_python {
                continue;
            }
            out.examined();
            for word in &install.packages {
                let name = package_name(word.head());
                if !MANAGERS.contains(&name)
                    || uninstalled(command, name)
                    || starts(review, file, name)
                    || images.all(|image| found(image, name) == Some(None))
                {
                    continue;
                }
                let message = format!("{name} stays in the image");
                let draft = out.finding(&command.place(word.span), message);
                draft
                    .label("only the build needs it")
                    .consequence(
                        "its packages make the image larger, and may clash with the service's own",
                    )
                    .remedy(format!(
                        "install {name} in a stage of its own, and COPY --from it the environment"
                    ));
                images.quote(draft, |image| {
                    let package = found(image, name)??;
                    let version = package.version.as_deref().unwrap_or_default();
                    Some(format!("has {name} {version}: {} by itself", size(package.bytes)))
                });
            }
        }
    }
}

/// A package of Python in an image; none where the image has no such packages at all.
fn found<'r>(image: &'r ImageReport, name: &str) -> Option<Option<&'r Owner>> {
    let all = packages(image, &[OwnerKind::Pip])?;
    let is = |owner: &Owner| owner.name.to_ascii_lowercase().replace('_', "-") == name;
    Some(all.into_iter().find(|owner| is(owner)))
}

/// Whether the RUN takes the manager away again.
fn uninstalled(command: &Command, name: &str) -> bool {
    command.calls().any(|call| {
        call.args.iter().any(|w| w.text() == Some("uninstall"))
            && call.args.iter().any(|w| package_name(w.head()) == name)
    })
}

/// Whether the service may be started with the manager: a command names it, or calls a script
/// that may.
fn starts(review: &Review<'_>, file: &DockerfileView, name: &str) -> bool {
    let mentions = |words: &[Fact<String>], text: &str| {
        text.contains(name)
            || text.contains(".sh")
            || text.contains("entrypoint")
            || words.iter().any(|w| w.value.contains(name) || w.value.contains(".sh"))
    };
    shipped(review, file).iter().flat_map(|s| &s.steps).any(|step| match &step.kind {
        StepKind::Cmd(c) | StepKind::Entrypoint(c) => mentions(&c.words, c.text()),
        StepKind::Healthcheck(Some(c)) => mentions(&c.words, c.text()),
        _ => false,
    })
}
