//! From a Dockerfile to its build graph.

mod copy;
mod environment;
mod run;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use plimsoll_syntax::dockerfile::{
    self, Base, ErrorStage, Evaluation, FromRef, Heredoc, Inputs, Instr, Instruction, Program,
    Value,
};
use plimsoll_syntax::{LineIndex, Span};

use crate::graph::{Facet, Graph, Input, Label, Selection, Step, Verb, What};
use crate::path;
use environment::Environment;

/// Makes the build graph of a Dockerfile's target.
///
/// `named` are the names of named build contexts that are folders of the repository; other names
/// are images.
///
/// # Errors
/// Where BuildKit would refuse the file: what it says, with the line.
pub fn lower(source: &str, inputs: &Inputs, named: &BTreeSet<String>) -> Result<Graph, LowerError> {
    let file = dockerfile::parse(source);
    let program = dockerfile::stages(&file);
    let lines = LineIndex::new(source);
    let refused = file.errors.iter().chain(&program.errors).next();
    if let Some(error) = refused {
        return Err(LowerError::new(&lines, error.span, &error.message));
    }
    let evaluation = dockerfile::evaluate(&program, inputs);
    let target = inputs.target.as_deref();
    let Some(last) = program.target(target) else {
        let message = format!("target stage {} could not be found", target.unwrap_or(""));
        return Err(LowerError { line: 0, message });
    };
    let reachable = evaluation.reachable(&program, target);
    if let Some(error) = fatal(&evaluation, &program, &reachable) {
        return Err(LowerError::new(&lines, error.0, &error.1));
    }
    let mut lower = Lower {
        source,
        program: &program,
        evaluation: &evaluation,
        lines,
        named,
        states: BTreeMap::new(),
        graph: Graph::default(),
    };
    for stage in reachable {
        lower.stage(stage);
    }
    lower.graph.target = lower.states.get(&last).and_then(|state| state.last);
    Ok(lower.graph)
}

/// Why a file has no graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowerError {
    /// The line, 0 where it is none in particular.
    pub line: u32,
    /// What BuildKit says.
    pub message: String,
}

impl LowerError {
    fn new(lines: &LineIndex, span: Span, message: &str) -> Self {
        Self { line: lines.line(span.start), message: message.to_owned() }
    }
}

impl std::fmt::Display for LowerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => f.write_str(&self.message),
            line => write!(f, "line {line}: {}", self.message),
        }
    }
}

/// The first value error that holds for sure and lies in a stage that is built.
fn fatal(
    evaluation: &Evaluation,
    program: &Program<'_>,
    reachable: &[usize],
) -> Option<(Span, String)> {
    let stages = || reachable.iter().filter_map(|stage| program.stages.get(*stage));
    let built = |span: Span| stages().any(|s| s.span.start <= span.start && span.end <= s.span.end);
    let sure = evaluation.errors.iter().filter(|error| error.missing.is_empty());
    let mut errors = sure.map(|error| &error.error);
    let limit = |stage: ErrorStage| stage == ErrorStage::Limit;
    let found = errors.find(|error| built(error.span) || limit(error.stage));
    found.map(|error| (error.span, error.message.clone()))
}

/// What a stage has come to.
#[derive(Clone, Debug)]
struct State {
    /// The step its files come from.
    last: Option<usize>,
    /// The working directory.
    directory: String,
    user: String,
    shell: Vec<String>,
    environment: Environment,
}

impl Default for State {
    fn default() -> Self {
        Self {
            last: None,
            directory: "/".to_owned(),
            user: String::new(),
            shell: vec!["/bin/sh".to_owned(), "-c".to_owned()],
            environment: Environment::default(),
        }
    }
}

struct Lower<'l, 'a> {
    source: &'l str,
    program: &'l Program<'a>,
    evaluation: &'l Evaluation,
    lines: LineIndex,
    named: &'l BTreeSet<String>,
    states: BTreeMap<usize, State>,
    graph: Graph,
}

/// The numbers of the steps of a stage.
struct Numbers {
    stage: usize,
    name: String,
    next: u32,
    of: u32,
}

/// An instruction in its stage.
struct At<'i, 'a> {
    stage: usize,
    index: usize,
    instr: &'i Instr<'a>,
}

