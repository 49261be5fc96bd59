//! A real Dockerfile made into one that builds with no network, with the same steps.
//!
//! Each image becomes one base, each command one that does nothing but be another one when the
//! command is. What a real image or command would have left there (users, and the paths that
//! other stages copy) is put into the base. `scratch` becomes the base, too: what is laid on
//! nothing has the same key in each run of the test, and would be found from the run before.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use plimsoll_syntax::Span;
use plimsoll_syntax::dockerfile::{
    self, Base, Evaluation, Form, FromRef, Inputs, Instr, Instruction, Mount, MountKind, Piece,
    Program, Run, Source, Transfer,
};

/// What stands for the base image until it has a name.
pub(crate) const BASE: &str = "plimsoll-base:none";

/// A Dockerfile that builds with no network.
#[derive(Debug, Default)]
pub(crate) struct Stub {
    pub(crate) text: String,
    /// Users and groups that it names.
    pub(crate) users: BTreeSet<String>,
    /// Paths that it takes from other stages and images.
    pub(crate) taken: BTreeSet<String>,
    /// Whether BuildKit 20.10 does not know what it says.
    pub(crate) newer: bool,
}

/// The stub of a Dockerfile; none where it is refused or not for Linux.
pub(crate) fn stub(source: &str) -> Option<Stub> {
    let file = dockerfile::parse(source);
    let program = dockerfile::stages(&file);
    if file.escape != '\\' || !file.errors.is_empty() || !program.errors.is_empty() {
        return None;
    }
    let evaluation = dockerfile::evaluate(&program, &Inputs::default());
    let mut stubber = Stubber {
        source,
        program: &program,
        evaluation: &evaluation,
        edits: Vec::new(),
        stub: Stub::default(),
    };
    if let Some(syntax) = &file.directives.syntax {
        stubber.edits.push((syntax.span, "#".to_owned()));
    }
    for stage in 0..program.stages.len() {
        stubber.stage(stage);
    }
    Some(stubber.finish())
}

struct Stubber<'s, 'a> {
    source: &'s str,
    program: &'s Program<'a>,
    evaluation: &'s Evaluation,
    edits: Vec<(Span, String)>,
    stub: Stub,
}

impl<'a> Stubber<'_, 'a> {
    fn finish(mut self) -> Stub {
        self.edits.sort_by_key(|(span, _)| span.start);
        let mut at = 0;
        for (span, text) in &self.edits {
            let range = span.range();
            if range.start >= at {
                self.stub.text.push_str(&self.source[at..range.start]);
                self.stub.text.push_str(text);
                at = range.end;
            }
        }
        self.stub.text.push_str(&self.source[at..]);
        self.stub
    }

    fn edit(&mut self, span: Span, text: impl Into<String>) {
        self.edits.push((span, text.into()));
    }

    fn stage(&mut self, index: usize) {
        let (program, evaluation) = (self.program, self.evaluation);
        let stage = &program.stages[index];
        let Some(scope) = evaluation.stages.get(index) else { return };
        if !matches!(scope.base, Base::Stage(_)) {
            self.edit(stage.from.image.span, BASE);
            let flags = &program.file.nodes[stage.node].flags;
            flags.iter().for_each(|flag| self.edit(flag.span, ""));
        }
        for (at, instr) in stage.instructions.iter().enumerate() {
            let value = |span: Span| {
                let value = scope.instrs.get(at).and_then(|scope| scope.value(span));
                value.map_or_else(|| span.text(self.source).to_owned(), |v| v.text().to_owned())
            };
            self.instr(instr, &value);
        }
    }

    fn instr(&mut self, instr: &Instr<'a>, value: &dyn Fn(Span) -> String) {
        match &instr.kind {
            Instruction::Run(run) => {
                let text = self.run(run);
                self.edit(instr.span, text);
            }
            Instruction::Copy(copy) => {
                self.stub.newer |= copy.parents;
                self.transfer(&copy.transfer, value);
                if let Some(from) = copy.from {
                    if self.program.copy_from(from.text) == FromRef::Image {
                        self.edit(from.span, BASE);
                    }
                    for source in &copy.transfer.sources {
                        if let Source::Path(word) = source {
                            self.take(&value(word.span));
                        }
                    }
                }
            }
            Instruction::Add(add) if is_fetched(&add.transfer) => self.edit(instr.span, ""),
            Instruction::Add(add) => self.transfer(&add.transfer, value),
            Instruction::User(word) => self.user(&value(word.span)),
            Instruction::Shell(words) if !is_shell(&words[0].text) => self.edit(instr.span, ""),
            Instruction::Onbuild(_) | Instruction::Healthcheck(_) => self.edit(instr.span, ""),
            _ => {}
        }
    }

    fn transfer(&mut self, transfer: &Transfer<'_>, value: &dyn Fn(Span) -> String) {
        let heredocs = transfer.sources.iter().any(|source| matches!(source, Source::Heredoc(..)));
        self.stub.newer |= transfer.link || !transfer.excludes.is_empty() || heredocs;
        if let Some(owner) = transfer.chown {
            self.user(&value(owner.span));
        }
    }

    /// Numbers need no name in the image.
    fn user(&mut self, text: &str) {
        let names = text.split(':').filter(|name| name.parse::<u32>().is_err());
        self.stub.users.extend(names.map(str::to_owned));
    }

    fn take(&mut self, path: &str) {
        let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
        let path: Vec<&str> = parts.collect();
        self.stub.taken.insert(path.join("/").replace(['*', '?', '[', ']'], "x"));
    }

    fn run(&mut self, run: &Run<'_>) -> String {
        let mut hasher = DefaultHasher::new();
        match &run.form {
            Form::Shell(cooked) => cooked.text().hash(&mut hasher),
            Form::Exec(words) => words.iter().for_each(|word| word.text.hash(&mut hasher)),
            Form::Script(script) => script.content.hash(&mut hasher),
        }
        run.heredocs.iter().for_each(|heredoc| heredoc.content.hash(&mut hasher));
        let mounts: Vec<String> = run.mounts.iter().filter_map(|m| self.mount(m)).collect();
        let (mounts, command) = (mounts.concat(), format!(": {:x}", hasher.finish()));
        match run.form {
            Form::Exec(_) => format!("RUN {mounts}[\"/bin/sh\", \"-c\", \"{command}\"]"),
            _ => format!("RUN {mounts}{command}"),
        }
    }

    fn mount(&mut self, mount: &Mount<'_>) -> Option<String> {
        if matches!(mount.kind, Some(MountKind::Secret | MountKind::Ssh)) {
            return None;
        }
        let text = |piece: Piece<'_>| piece.text.trim_matches('"').to_owned();
        let mut value = mount.span.text(self.source).to_owned();
        if let Some(from) = mount.from {
            if let Some(source) = mount.source {
                self.take(&text(source));
            }
            if self.program.mount_from(from.text) != FromRef::Image {
                return Some(format!("--mount={value} "));
            }
            value = value.replace(&format!("from={}", from.text), &format!("from={BASE}"));
        }
        Some(format!("--mount={value} "))
    }
}

/// Whether ADD fetches something.
fn is_fetched(transfer: &Transfer<'_>) -> bool {
    transfer.sources.iter().any(|source| {
        let Source::Path(word) = source else { return false };
        word.text.contains("://") || word.text.starts_with("git@") || word.text.contains("$")
    })
}

/// Whether the base has this shell.
fn is_shell(program: &str) -> bool {
    ["/bin/sh", "/bin/bash", "/usr/bin/bash", "sh", "bash"].contains(&program)
}
