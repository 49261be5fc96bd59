//! Files of the application that everybody may change.

use plimsoll_model::{Level, Opening, Section};

use crate::discover::Service;
use crate::repo::{Place, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::imaged::{Imaged, few, imaged};

pub(crate) static RULE: Rule = Rule {
    name: "image/world-writable",
    section: Section::Image,
    level: Level::Advice,
    assures: "not everybody may change the files of the application",
    aliases: &[],
    page: include_str!("world_writable.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(image) = imaged(review, service) else { return };
    out.examined();
    let open = image.report.permissions.iter().filter(|p| p.how == Opening::WorldWritable);
    let open = open.filter(|p| image.is_application(&p.path) && !is_for_writing(&p.path));
    let paths: Vec<String> = open.map(|p| format!("/{} ({})", p.path, p.mode)).collect();
    let Some(first) = paths.first() else { return };
    let message = match paths.len() {
        1 => format!("everybody may change {first}"),
        2 => format!("everybody may change {first} and 1 more path"),
        n => format!("everybody may change {first} and {} more paths", n - 1),
    };
    let draft = out.finding(place(&image), message);
    draft
        .label("the image that has them")
        .evidence(few(&paths, 6))
        .consequence("whoever breaks into the service can replace its program")
        .remedy(
            "let root own the files with mode 0755 and 0644, and give the user a folder of its own \
             for what it writes",
        );
}

/// The step that opens the files, where one is plain; else the image's FROM.
fn place<'a>(image: &'a Imaged<'_>) -> &'a Place {
    let stages = image.file.lineage(image.stage.index);
    let opens = |kind: &StepKind| match kind {
        StepKind::Run(command) => command.calls().any(|call| {
            let modes = ["777", "0777", "a+rwx", "a+w", "o+w", "a+rwX", "ugo+rwx", "666"];
            call.program == "chmod"
                && call.args.iter().any(|w| w.text().is_some_and(|t| modes.contains(&t)))
        }),
        _ => false,
    };
    let mut steps = stages.iter().flat_map(|stage| &stage.steps);
    steps.find(|step| opens(&step.kind)).map_or(&image.stage.at, |step| &step.at)
}

/// Whether a path is named after what a service writes there.
fn is_for_writing(path: &str) -> bool {
    const NAMES: [&str; 14] = [
        "tmp", "temp", "cache", ".cache", "log", "logs", "data", "upload", "uploads", "media",
        "storage", "run", "var", "volumes",
    ];
    path.split('/').any(|part| NAMES.contains(&part))
}
