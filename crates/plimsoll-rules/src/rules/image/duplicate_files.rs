//! Equal files at several paths.

use plimsoll_model::{DuplicateGroup, Level, Section};

use crate::discover::Service;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::imaged::{Imaged, few, imaged, is_system, size};

pub(crate) static RULE: Rule = Rule {
    name: "image/duplicate-files",
    section: Section::Image,
    level: Level::Advice,
    assures: "the image has no large files twice",
    aliases: &[],
    page: include_str!("duplicate_files.md"),
    check: Check::Service(check),
};

/// Bytes from which on it is worth a line.
const LEAST: u64 = 20_000_000;

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(image) = imaged(review, service) else { return };
    out.examined();
    let groups = image.report.duplicates.largest.iter();
    let groups: Vec<&DuplicateGroup> = groups.filter(|g| counts(&image, g)).collect();
    let bytes: u64 = groups.iter().map(|g| spare(g)).sum();
    let (true, Some(first)) = (bytes >= LEAST, groups.first()) else { return };
    let last = first.layers.iter().copied().filter(|l| image.is_own(*l)).max();
    let at = last.map_or(&image.stage.at, |layer| image.place(layer));
    let draft = out.finding(at, format!("{} of the image are there twice", size(bytes)));
    draft.label("a second copy comes in here");
    for group in groups.iter().take(5) {
        let paths: Vec<String> = group.paths.iter().map(|p| format!("/{p}")).collect();
        draft.evidence(format!("{} times {}: {}", group.count, size(group.bytes), few(&paths, 3)));
    }
    draft
        .consequence("each registry stores the copies and each pull carries them")
        .remedy("copy the files once, and link to them from the other place with RUN ln -s");
}

/// Bytes of all but one file.
fn spare(group: &DuplicateGroup) -> u64 {
    group.bytes.saturating_mul(group.count.saturating_sub(1))
}

/// Whether a step of the Dockerfile made the copies. What system packages have twice, they mean.
fn counts(image: &Imaged<'_>, group: &DuplicateGroup) -> bool {
    let packaged = |path: &String| {
        is_system(path) && !path.starts_with("usr/local/") && !path.starts_with("root/")
    };
    group.layers.iter().any(|layer| image.is_own(*layer)) && !group.paths.iter().all(packaged)
}
