//! The image of a service, held against the Dockerfile that it was built from.

use plimsoll_model::{ImageReport, NeedlessKind, Owner, OwnerKind};
use plimsoll_syntax::LineIndex;

use super::building::{dockerfile, services_of};
use super::{effective, targets};
use crate::discover::Service;
use crate::repo::{DockerfileView, Place, Stage, Step, StepKind};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule};

/// The image of a service, with the Dockerfile's stages whose layers it has.
pub struct Imaged<'a> {
    /// What it holds.
    pub report: &'a ImageReport,
    /// The Dockerfile.
    pub file: &'a DockerfileView,
    /// The stage that is shipped.
    pub stage: &'a Stage,
    review: &'a Review<'a>,
    /// The instructions that make it, in order, with their first and last lines.
    steps: Vec<(&'a Step, u32, u32)>,
    /// The lowest layer that is the Dockerfile's own, where lines are not known.
    lowest: usize,
}

/// The image of a service that is shipped; none where it was not looked at.
#[must_use]
pub fn imaged<'a>(review: &'a Review<'a>, service: &Service) -> Option<Imaged<'a>> {
    let report = review.measured.images.get(&service.name)?;
    let file = dockerfile(review, service)?;
    let stage = shipped_stage(review, file, service)?;
    let lines = LineIndex::new(file.text(review.sources));
    let steps = file.lineage(stage).into_iter().flat_map(|stage| &stage.steps);
    let steps = steps.filter_map(|step| {
        let span = step.at.span?;
        Some((step, lines.line(span.start), lines.line(span.end.saturating_sub(1))))
    });
    let steps: Vec<_> = steps.collect();
    let makes = |step: &Step| {
        matches!(step.kind, StepKind::Run(_) | StepKind::Copy(_) | StepKind::Workdir(_))
    };
    let most = steps.iter().filter(|(step, ..)| makes(step)).count();
    let lowest = report.layers.len().saturating_sub(most);
    Some(Imaged { report, file, stage: file.stages.get(stage)?, review, steps, lowest })
}

/// The stage of a service, unless it is one for work at a desk.
fn shipped_stage(review: &Review<'_>, file: &DockerfileView, service: &Service) -> Option<usize> {
    let stage = file.target(service.target.as_deref())?;
    let shipped = targets(review, file);
    let open = shipped.is_empty() && service.target.is_none();
    (open || shipped.contains(&stage)).then_some(stage)
}

impl Imaged<'_> {
    /// The instruction that made a layer, where that is known.
    #[must_use]
    pub fn step(&self, layer: usize) -> Option<&Step> {
        let line = self.report.layers.get(layer)?.line?;
        let holds = |(_, first, last): &&(&Step, u32, u32)| (*first..=*last).contains(&line);
        self.steps.iter().find(holds).map(|(step, ..)| *step)
    }

    /// Where a layer comes from: its instruction, else the FROM of the shipped stage.
    #[must_use]
    pub fn place(&self, layer: usize) -> &Place {
        self.step(layer).map_or(&self.stage.at, |step| &step.at)
    }

    /// A layer as a sentence names it.
    #[must_use]
    pub fn named(&self, layer: usize) -> String {
        const MOST: usize = 60;
        let Some(told) = self.report.layers.get(layer) else { return format!("layer {layer}") };
        // A step that holds a secret is not quoted.
        let secret = self.report.secrets.iter().any(|secret| secret.path == "history");
        let text = told.step.as_deref().map(str::trim).filter(|_| !secret).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        let short: String = line.chars().take(MOST).collect();
        match (short.is_empty(), told.line) {
            (true, Some(at)) => format!("layer {layer} (line {at})"),
            (true, None) => format!("layer {layer}"),
            (_, Some(at)) if short.len() == text.len() => format!("`{short}` (line {at})"),
            (_, Some(at)) => format!("`{short}…` (line {at})"),
            (_, None) if short.len() == text.len() => format!("layer {layer}, `{short}`"),
            (_, None) => format!("layer {layer}, `{short}…`"),
        }
    }

    /// Whether a layer is the Dockerfile's own. Without the lines of layers, the topmost ones
    /// are: as many as there are instructions that may make one.
    #[must_use]
    pub fn is_own(&self, layer: usize) -> bool {
        let layers = &self.report.layers;
        if layers.iter().any(|layer| layer.line.is_some()) {
            return layers.get(layer).is_some_and(|layer| layer.line.is_some());
        }
        layer >= self.lowest
    }

    /// The settings of the image, as the Dockerfile has them.
    #[must_use]
    pub fn settings(&self) -> super::Effective<'_> {
        effective(self.file, self.stage.index)
    }

    /// What a rule that reads the Dockerfile says of the instructions of this image.
    #[must_use]
    pub(crate) fn said(&self, rule: &Rule) -> Vec<Draft> {
        let Check::Dockerfile(check) = rule.check else { return Vec::new() };
        let mut out = Out::default();
        check(self.review, self.file, &mut out);
        out.findings.retain(|draft| self.steps.iter().any(|(step, ..)| inside(step, &draft.at)));
        out.findings
    }

    /// The text of a place in the Dockerfile.
    #[must_use]
    pub fn text(&self, at: &Place) -> &str {
        at.span.map_or("", |span| span.text(self.file.text(self.review.sources)))
    }

    /// Whether a file is part of the application: nothing that a system has by itself.
    #[must_use]
    pub fn is_application(&self, path: &str) -> bool {
        let working = self.report.config.working_dir.trim_matches('/');
        let within = !working.is_empty()
            && path.strip_prefix(working).is_some_and(|r| r.is_empty() || r.starts_with('/'));
        within || !is_system(path)
    }
}

