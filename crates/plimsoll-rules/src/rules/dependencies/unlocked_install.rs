//! An install that passes by the lock file.

use plimsoll_model::{Applicability, EntryKind, Level, Section};

use crate::discover::Service;
use crate::discover::paths::{below, folder, join};
use crate::repo::{Command, DockerfileView, Place};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, insert, replace};
use crate::views::application::copied;
use crate::views::building::{Context, contexts, dockerfile};
use crate::views::{Install, Manager, installs};

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/unlocked-install",
    section: Section::Dependencies,
    level: Level::ShouldFix,
    assures: "installs follow the lock file",
    aliases: &[],
    page: include_str!("unlocked_install.md"),
    check: Check::Service(check),
};

/// What a manager needs to follow its lock file.
struct Lock {
    manager: Manager,
    manifest: &'static str,
    file: &'static str,
    /// Flags of which one makes it follow the file to the letter.
    strict: &'static [&'static str],
}

const LOCKS: [Lock; 7] = [
    lock(Manager::Npm, "package.json", "package-lock.json", &[]),
    lock(Manager::Npm, "package.json", "npm-shrinkwrap.json", &[]),
    lock(Manager::Yarn, "package.json", "yarn.lock", &["--frozen-lockfile", "--immutable"]),
    lock(Manager::Pnpm, "package.json", "pnpm-lock.yaml", &["--frozen-lockfile"]),
    lock(Manager::Poetry, "pyproject.toml", "poetry.lock", &[]),
    lock(Manager::Uv, "pyproject.toml", "uv.lock", &["--frozen", "--locked"]),
    lock(Manager::Pipenv, "Pipfile", "Pipfile.lock", &["--deploy", "--ignore-pipfile"]),
];

const fn lock(
    manager: Manager,
    manifest: &'static str,
    file: &'static str,
    strict: &'static [&'static str],
) -> Lock {
    Lock { manager, manifest, file, strict }
}

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(file) = dockerfile(review, service) else { return };
    for context in contexts(review, service) {
        for stage in file.reachable(service.target.as_deref()) {
            for (_, command) in stage.runs() {
                for install in installs(command).filter(|i| i.packages.is_empty() && !i.is_uv_pip())
                {
                    judge(review, service, &context, (file, command), &install, out);
                }
            }
        }
    }
}

fn judge(
    review: &Review<'_>,
    service: &Service,
    context: &Context<'_>,
    (file, command): (&DockerfileView, &Command),
    install: &Install<'_>,
    out: &mut Out,
) {
    let of_manager = LOCKS.iter().filter(|l| l.manager == install.manager);
    let Some((lock, path)) =
        of_manager.filter_map(|l| Some((l, lock_file(review, service, context, file, l)?))).next()
    else {
        return;
    };
    if is_elsewhere(command, install) {
        return;
    }
    let target = service.target.as_deref();
    let is_copied = copied(file, target, context, &path).is_some() || is_made(command, lock);
    let at = command.place(install.call.span());
    if !is_copied {
        let message = format!("{} installs without {path}", program(install));
        let draft = out.finding(&at, message);
        draft
            .label("the lock file is not in the image yet")
            .related(&Place::file(path.as_str()), "this lock file is not copied")
            .consequence("each build takes the newest versions the manifest allows")
            .remedy(format!("copy {} beside {}", lock.file, lock.manifest));
        return;
    }
    if is_strict(install, lock) {
        return out.examined();
    }
    let message = format!("{} may change what {path} says", program(install));
    let draft = out.finding(&at, message);
    draft
        .level(Level::Advice)
        .label("goes on when lock file and manifest disagree")
        .related(&Place::file(path.as_str()), "the lock file")
        .consequence("a manifest that was changed without its lock file installs other versions")
        .remedy("install to the letter of the lock file, so that the build fails instead");
    fix(review, command, install, &path, draft);
}

/// The lock file beside a manifest that the Dockerfile copies. What git ignores is not there
/// in a pipeline.
fn lock_file(
    review: &Review<'_>,
    service: &Service,
    context: &Context<'_>,
    file: &DockerfileView,
    lock: &Lock,
) -> Option<String> {
    let target = service.target.as_deref();
    let named = |p: &str| p.rsplit('/').next() == Some(lock.file);
    let mut locks = review.sources.below(context.folder).filter(|(p, e)| {
        named(p)
            && e.kind == EntryKind::File
            && !e.git_ignored
            && below(context.folder, p).is_some()
    });
    let beside = |p: &str| {
        let manifest = join(folder(p), lock.manifest)?;
        copied(file, target, context, &manifest).map(drop)
    };
    locks.find(|(p, _)| beside(p).is_some()).map(|(p, _)| p.to_owned())
}

/// Whether the command itself names the lock file, as one that makes it does.
fn is_made(command: &Command, lock: &Lock) -> bool {
    let mounted = command.mounts.iter().filter_map(|m| m.source.as_deref());
    command.text().contains(lock.file) || mounted.into_iter().any(|s| s.ends_with(lock.file))
}

/// Whether the install works in another folder, or for the whole system.
fn is_elsewhere(command: &Command, install: &Install<'_>) -> bool {
    let flags =
        ["-g", "--global", "--location=global", "--prefix", "-C", "--cwd", "--dir", "--directory"];
    let has = |f: &&str| install.call.args.iter().any(|w| w.head().split('=').next() == Some(f));
    flags.iter().any(has) || command.calls().any(|c| matches!(c.program, "cd" | "pushd"))
}

fn is_strict(install: &Install<'_>, lock: &Lock) -> bool {
    match install.manager {
        Manager::Npm => install.verb == "ci",
        // Poetry refuses a lock file that does not fit.
        Manager::Poetry => true,
        Manager::Pnpm if install.verb == "fetch" || install.call.has("--offline") => true,
        Manager::Pipenv if install.verb == "sync" => true,
        // It has no flag for it.
        Manager::Yarn if install.verb == "workspaces" => true,
        _ => lock.strict.iter().any(|s| install.call.has(s)),
    }
}

fn program(install: &Install<'_>) -> String {
    install.shown()
}

fn fix(
    review: &Review<'_>,
    command: &Command,
    install: &Install<'_>,
    path: &str,
    draft: &mut Draft,
) {
    if command.exec {
        return;
    }
    let verb = install.call.args.iter().find(|w| w.text() == Some(install.verb));
    let end = |flag: &str| {
        let place = command.place(install.call.args.last().map_or(install.call.span(), |w| w.span));
        place.span.map(|s| insert(&place.path, s.end, format!(" {flag}"))).unwrap_or_default()
    };
    let berry = || review.sources.text(path).is_some_and(|t| t.contains("__metadata:"));
    let (title, edits) = match install.manager {
        Manager::Npm => {
            let Some(place) = verb.map(|w| command.place(w.span)) else { return };
            ("use npm ci", replace(&place, "ci"))
        }
        Manager::Yarn if berry() => ("add --immutable", end("--immutable")),
        Manager::Yarn | Manager::Pnpm => ("add --frozen-lockfile", end("--frozen-lockfile")),
        Manager::Uv => ("add --locked", end("--locked")),
        Manager::Pipenv => ("add --deploy", end("--deploy")),
        _ => return,
    };
    draft.fix(title, Applicability::Unsafe, edits);
}
