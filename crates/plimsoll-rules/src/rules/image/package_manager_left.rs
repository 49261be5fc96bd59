//! A package manager of Python that is installed into the shipped image.

use plimsoll_model::{Level, Section};

use crate::repo::{Command, DockerfileView, Fact, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
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

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for (_, command) in shipped_runs(file) {
        for install in installs(command) {
            let by_python = install.manager == Manager::Pip
                || (install.manager == Manager::Uv && install.call.subcommand(0) == Some("pip"));
            if !by_python {
                continue;
            }
            out.examined();
            for word in &install.packages {
                let name = package_name(word.head());
                if !MANAGERS.contains(&name) || uninstalled(command, name) || starts(file, name) {
                    continue;
                }
                out.finding(&command.place(word.span), format!("{name} stays in the image"))
                    .label("only the build needs it")
                    .consequence(
                        "its packages make the image larger, and may clash with the service's own",
                    )
                    .remedy(format!(
                        "install {name} in a stage of its own, and COPY --from it the environment"
                    ));
            }
        }
    }
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
fn starts(file: &DockerfileView, name: &str) -> bool {
    let mentions = |words: &[Fact<String>], text: &str| {
        text.contains(name)
            || text.contains(".sh")
            || text.contains("entrypoint")
            || words.iter().any(|w| w.value.contains(name) || w.value.contains(".sh"))
    };
    shipped(file).iter().flat_map(|s| &s.steps).any(|step| match &step.kind {
        StepKind::Cmd(c) | StepKind::Entrypoint(c) => mentions(&c.words, c.text()),
        StepKind::Healthcheck(Some(c)) => mentions(&c.words, c.text()),
        _ => false,
    })
}
