//! A file that building a package reads, and the image does not have.

use plimsoll_model::{Applicability, EntryKind, Level, Section};

use super::poetry_export_without_plugin::is_poetry_two;
use crate::discover::paths::{below, folder, join};
use crate::layout::installs::{Install, Root};
use crate::layout::{Found, image_path};
use crate::local::State;
use crate::packages::{Ecosystem, Manifest};
use crate::repo::Place;
use crate::rule::{Check, Draft, Out, Rule, insert};
use crate::views::Manager;
use crate::views::subject::Subject;

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/readme-ignored",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "packages are built with the files their manifests name",
    aliases: &[],
    page: include_str!("readme_ignored.md"),
    check: Check::Installs(check),
};

/// A package as an install builds it: its folder in the image.
struct Built<'s> {
    manifest: &'s Manifest,
    folder: String,
    install: usize,
}

fn check(subject: &Subject<'_>, out: &mut Out) {
    let mut seen: Vec<&Place> = Vec::new();
    for built in built(subject) {
        let Some(error) = error(built.manifest) else { continue };
        for (path, at) in &built.manifest.reads {
            if !seen.contains(&at) && judge(subject, &built, path, at, error, out) {
                seen.push(at);
            }
        }
    }
}

/// The packages that installs build.
fn built<'s>(subject: &'s Subject<'_>) -> Vec<Built<'s>> {
    let packages = &subject.review.repo.packages;
    let uses = subject.all.iter().filter(|u| u.ecosystem == Ecosystem::Python);
    let uses = uses.filter_map(|u| {
        let State::Present { path, .. } = &u.state else { return None };
        // uv reads every member to check its lock file, and builds those it is told to.
        let install = subject.install(u);
        if u.dependency.at == install.at && !install.packages().contains(&u.dependency.name) {
            return None;
        }
        let manifest = packages.in_folder(path, Ecosystem::Python)?;
        Some(Built { manifest, folder: u.wanted.clone(), install: u.install })
    });
    let own = subject.uses.installs.iter().enumerate().filter_map(|(index, install)| {
        let folder = project(subject, install)?;
        let path = image_path::join(&folder, "pyproject.toml");
        let Found::Repository { path, .. } = subject.layout.find(install.moment, &path) else {
            return None;
        };
        let text = subject.review.sources.text(&path)?;
        let none = ["package-mode = false", "package = false"].iter().any(|n| text.contains(n));
        let manifest = packages.get(&path).filter(|_| !none)?;
        Some(Built { manifest, folder, install: index })
    });
    own.chain(uses).collect()
}

/// The folder of the project itself, where the install builds it.
fn project(subject: &Subject<'_>, install: &Install<'_>) -> Option<String> {
    if install.is_pip() {
        return install.roots.iter().find_map(|r| match r {
            Root::Path { path, text, .. } if text.starts_with('.') => Some(path.clone()),
            _ => None,
        });
    }
    let stage = install.moment.stage;
    let builds = !install.export
        && match install.manager {
            Manager::Uv => {
                let without =
                    ["--no-install-project", "--no-install-workspace", "--no-install-local"];
                !install.has(&without) && install.packages().is_empty()
            }
            // Poetry 1 goes on with a warning.
            Manager::Poetry => {
                !install.has(&["--no-root"])
                    && is_poetry_two(subject.review, subject.layout.file, stage) == Some(true)
            }
            _ => false,
        };
    builds.then(|| install.folder.clone())
}

/// What a build backend says of a file that is not there; setuptools only warns.
fn error(manifest: &Manifest) -> Option<fn(&str) -> String> {
    Some(match manifest.backend.as_deref()? {
        "hatchling.build" => |f| format!("OSError: Readme file does not exist: {f}"),
        "poetry.core.masonry.api" => {
            |f| format!("FileNotFoundError: Readme path `{f}` does not exist.")
        }
        "flit_core.buildapi" => |f| format!("ConfigError: Description file {f} does not exist"),
        "uv_build" => |f| format!("failed to open file `{f}`: No such file or directory"),
        "pdm.backend" => {
            |f| format!("ValidationError: project.readme.file: Readme file not found ('{f}')")
        }
        _ => return None,
    })
}

/// Reports a file that is missing; whether it was.
fn judge(
    subject: &Subject<'_>,
    built: &Built<'_>,
    path: &str,
    at: &Place,
    error: fn(&str) -> String,
    out: &mut Out,
) -> bool {
    let Some(source) = join(folder(&built.manifest.path), path) else { return false };
    let entry = subject.review.sources.tree.get(&source);
    if !entry.is_some_and(|e| e.kind == EntryKind::File && !e.git_ignored) {
        return false;
    }
    let install = &subject.uses.installs[built.install];
    let wanted = image_path::join(&built.folder, path);
    match subject.layout.find(install.moment, &wanted) {
        Found::Repository { .. } => {
            out.examined();
            return false;
        }
        Found::Missing => {}
        _ => return false,
    }
    let name = built.manifest.name.as_deref().unwrap_or(&built.manifest.path);
    let ignored = subject.layout.ignored(&source);
    let message = match &ignored {
        Some(by) => {
            format!("{name} is built with {source}, and {} leaves it out of the context", by.path)
        }
        None => format!("{name} is built with {source}, and nothing copies it to {wanted} first"),
    };
    let draft = out.finding(at, message);
    let licence = file_is_licence(path);
    let said = if licence { format!("{path} does not exist") } else { error(path) };
    draft
        .level(subject.level())
        .label("the build backend opens this file")
        .related(&install.at, "built here")
        .consequence(format!("the install fails: `{said}`"));
    match ignored {
        Some(by) => let_through(subject, &source, &by, draft),
        None => {
            draft.remedy(format!("copy {source} to {wanted} before the package is built"));
        }
    }
    true
}

fn file_is_licence(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.contains("licen") || lower.contains("copying")
}

fn let_through(subject: &Subject<'_>, source: &str, by: &Place, draft: &mut Draft) {
    draft
        .related(by, "this pattern leaves it out")
        .remedy("let the file through in the ignore file");
    let (Some(inside), Some(text)) =
        (below(subject.layout.context, source), subject.review.sources.text(&by.path))
    else {
        return;
    };
    let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let edits = insert(&by.path, end, format!("{newline}!{inside}\n"));
    draft.fix("let the file through", Applicability::Safe, edits);
}
