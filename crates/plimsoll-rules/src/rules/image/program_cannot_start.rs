//! An image whose program cannot be started.

use plimsoll_model::{Level, Section, StartProblem};

use crate::discover::{BuildTool, Platform, Service};
use crate::repo::{Place, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::builds;
use crate::views::imaged::{Imaged, few, imaged};

pub(crate) static RULE: Rule = Rule {
    name: "image/program-cannot-start",
    section: Section::Image,
    level: Level::Blocking,
    assures: "the program that the image starts is there and can be executed",
    aliases: &[],
    page: include_str!("program_cannot_start.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(image) = imaged(review, service) else { return };
    out.examined();
    let overridden = overridden(review, service);
    for problem in &image.report.start.problems {
        let empty = matches!(problem, StartProblem::NoCommand);
        // Images of files alone run nothing, and others are told what to run.
        let told = overridden || composed(review, service);
        if empty && (told || image.stage.image.value == "scratch") {
            continue;
        }
        let draft = out.finding(place(&image, problem), message(problem));
        let command = &image.report.start.command;
        if !command.is_empty() {
            draft.evidence(format!("a container starts {}", shown_command(command)));
        }
        if overridden {
            draft.level(Level::ShouldFix).evidence("what deploys it may set a command of its own");
        }
        draft
            .label("this is what a container starts with")
            .consequence("each container of this image ends before the service is up")
            .remedy(remedy(&image, problem));
    }
}

/// Whether something that deploys the service sets a command of its own.
fn overridden(review: &Review<'_>, service: &Service) -> bool {
    let deploys = service.deploys.iter().filter_map(|i| review.found.deploys.get(*i));
    let mut deploys = deploys.filter(|d| d.platform != Platform::Compose);
    deploys.any(|d| review.sources.text(&d.at.path).is_some_and(sets_command))
}

/// Whether a composition starts the image, maybe with a command of its own.
fn composed(review: &Review<'_>, service: &Service) -> bool {
    let mut compose = builds(review, service).filter(|b| b.tool == BuildTool::Compose);
    compose.any(|b| review.sources.text(&b.at.path).is_some_and(sets_command))
}

/// Whether a text sets the command of a container. That of a probe stands below `exec:`.
fn sets_command(text: &str) -> bool {
    let mut before = "";
    text.lines().any(|line| {
        let line = line.trim().trim_start_matches("- ");
        let key = ["command:", "entrypoint:"].iter().any(|key| line.starts_with(key));
        let flag = ["--command", "--entrypoint"].iter().any(|flag| line.contains(flag));
        let of_probe = before.ends_with("exec:");
        before = line;
        flag || (key && !of_probe)
    })
}

fn shown_command(command: &[String]) -> String {
    let quoted: Vec<String> = command.iter().map(|word| format!("{word:?}")).collect();
    format!("[{}]", few(&quoted, 6))
}

fn place<'a>(image: &'a Imaged<'_>, problem: &StartProblem) -> &'a Place {
    let settings = image.settings();
    let stages = image.file.lineage(image.stage.index);
    let user = || {
        let steps = stages.iter().flat_map(|stage| &stage.steps);
        steps.rev().find(|step| matches!(step.kind, StepKind::User(_))).map(|step| &step.at)
    };
    let starts = settings.starts().map(|(step, _)| step);
    let at = match problem {
        StartProblem::NoCommand => None,
        StartProblem::UnknownUser { .. } | StartProblem::WorkingDirClosed { .. } => user(),
        _ => stages
            .iter()
            .flat_map(|stage| &stage.steps)
            .find(|step| starts.is_some_and(|s| s.at == step.at))
            .map(|step| &step.at),
    };
    at.unwrap_or(&image.stage.at)
}

fn message(problem: &StartProblem) -> String {
    match problem {
        StartProblem::NoCommand => "the image has neither CMD nor ENTRYPOINT".to_owned(),
        StartProblem::NotFound { program } => format!("the image has no {program}"),
        StartProblem::NotExecutable { path, mode } => {
            format!("/{path} may not be executed: its mode is {mode}")
        }
        StartProblem::NoInterpreter { path, interpreter } => {
            format!("/{path} needs {interpreter}, which the image does not have")
        }
        StartProblem::CarriageReturn { path } => {
            format!("the first line of /{path} ends as on Windows, so its interpreter is not found")
        }
        StartProblem::WrongArchitecture { path, is, wanted } => {
            format!("/{path} is for {is}, the image is for {wanted}")
        }
        StartProblem::MissingLibraries { path, libraries } => {
            format!("/{path} needs {}, which the image does not have", few(libraries, 4))
        }
        StartProblem::UnknownUser { user } => format!("the image has no user {user}"),
        StartProblem::WorkingDirClosed { path } => {
            format!("the image's user may not enter /{path}")
        }
    }
}

fn remedy(image: &Imaged<'_>, problem: &StartProblem) -> String {
    match problem {
        StartProblem::NoCommand => "add CMD with the program that serves".to_owned(),
        StartProblem::NotFound { program } if program.ends_with("/sh") => {
            "the base has no shell: write CMD and ENTRYPOINT in exec form, as a JSON list"
                .to_owned()
        }
        StartProblem::NotFound { program } if program.contains('/') => {
            format!("copy it to {program}, or name the path where it is")
        }
        StartProblem::NotFound { program } => format!(
            "install {program} in the shipped stage, or add the folder that has it to PATH; what a \
             builder stage has is copied with COPY --from"
        ),
        StartProblem::NotExecutable { .. } => {
            "copy it with COPY --chmod=0755, or git update-index --chmod=+x".to_owned()
        }
        StartProblem::NoInterpreter { interpreter, .. } => interpreter_remedy(interpreter),
        StartProblem::CarriageReturn { .. } => {
            "write `*.sh text eol=lf` into .gitattributes, and check the file out again".to_owned()
        }
        StartProblem::WrongArchitecture { .. } => format!(
            "build for what runs it: docker build --platform {}, and take no binary of another \
             processor from the context",
            platform(image)
        ),
        StartProblem::MissingLibraries { .. } => {
            "install the packages that have the libraries in the shipped stage".to_owned()
        }
        StartProblem::UnknownUser { user } => {
            format!("create {user} in the shipped stage before USER, or name a number")
        }
        StartProblem::WorkingDirClosed { path } => {
            format!("give /{path} to the user, with COPY --chown or chmod a+x, before USER")
        }
    }
}

fn platform<'a>(image: &Imaged<'a>) -> &'a str {
    let platform = image.report.platform.as_str();
    if platform.is_empty() { "linux/amd64" } else { platform }
}

fn interpreter_remedy(interpreter: &str) -> String {
    if interpreter.contains("ld-musl") {
        return "it was built on Alpine: build it on the distribution that runs it, or link it \
                statically"
            .to_owned();
    }
    if interpreter.contains("ld-linux") {
        return "it was built for glibc, and the image has another C library, as Alpine: build it \
                on the base that runs it, link it statically, or ship on a Debian base"
            .to_owned();
    }
    match interpreter.rsplit('/').next().unwrap_or(interpreter) {
        "bash" => "install bash, or write the script for sh".to_owned(),
        name if name.starts_with("python") && interpreter.contains('/') => {
            "a virtual environment holds the path of its Python: make it at the path and with the \
             Python that the shipped image has"
                .to_owned()
        }
        name => format!("install {name}, or correct the first line of the script"),
    }
}
