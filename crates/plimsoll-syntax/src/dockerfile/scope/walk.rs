//! The walk: global arguments, then the stages in order.

use super::super::Stage;
use super::super::expand::{self, ExpandError, Expansion};
use super::super::instruction::{Arg, From, Instruction, Piece, Source};
use super::super::stages::{Base, Instr, Program};
use super::super::tree::{ErrorStage, SyntaxError};
use super::frame::{Binding, BindingKind, Frame, View};
use super::pieces::{pieces, transfer, whole};
use super::{
    EvalError, Evaluation, Expanded, Inputs, InstrScope, Missing, StageScope, Value, check,
};
use crate::Span;

/// How many stages are walked; real files have a few dozen at most.
const MAX_STAGES: usize = 500;

/// How many bytes all expanded words may take together.
const MAX_TOTAL: usize = 16 << 20;

/// Walks a program with what a build is given.
///
/// Every stage is walked, reachable or not. Past a limit the walk ends with an error of
/// [`ErrorStage::Limit`], and the stages and instructions behind it have no values.
#[must_use]
pub fn evaluate(program: &Program<'_>, inputs: &Inputs) -> Evaluation {
    let mut walk = Walk {
        program,
        inputs,
        global: Frame::default(),
        frames: Vec::new(),
        out: Evaluation::default(),
        total: 0,
    };
    walk.predefine();
    let predefined = walk.global.bindings.len();
    for instr in &program.global_args {
        if let Instruction::Arg(args) = &instr.kind {
            walk.global_args(args);
        }
    }
    for stage in &program.stages {
        if stage.index >= MAX_STAGES || walk.total > MAX_TOTAL {
            let message = "too much to expand: the rest is not analysed";
            walk.error(message.to_owned(), stage.from.image.span, ErrorStage::Limit, Vec::new());
            break;
        }
        walk.stage(stage);
    }
    walk.out.global = walk.global.bindings.split_off(predefined);
    for (scope, frame) in walk.out.stages.iter_mut().zip(walk.frames) {
        scope.bindings = frame.bindings;
    }
    walk.out
}

struct Walk<'w, 'a> {
    program: &'w Program<'a>,
    inputs: &'w Inputs,
    global: Frame,
    /// The frames of the stages so far.
    frames: Vec<Frame>,
    out: Evaluation,
    total: usize,
}

