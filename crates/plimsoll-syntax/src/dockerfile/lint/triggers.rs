//! ONBUILD: what a stage holds for the stages built on it.

use super::from::Resolved;
use super::{Linter, Stop};
use crate::dockerfile::{Base, Dockerfile, Node, instruction, parse};

impl Linter<'_, '_> {
    /// The triggers that fire in each stage, read as the lines of their own that they are.
    ///
    /// BuildKit looks for them only in the stages that the target needs.
    pub(super) fn triggers(&mut self, bases: &[Resolved]) -> Result<Vec<Vec<Dockerfile>>, Stop> {
        let target = self.inputs.target.as_deref();
        let base_of = |index: usize| bases.get(index).map_or(Base::Image, |found| found.base);
        let needed = self.program.reachable_with(target, |stage| base_of(stage.index));
        let mut found: Vec<Vec<Dockerfile>> =
            self.program.stages.iter().map(|_| Vec::new()).collect();
        for index in needed {
            let Base::Stage(base) = base_of(index) else { continue };
            let Some(base) = self.program.stages.get(base) else { continue };
            for instr in &base.instructions {
                let node = self.program.file.nodes.get(instr.node);
                let Some(node) = node.filter(|node| node.child.is_some()) else { continue };
                let text = trigger(node);
                self.count(text.len())?;
                let file = parse(&text);
                if !is_one_command(&file) {
                    return Err(Stop);
                }
                if let Some(triggers) = found.get_mut(index) {
                    triggers.push(file);
                }
            }
        }
        Ok(found)
    }
}

/// The text of the instruction that an ONBUILD holds.
fn trigger(node: &Node) -> String {
    let mut text = node.cooked.text().to_owned();
    for heredoc in &node.heredocs {
        text.push('\n');
        text.push_str(&heredoc.content);
        text.push_str(&heredoc.name);
    }
    text
}

fn is_one_command(file: &Dockerfile) -> bool {
    let [node] = file.nodes.as_slice() else { return false };
    file.errors.is_empty() && instruction(file, node).1.is_empty()
}
