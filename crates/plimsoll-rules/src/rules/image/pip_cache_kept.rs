//! pip install that keeps its cache in the image.

use plimsoll_model::{Applicability, ImageReport, Level, NeedlessKind, Section};

use crate::repo::{Command, DockerfileView, Stage, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::imaged::{Images, hidden_below, images, needless, size};
use crate::views::{Install, Manager, installs, shipped};

pub(crate) static RULE: Rule = Rule {
    name: "image/pip-cache-kept",
    section: Section::Image,
    level: Level::Advice,
    assures: "pip leaves no cache in the image",
    aliases: &["DL3042"],
    page: include_str!("pip_cache_kept.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let stages = shipped(review, file);
    if stages.iter().any(|s| configures(s)) {
        return;
    }
    for (step, command) in stages.iter().flat_map(|s| s.runs()) {
        let images = images(review, file, &step.at);
        for install in installs(command).filter(|i| i.manager == Manager::Pip) {
            let settled = cleans(command)
                || install.call.args.iter().any(|w| settles(w.head()))
                || images.all(is_empty);
            if settled {
                out.examined();
            } else {
                report(command, &install, &images, out);
            }
        }
    }
}

/// Whether an image that was looked at has no cache of pip in any layer, or one that is less than
/// the folders it names.
fn is_empty(image: &ImageReport) -> bool {
    const NOTHING: u64 = 1_000_000;
    let few = needless(image, NeedlessKind::PackageCache) < NOTHING;
    let small = !image.folders.is_empty()
        && !image.folders.iter().any(|folder| folder.path.contains(".cache/pip"));
    let seen = named(image);
    hidden_below(image, ".cache/pip") + seen < NOTHING && (few || small)
}

/// What is named of the cache.
fn named(image: &ImageReport) -> u64 {
    let caches = image.needless.iter().filter(|n| n.kind == NeedlessKind::PackageCache);
    let paths = caches.flat_map(|n| &n.largest).filter(|p| p.path.contains(".cache/pip"));
    paths.map(|p| p.bytes).sum()
}

fn figure(image: &ImageReport) -> Option<String> {
    let bytes = named(image);
    (bytes > 0).then(|| format!("has {} or more of pip's cache", size(bytes)))
}

fn report(command: &Command, install: &Install<'_>, images: &Images<'_>, out: &mut Out) {
    let place = command.place(install.call.span());
    let draft = out.finding(&place, "pip install keeps its cache in the image");
    draft
        .label("no --no-cache-dir")
        .consequence("each pull carries the wheels a second time, and nothing reads them")
        .remedy("add --no-cache-dir, or mount a cache at /root/.cache/pip");
    images.quote(draft, figure);
    if let Some(verb) = install.call.args.iter().find(|w| w.text() == Some(install.verb)) {
        draft.fix(
            "install without a cache",
            Applicability::Safe,
            replace(&command.place(verb.span), format!("{} --no-cache-dir", install.verb)),
        );
    }
}

/// Whether an argument says where the cache is. One from a variable may.
fn settles(word: &str) -> bool {
    word.is_empty() || word.starts_with("--no-cache-dir") || word.starts_with("--cache-dir")
}

fn cleans(command: &Command) -> bool {
    let text = command.text();
    command
        .mounts
        .iter()
        .any(|m| m.target.as_deref().is_none_or(|t| t.contains('$') || t.contains("cache")))
        || ["PIP_NO_CACHE_DIR", "pip cache purge", ".cache"].iter().any(|t| text.contains(t))
}

/// Whether a stage configures pip for all that follows.
fn configures(stage: &Stage) -> bool {
    let named = |text: &str| text.contains("pip.conf") || text.contains("pip config");
    let variable = |name: &str| {
        matches!(name, "PIP_NO_CACHE_DIR" | "PIP_CACHE_DIR" | "PIP_CONFIG_FILE" | "XDG_CACHE_HOME")
    };
    stage.steps.iter().any(|step| match &step.kind {
        StepKind::Env(pairs) => pairs.iter().any(|(name, _)| variable(&name.value)),
        StepKind::Arg(args) => args.iter().any(|a| variable(&a.name.value)),
        StepKind::Run(c) => named(c.text()),
        StepKind::Copy(c) => named(&c.dest.value) || c.sources.iter().any(|s| named(&s.path.value)),
        _ => false,
    })
}
