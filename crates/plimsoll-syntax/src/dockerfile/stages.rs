//! The program: instructions arranged into stages, and how the stages refer to each other.

use std::collections::HashMap;

use super::instruction::{self, Instruction};
use super::{Dockerfile, ErrorStage, Keyword, SyntaxError};
use crate::Span;

/// A Dockerfile as stages.
#[derive(Clone, Debug)]
pub struct Program<'a> {
    /// The file that it was made from.
    pub file: &'a Dockerfile,
    /// The ARG instructions before the first FROM.
    pub global_args: Vec<Instr<'a>>,
    /// The stages, in order.
    pub stages: Vec<Stage<'a>>,
    /// What BuildKit refuses besides the parser's errors, whatever the build arguments.
    pub errors: Vec<SyntaxError>,
    /// The stage that each name means in the end: a repeated name means its last stage.
    names: HashMap<String, usize>,
}

/// A stage.
#[derive(Clone, Debug)]
pub struct Stage<'a> {
    /// Its place among the stages, from 0.
    pub index: usize,
    /// Its name in lower case.
    pub name: Option<String>,
    /// What its FROM says.
    pub from: instruction::From<'a>,
    /// The index of the FROM in [`Dockerfile::nodes`].
    pub node: usize,
    /// From FROM to the end of the last instruction.
    pub span: Span,
    /// What it is built on, as far as the text tells; see
    /// [`StageScope::base`](super::StageScope::base) where variables take part.
    pub base: Base,
    /// The instructions below FROM.
    pub instructions: Vec<Instr<'a>>,
}

/// What a stage is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    /// An image.
    Image,
    /// An earlier stage.
    Stage(usize),
    /// Nothing.
    Scratch,
}

/// What a `--from` or a mount's `from` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FromRef {
    /// A stage.
    Stage(usize),
    /// An image or a named context.
    Image,
    /// Nothing that BuildKit accepts.
    Invalid,
}

/// An instruction in its place.
#[derive(Clone, Debug)]
pub struct Instr<'a> {
    /// Its index in [`Dockerfile::nodes`].
    pub node: usize,
    /// The whole instruction.
    pub span: Span,
    /// What it says.
    pub kind: Instruction<'a>,
}

/// Arranges a parsed file into stages and checks what does not depend on build arguments.
#[must_use]
pub fn stages(file: &Dockerfile) -> Program<'_> {
    let mut program = Program {
        file,
        global_args: Vec::new(),
        stages: Vec::new(),
        errors: Vec::new(),
        names: HashMap::new(),
    };
    for index in 0..file.nodes.len() {
        program.add(index);
    }
    let empty = program.stages.is_empty();
    if empty && program.errors.is_empty() && file.errors.is_empty() {
        program.error("dockerfile contains no stages to build", Span::default());
    }
    program.check_references();
    program
}

impl<'a> Program<'a> {
    fn error(&mut self, message: impl Into<String>, span: Span) {
        let stage = ErrorStage::Instruction;
        self.errors.push(SyntaxError { message: message.into(), span, stage });
    }

    fn add(&mut self, index: usize) {
        let file = self.file;
        let Some(node) = file.nodes.get(index) else { return };
        let (kind, errors) = instruction::instruction(file, node);
        self.errors.extend(errors);
        if let Instruction::From(from) = kind {
            self.begin(index, from, node.span);
            return;
        }
        let instr = Instr { node: index, span: node.span, kind };
        match self.stages.last_mut() {
            Some(stage) => {
                stage.span = stage.span.to(node.span);
                stage.instructions.push(instr);
            }
            None if node.keyword == Keyword::Arg => self.global_args.push(instr),
            // BuildKit refuses the instruction itself before its place.
            None if instr.kind == Instruction::Unknown => {}
            None => self.error("no build stage in current context", node.span),
        }
    }

    fn begin(&mut self, node: usize, from: instruction::From<'a>, span: Span) {
        let base = self.literal_base(&from.image.text);
        let (index, name) = (self.stages.len(), from.name.map(|name| name.text.to_lowercase()));
        if let Some(name) = &name {
            self.names.insert(name.clone(), index);
        }
        let instructions = Vec::new();
        self.stages.push(Stage { index, name, from, node, span, base, instructions });
    }

