//! A better order: the manifests first, then the install, then everything else.
//!
//! Offered only where the install is sure to need nothing but the files that are named: no local
//! packages, no scripts of the application, and nothing else in the same RUN.

use plimsoll_model::{Edit, Sources};

use crate::discover::paths::join;
use crate::repo::{Command, CopyStep, DockerfileView, Stage, Step, StepKind};
use crate::review::Review;

use super::building::{clamp, contexts, is_path, services_of};
use super::ignorefiles::{ignore_file, read};
use super::{Install, Manager, install};

/// A stage whose COPY of everything stands above an install.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// The Dockerfile.
    pub file: &'a DockerfileView,
    /// The stage.
    pub stage: &'a Stage,
    /// The COPY, as an index of its steps.
    pub copy: usize,
    /// The RUN.
    pub run: usize,
}

/// The change: what is copied first, and the edits.
#[derive(Clone, Debug)]
pub struct Reordered {
    /// The manifests, from the context's root.
    pub manifests: Vec<String>,
    /// The edits of the Dockerfile.
    pub edits: Vec<Edit>,
    /// Whether the rest cannot come to lie on what was installed.
    pub safe: bool,
}

/// Works out the better order.
#[must_use]
pub fn manifests_first(
    review: &Review<'_>,
    order: Order<'_>,
    install: &Install<'_>,
) -> Option<Reordered> {
    let copy = order.stage.steps.get(order.copy)?;
    let run = order.stage.steps.get(order.run)?;
    let (StepKind::Copy(what), StepKind::Run(command)) = (&copy.kind, &run.kind) else {
        return None;
    };
    let between = order.stage.steps.get(order.copy + 1..order.run)?;
    let plain = between.iter().all(needs_no_files);
    if !plain || !lands_here(order, what) || !does_nothing_else(command) || moves(install) {
        return None;
    }
    let folder = context(review, order.file)?;
    let at = |name: &str| join(&folder, name);
    let ignore = ignore_file(review.sources, &folder, &order.file.path);
    let matcher = ignore.as_deref().and_then(|path| read(review.sources, path));
    let ignored = |name: &str| {
        matcher.as_ref().is_some_and(|(_, m)| m.decide(name).map_or(true, |d| d.ignored))
    };
    let there = |name: &str| at(name).is_some_and(|p| review.sources.text(&p).is_some());
    let text = |name: &str| at(name).and_then(|path| review.sources.text(&path));
    let wanted = manifests(install, &text)?;
    if at(".yarn").is_some_and(|path| review.sources.kind(&path).is_some()) {
        return None;
    }
    let manifests: Vec<String> =
        wanted.into_iter().filter(|name| there(name) && !ignored(name)).collect();
    let edits = edits(review.sources, order, copy, run, what, &manifests)?;
    let installed_here = match install.manager {
        manager if manager.is_node() => Some("node_modules"),
        Manager::Bundler | Manager::Composer => Some("vendor"),
        _ => None,
    };
    let safe = installed_here.is_none_or(ignored);
    Some(Reordered { manifests, edits, safe })
}

