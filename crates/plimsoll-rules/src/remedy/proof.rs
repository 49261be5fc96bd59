//! What must be built, imported and changed to prove a proposal.

use std::collections::BTreeSet;

use plimsoll_model::Sources;

use crate::discover::Service;
use crate::discover::paths::{below, file_name, join};
use crate::packages::{Ecosystem, tree::Packages};
use crate::repo::DockerfileView;
use crate::views::effective;

/// A local package whose modules must import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder in the repository.
    pub folder: String,
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// Its top-level modules; of Node its name.
    pub modules: Vec<String>,
    /// A file of it that a rebuild changes.
    pub probe: Option<String>,
}

/// What starts the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// A module of Python, a file of Node.
    pub entry: String,
}

/// How to prove a proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProofPlan {
    /// The context after the change.
    pub context: String,
    /// The context before it.
    pub context_before: String,
    /// The Dockerfile.
    pub dockerfile: String,
    /// The target.
    pub target: Option<String>,
    /// Named contexts after the change.
    pub named: Vec<(String, String)>,
    /// The packages.
    pub packages: Vec<Package>,
    /// What starts the service.
    pub application: Option<Application>,
    /// The RUN whose layer must stay when a local package changes.
    pub third_party: Vec<String>,
}

/// The packages of a proof.
pub(super) fn packages(
    sources: &Sources,
    packages: &Packages,
    folders: &BTreeSet<(String, Ecosystem)>,
) -> Vec<Package> {
    let proven = folders.iter().filter(|(_, e)| matches!(e, Ecosystem::Python | Ecosystem::Node));
    proven
        .filter_map(|(path, ecosystem)| {
            let manifest = packages.in_folder(path, *ecosystem)?;
            let name = manifest.name.clone().unwrap_or_else(|| file_name(path).to_owned());
            let (modules, probe) = match ecosystem {
                Ecosystem::Node => (vec![name.clone()], node_probe(sources, path)),
                _ => python_modules(sources, path),
            };
            Some(Package { name, folder: path.clone(), ecosystem: *ecosystem, modules, probe })
        })
        .collect()
}

/// The top-level modules of a Python package, and a file of one.
fn python_modules(sources: &Sources, path: &str) -> (Vec<String>, Option<String>) {
    const NO_MODULES: [&str; 8] =
        ["tests", "test", "docs", "examples", "scripts", "build", "dist", "setup"];
    let src = join(path, "src").unwrap_or_default();
    let root = if sources.kind(&src).is_some() { src } else { path.to_owned() };
    let mut modules = BTreeSet::new();
    let mut probe = None;
    for (file, _) in sources.below(&root).filter(|(p, _)| p.ends_with(".py")) {
        let Some(inside) = below(&root, file) else { continue };
        let name = match inside.split('/').collect::<Vec<_>>()[..] {
            [package, "__init__.py"] => package,
            [module] => module.trim_end_matches(".py"),
            _ => continue,
        };
        if !NO_MODULES.contains(&name) && name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            modules.insert(name.to_owned());
            probe.get_or_insert_with(|| file.to_owned());
        }
    }
    (modules.into_iter().collect(), probe)
}

/// The file that `require` of a Node package loads.
fn node_probe(sources: &Sources, path: &str) -> Option<String> {
    let text = sources.text(&join(path, "package.json")?)?;
    let document = plimsoll_syntax::yaml::parse(text);
    let main = document.documents().next().and_then(|d| d.get("main")?.as_str().map(str::to_owned));
    let names = main
        .into_iter()
        .chain(["index.js", "index.cjs", "index.mjs", "src/index.js"].map(str::to_owned));
    names.filter_map(|n| join(path, &n)).find(|p| sources.kind(p).is_some())
}

/// What the image starts: the module of an ASGI or WSGI server, the script of an interpreter.
pub(super) fn application(file: &DockerfileView, service: &Service) -> Option<Application> {
    let stage = file.target(service.target.as_deref())?;
    let all = effective(file, stage);
    let (_, command) = all.cmd.or(all.entrypoint)?;
    let call = command.calls().last()?;
    let python =
        |entry: &str| Application { ecosystem: Ecosystem::Python, entry: entry.to_owned() };
    let words: Vec<&str> = call.args.iter().filter_map(|w| w.text()).collect();
    match call.program {
        "uvicorn" | "gunicorn" | "hypercorn" | "daphne" | "granian" => {
            words.iter().find_map(|w| module(w)).map(python)
        }
        "node" => {
            let entry = words.iter().find(|w| !w.starts_with('-'))?;
            Some(Application { ecosystem: Ecosystem::Node, entry: (*entry).to_owned() })
        }
        program if program.starts_with("python") => match words[..] {
            ["-m", "uvicorn" | "gunicorn" | "hypercorn", ..] => {
                words[2..].iter().find_map(|w| module(w)).map(python)
            }
            ["-m", module, ..] => Some(python(module)),
            _ => None,
        },
        _ => None,
    }
}

/// The module of `app.main:app`.
fn module(word: &str) -> Option<&str> {
    let (module, name) = word.split_once(':')?;
    let plain =
        |t: &str| !t.is_empty() && t.chars().all(|c| c.is_alphanumeric() || "._".contains(c));
    (plain(module)
        && plain(name.trim_end_matches("()"))
        && !module.starts_with(|c: char| c.is_ascii_digit()))
    .then_some(module)
}