/// Whether a path lies where a system and its packages have their files.
#[must_use]
pub fn is_system(path: &str) -> bool {
    const FOLDERS: [&str; 14] = [
        "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "proc", "root", "run", "sbin", "sys",
        "usr", "var",
    ];
    let top = path.split('/').next().unwrap_or_default();
    FOLDERS.contains(&top) && !path.starts_with("usr/src/") && !path.starts_with("var/www/")
}

fn inside(step: &Step, at: &Place) -> bool {
    let (Some(outer), Some(inner)) = (step.at.span, at.span) else { return false };
    step.at.path == at.path && outer.start <= inner.start && inner.end <= outer.end
}

/// The images of the services that are built with an instruction.
pub struct Images<'a> {
    reports: Vec<(&'a str, &'a ImageReport)>,
    /// Whether every one of them was looked at.
    complete: bool,
}

/// The images of the services that are built with the instruction a place lies in.
#[must_use]
pub fn images<'a>(review: &Review<'a>, file: &DockerfileView, at: &Place) -> Images<'a> {
    let holds = |stage: &&Stage| stage.at == *at || stage.steps.iter().any(|step| inside(step, at));
    let own = file.stages.iter().find(holds).map(|stage| stage.index);
    let mut all = Images { reports: Vec::new(), complete: true };
    for service in services_of(review, file) {
        let Some(stage) = shipped_stage(review, file, service) else { continue };
        if own.is_none_or(|own| file.reachable_from(stage).any(|stage| stage.index == own)) {
            match review.measured.images.get(&service.name) {
                Some(report) => all.reports.push((&service.name, report)),
                None => all.complete = false,
            }
        }
    }
    all
}

impl Images<'_> {
    /// Whether all images were looked at as a whole, and each is as asked.
    pub fn all(&self, mut is: impl FnMut(&ImageReport) -> bool) -> bool {
        let whole = |r: &ImageReport| r.visible_files > 0 && r.not_analysed.is_empty();
        self.complete
            && !self.reports.is_empty()
            && self.reports.iter().all(|(_, report)| whole(report) && is(report))
    }

    /// Quotes a figure of each image that has one.
    pub fn quote(&self, draft: &mut Draft, mut figure: impl FnMut(&ImageReport) -> Option<String>) {
        for (service, report) in &self.reports {
            if let Some(text) = figure(report) {
                draft.evidence(format!("measured: the image of {service} {text}"));
            }
        }
    }
}

/// Bytes that a container sees of a needless kind.
#[must_use]
pub fn needless(report: &ImageReport, kind: NeedlessKind) -> u64 {
    report.needless.iter().filter(|n| n.kind == kind).map(|n| n.bytes).sum()
}

/// Bytes below a folder that layers have and later ones hide, as far as they are named.
#[must_use]
pub fn hidden_below(report: &ImageReport, folder: &str) -> u64 {
    let below = report.waste.largest.iter().filter(|file| file.path.contains(folder));
    below.map(|file| file.bytes).sum()
}

/// The packages of some kinds; none where the image has no such package at all, so that nothing
/// follows from one that is missing.
#[must_use]
pub fn packages<'r>(report: &'r ImageReport, kinds: &[OwnerKind]) -> Option<Vec<&'r Owner>> {
    let all: Vec<&Owner> = report.owners.iter().filter(|o| kinds.contains(&o.kind)).collect();
    (!all.is_empty()).then_some(all)
}

/// A number of bytes for a sentence.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a size in print has three digits")]
pub fn size(bytes: u64) -> String {
    plimsoll_model::bytes(bytes as f64)
}

/// A path of an image for a sentence; that of a cache may be as long as a line.
#[must_use]
pub fn shown(path: &str) -> String {
    const MOST: usize = 80;
    match path.char_indices().nth(MOST) {
        Some((end, _)) => format!("/{}…", &path[..end]),
        None => format!("/{path}"),
    }
}

/// The first few of a list, and how many more there are.
#[must_use]
pub fn few(all: &[String], most: usize) -> String {
    let named = all.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(most) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
