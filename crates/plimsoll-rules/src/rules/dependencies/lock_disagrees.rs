//! A lock file that does not know the local packages of its manifest.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::Span;

use crate::discover::paths::{folder, join};
use crate::layout::installs::Install;
use crate::layout::{Found, image_path};
use crate::local::env_is;
use crate::packages::locks::{self, Lock};
use crate::packages::{Dependency, Ecosystem, Group, Manifest, Syntax, Target, normal, tree};
use crate::remedy::is_stale;
use crate::repo::Place;
use crate::rule::{Check, Out, Rule};
use crate::views::Manager;
use crate::views::subject::Subject;

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/lock-disagrees",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "lock files know the local packages of their manifests",
    aliases: &[],
    page: include_str!("lock_disagrees.md"),
    check: Check::Installs(check),
};

/// A manifest and the lock file an install holds to.
struct Pair<'s> {
    manifest: &'s Manifest,
    manifest_text: &'s str,
    lock: String,
    text: &'s str,
}

/// What an install makes of a lock file that disagrees.
enum Strict {
    /// It fails.
    Fails(&'static str),
    /// It installs what the lock file says, and nothing else.
    Green,
}

fn check(subject: &Subject<'_>, out: &mut Out) {
    let mut seen: Vec<Place> = Vec::new();
    for install in &subject.uses.installs {
        let (Some(strict), Some(pair)) = (strict(subject, install), pair(subject, install)) else {
            continue;
        };
        out.examined();
        let said = if install.manager == Manager::Poetry {
            stale(&pair).into_iter().collect()
        } else {
            differing(subject, install, &pair, &strict)
        };
        for (at, message) in said {
            if !seen.contains(&at) {
                report(subject, install, &pair, &strict, &at, message, out);
                seen.push(at);
            }
        }
    }
}

fn strict(subject: &Subject<'_>, install: &Install<'_>) -> Option<Strict> {
    let env = |name| env_is(&subject.layout, install.moment, name, &["1", "true"]);
    let verb = install.call.subcommand(0).unwrap_or("install");
    Some(Strict::Fails(match install.manager {
        Manager::Poetry => {
            "pyproject.toml changed significantly since poetry.lock was last generated. Run \
             `poetry lock` to fix the lock file."
        }
        Manager::Uv if install.is_pip() => return None,
        Manager::Uv if install.has(&["--frozen"]) || env("UV_FROZEN") => {
            return Some(Strict::Green);
        }
        Manager::Uv if install.has(&["--locked"]) || env("UV_LOCKED") => {
            "The lockfile at `uv.lock` needs to be updated, but `--locked` was provided."
        }
        Manager::Npm if verb == "ci" => {
            "`npm ci` can only install packages when your package.json and package-lock.json or \
             npm-shrinkwrap.json are in sync."
        }
        Manager::Pnpm if install.has(&["--frozen-lockfile"]) => {
            "ERR_PNPM_OUTDATED_LOCKFILE Cannot install with \"frozen-lockfile\" because \
             pnpm-lock.yaml is not up to date with package.json"
        }
        Manager::Yarn if install.has(&["--immutable"]) => {
            "YN0028: The lockfile would have been modified by this install, which is explicitly \
             forbidden."
        }
        Manager::Cargo if install.has(&["--locked", "--frozen"]) => {
            "error: cannot update the lock file Cargo.lock because --locked was passed to prevent \
             this"
        }
        Manager::Pipenv if verb == "sync" => return Some(Strict::Green),
        Manager::Pipenv if install.has(&["--deploy"]) => {
            "Your Pipfile.lock is out of date. Aborting deploy"
        }
        _ => return None,
    }))
}

/// The names of manifest and lock file.
fn names(manager: Manager) -> Option<(&'static str, &'static str)> {
    Some(match manager {
        Manager::Poetry => ("pyproject.toml", "poetry.lock"),
        Manager::Uv => ("pyproject.toml", "uv.lock"),
        Manager::Npm => ("package.json", "package-lock.json"),
        Manager::Pnpm => ("package.json", "pnpm-lock.yaml"),
        Manager::Yarn => ("package.json", "yarn.lock"),
        Manager::Cargo => ("Cargo.toml", "Cargo.lock"),
        Manager::Pipenv => ("Pipfile", "Pipfile.lock"),
        _ => return None,
    })
}

/// The manifest of the folder an install runs in, and the lock file beside it in the image.
fn pair<'s>(subject: &'s Subject<'_>, install: &Install<'_>) -> Option<Pair<'s>> {
    let (manifest, lock) = names(install.manager)?;
    let find = |name: &str| {
        let path = image_path::join(&install.folder, name);
        match subject.layout.find(install.moment, &path) {
            Found::Repository { path, .. } => Some(path),
            _ => None,
        }
    };
    let (manifest, lock) = (find(manifest)?, find(lock)?);
    let review = subject.review;
    // A manifest of one folder with the lock file of another is another fault.
    if folder(&manifest) != folder(&lock) || is_made(subject, install) {
        return None;
    }
    let manifest = review.repo.packages.get(&manifest).filter(|m| m.error.is_none())?;
    let text = review.sources.text(&lock)?;
    let manifest_text = review.sources.text(&manifest.path)?;
    Some(Pair { manifest, manifest_text, lock, text })
}

