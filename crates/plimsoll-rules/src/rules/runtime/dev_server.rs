//! Development servers that are shipped.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::Invocation;

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::views::effective;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/dev-server",
    section: Section::Runtime,
    level: Level::ShouldFix,
    assures: "no development server is shipped",
    aliases: &[],
    page: include_str!("dev_server.md"),
    check: Check::Dockerfile(check),
};

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(last) = file.last() else { return };
    let all = effective(file, last.index);
    for (_, command) in [all.entrypoint, all.cmd].into_iter().flatten() {
        out.examined();
        for call in command.calls() {
            if let Some(what) = development(&call) {
                out.finding(&command.place(call.span()), format!("the image starts a development server: {what}"))
                    .label("watches files, compiles on demand, serves one user")
                    .consequence("slower starts and requests, more memory, and stack traces shown to strangers")
                    .remedy("start the server that is made for production, with what was built in the image");
                return;
            }
        }
    }
}

fn development(call: &Invocation<'_>) -> Option<&'static str> {
    let sub = |i: usize| call.subcommand(i);
    match call.program {
        "uvicorn" | "gunicorn" | "hypercorn" if call.has("--reload") => Some("--reload"),
        "flask" if sub(0) == Some("run") || call.has("run") => Some("flask run"),
        "fastapi" if sub(0) == Some("dev") => Some("fastapi dev"),
        "npm" | "pnpm" | "yarn" if sub(0) == Some("dev") || (sub(0) == Some("run") && matches!(sub(1), Some("dev" | "start:dev"))) => Some("the dev script"),
        "vite" if matches!(sub(0), None | Some("dev" | "serve")) => Some("vite"),
        "nodemon" => Some("nodemon"),
        "ts-node" | "ts-node-dev" | "tsx" => Some("TypeScript compiled at start"),
        "next" if sub(0) == Some("dev") => Some("next dev"),
        program if program.starts_with("python") && call.has("runserver") => Some("manage.py runserver"),
        _ => None,
    }
}
