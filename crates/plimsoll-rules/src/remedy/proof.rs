//! What must be built, imported and changed to prove a proposal.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Application, BuildPlan, LocalPackage, ProofPlan, Runtime, Sources};

use crate::discover::paths::{below, file_name, join};
use crate::discover::{Build, Service};
use crate::layout::Layout;
use crate::local::{State, Use, Uses, uses};
use crate::packages::Ecosystem;
use crate::packages::tree::{self, Packages};
use crate::repo::DockerfileView;
use crate::review::Review;
use crate::views::building::{contexts, dockerfile};
use crate::views::effective;

/// How a service is built: by this build, from this context.
pub(super) fn build_plan(
    file: &DockerfileView,
    service: &Service,
    build: Option<&Build>,
    context: &str,
    named: &[(String, String)],
) -> BuildPlan {
    let args = build.map_or(&[][..], |b| &b.args);
    // What is known only when the workflow runs is left to the default of its ARG.
    let known = |v: &&String| !v.contains('$');
    let args = args.iter().filter_map(|(name, value)| {
        Some((name.value.clone(), value.as_ref().filter(known)?.clone()))
    });
    BuildPlan {
        context: context.to_owned(),
        dockerfile: file.path.to_string(),
        target: service.target.clone(),
        args: args.collect(),
        named: named.to_vec(),
    }
}

/// The named contexts of a build that are folders of the repository.
pub(super) fn named(build: &Build) -> Vec<(String, String)> {
    let folder = |text: &str| join("", text).filter(|_| !text.contains("://"));
    let all = build.contexts.iter();
    all.filter_map(|(name, source)| Some((name.clone(), folder(&source.value)?))).collect()
}

/// How to prove a service as it is: its packages load in what is built now.
#[must_use]
pub fn as_it_is(review: &Review<'_>, service: &Service) -> Option<ProofPlan> {
    let file = dockerfile(review, service)?;
    let all = contexts(review, service);
    let context = all.first()?;
    let layout = Layout::new(review, file, context);
    let met = uses(review, &layout, service.target.as_deref());
    let folders = folders(review, &met);
    let named = context.build.map_or_else(Vec::new, named);
    Some(ProofPlan {
        before: None,
        after: build_plan(file, service, context.build, context.folder, &named),
        packages: packages(review.sources, &review.repo.packages, &folders),
        application: application(review, file, service, context.folder),
        third_party: Vec::new(),
    })
}

/// The folders of the packages that installs use, found or not.
pub(super) fn folders(review: &Review<'_>, met: &Uses<'_>) -> BTreeSet<(String, Ecosystem)> {
    let folder = |u: &Use| match &u.state {
        // A link leads to another folder than it is called.
        State::Present { path, .. } => Some(path.clone()),
        _ => u.place.folder().map(|f| tree::real(review.sources, f)),
    };
    let all = met.uses.iter().filter_map(|u| Some((folder(u)?, u.ecosystem)));
    all.filter(|(f, e)| review.repo.packages.in_folder(f, *e).is_some()).collect()
}

/// The packages of a proof.
pub(super) fn packages(
    sources: &Sources,
    packages: &Packages,
    folders: &BTreeSet<(String, Ecosystem)>,
) -> Vec<LocalPackage> {
    let package = |path: &String, ecosystem: Ecosystem| {
        let runtime = match ecosystem {
            Ecosystem::Python => Runtime::Python,
            Ecosystem::Node => Runtime::Node,
            _ => return None,
        };
        let manifest = packages.in_folder(path, ecosystem)?;
        let name = manifest.name.clone().unwrap_or_else(|| file_name(path).to_owned());
        let (modules, probe) = match runtime {
            Runtime::Node => (vec![name.clone()], node_probe(sources, path)),
            Runtime::Python => python_modules(sources, path),
        };
        Some(LocalPackage { name, folder: path.clone(), runtime, modules, probe })
    };
    folders.iter().filter_map(|(path, ecosystem)| package(path, *ecosystem)).collect()
}

