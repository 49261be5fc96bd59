//! Bytes that each pull carries and no container sees.

use plimsoll_model::{Level, Section, WastedFile};

use crate::discover::Service;
use crate::repo::StepKind;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::imaged::{Imaged, imaged, shown, size};

pub(crate) static RULE: Rule = Rule {
    name: "image/wasted-bytes",
    section: Section::Image,
    level: Level::ShouldFix,
    assures: "the image carries few bytes that its containers do not see",
    aliases: &[],
    page: include_str!("wasted_bytes.md"),
    check: Check::Service(check),
};

/// Bytes from which on it is worth a line.
const LEAST: u64 = 20_000_000;

/// Bytes from which on it should be mended, if they are a tenth of the image.
const MUCH: u64 = 50_000_000;

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(image) = imaged(review, service) else { return };
    out.examined();
    let waste = &image.report.waste;
    let of_base: u64 = waste.largest.iter().filter(|f| !image.is_own(f.by)).map(|f| f.bytes).sum();
    let bytes = waste.bytes.saturating_sub(of_base);
    let own: Vec<&WastedFile> = waste.largest.iter().filter(|f| image.is_own(f.by)).collect();
    let (true, Some(first)) = (bytes >= LEAST, own.first()) else { return };
    let all = image.report.unpacked_bytes;
    let much = bytes >= MUCH && bytes.saturating_mul(10) >= all;
    // What the base brought is replaced by a step of this Dockerfile.
    let at = if image.is_own(first.layer) { first.layer } else { first.by };
    let message = format!("{} of the image are never seen by a container", size(bytes));
    let draft = out.finding(image.place(at), message);
    draft.level(if much { Level::ShouldFix } else { Level::Advice });
    draft.label("the largest of them are here");
    draft.evidence(format!(
        "all layers: {}; a container sees {}",
        size(all),
        size(all.saturating_sub(waste.bytes))
    ));
    let worth = |file: &&&WastedFile| file.bytes.saturating_mul(100) >= bytes;
    for file in own.iter().filter(worth).take(5) {
        draft.evidence(told(&image, file));
    }
    if waste.unchanged_bytes > 0 {
        draft.evidence(format!(
            "{} are replaced by the same bytes: only their owner or mode changed",
            size(waste.unchanged_bytes)
        ));
    }
    if let Some(by) = image.step(first.by).filter(|_| first.by != at) {
        draft.related(&by.at, if first.deleted { "deleted here" } else { "replaced here" });
    }
    draft
        .consequence("each registry stores them and each pull carries them")
        .remedy(remedy(&image, first));
}

fn told(image: &Imaged<'_>, file: &WastedFile) -> String {
    let verb = if file.deleted { "deleted" } else { "replaced" };
    let files = if file.files > 1 { format!(" in {} files", file.files) } else { String::new() };
    format!(
        "{} ({}{files}): in {}, {verb} by {}",
        shown(&file.path),
        size(file.bytes),
        image.named(file.layer),
        image.named(file.by)
    )
}

fn remedy(image: &Imaged<'_>, file: &WastedFile) -> &'static str {
    let waste = &image.report.waste;
    if waste.unchanged_bytes.saturating_mul(2) >= waste.bytes {
        return "set owner and mode where the files come in, with COPY --chown and --chmod, instead \
                of with chown -R and chmod -R in a later step";
    }
    let copied = image.step(file.layer).is_some_and(|s| matches!(s.kind, StepKind::Copy(_)));
    match (copied, file.deleted) {
        (true, true) => {
            "give the file to the one RUN that needs it with --mount=type=bind, or name it in \
             .dockerignore"
        }
        (false, true) => {
            "delete the files at the end of the RUN that makes them, or build in a stage of its \
             own and COPY --from it what is needed"
        }
        (_, false) => {
            "bring the files in once, in their last form: change them in a stage of its own and \
             COPY --from it the result"
        }
    }
}
