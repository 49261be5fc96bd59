//! Reads a Dockerfile into what rules look at.

use std::sync::Arc;

use plimsoll_syntax::dockerfile::lint::lint;
use plimsoll_syntax::dockerfile::{
    self, ErrorStage, Evaluation, Form, FromRef, Healthcheck, Inputs, Instr, Instruction, Mount,
    Program, Source, SyntaxError, Transfer,
};
use plimsoll_syntax::shell::{self, Script};
use plimsoll_syntax::{Cooked, Span};

use super::{
    ArgView, Command, CopyStep, DockerfileView, MountView, SourceView, Stage, Step, StepKind,
};
use crate::repo::{Fact, Place};

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