/// The top-level modules of a Python package, and a file of one. Files beside folders of code are
/// taken for tools, as build backends take them.
fn python_modules(sources: &Sources, path: &str) -> (Vec<String>, Option<String>) {
    const NO_MODULES: [&str; 9] =
        ["tests", "test", "docs", "examples", "scripts", "build", "dist", "setup", "conftest"];
    let src = join(path, "src").unwrap_or_default();
    let root = if sources.kind(&src).is_some() { src } else { path.to_owned() };
    let (mut folders, mut files) = (BTreeMap::new(), BTreeMap::new());
    for (file, _) in sources.below(&root).filter(|(p, _)| p.ends_with(".py")) {
        let Some(inside) = below(&root, file) else { continue };
        let (name, found) = match inside.split('/').collect::<Vec<_>>()[..] {
            [package, "__init__.py"] => (package, &mut folders),
            [module] => (module.trim_end_matches(".py"), &mut files),
            _ => continue,
        };
        if !NO_MODULES.contains(&name) && name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            found.insert(name.to_owned(), file.to_owned());
        }
    }
    let modules = if folders.is_empty() { files } else { folders };
    let probe = modules.values().next().cloned();
    (modules.into_keys().collect(), probe)
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
pub(crate) fn application(
    review: &Review<'_>,
    file: &DockerfileView,
    service: &Service,
    context: &str,
) -> Option<Application> {
    let stage = file.target(service.target.as_deref())?;
    let all = effective(file, stage);
    let (_, command) = all.cmd.or(all.entrypoint)?;
    let call = command.calls().last()?;
    let words: Vec<&str> = call.args.iter().filter_map(|w| w.text()).collect();
    match (call.program, &words[..]) {
        ("poetry" | "pipenv" | "pdm" | "uv", ["run", rest @ ..]) => {
            let rest: Vec<&str> = rest.iter().copied().skip_while(|w| w.starts_with('-')).collect();
            let (program, rest) = rest.split_first()?;
            started(program, rest)
                .map(|a| Application { program: format!("{} run", call.program), ..a })
        }
        ("npm" | "pnpm" | "yarn", ["start", ..] | ["run", "start", ..]) => {
            let path = join(context, "package.json")?;
            let text = review.sources.text(&path)?;
            let document = plimsoll_syntax::yaml::parse(text);
            let script = document.documents().next()?.get("scripts")?.get("start")?.as_str()?;
            let words: Vec<&str> = script.split_whitespace().collect();
            started(words.first()?, words.get(1..)?)
        }
        (program, words) => started(program, words),
    }
}

/// What a program with these arguments starts.
fn started(program: &str, words: &[&str]) -> Option<Application> {
    let python = |entry: &str, is_file| Application {
        runtime: Runtime::Python,
        program: program.to_owned(),
        entry: entry.to_owned(),
        is_file,
    };
    match file_name(program) {
        "uvicorn" | "gunicorn" | "hypercorn" | "daphne" | "granian" => {
            words.iter().find_map(|w| module(w)).map(|m| python(m, false))
        }
        "node" => {
            let entry = words.iter().find(|w| !w.starts_with('-'))?;
            let entry = (*entry).to_owned();
            let program = program.to_owned();
            Some(Application { runtime: Runtime::Node, program, entry, is_file: true })
        }
        name if name.starts_with("python") => {
            // Flags such as `-u` stand before the module or the script.
            let flag = |w: &&&str| w.starts_with('-') && **w != "-m";
            let words = &words[words.iter().take_while(flag).count()..];
            match words {
                ["-m", "uvicorn" | "gunicorn" | "hypercorn", rest @ ..] => {
                    rest.iter().find_map(|w| module(w)).map(|m| python(m, false))
                }
                ["-m", module, ..] => Some(python(module, false)),
                [file, ..] if file.ends_with(".py") => Some(python(file, true)),
                _ => None,
            }
        }
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
