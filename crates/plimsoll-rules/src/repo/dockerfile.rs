//! A Dockerfile as rules look at it: stages and steps with their words expanded, and the
//! shell text of each command parsed once.

mod read;

use std::sync::Arc;

use plimsoll_model::Sources;
use plimsoll_syntax::dockerfile::lint::Warning;
use plimsoll_syntax::dockerfile::{Base, Comment, Directives, FromRef, MountKind};
use plimsoll_syntax::shell::{Invocation, Script};
use plimsoll_syntax::{Cooked, Span};

use super::{Fact, Place};

/// A Dockerfile.
#[derive(Debug)]
pub struct DockerfileView {
    /// Its path.
    pub path: Arc<str>,
    /// The parser directives.
    pub directives: Directives,
    /// The comments.
    pub comments: Vec<Comment>,
    /// What BuildKit refuses.
    pub errors: Vec<Fact<String>>,
    /// Where it is larger than what is analysed.
    pub limits: Vec<Fact<String>>,
    /// What BuildKit's build checks warn of, without build arguments; see
    /// [`views::checked`](crate::views::checked).
    pub warnings: Vec<Warning>,
    /// Whether `check=error=true` makes warnings fail the build.
    pub warnings_fail: bool,
    /// ARG instructions before the first FROM.
    pub global_args: Vec<ArgView>,
    /// The stages.
    pub stages: Vec<Stage>,
    /// The stages that a build of each target needs, the last one first; see [`Self::reachable`].
    reach: Vec<Vec<usize>>,
}

/// An argument of ARG.
#[derive(Clone, Debug)]
pub struct ArgView {
    /// The name.
    pub name: Fact<String>,
    /// The default, quotes untouched.
    pub default: Option<Fact<String>>,
}

/// A stage.
#[derive(Debug)]
pub struct Stage {
    /// Its place among the stages.
    pub index: usize,
    /// Its name in lower case.
    pub name: Option<String>,
    /// The FROM instruction.
    pub at: Place,
    /// The image it is built on, expanded.
    pub image: Fact<String>,
    /// Whether the image is known; its text depends on a build argument otherwise.
    pub image_known: bool,
    /// What it is built on.
    pub base: Base,
    /// `--platform` of its FROM, as it is written.
    pub platform: Option<Fact<String>>,
    /// Its instructions.
    pub steps: Vec<Step>,
}

/// An instruction of a stage.
#[derive(Debug)]
pub struct Step {
    /// The instruction as a whole.
    pub at: Place,
    /// What it does.
    pub kind: StepKind,
}

/// What an instruction does.
#[derive(Debug)]
pub enum StepKind {
    /// RUN.
    Run(Command),
    /// COPY and ADD.
    Copy(CopyStep),
    /// CMD.
    Cmd(Command),
    /// ENTRYPOINT.
    Entrypoint(Command),
    /// HEALTHCHECK; `None` removes the one of the base.
    Healthcheck(Option<Command>),
    /// ENV: names and expanded values.
    Env(Vec<(Fact<String>, Fact<String>)>),
    /// ARG.
    Arg(Vec<ArgView>),
    /// LABEL.
    Label(Vec<(Fact<String>, Fact<String>)>),
    /// EXPOSE, expanded.
    Expose(Vec<Fact<String>>),
    /// USER, expanded.
    User(Fact<String>),
    /// WORKDIR, expanded.
    Workdir(Fact<String>),
    /// SHELL.
    Shell(Vec<Fact<String>>),
    /// Everything else.
    Other,
}

/// A command of RUN, CMD, ENTRYPOINT or HEALTHCHECK.
#[derive(Debug)]
pub struct Command {
    /// Whether it is in exec form: JSON, without a shell.
    pub exec: bool,
    /// The words of the exec form.
    pub words: Vec<Fact<String>>,
    /// The commands; of an exec form the one it is, of `sh -c` the text's.
    pub script: Script,
    /// The text the script was read from.
    text: Cooked,
    /// The file.
    path: Arc<str>,
    /// Mounts of RUN.
    pub mounts: Vec<MountView>,
}

/// A mount of RUN.
#[derive(Clone, Debug)]
pub struct MountView {
    /// Its kind; `None` where it is a variable.
    pub kind: Option<MountKind>,
    /// The stage or image it comes from, instead of the context.
    pub from: Option<String>,
    /// The source.
    pub source: Option<String>,
    /// The target.
    pub target: Option<String>,
    /// Where.
    pub at: Place,
}

