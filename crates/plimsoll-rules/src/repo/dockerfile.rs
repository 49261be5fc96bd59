//! A Dockerfile as rules look at it: stages and steps with their words expanded, and the
//! shell text of each command parsed once.

use std::sync::Arc;

use plimsoll_model::Sources;
use plimsoll_syntax::dockerfile::lint::{Warning, lint};
use plimsoll_syntax::dockerfile::{
    self, Base, Comment, Directives, ErrorStage, Evaluation, Form, FromRef, Healthcheck, Inputs,
    Instr, Instruction, Mount, MountKind, Program, Source, SyntaxError, Transfer,
};
use plimsoll_syntax::shell::{self, Invocation, Script};
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
    /// Reads a Dockerfile with its default arguments.
    #[must_use]
    pub fn read(path: &str, source: &str) -> Self {
        let path: Arc<str> = path.into();
        let tree = dockerfile::parse(source);
        let program = dockerfile::stages(&tree);
        let values = dockerfile::evaluate(&program, &Inputs::default());
        let reader = Reader { path: Arc::clone(&path), program: &program, values: &values };
        let stages: Vec<Stage> = (0..program.stages.len()).map(|i| reader.stage(i)).collect();
        let reach =
            (0..stages.len()).map(|i| values.reachable(&program, Some(&i.to_string()))).collect();
        let fixed = values.errors.iter().filter(|e| e.missing.is_empty()).map(|e| &e.error);
        let refused = tree.errors.iter().chain(&program.errors).chain(fixed);
        let fact = |e: &SyntaxError| Fact::new(e.message.clone(), Place::new(&path, e.span));
        let (limits, refused): (Vec<&SyntaxError>, Vec<&SyntaxError>) =
            refused.partition(|e| e.stage == ErrorStage::Limit);
        let errors = refused.into_iter().map(fact).collect();
        let limits = limits.into_iter().map(fact).collect();
        let global_args = program.global_args.iter().flat_map(|i| reader.args(&i.kind)).collect();
        let linted = lint(source, &program, &Inputs::default(), &[]);
        let (warnings, warnings_fail) = (linted.warnings, linted.fails);
        let (directives, comments) = (tree.directives, tree.comments);
        Self {
            path,
            errors,
            limits,
            warnings,
            warnings_fail,
            global_args,
            stages,
            reach,
            directives,
            comments,
        }
    }

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

struct Reader<'a> {
    path: Arc<str>,
    program: &'a Program<'a>,
    values: &'a Evaluation,
}

