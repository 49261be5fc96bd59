//! How stages refer to each other: what a reference means, and what a target needs.

use super::{Base, FromRef, Instr, Program, Stage};
use crate::Span;
use crate::dockerfile::{ErrorStage, Instruction, SyntaxError};

impl<'a> Program<'a> {
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

    pub(super) fn check_references(&mut self) {
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
    /// [`Evaluation::reachable`](crate::dockerfile::Evaluation::reachable).
    #[must_use]
    pub fn reachable(&self, target: Option<&str>) -> Vec<usize> {
        self.reachable_with(target, |stage| stage.base)
    }

    pub(in crate::dockerfile) fn reachable_with(
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