    /// What a FROM means here: the lower-case name of a stage above, `scratch` or an image.
    fn literal_base(&self, text: &str) -> Base {
        match self.names.get(text) {
            Some(stage) => Base::Stage(*stage),
            None if text == "scratch" => Base::Scratch,
            None => Base::Image,
        }
    }

    /// What the expanded text of the FROM of `stage` means.
    pub(super) fn base_of(&self, stage: usize, text: &str) -> Base {
        if text == "scratch" {
            return Base::Scratch;
        }
        let named = |s: &&Stage<'_>| s.name.as_deref() == Some(text);
        match self.names.get(text) {
            Some(last) if *last < stage => Base::Stage(*last),
            // The name is given again below: look for the stage that bears it above.
            Some(_) => {
                let above = self.stages[..stage].iter().rev().find(named);
                above.map_or(Base::Image, |stage| Base::Stage(stage.index))
            }
            None => Base::Image,
        }
    }

    /// What `COPY --from=text` means: a stage by name in any case or by index, else an image.
    #[must_use]
    pub fn copy_from(&self, text: &str) -> FromRef {
        match text.parse::<i64>() {
            Ok(index) => match usize::try_from(index) {
                Ok(index) if index < self.stages.len() => FromRef::Stage(index),
                _ => FromRef::Invalid,
            },
            Err(_) if text.contains('$') => FromRef::Invalid,
            Err(_) => self.mount_from(text),
        }
    }

    /// What `RUN --mount=from=text` means: a stage by name in any case, else an image.
    #[must_use]
    pub fn mount_from(&self, text: &str) -> FromRef {
        let stage = self.names.get(&text.to_lowercase());
        stage.map_or(FromRef::Image, |stage| FromRef::Stage(*stage))
    }

