//! The mounts of RUN.

use super::state::State;
use super::walk::Step;
use super::{Linter, Stop};
use crate::dockerfile::instruction::{Piece, fields};
use crate::dockerfile::{FromRef, MountKind, Run};
use crate::ignorefile::path::clean;

impl Linter<'_, '_> {
    pub(super) fn run_mounts(
        &mut self,
        state: &State,
        step: &Step<'_>,
        run: &Run<'_>,
    ) -> Result<(), Stop> {
        for flag in step.node.flags.iter().filter(|flag| flag.name == "mount") {
            for field in fields(Piece::value(flag)) {
                if let Some((_, value)) = field.text.split_once('=') {
                    self.word(state, step, value)?;
                }
            }
        }
        if step.deferred {
            return Err(Stop);
        }
        for mount in &run.mounts {
            let from = mount.from.map(|piece| self.program.mount_from(piece.text));
            if matches!(from, Some(FromRef::Stage(other)) if other >= step.stage) {
                return Err(Stop);
            }
            if matches!(mount.kind, Some(MountKind::Secret | MountKind::Ssh)) {
                continue;
            }
            let target = mount.target.map_or("", |piece| piece.text);
            let target = self.expand(target, &state.vars).map_err(|_| Stop)?.text;
            let target = match clean(&target).starts_with('/') {
                true => target,
                false => clean(&format!("{}/{target}", state.workdir)),
            };
            if target == "/" {
                return Err(Stop);
            }
        }
        Ok(())
    }
}
