//! The builds of a service: cold, again with nothing changed, again with one file changed.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use plimsoll_measure::engine::BuildRequest;
use plimsoll_model::{
    BuildReport, ChangedBuild, CheckName, CheckState, Happened, MeasuredBuilds, ReplayReport,
    ServiceCheck, seconds,
};
use plimsoll_rules::discover::Service;
use plimsoll_rules::review::Measured;

use super::{Bearings, said, say};
use crate::builds::{Plan, Watch};
use crate::failure::Failure;

/// How much of a log is kept.
const MOST_LOG: u64 = 64 << 20;

pub(super) fn run(
    bearings: &Bearings<'_>,
    copy: &Path,
    service: &Service,
    plan: &Plan,
    image: &str,
    measured: &Measured,
) -> Result<MeasuredBuilds, Failure> {
    // What is looked at and tried afterwards is the cold build's: the repository as it is.
    let again = |which: &str| {
        let image = format!("{image}-{which}");
        let report = one(bearings, service, plan, &image, which, false);
        // An image left behind harms nobody; that it could not be removed is no reason to stop.
        let _ = bearings.engine.remove(&image);
        report
    };
    let cold = one(bearings, service, plan, image, "cold", true)?;
    let mut builds = MeasuredBuilds { cold, warm: None, changed: None };
    if !builds.cold.built {
        return Ok(builds);
    }
    builds.warm = Some(again("warm")?);
    let replay = measured.replays.get(&service.name);
    if let Some((file, commits, of)) =
        replay.and_then(|replay| change(bearings, copy, plan, replay))
    {
        say(service, &format!("{file} is changed"));
        builds.changed = Some(ChangedBuild { file, commits, of, build: again("changed")? });
    }
    Ok(builds)
}

/// Whether the image was built, and if not, which step failed.
pub(super) fn check(cold: &BuildReport) -> ServiceCheck {
    let took = seconds(cold.seconds);
    if cold.built {
        let steps = cold.own_steps().count();
        let detail = format!("{steps} steps in {took}, nothing cached, by {}", cold.engine.name);
        return ServiceCheck {
            seconds: Some(cold.seconds),
            ..said(CheckName::Builds, CheckState::Passed, detail)
        };
    }
    let last = |step: &plimsoll_model::BuildStep| {
        let said = step.tail.last().or(step.error.as_ref()).cloned().unwrap_or_default();
        format!("`{}` fails: {said}", step.command)
    };
    let why = cold.failed().map(last).or_else(|| cold.error.clone());
    said(CheckName::Builds, CheckState::Failed, why.unwrap_or_else(|| "it fails".to_owned()))
}

fn one(
    bearings: &Bearings<'_>,
    service: &Service,
    plan: &Plan,
    image: &str,
    which: &str,
    no_cache: bool,
) -> Result<BuildReport, Failure> {
    say(service, &format!("{which} build"));
    let log = bearings.bench.file(&format!("{which}.log"));
    let archive = archive(bearings, image);
    let request = BuildRequest {
        service: &service.name,
        target: plan.target.as_deref(),
        args: &plan.args,
        named: &plan.named,
        tag: Some(image),
        no_cache,
        output: archive.as_deref(),
        log: Some(&log),
        ..BuildRequest::new(&plan.context, &plan.dockerfile)
    };
    let mut watch = Watch::new();
    let built =
        bearings.engine.build(&request, &mut |event| watch.tell(event), bearings.work.cancel);
    drop(watch);
    let mut report = built?;
    report.dockerfile.clone_from(&plan.path);
    report.caveats.splice(0..0, plan.caveats.iter().cloned());
    report.log = Some(keep_log(bearings, service, which, &log)?);
    // The name and the file are gone once this is over.
    if let Some(image) = &mut report.image {
        (image.tag, image.archive) = (None, None);
    }
    (bearings.work.listen)(Happened::Built {
        service: service.name.clone(),
        which: which.to_owned(),
        built: report.built,
        seconds: report.seconds,
    });
    Ok(report)
}

/// Where an engine that keeps no images writes them.
pub(super) fn archive(bearings: &Bearings<'_>, image: &str) -> Option<PathBuf> {
    let name = image.rsplit(':').next().unwrap_or("image");
    let keeps = bearings.engine.capabilities().keeps_images;
    (!keeps).then(|| bearings.bench.file(&format!("{name}.tar")))
}

/// Keeps a log with the run, and says under which name.
fn keep_log(
    bearings: &Bearings<'_>,
    service: &Service,
    which: &str,
    log: &Path,
) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let file = fs::File::open(log).map_err(|error| Failure::io("read", log, &error))?;
    let read = file.take(MOST_LOG).read_to_end(&mut bytes);
    read.map_err(|error| Failure::io("read", log, &error))?;
    let name = format!("build/{}-{which}.log", service.name);
    (bearings.keep)(&name, &bytes)?;
    Ok(name)
}

/// Changes the file that changes most often of those that the image is built from: blank lines at
/// its end are another content to a builder, and mostly the same to everybody else.
fn change(
    bearings: &Bearings<'_>,
    copy: &Path,
    plan: &Plan,
    replay: &ReplayReport,
) -> Option<(String, u32, u32)> {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for misses in replay.steps.iter().flat_map(|step| &step.misses) {
        for file in &misses.files {
            let count = counts.entry(&file.path).or_default();
            *count = (*count).max(file.count);
        }
    }
    let mut files: Vec<(&str, usize)> = counts.into_iter().collect();
    files.sort_by_key(|(path, count)| (std::cmp::Reverse(*count), *path));
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let of = number(replay.counted());
    let blanks = blanks(&bearings.bench.name);
    let mut changed = files.into_iter().filter(|(path, _)| add(copy, &plan.context, path, &blanks));
    let (path, count) = changed.next()?;
    Some((path.to_owned(), number(count), of))
}

/// Blank lines that no other run has: a builder knows the change that an earlier run made, and would
/// rebuild nothing.
fn blanks(name: &str) -> String {
    let line = |byte: u8| format!("{}\n", " ".repeat(usize::from(byte & 15)));
    format!("\n{}", name.bytes().map(line).collect::<String>())
}

/// Adds to a text in the context; nothing outside of the copy is touched.
fn add(copy: &Path, context: &Path, path: &str, text: &str) -> bool {
    let Ok(file) = context.join(path).canonicalize() else { return false };
    let inside = copy.canonicalize().is_ok_and(|copy| file.starts_with(copy));
    let is_text = || fs::read(&file).is_ok_and(|bytes| std::str::from_utf8(&bytes).is_ok());
    if !inside || !file.is_file() || !is_text() {
        return false;
    }
    let opened = fs::OpenOptions::new().append(true).open(&file);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).is_ok()
}