impl<'a> Lower<'_, 'a> {
    fn stage(&mut self, index: usize) {
        let (program, evaluation) = (self.program, self.evaluation);
        let Some((stage, scope)) = program.stages.get(index).zip(evaluation.stages.get(index))
        else {
            return;
        };
        let steps = stage.instructions.iter().filter(|instr| makes_step(&instr.kind)).count();
        let of = u32::try_from(steps).unwrap_or(u32::MAX) + u32::from(scope.base == Base::Image);
        let name = stage.name.clone().unwrap_or_else(|| format!("stage-{index}"));
        let mut numbers = Numbers { stage: index, name, next: 1, of };
        let mut state = match scope.base {
            Base::Stage(base) => {
                let mut state = self.states.get(&base).cloned().unwrap_or_default();
                state.environment.begin_stage();
                state
            }
            Base::Image | Base::Scratch => State::default(),
        };
        if scope.base == Base::Image {
            let node = self.program.file.nodes.get(stage.node);
            let span = node.map_or(stage.from.image.span, |node| node.span);
            let platform = scope.platform.as_ref().map_or("", Value::text);
            let image = format!("{}\0{platform}", scope.image.text());
            let facets = vec![Facet { what: What::Image, value: image }];
            let label = self.label(&mut numbers, span);
            state.last = Some(self.push(label, Verb::From, &State::default(), facets, Vec::new()));
        }
        if let Base::Stage(base) = scope.base {
            self.triggers(base, stage.from.image.span);
        }
        for (at, instr) in stage.instructions.iter().enumerate() {
            self.instr(&At { stage: index, index: at, instr }, &mut state, &mut numbers);
        }
        state.environment.advance(&scope.bindings, usize::MAX);
        self.states.insert(index, state);
    }

    /// ONBUILD of a stage runs in those built on it; the steps are not followed.
    fn triggers(&mut self, base: usize, span: Span) {
        let stage = self.program.stages.get(base);
        let instrs = stage.map_or(&[][..], |stage| &stage.instructions);
        if instrs.iter().any(|instr| matches!(instr.kind, Instruction::Onbuild(_))) {
            let line = self.lines.line(span.start);
            let note = "the ONBUILD instructions of its base run here, too: they are not followed";
            self.graph.notes.push((line, note.to_owned()));
        }
    }

    fn instr(&mut self, at: &At<'_, 'a>, state: &mut State, numbers: &mut Numbers) {
        let value = |span| self.value(at, span);
        match &at.instr.kind {
            Instruction::Workdir(word) => {
                state.directory = path::directory(&state.directory, &value(word.span));
                if state.directory != "/" {
                    let made = format!("/{}", path::clean(&state.directory));
                    let facets = vec![instruction(&["WORKDIR", &made, &owner(&state.user)])];
                    let label = self.label(numbers, at.instr.span);
                    state.last = Some(self.push(label, Verb::Workdir, state, facets, Vec::new()));
                }
            }
            Instruction::User(word) => state.user = value(word.span),
            Instruction::Shell(words) => {
                state.shell = words.iter().map(|word| word.text.clone()).collect();
            }
            Instruction::Run(run) => {
                let (facets, inputs) = self.run(at, run, state);
                let label = self.label(numbers, at.instr.span);
                state.last = Some(self.push(label, Verb::Run, state, facets, inputs));
            }
            Instruction::Copy(_) | Instruction::Add(_) => self.transfer(at, state, numbers),
            _ => {}
        }
    }

    fn push(
        &mut self,
        label: Label,
        verb: Verb,
        below: &State,
        facets: Vec<Facet>,
        inputs: Vec<Input>,
    ) -> usize {
        let parent = below.last;
        self.graph.steps.push(Step { label, verb, parent, linked: false, facets, inputs });
        self.graph.steps.len() - 1
    }

    fn label(&self, numbers: &mut Numbers, span: Span) -> Label {
        let number = numbers.next;
        numbers.next += 1;
        let text = span.text(self.source);
        let text: Vec<&str> = text.split_whitespace().filter(|part| *part != "\\").collect();
        Label {
            stage: numbers.stage,
            stage_name: numbers.name.clone(),
            number,
            of: numbers.of,
            line: self.lines.line(span.start),
            text: text.join(" "),
        }
    }

    /// What a word of an instruction becomes.
    fn value(&self, at: &At<'_, '_>, span: Span) -> String {
        let scope = self.evaluation.stages.get(at.stage);
        let scope = scope.and_then(|stage| stage.instrs.get(at.index));
        let value = scope.and_then(|scope| scope.value(span));
        value.map_or_else(|| span.text(self.source).to_owned(), |value| value.text().to_owned())
    }

    /// What a `from` means, taking `selection` of it.
    fn origin(&self, from: Option<&str>, meant: FromRef, selection: Selection) -> Input {
        match (from, meant) {
            (None, _) => Input::Files { context: None, selection },
            (Some(_), FromRef::Stage(stage)) => {
                let last = self.states.get(&stage).and_then(|state| state.last);
                Input::Stage { last, selection }
            }
            (Some(name), _) if self.named.contains(name) => {
                Input::Files { context: Some(name.to_owned()), selection }
            }
            (Some(name), _) => Input::Image(name.to_owned()),
        }
    }
}

/// Whether the builder makes a step of an instruction.
fn makes_step(kind: &Instruction<'_>) -> bool {
    matches!(
        kind,
        Instruction::Run(_) | Instruction::Copy(_) | Instruction::Add(_) | Instruction::Workdir(_)
    )
}

/// The facet of an instruction, of its parts.
fn instruction(parts: &[&str]) -> Facet {
    Facet { what: What::Instruction, value: parts.join("\0") }
}

/// The text of a heredoc; with `<<-` no line begins with a tab.
fn chomped(heredoc: &Heredoc) -> Cow<'_, str> {
    if !heredoc.chomp {
        return Cow::Borrowed(&heredoc.content);
    }
    let lines = heredoc.content.split_inclusive('\n');
    Cow::Owned(lines.map(|line| line.trim_start_matches('\t')).collect())
}

/// An owner as the builder compares it: `root` is 0, and numbers are numbers.
fn owner(text: &str) -> String {
    let part = |part: &str| match part.parse::<i32>() {
        Ok(number) => number.to_string(),
        Err(_) if part == "root" => "0".to_owned(),
        Err(_) => part.to_owned(),
    };
    match text.split_once(':') {
        Some((user, group)) => format!("{}:{}", part(user), part(group)),
        None => part(text),
    }
}

#[cfg(test)]
mod tests;