/// Whether a command before the install changes one of the two.
fn is_made(subject: &Subject<'_>, install: &Install<'_>) -> bool {
    const MAKERS: [&str; 14] = [
        "poetry lock",
        "poetry add",
        "poetry update",
        "poetry remove",
        "uv lock",
        "uv add",
        "uv remove",
        "pipenv lock",
        "cargo update",
        "cargo add",
        "generate-lockfile",
        "--package-lock-only",
        "sed -i",
        "npm pkg",
    ];
    let lineage = subject.layout.file.lineage(install.moment.stage);
    let mut runs = lineage.iter().flat_map(|s| s.runs());
    runs.any(|(_, c)| MAKERS.iter().any(|m| c.text().contains(m)))
}

/// The hash in `poetry.lock`, where it is not that of the manifest.
fn stale(pair: &Pair<'_>) -> Option<(Place, String)> {
    is_stale(pair.manifest_text, pair.text)?.then(|| {
        let at = hash_place(pair);
        (at, format!("{} was not locked again after {} changed", pair.lock, pair.manifest.path))
    })
}

/// The line of the hash.
fn hash_place(pair: &Pair<'_>) -> Place {
    let start = pair.text.rfind("content-hash").unwrap_or(0);
    let length = pair.text.get(start..).and_then(|t| t.find('\n')).unwrap_or(0);
    Place::new(&pair.lock.as_str().into(), Span::new(start, start + length))
}

/// The local dependencies that a lock file does not have, or has otherwise.
fn differing(
    subject: &Subject<'_>,
    install: &Install<'_>,
    pair: &Pair<'_>,
    strict: &Strict,
) -> Vec<(Place, String)> {
    let read = subject.review.repo.packages.lock(subject.review.sources, &pair.lock);
    if read.as_ref().is_some_and(|l| l.error.is_some()) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for dependency in &pair.manifest.dependencies {
        if !is_locked(pair.manifest, dependency, install) {
            continue;
        }
        let name = &dependency.name;
        let (manifest, lock) = (&pair.manifest.path, &pair.lock);
        let said = if !is_known(subject, pair, read.as_deref(), dependency) {
            format!("{manifest} takes {name} from a folder, and {lock} does not know it")
        } else if matches!(strict, Strict::Fails(_))
            && let Some(path) = read.as_deref().and_then(|l| other(subject, pair, l, dependency))
        {
            format!("{manifest} takes {name} from another folder than {lock}: {path}")
        } else if matches!(strict, Strict::Fails(_)) && links_otherwise(read.as_deref(), dependency)
        {
            format!("{manifest} and {lock} differ in whether {name} is linked")
        } else {
            continue;
        };
        all.push((dependency.at.clone(), said));
    }
    all
}

