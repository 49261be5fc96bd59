//! Libraries that the application's files need and the image does not have.

use plimsoll_model::{Level, MissingLibrary, Section};

use crate::discover::Service;
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
    let draft = out.finding(&image.stage.at, message);
    if !all.iter().any(|m| is_of_application(&image, m)) {
        draft.level(Level::Advice);
    }
    for one in all.iter().take(8) {
        let owner = one.owner.as_ref().map_or(String::new(), |o| format!(" ({o})"));
        draft.evidence(format!("/{}{owner} needs {}", one.path, few(&one.libraries, 4)));
    }
    draft
        .label("the image that lacks them")
        .consequence("the first request or import that loads such a file fails")
        .remedy(
            "install the packages that have the libraries in the shipped stage, or remove the \
             files if nothing loads them",
        );
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
