//! Libraries that the application's files need and the image does not have.

use std::collections::BTreeMap;

use plimsoll_model::{Level, MissingLibrary, Section};

use crate::discover::Service;
use crate::repo::Place;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::imaged::{Imaged, few, imaged};

pub(crate) static RULE: Rule = Rule {
    name: "image/library-missing",
    section: Section::Image,
    level: Level::ShouldFix,
    assures: "the libraries that the application's files need are in the image",
    aliases: &[],
    page: include_str!("library_missing.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(image) = imaged(review, service) else { return };
    out.examined();
    let all = image.report.missing_libraries.iter();
    let all: Vec<&MissingLibrary> = all.filter(|m| counts(m) && !starts(&image, m)).collect();
    let Some(first) = all.first() else { return };
    let mut wanted: Vec<String> = all.iter().flat_map(|m| m.libraries.clone()).collect();
    wanted.sort();
    wanted.dedup();
    let files = match all.len() {
        1 => format!("/{} needs", first.path),
        n => format!("{n} files need"),
    };
    let message = format!("{files} {}, which the image does not have", few(&wanted, 3));
    let draft = out.finding(place(&image, first), message);
    if !all.iter().any(|m| is_of_application(&image, m)) {
        draft.level(Level::Advice);
    }
    for (owner, files) in by_owner(&all).iter().take(8) {
        let Some(one) = files.first() else { continue };
        let owner = if owner.is_empty() { String::new() } else { format!(" of {owner}") };
        let more = match files.len() {
            1 => String::new(),
            n => format!(", and so do {} files more", n - 1),
        };
        let needs = few(&one.libraries, 6);
        draft.evidence(format!("/{}{owner} needs {needs}{more}", one.path));
    }
    draft
        .label("these files come in without what they need")
        .consequence("the first request or import that loads such a file fails")
        .remedy(
            "install the packages that have the libraries in the shipped stage, or remove the \
             files if nothing loads them",
        );
}

/// What is missing, by the package that needs it.
fn by_owner<'m>(all: &[&'m MissingLibrary]) -> BTreeMap<&'m str, Vec<&'m MissingLibrary>> {
    let mut owners: BTreeMap<&str, Vec<&MissingLibrary>> = BTreeMap::new();
    for one in all {
        owners.entry(one.owner.as_deref().unwrap_or_default()).or_default().push(one);
    }
    // The file that lacks most tells most.
    owners
        .values_mut()
        .for_each(|files| files.sort_by_key(|f| std::cmp::Reverse(f.libraries.len())));
    owners
}

/// The step that brings the package, else the image's FROM.
fn place<'a>(image: &'a Imaged<'_>, missing: &MissingLibrary) -> &'a Place {
    let named = |o: &&plimsoll_model::Owner| {
        missing.owner.as_deref() == Some(&format!("{} {}", o.kind.name(), o.name))
    };
    let owner = image.report.owners.iter().find(named);
    owner.map_or(&image.stage.at, |owner| image.place(owner.layer))
}

/// Whether what is missing says something. Plugins of system packages are optional by design,
/// and packages carry programs for the other C library that nothing loads here.
fn counts(missing: &MissingLibrary) -> bool {
    let owner = missing.owner.as_deref().unwrap_or_default();
    let of_system = owner.starts_with("apt ") || owner.starts_with("apk ");
    let other_libc = |name: &String| {
        name.starts_with("libc.musl-") || name.starts_with("ld-") || name == "libc.so.6"
    };
    let prebuilt = !owner.is_empty() || missing.path.contains("node_modules/");
    !(of_system || prebuilt && missing.libraries.iter().any(other_libc))
}

/// Whether it is the program that cannot start, which `image/program-cannot-start` says.
fn starts(image: &Imaged<'_>, missing: &MissingLibrary) -> bool {
    image.report.start.program.as_ref() == Some(&missing.path)
}

fn is_of_application(image: &Imaged<'_>, missing: &MissingLibrary) -> bool {
    missing.owner.is_some()
        || missing.path.contains("-packages/")
        || image.is_application(&missing.path)
}