impl<'a> Walk<'_, 'a> {
    fn error(&mut self, message: String, span: Span, stage: ErrorStage, missing: Vec<Missing>) {
        let error = SyntaxError { message, span, stage };
        self.out.errors.push(EvalError { error, missing });
    }

    /// Sets the arguments that BuildKit knows by itself, in the global scope.
    fn predefine(&mut self) {
        let Inputs { platform, build_platform, target, .. } = self.inputs;
        let target = target.as_deref().filter(|t| !t.is_empty()).unwrap_or("default");
        let mut known = vec![("TARGETSTAGE".to_owned(), target.to_owned())];
        for (prefix, platform) in [("BUILD", build_platform), ("TARGET", platform)] {
            known.push((format!("{prefix}PLATFORM"), platform.to_string()));
            known.push((format!("{prefix}OS"), platform.os.clone()));
            known.push((format!("{prefix}OSVERSION"), String::new()));
            known.push((format!("{prefix}ARCH"), platform.arch.clone()));
            known.push((format!("{prefix}VARIANT"), platform.variant.clone()));
        }
        for (name, value) in known {
            let value = self.inputs.given(&name).unwrap_or(Value::Known(value));
            let (value, kind, span) = (Some(value), BindingKind::Arg, Span::default());
            self.global.bind(Binding { name, value, kind, span });
        }
    }

    fn global_args(&mut self, args: &[Arg<'_>]) {
        for arg in args {
            let view = View { frames: vec![&self.global], base: None };
            let default = arg.default.map(|piece| expanded(&view, self.program, piece));
            let binding = self.argument(arg, default, None);
            self.global.bind(binding);
        }
    }

    /// What an ARG declares: the build argument, else its default, else the global one.
    fn argument(
        &mut self,
        arg: &Arg<'_>,
        default: Option<Result<Value, Failure>>,
        outer: Option<Option<Value>>,
    ) -> Binding {
        let (name, span, kind) = (arg.name.text.to_owned(), arg.name.span, BindingKind::Arg);
        let value = match (self.inputs.given(&name), default) {
            (Some(given), _) => Some(given),
            (None, Some(Ok(value))) => Some(value),
            (None, Some(Err(failure))) => {
                self.failed(failure);
                None
            }
            (None, None) => outer.flatten(),
        };
        self.total += value.as_ref().map_or(0, |value| value.text().len());
        Binding { name, value, kind, span }
    }

    fn failed(&mut self, failure: Failure) {
        let Failure { error, span, missing } = failure;
        let stage = if error.limit { ErrorStage::Limit } else { ErrorStage::Evaluate };
        self.error(error.message, span, stage, missing);
    }

    fn stage(&mut self, stage: &Stage<'a>) {
        let (image, platform, base) = self.from(stage.index, &stage.from);
        let (bindings, instrs) = (Vec::new(), Vec::new());
        self.out.stages.push(StageScope { image, platform, base, bindings, instrs });
        self.frames.push(Frame::default());
        for instr in &stage.instructions {
            if self.total > MAX_TOTAL {
                break;
            }
            let scope = self.instr(stage.index, instr);
            if let Some(stage) = self.out.stages.last_mut() {
                stage.instrs.push(scope);
            }
        }
    }

    fn from(&mut self, index: usize, from: &From<'_>) -> (Value, Option<Value>, Base) {
        let image = Piece { text: &from.image.text, span: from.image.span };
        let view = View { frames: vec![&self.global], base: None };
        let value = expanded(&view, self.program, image);
        let platform = from.platform.map(|piece| (piece, expanded(&view, self.program, piece)));
        let value = self.or_empty(value);
        let base = self.program.base_of(index, value.text());
        if let Some(message) = check::image(&from.image.text, &value, base) {
            self.error(message, image.span, ErrorStage::Evaluate, value.missing().to_vec());
        }
        let platform = platform.map(|(piece, platform)| {
            let platform = self.or_empty(platform);
            if let Some(message) = check::platform(piece.text, platform.text()) {
                let missing = platform.missing().to_vec();
                self.error(message, piece.span, ErrorStage::Evaluate, missing);
            }
            platform
        });
        (value, platform, base)
    }

    /// Reports a failure; the value is then an empty text.
    fn or_empty(&mut self, value: Result<Value, Failure>) -> Value {
        let value = value.unwrap_or_else(|failure| {
            let missing = failure.missing.clone();
            self.failed(failure);
            Value::new(String::new(), missing)
        });
        self.total += value.text().len();
        value
    }

    /// The frames that an instruction of a stage sees.
    fn view(&self, stage: usize) -> View<'_> {
        let (mut frames, mut base) = (Vec::new(), Some(Base::Stage(stage)));
        while let Some(Base::Stage(index)) = base {
            frames.extend(self.frames.get(index));
            base = self.out.stages.get(index).map(|scope| scope.base);
        }
        View { frames, base }
    }

    fn instr(&mut self, stage: usize, instr: &Instr<'_>) -> InstrScope {
        let above = self.frames.get(stage).map_or(0, |frame| frame.bindings.len());
        let mut words = Vec::new();
        match &instr.kind {
            Instruction::Arg(args) => words = self.args(stage, args),
            Instruction::Env(pairs) => {
                // All of them see the values from above the instruction.
                let mut bindings = Vec::new();
                for pair in *pairs {
                    let name = self.word(stage, whole(&pair.key), &mut words);
                    let value = Some(self.word(stage, whole(&pair.value), &mut words));
                    let (name, kind, span) =
                        (name.text().to_owned(), BindingKind::Env, pair.key.span);
                    bindings.push(Binding { name, value, kind, span });
                }
                if let Some(frame) = self.frames.get_mut(stage) {
                    bindings.into_iter().for_each(|binding| frame.bind(binding));
                }
            }
            kind => {
                for piece in pieces(kind) {
                    let value = self.word(stage, piece, &mut words);
                    self.check(kind, piece, &value);
                }
                self.heredocs(stage, kind);
            }
        }
        InstrScope { words, above }
    }

    /// ARG: each sees those before it on the line.
    fn args(&mut self, stage: usize, args: &[Arg<'_>]) -> Vec<Expanded> {
        let mut words = Vec::new();
        for arg in args {
            let view = self.view(stage);
            let default = arg.default.map(|piece| (piece, expanded(&view, self.program, piece)));
            if let Some((piece, Ok(value))) = &default {
                words.push(Expanded { span: piece.span, value: value.clone() });
            }
            let view = View { frames: vec![&self.global], base: None };
            let outer = view.find(arg.name.text).map(|binding| binding.value.clone());
            let binding = self.argument(arg, default.map(|(_, value)| value), outer);
            if let Some(frame) = self.frames.get_mut(stage) {
                frame.bind(binding);
            }
        }
        words
    }

    fn word(&mut self, stage: usize, piece: Piece<'_>, words: &mut Vec<Expanded>) -> Value {
        let value = expanded(&self.view(stage), self.program, piece);
        let value = self.or_empty(value);
        words.push(Expanded { span: piece.span, value: value.clone() });
        value
    }

    fn check(&mut self, kind: &Instruction<'_>, piece: Piece<'_>, value: &Value) {
        let message = match kind {
            Instruction::Stopsignal(_) => check::signal(value.text()),
            Instruction::Expose(_) => value.text().split_whitespace().find_map(check::port),
            _ => None,
        };
        if let Some(message) = message {
            self.error(message, piece.span, ErrorStage::Evaluate, value.missing().to_vec());
        }
    }

    /// The content of heredocs that COPY and ADD write, where it is expanded.
    fn heredocs(&mut self, stage: usize, kind: &Instruction<'_>) {
        for source in transfer(kind).map_or(&[][..], |transfer| &transfer.sources) {
            let Source::Heredoc(word, heredoc) = source else { continue };
            if !heredoc.expand {
                continue;
            }
            let view = self.view(stage);
            let result = expand::process_heredoc(&heredoc.content, &view);
            if let Err(failure) = finish(&view, result, word.span, |e| e.text) {
                self.failed(failure);
            }
        }
    }
}

/// A word that cannot be expanded.
struct Failure {
    error: ExpandError,
    span: Span,
    missing: Vec<Missing>,
}

fn expanded(view: &View<'_>, program: &Program<'_>, piece: Piece<'_>) -> Result<Value, Failure> {
    let result = expand::process_word(piece.text, program.file.escape, view);
    finish(view, result, piece.span, |expansion| expansion.text)
}

/// Notes what the text of an expansion, or its failure, depends on.
fn finish(
    view: &View<'_>,
    result: Result<Expansion, ExpandError>,
    span: Span,
    text: impl Fn(Expansion) -> String,
) -> Result<Value, Failure> {
    let missing = |names: &[String]| {
        let mut missing: Vec<_> = names.iter().flat_map(|name| view.missing(name)).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    };
    match result {
        Ok(expansion) => {
            let missing = missing(&expansion.used);
            Ok(Value::new(text(expansion), missing))
        }
        Err(error) => {
            let missing = missing(&error.unmatched);
            Err(Failure { error, span, missing })
        }
    }
}