/// Whether a lock file must have a dependency.
fn is_locked(manifest: &Manifest, dependency: &Dependency, install: &Install<'_>) -> bool {
    let wanted = || {
        let name = normal(manifest.ecosystem, &dependency.name);
        manifest.wants.iter().any(|w| w.name == name)
    };
    match (install.manager, dependency.syntax) {
        (_, _) if matches!(dependency.target, Target::Git { .. }) => false,
        (Manager::Uv, Syntax::UvSource | Syntax::UvWorkspace) => wanted(),
        (Manager::Uv, Syntax::DirectReference) => dependency.group == Group::Main,
        (
            Manager::Npm | Manager::Yarn,
            Syntax::NodeFile | Syntax::NodeLink | Syntax::NodePortal,
        ) => !dependency.is_absolute(),
        (Manager::Pnpm, s) => s != Syntax::NodeMember,
        (Manager::Pipenv, Syntax::Pipfile) => true,
        (Manager::Cargo, Syntax::CargoPath) => {
            // What a workspace offers is in the lock file once a member takes it.
            !matches!(dependency.group, Group::Optional(_))
        }
        _ => false,
    }
}

/// Whether a lock file has a package of that name. What was not read counts as known.
fn is_known(
    subject: &Subject<'_>,
    pair: &Pair<'_>,
    lock: Option<&Lock>,
    dependency: &Dependency,
) -> bool {
    let name = &dependency.name;
    let Some(lock) = lock else {
        // Cargo locks the name of the package, whatever the dependency is called.
        let packages = &subject.review.repo.packages;
        let place = packages.place(subject.review.sources, pair.manifest, dependency);
        let package = place.folder().and_then(|f| packages.in_folder(f, Ecosystem::Rust));
        let Some(name) = package.and_then(|p| p.name.as_deref()) else { return true };
        return pair.text.contains(&format!("name = \"{name}\""));
    };
    let same =
        |n: &String| normal(pair.manifest.ecosystem, n) == normal(pair.manifest.ecosystem, name);
    match lock.kind {
        locks::LockKind::Npm => {
            // The first version of the format has no `packages`.
            !pair.text.contains("\"packages\"") || lock.names.iter().any(same)
        }
        locks::LockKind::Yarn => pair.text.contains(&format!("{name}@")),
        locks::LockKind::Pipenv => lock.local(name).is_some(),
        _ => lock.names.iter().any(same),
    }
}

/// The folder a lock file has for a package, where it is another one than the manifest's.
fn other(
    subject: &Subject<'_>,
    pair: &Pair<'_>,
    lock: &Lock,
    dependency: &Dependency,
) -> Option<String> {
    // The importers of pnpm and the keys of yarn begin at folders of their own.
    if !matches!(lock.kind, locks::LockKind::Uv | locks::LockKind::Npm) || dependency.is_absolute()
    {
        return None;
    }
    let locked = lock.local(&dependency.name)?;
    let there = join(lock.folder(), &locked.path);
    let packages = &subject.review.repo.packages;
    let place = packages.place(subject.review.sources, pair.manifest, dependency);
    let (tree::Place::Here(here) | tree::Place::Gone(here)) = place else { return None };
    (there.is_some_and(|t| t != here)).then(|| locked.path.clone())
}

/// Whether the manifest links a package that the lock file copies, or the other way round.
fn links_otherwise(lock: Option<&Lock>, dependency: &Dependency) -> bool {
    let Some(lock) = lock.filter(|l| l.kind == locks::LockKind::Uv) else { return false };
    dependency.syntax == Syntax::UvSource
        && lock.local(&dependency.name).is_some_and(|l| l.linked != dependency.editable)
}

fn report(
    subject: &Subject<'_>,
    install: &Install<'_>,
    pair: &Pair<'_>,
    strict: &Strict,
    at: &Place,
    message: String,
    out: &mut Out,
) {
    let draft = out.finding(at, message);
    draft
        .level(subject.level())
        .related(&install.at, "installed here")
        .related(&Place::file(pair.lock.as_str()), "the lock file")
        .consequence(match strict {
            Strict::Fails(error) => format!("the install fails: `{error}`"),
            Strict::Green => "the install reports success and leaves the package out; the service \
                              fails when it starts"
                .to_owned(),
        })
        .remedy(format!("lock again with {}", locker(install.manager)));
}

fn locker(manager: Manager) -> &'static str {
    match manager {
        Manager::Poetry => "`poetry lock`",
        Manager::Uv => "`uv lock`",
        Manager::Npm => "`npm install`",
        Manager::Pnpm => "`pnpm install`",
        Manager::Yarn => "`yarn install`",
        Manager::Pipenv => "`pipenv lock`",
        _ => "`cargo update --workspace`",
    }
}
