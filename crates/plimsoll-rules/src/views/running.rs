//! What a RUN is run by and what its calls are told: the system below it, its shell, flags.

use plimsoll_model::{Edit, Sources};
use plimsoll_syntax::shell::{Invocation, Word};

use super::{effective, image_name};
use crate::repo::{Command, DockerfileView, Stage, Step, StepKind};
use crate::rule::insert;

/// The family of a base image, where its name tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Debian and Ubuntu: apt, and dash as `/bin/sh`.
    Debian,
    /// Alpine: apk, and BusyBox as `/bin/sh`.
    Alpine,
}

/// Official images that are Debian or Ubuntu unless their tag says otherwise.
const DEBIAN: [&str; 15] = [
    "debian",
    "ubuntu",
    "buildpack-deps",
    "python",
    "node",
    "golang",
    "ruby",
    "php",
    "rust",
    "perl",
    "nginx",
    "httpd",
    "postgres",
    "redis",
    "pypy",
];

/// The system that a stage is built on.
#[must_use]
pub fn system(file: &DockerfileView, stage: usize) -> Option<System> {
    let (image, known, _) = effective(file, stage).base?;
    if !known {
        return None;
    }
    let name = image_name(image);
    let tag = image.split('@').next().unwrap_or(image).to_ascii_lowercase();
    if name == "alpine" {
        return Some(System::Alpine);
    }
    let other = ["windows", "nanoserver", "ubi", "oracle", "microsoft"];
    if !DEBIAN.contains(&name) || other.iter().any(|o| tag.contains(o)) {
        return None;
    }
    Some(if tag.contains("alpine") { System::Alpine } else { System::Debian })
}

/// What runs the text of the RUNs of a stage after one of its steps: the words of SHELL, none
/// for the shell of the base.
#[must_use]
pub fn shell_before(file: &DockerfileView, stage: &Stage, step: &Step) -> Vec<String> {
    let mut shell = Vec::new();
    for each in file.lineage(stage.index) {
        for other in &each.steps {
            if other.at == step.at {
                return shell;
            }
            if let StepKind::Shell(words) = &other.kind {
                shell = words.iter().map(|w| w.value.clone()).collect();
            }
        }
    }
    shell
}

/// The flags that a call is looked through for.
pub struct Flags {
    /// Letters of which one is enough, alone or among others: `-fsSL`.
    pub short: &'static str,
    /// Letters that take the rest of their word as a value.
    pub valued: &'static str,
    /// Long ones, with or without a value.
    pub long: &'static [&'static str],
}

impl Flags {
    /// Whether a word is one of them.
    #[must_use]
    pub fn is(&self, word: &Word) -> bool {
        let head = word.head();
        if head.starts_with("--") {
            return head.split('=').next().is_some_and(|name| self.long.contains(&name));
        }
        let Some(letters) = head.strip_prefix('-') else { return false };
        let end = letters.find(|c| self.valued.contains(c)).map_or(letters.len(), |i| i + 1);
        letters.get(..end).unwrap_or(letters).chars().any(|c| self.short.contains(c))
    }

    /// The first of them in a call.
    #[must_use]
    pub fn find<'a>(&self, call: &Invocation<'a>) -> Option<&'a Word> {
        call.args.iter().find(|w| self.is(w))
    }

    /// Whether a call has one of them.
    #[must_use]
    pub fn on(&self, call: &Invocation<'_>) -> bool {
        self.find(call).is_some()
    }
}

/// Whether a call may have flags that are not written out: a variable stands alone.
#[must_use]
pub fn hides_flags(call: &Invocation<'_>) -> bool {
    call.args.iter().any(|w| w.text().is_none() && w.head().is_empty())
}

/// Whether a mount covers a path, so that what is written there stays out of the image.
#[must_use]
pub fn mounted(command: &Command, path: &str) -> bool {
    command.mounts.iter().filter_map(|m| m.target.as_deref()).any(|target| {
        let target = target.trim_end_matches('/');
        target.contains('$')
            || path
                .strip_prefix(target)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Where a flag goes: behind the word of a call that is not in exec form.
#[must_use]
pub fn behind(command: &Command, word: &Word, text: &str) -> Vec<Edit> {
    let place = command.place(word.span);
    match place.span {
        Some(span) if !command.exec => insert(&place.path, span.end, text),
        _ => Vec::new(),
    }
}

/// The edit that adds a command at the end of a RUN, where that is a plain list of commands.
#[must_use]
pub fn at_end(
    sources: &Sources,
    file: &DockerfileView,
    step: &Step,
    command: &Command,
    last: &str,
) -> Option<Vec<Edit>> {
    let span = step.at.span?;
    let run = span.text(file.text(sources)).trim_end();
    let end = run.lines().last()?;
    let odd = command.exec
        || run.contains("<<")
        || end.contains('#')
        || run.ends_with([';', '&', '|', '\\', '`']);
    if odd {
        return None;
    }
    let gap = if run.contains("\\\n") { " \\\n    " } else { " " };
    let offset = span.start + u32::try_from(run.len()).ok()?;
    Some(insert(&step.at.path, offset, format!("{gap}&& {last}")))
}