/// COPY or ADD.
#[derive(Debug)]
pub struct CopyStep {
    /// Whether it is ADD.
    pub add: bool,
    /// What it copies from, instead of the context: the text and what it means.
    pub from: Option<(Fact<String>, FromRef)>,
    /// The sources that are paths, expanded.
    pub sources: Vec<SourceView>,
    /// The destination, expanded.
    pub dest: Fact<String>,
    /// `--chown`.
    pub chown: Option<Fact<String>>,
    /// `--exclude`.
    pub excludes: Vec<String>,
    /// `--checksum` of ADD.
    pub checksum: bool,
    /// `--parents`: the folders of a source come along.
    pub parents: bool,
}

/// A source of COPY or ADD.
#[derive(Clone, Debug)]
pub struct SourceView {
    /// The path, pattern or URL, expanded.
    pub path: Fact<String>,
    /// Whether it is known.
    pub known: bool,
}

impl Command {
    /// The place of a span of the script.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        Place::new(&self.path, self.text.source_span(span))
    }

    /// The calls of programs.
    pub fn calls(&self) -> impl Iterator<Item = Invocation<'_>> {
        self.script.invocations()
    }

    /// The text of the script.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.text()
    }
}

impl DockerfileView {
    /// Its text.
    #[must_use]
    pub fn text<'s>(&self, sources: &'s Sources) -> &'s str {
        sources.text(&self.path).unwrap_or("")
    }

    /// Whether BuildKit refuses it because it is a template for another program.
    #[must_use]
    pub fn is_template(&self, sources: &Sources) -> bool {
        let text = self.text(sources);
        !self.errors.is_empty() && text.contains("{{") && text.contains("}}")
    }

    /// Whether its first comments say that a program writes it and nobody edits it.
    #[must_use]
    pub fn is_generated(&self, sources: &Sources) -> bool {
        let lines = self.text(sources).lines().map(str::trim);
        let head = lines.take_while(|line| line.is_empty() || line.starts_with('#'));
        let head = head.collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        let elsewhere = ["do not edit", "don't edit", "not edit it", "make your changes in"];
        head.contains("generated") && elsewhere.iter().any(|said| head.contains(said))
    }

    /// The stage that a target names; the last one without a target.
    #[must_use]
    pub fn target(&self, target: Option<&str>) -> Option<usize> {
        let Some(target) = target else { return self.stages.len().checked_sub(1) };
        let lower = target.to_ascii_lowercase();
        let named = self.stages.iter().rposition(|s| s.name.as_deref() == Some(lower.as_str()));
        named.or_else(|| target.parse().ok().filter(|i| *i < self.stages.len()))
    }

    /// The stages that a build of a target needs.
    pub fn reachable(&self, target: Option<&str>) -> impl Iterator<Item = &Stage> {
        self.target(target).into_iter().flat_map(|stage| self.reachable_from(stage))
    }

    /// The stages that a build of a stage needs.
    pub fn reachable_from(&self, stage: usize) -> impl Iterator<Item = &Stage> {
        let indices: &[usize] = self.reach.get(stage).map_or(&[], Vec::as_slice);
        indices.iter().filter_map(|i| self.stages.get(*i))
    }

    /// The stages whose layers are in the image of a stage: itself and those it is built on.
    #[must_use]
    pub fn lineage(&self, stage: usize) -> Vec<&Stage> {
        let mut all = Vec::new();
        let mut next = self.stages.get(stage);
        while let Some(stage) = next {
            all.push(stage);
            // A stage is built on an earlier one only, so this ends.
            next = match stage.base {
                Base::Stage(i) if i < stage.index => self.stages.get(i),
                _ => None,
            };
        }
        all.reverse();
        all
    }

    /// The last stage: what is built without a target.
    #[must_use]
    pub fn last(&self) -> Option<&Stage> {
        self.stages.last()
    }
}

impl Stage {
    /// Its RUN instructions.
    pub fn runs(&self) -> impl Iterator<Item = (&Step, &Command)> {
        self.steps
            .iter()
            .filter_map(|s| if let StepKind::Run(c) = &s.kind { Some((s, c)) } else { None })
    }

    /// Its COPY and ADD instructions.
    pub fn copies(&self) -> impl Iterator<Item = (&Step, &CopyStep)> {
        self.steps
            .iter()
            .filter_map(|s| if let StepKind::Copy(c) = &s.kind { Some((s, c)) } else { None })
    }
}