impl Reader<'_> {
    fn place(&self, span: Span) -> Place {
        Place::new(&self.path, span)
    }

    fn stage(&self, index: usize) -> Stage {
        let stage = &self.program.stages[index];
        let scope = self.values.stages.get(index);
        let from = self.program.file.nodes.get(stage.node).map_or(stage.span, |n| n.span);
        let image = scope.map_or(stage.from.image.text.as_str(), |s| s.image.text());
        let steps = stage.instructions.iter().enumerate();
        Stage {
            index,
            name: stage.name.clone(),
            at: self.place(from),
            image: Fact::new(image.to_owned(), self.place(stage.from.image.span)),
            image_known: scope.is_some_and(|s| s.image.known().is_some()),
            base: scope.map_or(stage.base, |s| s.base),
            platform: stage.from.platform.map(|p| Fact::new(p.text.to_owned(), self.place(p.span))),
            steps: steps.map(|(i, instr)| self.step(index, i, instr)).collect(),
        }
    }

    /// The expanded text of a word, and whether it is known.
    fn word(&self, stage: usize, instr: usize, text: &str, span: Span) -> (Fact<String>, bool) {
        let scope = self.values.stages.get(stage).and_then(|s| s.instrs.get(instr));
        let value = scope.and_then(|s| s.value(span));
        let known = value.is_none_or(|v| v.known().is_some());
        (Fact::new(value.map_or(text, |v| v.text()).to_owned(), self.place(span)), known)
    }

    fn step(&self, stage: usize, index: usize, instr: &Instr<'_>) -> Step {
        let word = |text: &str, span: Span| self.word(stage, index, text, span);
        let kind = match &instr.kind {
            Instruction::Run(run) => {
                let mut command = self.command(&run.form);
                command.mounts = run.mounts.iter().map(|m| self.mount(m)).collect();
                StepKind::Run(command)
            }
            Instruction::Cmd(form) => StepKind::Cmd(self.command(form)),
            Instruction::Entrypoint(form) => StepKind::Entrypoint(self.command(form)),
            Instruction::Healthcheck(Healthcheck::None) => StepKind::Healthcheck(None),
            Instruction::Healthcheck(Healthcheck::Cmd(probe)) => {
                StepKind::Healthcheck(Some(self.command(&probe.form)))
            }
            Instruction::Copy(copy) => {
                let from = copy.from.map(|p| {
                    let fact = Fact::new(p.text.to_owned(), self.place(p.span));
                    (fact, self.program.copy_from(p.text))
                });
                let mut step = self.copy(stage, index, from, &copy.transfer);
                step.parents = copy.parents;
                StepKind::Copy(step)
            }
            Instruction::Add(add) => {
                let mut step = self.copy(stage, index, None, &add.transfer);
                step.add = true;
                step.checksum = add.checksum.is_some();
                StepKind::Copy(step)
            }
            Instruction::Env(pairs) => StepKind::Env(
                pairs
                    .iter()
                    .map(|p| (word(&p.key.text, p.key.span).0, word(&p.value.text, p.value.span).0))
                    .collect(),
            ),
            Instruction::Label(pairs) => StepKind::Label(
                pairs
                    .iter()
                    .map(|p| (word(&p.key.text, p.key.span).0, word(&p.value.text, p.value.span).0))
                    .collect(),
            ),
            Instruction::Arg(_) => StepKind::Arg(self.args(&instr.kind)),
            Instruction::Expose(words) => {
                StepKind::Expose(words.iter().map(|w| word(&w.text, w.span).0).collect())
            }
            Instruction::User(w) => StepKind::User(word(&w.text, w.span).0),
            Instruction::Workdir(w) => StepKind::Workdir(word(&w.text, w.span).0),
            Instruction::Shell(words) => StepKind::Shell(
                words.iter().map(|w| Fact::new(w.text.clone(), self.place(w.span))).collect(),
            ),
            _ => StepKind::Other,
        };
        Step { at: self.place(instr.span), kind }
    }

    fn args(&self, kind: &Instruction<'_>) -> Vec<ArgView> {
        let Instruction::Arg(args) = kind else { return Vec::new() };
        let fact = |text: &str, span| Fact::new(text.to_owned(), self.place(span));
        let arg = |a: &dockerfile::Arg<'_>| ArgView {
            name: fact(a.name.text, a.name.span),
            default: a.default.map(|d| fact(d.text, d.span)),
        };
        args.iter().map(arg).collect()
    }

    fn command(&self, form: &Form<'_>) -> Command {
        let mut command = Command {
            exec: false,
            words: Vec::new(),
            script: Script::default(),
            text: Cooked::default(),
            path: Arc::clone(&self.path),
            mounts: Vec::new(),
        };
        match form {
            Form::Shell(text) => {
                command.script = shell::parse(text.text());
                command.text = (*text).clone();
            }
            Form::Script(heredoc) => {
                command.text.push(&heredoc.content, heredoc.content_span.start as usize);
                // A body for another interpreter is no shell text.
                if !heredoc.content.starts_with("#!")
                    || heredoc.content.lines().next().is_some_and(|l| l.ends_with("sh"))
                {
                    command.script = shell::parse(&heredoc.content);
                }
            }
            Form::Exec(words) => {
                command.exec = true;
                command.words =
                    words.iter().map(|w| Fact::new(w.text.clone(), self.place(w.span))).collect();
                self.exec(words, &mut command);
            }
        }
        command
    }

    /// The command of an exec form; the text of `["sh", "-c", "…"]` is read as a script.
    fn exec(&self, words: &[dockerfile::Word], command: &mut Command) {
        let source = |w: &dockerfile::Word| w.span.start as usize + 1;
        if let [shell_word, flag, body, ..] = words
            && shell_word.text.ends_with("sh")
            && flag.text.starts_with('-')
            && flag.text.ends_with('c')
        {
            command.text.push(&body.text, source(body));
            command.script = shell::parse(&body.text);
            return;
        }
        let mut built = shell::Command::default();
        for word in words {
            let at = command.text.text().len();
            command.text.push(&word.text, source(word));
            let span = Span::new(at, at + word.text.len());
            let part = shell::Part::Text(word.text.as_str().into());
            built.words.push(shell::Word { parts: vec![part], span, quoted: true });
            built.span = built.span.to(span);
        }
        command.script.commands.push(built);
    }

    fn mount(&self, mount: &Mount<'_>) -> MountView {
        let text = |p: Option<dockerfile::Piece<'_>>| p.map(|p| p.text.to_owned());
        MountView {
            kind: mount.kind,
            from: text(mount.from),
            source: text(mount.source),
            target: text(mount.target),
            at: self.place(mount.span),
        }
    }

    fn copy(
        &self,
        stage: usize,
        index: usize,
        from: Option<(Fact<String>, FromRef)>,
        transfer: &Transfer<'_>,
    ) -> CopyStep {
        let sources = transfer.sources.iter().filter_map(|s| match s {
            Source::Path(word) => {
                let (path, known) = self.word(stage, index, &word.text, word.span);
                Some(SourceView { path, known })
            }
            Source::Heredoc(..) => None,
        });
        CopyStep {
            add: false,
            from,
            sources: sources.collect(),
            dest: self.word(stage, index, &transfer.dest.text, transfer.dest.span).0,
            chown: transfer.chown.map(|p| Fact::new(p.text.to_owned(), self.place(p.span))),
            excludes: transfer.excludes.iter().map(|p| p.text.to_owned()).collect(),
            checksum: false,
            parents: false,
        }
    }
}
