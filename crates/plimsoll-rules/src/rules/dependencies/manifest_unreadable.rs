//! A manifest or lock file that an install reads and that does not parse.

use std::collections::BTreeSet;

use plimsoll_model::{Level, Section};

use crate::discover::paths::{file_name, folder};
use crate::packages::locks::{self, LockKind};
use crate::repo::Place;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::Manager;
use crate::views::subject::Subject;

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/manifest-unreadable",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "the manifests and lock files of installs parse",
    aliases: &[],
    page: include_str!("manifest_unreadable.md"),
    check: Check::Installs(check),
};

fn check(subject: &Subject<'_>, out: &mut Out) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (path, index) in &subject.uses.read {
        let install = &subject.uses.installs[*index];
        let mut faults = Vec::new();
        if seen.insert(path) {
            out.examined();
            let manifest = subject.review.repo.packages.get(path);
            faults.extend(manifest.and_then(|m| m.error.clone()).map(|e| (path.clone(), e)));
        }
        for (lock, kind) in locks::beside(folder(path)) {
            if belongs(kind, install.manager) && is_read(subject, *index, path, &lock) {
                faults.extend(fault(subject.review, &lock).map(|e| (lock.clone(), e)));
            }
        }
        for (path, (error, at)) in faults {
            report(subject, *index, &path, &error, &at, out);
        }
    }
}

/// Whether a manager reads a lock file.
fn belongs(kind: LockKind, manager: Manager) -> bool {
    match manager {
        Manager::Poetry => kind == LockKind::Poetry,
        Manager::Uv => kind == LockKind::Uv,
        Manager::Pdm => kind == LockKind::Pdm,
        Manager::Pipenv => kind == LockKind::Pipenv,
        Manager::Npm => kind == LockKind::Npm,
        Manager::Pnpm => kind == LockKind::Pnpm,
        _ => false,
    }
}

/// Whether the image has the lock file beside the manifest when the install runs.
fn is_read(subject: &Subject<'_>, index: usize, manifest: &str, lock: &str) -> bool {
    let install = &subject.uses.installs[index];
    let near = |path: &str| {
        let places = subject.layout.places_of(path);
        let before = places
            .into_iter()
            .filter(|(m, ..)| m.stage == install.moment.stage && m.step <= install.moment.step);
        before.map(|(_, to, _)| crate::layout::image_path::folder(&to).to_owned()).collect()
    };
    let (own, locks): (BTreeSet<String>, BTreeSet<String>) = (near(manifest), near(lock));
    let ignored = subject.layout.ignored(lock).is_some();
    !ignored
        && !is_made(subject, index, file_name(lock))
        && own.intersection(&locks).next().is_some()
}

/// Whether a command makes the file anew.
fn is_made(subject: &Subject<'_>, index: usize, name: &str) -> bool {
    let install = &subject.uses.installs[index];
    let lineage = subject.layout.file.lineage(install.moment.stage);
    let makes = |text: &str| {
        text.contains(name)
            || ["poetry lock", "uv lock", "pdm lock", "pipenv lock"]
                .iter()
                .any(|l| text.contains(l))
    };
    lineage.iter().flat_map(|s| s.runs()).any(|(_, c)| makes(c.text()))
}

fn fault(review: &Review<'_>, path: &str) -> Option<(String, Place)> {
    review.repo.packages.lock(review.sources, path)?.error.clone()
}

fn report(subject: &Subject<'_>, index: usize, path: &str, error: &str, at: &Place, out: &mut Out) {
    let install = &subject.uses.installs[index];
    let draft = out.finding(at, format!("{path} does not parse: {error}"));
    draft
        .level(subject.level())
        .related(&install.at, "this install reads it")
        .consequence("the install fails, and what the file says of local packages is not known")
        .remedy("mend the file; what else is wrong with its dependencies shows then");
}