/// The context of every service that builds the file, where they agree.
fn context(review: &Review<'_>, file: &DockerfileView) -> Option<String> {
    let mut folders: Vec<String> = services_of(review, file)
        .iter()
        .flat_map(|service| contexts(review, service))
        .map(|context| context.folder.to_owned())
        .collect();
    folders.dedup();
    match folders.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// Whether a step between the two may stay where it is.
fn needs_no_files(step: &Step) -> bool {
    match &step.kind {
        StepKind::Env(_) | StepKind::Arg(_) | StepKind::Label(_) | StepKind::Expose(_) => true,
        StepKind::Run(command) => does_nothing_else(command),
        _ => false,
    }
}

/// Whether a COPY takes the context and nothing else, to the folder that is worked in.
fn lands_here(order: Order<'_>, copy: &CopyStep) -> bool {
    let [source] = copy.sources.as_slice() else { return false };
    let whole = !copy.add && copy.from.is_none() && copy.excludes.is_empty();
    let dest = copy.dest.value.trim_end_matches('/');
    let steps = order.stage.steps.iter().take(order.copy);
    let directory = steps.rev().find_map(|step| match &step.kind {
        StepKind::Workdir(directory) => Some(directory.value.trim_end_matches('/')),
        _ => None,
    });
    let here = dest == "." || (dest.starts_with('/') && Some(dest) == directory);
    whole && here && is_path(source) && clamp(&source.path.value).is_empty()
}

/// Whether the commands of a RUN are installs and what goes with them.
fn does_nothing_else(command: &Command) -> bool {
    command.calls().all(|call| {
        let harmless = match call.program {
            "echo" | "rm" | "apt-get" | "apt" | "apk" | "corepack" | "set" | "true" => true,
            "npm" | "yarn" | "pnpm" | "pip" | "pip3" => {
                matches!(call.subcommand(0), Some("cache" | "config" | "store"))
            }
            _ => false,
        };
        harmless
            || install(call).is_some_and(|i| {
                super::application::needs_manifests_only(&i)
                    || (!i.from_manifest() && !i.packages.iter().any(|w| w.head().contains('/')))
            })
    })
}

/// Whether an install works in another folder than it is called in.
fn moves(install: &Install<'_>) -> bool {
    let flags =
        ["--prefix", "-C", "--cwd", "--dir", "--directory", "--project", "--workspace", "-w"];
    install.call.args.iter().any(|word| {
        flags.iter().any(|f| word.head() == *f || word.head().starts_with(&format!("{f}=")))
    })
}

/// The files that an install reads, those that need not be there included; none where it may
/// read more than these.
fn manifests<'t>(
    install: &Install<'_>,
    text: &dyn Fn(&str) -> Option<&'t str>,
) -> Option<Vec<String>> {
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let has = |flags: &[&str]| install.call.args.iter().any(|w| flags.contains(&w.head()));
    match install.manager {
        Manager::Npm | Manager::Yarn | Manager::Pnpm => {
            let package = text("package.json")?;
            let local =
                ["\"file:", "\"link:", "\"portal:", "\"workspace:", "\"workspaces\"", "\"patch:"];
            let scripts = ["\"preinstall\"", "\"install\"", "\"postinstall\"", "\"prepare\""];
            let quiet = has(&["--ignore-scripts"]);
            if local.iter().any(|mark| package.contains(mark))
                || (!quiet && scripts.iter().any(|mark| package.contains(mark)))
                || text("pnpm-workspace.yaml").is_some()
            {
                return None;
            }
            Some(named(match install.manager {
                Manager::Npm => {
                    &["package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc"]
                }
                Manager::Yarn => &["package.json", "yarn.lock", ".yarnrc", ".yarnrc.yml", ".npmrc"],
                _ => &["package.json", "pnpm-lock.yaml", ".npmrc", ".pnpmfile.cjs"],
            }))
        }
        Manager::Pip | Manager::Uv if install.verb == "install" => requirements(install, text),
        Manager::Uv if has(&["--no-install-project"]) => {
            let project = text("pyproject.toml")?;
            let local = project.contains("path =") || project.contains("workspace");
            (!local).then(|| named(&["pyproject.toml", "uv.lock", ".python-version"]))
        }
        Manager::Poetry if has(&["--no-root"]) => {
            let project = text("pyproject.toml")?;
            let local = project.contains("path =") || project.contains("file:");
            (!local).then(|| named(&["pyproject.toml", "poetry.lock", "poetry.toml"]))
        }
        Manager::Pipenv => {
            let local = text("Pipfile")?.contains("path");
            (!local).then(|| named(&["Pipfile", "Pipfile.lock"]))
        }
        Manager::Bundler => {
            let gems = text("Gemfile")?;
            let more =
                ["gemspec", "path:", "path ", "eval_gemfile", "File.read", "require_relative"];
            let more = more.iter().any(|mark| gems.contains(mark));
            (!more).then(|| named(&["Gemfile", "Gemfile.lock", ".ruby-version"]))
        }
        Manager::Go => {
            let local = text("go.mod")?.lines().any(|line| line.contains("=> ."));
            let alone = text("go.work").is_none() && !local;
            alone.then(|| named(&["go.mod", "go.sum"]))
        }
        _ => None,
    }
}

/// How deep `-r` in a list may lead to another one.
const MAX_LISTS: usize = 16;

/// The lists that pip is given, and those that they include.
fn requirements<'t>(
    install: &Install<'_>,
    text: &dyn Fn(&str) -> Option<&'t str>,
) -> Option<Vec<String>> {
    let words: Vec<&str> = install.call.args.iter().map(|w| w.text()).collect::<Option<_>>()?;
    let mut open = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match *word {
            "-r" | "--requirement" | "-c" | "--constraint" => {
                open.push((*words.get(at + 1)?).to_owned())
            }
            word if word.starts_with("--requirement=") || word.starts_with("--constraint=") => {
                open.push(word.split_once('=')?.1.to_owned());
            }
            word if word.starts_with("-r") => open.push(word[2..].to_owned()),
            _ => {}
        }
    }
    let mut found: Vec<String> = Vec::new();
    while let Some(path) = open.pop() {
        // One COPY puts all of them into one folder.
        if path.contains('/') || found.len() > MAX_LISTS {
            return None;
        }
        if found.contains(&path) {
            continue;
        }
        for line in text(&path)?.lines().map(str::trim) {
            let included = ["-r ", "--requirement ", "-c ", "--constraint "]
                .iter()
                .find_map(|flag| line.strip_prefix(flag));
            if let Some(included) = included {
                open.push(included.trim().to_owned());
            } else if line.starts_with(['.', '/'])
                || ["-e", "--editable", "--find-links", "-f", "file:"]
                    .iter()
                    .any(|m| line.starts_with(m))
                || line.contains("@ file:")
            {
                return None;
            }
        }
        found.push(path);
    }
    found.sort_unstable();
    (!found.is_empty()).then_some(found)
}

/// The COPY takes the manifests; the one of everything follows the install.
fn edits(
    sources: &Sources,
    order: Order<'_>,
    copy: &Step,
    run: &Step,
    what: &CopyStep,
    manifests: &[String],
) -> Option<Vec<Edit>> {
    let text = sources.text(&order.file.path)?;
    let (whole, source, run) = (copy.at.span?, what.sources.first()?.path.at.span?, run.at.span?);
    let old = text.get(whole.range())?;
    // Names with blanks, JSON and continuations are left to a person.
    let odd = old.contains(['[', '\n', '\\', '$']);
    if odd || manifests.is_empty() || manifests.iter().any(|m| m.contains([' ', '*', '$', '"'])) {
        return None;
    }
    let dest = what.dest.value.trim_end_matches('/');
    let edit =
        |start, end, text: String| Edit { path: order.file.path.to_string(), start, end, text };
    let list = format!("{} {dest}/", manifests.join(" "));
    let end_of_run = text.get(..run.end as usize)?.trim_end().len();
    let end_of_run = u32::try_from(end_of_run).ok()?;
    Some(vec![
        edit(source.start, whole.end, list),
        edit(end_of_run, end_of_run, format!("\n{}", old.trim_end())),
    ])
}
