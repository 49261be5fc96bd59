//! Files that have no business in an image that runs a service.

use plimsoll_model::{Level, Needless, NeedlessKind, NeedlessPath, Section};

use super::{apt_lists_left, build_tools_in_final_stage, package_manager_left, pip_cache_kept};
use crate::discover::Service;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::imaged::{Imaged, imaged, shown, size};

pub(crate) static RULE: Rule = Rule {
    name: "image/needless-files",
    section: Section::Image,
    level: Level::Advice,
    assures: "the image holds little that only a build needs",
    aliases: &[],
    page: include_str!("needless_files.md"),
    check: Check::Service(check),
};

/// Bytes from which on a kind is worth a line.
const LEAST: u64 = 5_000_000;

/// The same for tests, which some packages import.
const TESTS: u64 = 20_000_000;

/// The same for what every base has, and for compilers that the base has.
const MUCH: u64 = 50_000_000;

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(image) = imaged(review, service) else { return };
    out.examined();
    for needless in &image.report.needless {
        let own: Vec<&NeedlessPath> =
            needless.largest.iter().filter(|p| image.is_own(p.layer)).collect();
        if counts(needless, &own) && !said(&image, needless.kind, &own) {
            report(&image, needless, &own, out);
        }
        of_base(&image, needless, &own, out);
    }
}

/// Whether the Dockerfile's own layers have enough of it to be worth a line.
fn counts(needless: &Needless, own: &[&NeedlessPath]) -> bool {
    let least = match needless.kind {
        NeedlessKind::Git => 0,
        NeedlessKind::Locales | NeedlessKind::Docs | NeedlessKind::PackageManager => MUCH,
        NeedlessKind::Tests => TESTS,
        _ => LEAST,
    };
    !own.is_empty() && bytes(needless, own) >= least
}

/// What the Dockerfile's own layers have of it: all, unless some of the largest are the base's.
fn bytes(needless: &Needless, own: &[&NeedlessPath]) -> u64 {
    if own.len() == needless.largest.len() {
        return needless.bytes;
    }
    own.iter().map(|p| p.bytes).sum()
}

/// Whether a rule that reads the Dockerfile says it of the same image.
fn said(image: &Imaged<'_>, kind: NeedlessKind, own: &[&NeedlessPath]) -> bool {
    let of_pip = own.first().is_some_and(|p| p.path.contains(".cache/pip"));
    let rule = match kind {
        NeedlessKind::Compiler | NeedlessKind::Headers | NeedlessKind::StaticLibraries => {
            &build_tools_in_final_stage::RULE
        }
        NeedlessKind::PackageLists => &apt_lists_left::RULE,
        NeedlessKind::PackageCache if of_pip => &pip_cache_kept::RULE,
        NeedlessKind::PackageManager => &package_manager_left::RULE,
        _ => return false,
    };
    !image.said(rule).is_empty()
}

fn report(image: &Imaged<'_>, needless: &Needless, own: &[&NeedlessPath], out: &mut Out) {
    let Some(first) = own.first() else { return };
    let least = if own.len() == needless.largest.len() { "" } else { "at least " };
    let bytes = size(bytes(needless, own));
    let message = format!("the image holds {}: {least}{bytes}", needless.kind.name());
    let draft = out.finding(image.place(first.layer), message);
    draft.label("the largest of them come in here").level(level(needless.kind));
    for path in own.iter().take(4) {
        let owner = path.owner.as_ref().map_or(String::new(), |o| format!(" of {o}"));
        draft.evidence(format!(
            "{}{owner} ({}): in {}",
            shown(&path.path),
            size(path.bytes),
            image.named(path.layer)
        ));
    }
    draft.consequence(consequence(needless.kind)).remedy(remedy(needless.kind));
}

/// Compilers that the base has: a slimmer base is the answer.
fn of_base(image: &Imaged<'_>, needless: &Needless, own: &[&NeedlessPath], out: &mut Out) {
    let base: Vec<&NeedlessPath> =
        needless.largest.iter().filter(|p| !image.is_own(p.layer)).collect();
    let bytes = match own {
        [] => needless.bytes,
        _ => base.iter().map(|p| p.bytes).sum(),
    };
    if needless.kind != NeedlessKind::Compiler || bytes < MUCH {
        return;
    }
    let settings = image.settings();
    let Some((name, _, at)) = settings.base else { return };
    let name = name.split('@').next().unwrap_or(name);
    let message = format!("{name} brings compilers and linkers: {}", size(bytes));
    let draft = out.finding(at, message);
    draft.label("the base of the shipped image").level(Level::ShouldFix);
    for path in base.iter().take(3) {
        draft.evidence(format!("{} ({})", shown(&path.path), size(path.bytes)));
    }
    draft.consequence(consequence(needless.kind)).remedy(
        "build on this base, and ship on its slim variant: COPY --from the build stage what was \
         built",
    );
}

fn level(kind: NeedlessKind) -> Level {
    match kind {
        NeedlessKind::Compiler | NeedlessKind::Git => Level::ShouldFix,
        _ => Level::Advice,
    }
}

fn consequence(kind: NeedlessKind) -> &'static str {
    match kind {
        NeedlessKind::Compiler => {
            "each pull carries them, scanners report their holes, and an intruder finds a compiler"
        }
        NeedlessKind::Git => {
            "whoever can pull the image has the source with its whole history, what was once \
             committed by mistake included"
        }
        NeedlessKind::SourceMaps => {
            "each pull carries them, and a server that offers its folder offers the source"
        }
        _ => "each registry stores them and each pull carries them, and nothing reads them",
    }
}

fn remedy(kind: NeedlessKind) -> &'static str {
    match kind {
        NeedlessKind::Compiler | NeedlessKind::Headers | NeedlessKind::StaticLibraries => {
            "build in a stage of its own, and COPY --from it what was built"
        }
        NeedlessKind::PackageManager => {
            "install in a stage of its own, and COPY --from it what was installed"
        }
        NeedlessKind::PackageCache => {
            "give the RUN a cache mount for the folder, or empty it at the end of the same RUN"
        }
        NeedlessKind::PackageLists => "remove the lists at the end of the RUN that fetches them",
        NeedlessKind::Tests => {
            "delete the folders in the RUN that installs the packages, or leave them out when they \
             are copied from a build stage"
        }
        NeedlessKind::Git => "name .git in .dockerignore, or copy only what the service needs",
        NeedlessKind::OrphanBytecode => {
            "Python ignores it in __pycache__: delete it in the RUN that deletes the sources, or \
             name __pycache__ in .dockerignore"
        }
        NeedlessKind::Locales | NeedlessKind::Docs => {
            "exclude the folders with path-exclude in /etc/dpkg/dpkg.cfg.d before apt-get install"
        }
        NeedlessKind::SourceMaps => {
            "build without source maps, or upload them to where errors are read and leave them out \
             of the image"
        }
    }
}
