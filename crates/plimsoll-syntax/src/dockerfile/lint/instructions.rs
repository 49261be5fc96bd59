//! The checks over single instructions, and those over the file as a whole.

use std::collections::HashSet;

use super::{Check, Linter, Stop};
use crate::dockerfile::{Instruction, Keyword, Node, SyntaxError, dump::quote, instruction};

impl Linter<'_, '_> {
    pub(super) fn empty_continuations(&mut self) {
        for warning in &self.program.file.warnings {
            let mut site = self.file_site(warning.node);
            site.span = warning.last;
            let detail = "Empty continuation line".to_owned();
            self.warn(&site, Check::NoEmptyContinuation, "", detail);
        }
    }

    /// Reads the instructions in order, up to the first that is refused.
    pub(super) fn instructions(&mut self) -> Result<(), Stop> {
        let file = self.program.file;
        let mut in_stage = false;
        for (index, node) in file.nodes.iter().enumerate() {
            match node.keyword {
                Keyword::Maintainer => {
                    let detail = "Maintainer instruction is deprecated in favor of using label";
                    let check = Check::MaintainerDeprecated;
                    self.warn(&self.site(index), check, "", detail.to_owned());
                }
                Keyword::From => self.casing_of_from(index, node),
                _ => {}
            }
            let (kind, errors) = instruction(file, node);
            let (later, now): (Vec<_>, Vec<_>) =
                errors.iter().partition(|error| is_mount_error(node, error));
            if !now.is_empty() {
                return Err(Stop);
            }
            if !later.is_empty() {
                self.deferred.push(index);
            }
            self.description(index, &kind);
            in_stage |= node.keyword == Keyword::From;
            if !in_stage && node.keyword != Keyword::Arg {
                return Err(Stop);
            }
        }
        if in_stage { Ok(()) } else { Err(Stop) }
    }

    fn casing_of_from(&mut self, index: usize, node: &Node) {
        let site = self.site(index);
        if let [_, _, name] = node.args.as_slice()
            && name.text != name.text.to_lowercase()
        {
            let detail = format!("Stage name '{}' should be lowercase", name.text);
            self.warn(&site, Check::StageNameCasing, &name.text, detail);
        }
        let Some(word) = node.args.get(1).filter(|_| node.args.len() >= 3) else { return };
        let (from, word) = (&node.name.text, &word.text);
        let matches = match () {
            () if *from == from.to_lowercase() => *word == word.to_lowercase(),
            () if *from == from.to_uppercase() => *word == word.to_uppercase(),
            // Mixed case is another check's.
            () => true,
        };
        if !matches {
            let detail = format!("'{word}' and '{from}' keywords' casing do not match");
            self.warn(&site, Check::FromAsCasing, word, detail);
        }
    }

    fn description(&mut self, index: usize, kind: &Instruction<'_>) {
        let (name, keys) = match kind {
            Instruction::From(from) => {
                ("FROM", from.name.map(|name| name.text.to_lowercase()).into_iter().collect())
            }
            Instruction::Arg(args) => {
                ("ARG", args.iter().map(|arg| arg.name.text.to_owned()).collect::<Vec<_>>())
            }
            _ => return,
        };
        let last = self.comments.get(index).and_then(|comments| comments.last());
        let (Some(comment), Some(first)) = (last, keys.first()) else { return };
        let word = comment.split(' ').next().unwrap_or("");
        if keys.iter().any(|key| key == word) {
            return;
        }
        let key = if keys.len() > 1 { "<arg_key>" } else { first };
        let detail =
            format!("Comment for {name} should follow the format: `# {key} <description>`");
        self.warn(&self.site(index), Check::InvalidDefinitionDescription, key, detail);
    }

    pub(super) fn stage_names(&mut self) {
        let mut seen = HashSet::new();
        for stage in &self.program.stages {
            let Some(name) = &stage.name else { continue };
            let (site, quoted) = (self.file_site(stage.node), quote(name));
            if matches!(name.as_str(), "context" | "scratch") {
                let what = "Stage name should not use the same name as reserved stage";
                self.warn(&site, Check::ReservedStageName, name, format!("{what} {quoted}"));
            }
            if !seen.insert(name.as_str()) {
                let detail = format!("Duplicate stage name {quoted}, stage names should be unique");
                self.warn(&site, Check::DuplicateStageName, name, detail);
            }
        }
    }

    /// Compares the case of the instructions, ARG before the first FROM left out.
    pub(super) fn command_casing(&mut self) {
        let first = self.program.stages.first().map_or(0, |stage| stage.node);
        let names = self.program.file.nodes.iter().enumerate().skip(first);
        let names = names.map(|(index, node)| (index, node.name.text.as_str()));
        let (mut lower, mut upper) = (0, 0);
        for (_, name) in names.clone() {
            if name == name.to_lowercase() {
                lower += 1;
            } else if name == name.to_uppercase() {
                upper += 1;
            }
        }
        for (index, name) in names {
            let (right, case) = match lower > upper {
                true => (name.to_lowercase(), "lowercase"),
                false => (name.to_uppercase(), "uppercase"),
            };
            if name != right {
                let what = "should match the case of the command majority";
                let detail = format!("Command '{name}' {what} ({case})");
                let check = Check::ConsistentInstructionCasing;
                self.warn(&self.file_site(index), check, name, detail);
            }
        }
    }
}

/// Whether BuildKit refuses a mount only when it expands it, in its turn.
fn is_mount_error(node: &Node, error: &SyntaxError) -> bool {
    let at = error.span;
    let above = node.flags.partition_point(|flag| flag.value_span.start <= at.start);
    let flag = above.checked_sub(1).and_then(|index| node.flags.get(index));
    let inside = flag.is_some_and(|flag| {
        flag.name == "mount" && flag.value.is_some() && at.end <= flag.value_span.end
    });
    node.keyword == Keyword::Run
        && inside
        && !error.message.contains("doesn't support variable expansion")
}
