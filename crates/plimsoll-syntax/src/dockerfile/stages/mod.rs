//! The program: instructions arranged into stages, and how the stages refer to each other.

mod graph;

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