    /// The references of an instruction to stages and images, each with its span.
    pub fn references<'p>(
        &'p self,
        instr: &'p Instr<'a>,
    ) -> impl Iterator<Item = (FromRef, &'a str, Span)> + 'p {
        let (copy, mounts) = match &instr.kind {
            Instruction::Copy(copy) => (copy.from, [].as_slice()),
            Instruction::Run(run) => (None, run.mounts.as_slice()),
            _ => (None, [].as_slice()),
        };
        let copy = copy.map(|piece| (self.copy_from(piece.text), piece.text, piece.span));
        let mounts = mounts.iter().filter_map(|mount| mount.from);
        let mounts = mounts.map(|piece| (self.mount_from(piece.text), piece.text, piece.span));
        copy.into_iter().chain(mounts)
    }

    fn check_references(&mut self) {
        let mut errors = Vec::new();
        for stage in &self.stages {
            for instr in &stage.instructions {
                let copies = matches!(instr.kind, Instruction::Copy(_));
                for (reference, text, span) in self.references(instr) {
                    let found = problem(stage, reference, text, copies);
                    errors.extend(found.map(|message| SyntaxError {
                        message,
                        span,
                        stage: ErrorStage::Evaluate,
                    }));
                }
            }
        }
        self.errors.extend(errors);
    }

    /// The stage that a build target means: by name in any case or by index; the last without.
    #[must_use]
    pub fn target(&self, target: Option<&str>) -> Option<usize> {
        let Some(target) = target.filter(|target| !target.is_empty()) else {
            return self.stages.len().checked_sub(1);
        };
        let named = self.names.get(&target.to_lowercase()).copied();
        let indexed = || target.parse().ok().filter(|index| *index < self.stages.len());
        named.or_else(indexed)
    }

    /// The stages that a build of `target` needs, in order: through FROM, COPY and mounts.
    ///
    /// Empty for a target that does not exist. Variables in FROM are not expanded; see
    /// [`Evaluation::reachable`](super::Evaluation::reachable).
    #[must_use]
    pub fn reachable(&self, target: Option<&str>) -> Vec<usize> {
        self.reachable_with(target, |stage| stage.base)
    }

    pub(super) fn reachable_with(
        &self,
        target: Option<&str>,
        base: impl Fn(&Stage<'a>) -> Base,
    ) -> Vec<usize> {
        let mut needed = vec![false; self.stages.len()];
        let mut open: Vec<usize> = self.target(target).into_iter().collect();
        while let Some(index) = open.pop() {
            if std::mem::replace(&mut needed[index], true) {
                continue;
            }
            let stage = &self.stages[index];
            if let Base::Stage(base) = base(stage) {
                open.push(base);
            }
            for instr in &stage.instructions {
                let stages =
                    self.references(instr).filter_map(|(reference, _, _)| match reference {
                        FromRef::Stage(stage) => Some(stage),
                        FromRef::Image | FromRef::Invalid => None,
                    });
                open.extend(stages);
            }
        }
        (0..needed.len()).filter(|index| needed[*index]).collect()
    }
}

/// Why BuildKit refuses a reference made in `stage`.
fn problem(stage: &Stage<'_>, reference: FromRef, text: &str, copies: bool) -> Option<String> {
    match reference {
        FromRef::Stage(other) if other == stage.index => {
            let name = stage.name.clone().unwrap_or_else(|| format!("stage-{}", stage.index));
            Some(format!("circular dependency detected on stage: {name}"))
        }
        FromRef::Stage(other) if other > stage.index => {
            let name = stage.name.clone().unwrap_or_else(|| format!("stage-{}", stage.index));
            Some(match copies {
                true => format!(
                    "cannot copy from stage \"{text}\", it needs to be defined before current \
                     stage \"{name}\""
                ),
                false => format!(
                    "cannot mount from stage \"{text}\", stage needs to be defined before \
                     current command"
                ),
            })
        }
        FromRef::Invalid if text.contains('$') => Some(
            "variable expansion is not supported for --from, define a new stage with FROM using \
             ARG from global scope as a workaround"
                .to_owned(),
        ),
        FromRef::Invalid => Some(format!("invalid stage index {text}")),
        FromRef::Stage(_) | FromRef::Image => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    #[test]
    fn stages_find_each_other() {
        let file = parse(
            "ARG V\nFROM a AS Build\nFROM build\nCOPY --from=BUILD /a /b\nFROM scratch AS lone\n\
             FROM x\nCOPY --from=1 /b /c\nRUN --mount=from=lone,target=/l --mount=target=/m a\n",
        );
        let program = stages(&file);
        assert_eq!(program.errors, []);
        assert_eq!(program.global_args.len(), 1);
        let bases: Vec<_> = program.stages.iter().map(|stage| stage.base).collect();
        assert_eq!(bases, [Base::Image, Base::Stage(0), Base::Scratch, Base::Image]);
        assert_eq!(program.reachable(None), [0, 1, 2, 3]);
        assert_eq!(program.reachable(Some("1")), [0, 1]);
        assert_eq!(program.reachable(Some("LONE")), [2]);
        assert_eq!(program.reachable(Some("none")), [0; 0]);
    }

    #[test]
    fn from_needs_the_lower_case_name() {
        // Regression for GoogleContainerTools/kaniko's Dockerfile_test_issue_519.
        let file = parse("FROM a AS BUG_stage\nFROM BUG_stage\n");
        assert_eq!(stages(&file).stages[1].base, Base::Image);
    }

    #[test]
    fn references_forward_are_refused() {
        let check = |rest: &str, message: &str| {
            let file = parse(&format!("FROM a\n{rest}\nFROM a AS later\n"));
            let errors = stages(&file).errors;
            assert!(errors[0].message.contains(message), "{rest}: {errors:?}");
        };
        check("COPY --from=later /a /b", "cannot copy from stage \"later\"");
        check("COPY --from=1 /a /b", "current stage \"stage-0\"");
        check("COPY --from=0 /a /b", "circular dependency");
        check("COPY --from=2 /a /b", "invalid stage index 2");
        check("COPY --from=$X /a /b", "variable expansion is not supported for --from");
        check("RUN --mount=from=later,target=/x a", "cannot mount from stage");
    }

    #[test]
    fn the_order_is_checked() {
        let first = |source: &str| stages(&parse(source)).errors[0].message.clone();
        assert_eq!(first("RUN a\nFROM b\n"), "no build stage in current context");
        assert_eq!(first("ARG a\n"), "dockerfile contains no stages to build");
    }
}
