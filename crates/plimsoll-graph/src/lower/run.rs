//! RUN: its command, what it sees and what it mounts.

use plimsoll_syntax::dockerfile::{Form, FromRef, Mount, MountKind, Piece, Run};

use super::{At, Lower, State, chomped, instruction};
use crate::graph::{Facet, Input, Selection, What};

impl Lower<'_, '_> {
    pub(super) fn run(
        &self,
        at: &At<'_, '_>,
        run: &Run<'_>,
        state: &mut State,
    ) -> (Vec<Facet>, Vec<Input>) {
        let mut parts = vec!["RUN".to_owned()];
        match &run.form {
            Form::Shell(cooked) => parts.extend(["shell".to_owned(), cooked.text().to_owned()]),
            Form::Exec(words) => {
                parts.push("exec".to_owned());
                parts.extend(words.iter().map(|word| word.text.clone()));
            }
            Form::Script(script) => {
                let text = chomped(script);
                // A program becomes a file that is run under its name.
                parts.extend(text.starts_with("#!").then(|| script.name.clone()));
                parts.extend(["script".to_owned(), text.into_owned()]);
            }
        }
        if !matches!(run.form, Form::Script(_)) {
            parts.extend(run.heredocs.iter().map(|heredoc| heredoc.content.clone()));
        }
        let flags = [("network", run.network), ("security", run.security)];
        let set = flags.into_iter().filter_map(|(name, piece)| Some((name, piece?.text)));
        parts.extend(set.map(|(name, text)| format!("--{name}={text}")));
        parts.extend(run.devices.iter().map(|device| format!("--device={}", device.text)));
        parts.extend(run.mounts.iter().map(|mount| self.mount_part(at, mount)));
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let mut facets = vec![instruction(&parts)];
        let facet = |what, value: &str| Facet { what, value: value.to_owned() };
        if matches!(run.form, Form::Shell(_) | Form::Script(_)) {
            facets.push(facet(What::Shell, &state.shell.join(" ")));
        }
        facets.push(facet(What::Directory, &state.directory));
        facets.push(facet(What::User, &state.user));
        let scope = self.evaluation.stages.get(at.stage);
        if let Some(scope) = scope {
            let above = scope.instrs.get(at.index).map_or(usize::MAX, |instr| instr.above);
            state.environment.advance(&scope.bindings, above);
        }
        let env = state.environment.seen();
        facets.extend(env.iter().map(|(name, value)| facet(What::Variable(name.clone()), value)));
        (facets, run.mounts.iter().filter_map(|mount| self.mount_input(at, mount)).collect())
    }

    fn expanded(&self, at: &At<'_, '_>, piece: Piece<'_>) -> String {
        match piece.text.contains('$') {
            true => self.value(at, piece.span),
            false => piece.text.to_owned(),
        }
    }

    /// A mount as the key has it: where it takes its files from does not count, but what they are.
    fn mount_part(&self, at: &At<'_, '_>, mount: &Mount<'_>) -> String {
        let kind = mount.kind.unwrap_or_default();
        let by_content = matches!(kind, MountKind::Bind | MountKind::Cache);
        let pieces = [
            ("source", mount.source.filter(|_| !by_content)),
            ("target", mount.target),
            ("id", mount.id.filter(|_| kind != MountKind::Cache)),
            ("env", mount.env),
            ("size", mount.size),
            ("mode", mount.mode),
            ("uid", mount.uid),
            ("gid", mount.gid),
        ];
        let mut part =
            format!("--mount={kind:?},rw={:?},required={}", mount.writable, mount.required);
        for (name, piece) in pieces {
            if let Some(piece) = piece {
                part.push_str(&format!(",{name}={}", self.expanded(at, piece)));
            }
        }
        if let Some(name) = self.usual_cache(at, mount).filter(|_| kind == MountKind::Cache) {
            part.push_str(&format!(",id=/{name}"));
        }
        part
    }

    /// What a cache is called that is shared and called by its target. Which cache another one
    /// is, and how it is shared, is not compared.
    fn usual_cache(&self, at: &At<'_, '_>, mount: &Mount<'_>) -> Option<String> {
        let text = |piece: Option<Piece<'_>>| piece.map(|piece| self.expanded(at, piece));
        let target = text(mount.target)?;
        let id = text(mount.id).filter(|id| !id.is_empty()).unwrap_or_else(|| target.clone());
        // The builder puts a `/` before the name, so that `x` is the usual one of `/x`.
        let usual = id == target || format!("/{id}") == target;
        let shared = text(mount.sharing).is_none_or(|sharing| sharing == "shared");
        (usual && shared).then_some(id)
    }

    /// What a mount takes from the context or from a stage.
    fn mount_input(&self, at: &At<'_, '_>, mount: &Mount<'_>) -> Option<Input> {
        let kind = mount.kind.unwrap_or_default();
        let from = mount.from.map(|piece| piece.text);
        match kind {
            MountKind::Bind => {}
            MountKind::Cache if from.is_some() => {}
            MountKind::Cache | MountKind::Tmpfs | MountKind::Secret | MountKind::Ssh => {
                return None;
            }
        }
        let source = mount.source.map_or_else(|| "/".to_owned(), |piece| self.expanded(at, piece));
        let meant = from.map_or(FromRef::Image, |name| self.program.mount_from(name));
        Some(self.origin(from, meant, Selection::path(&source)))
    }
}
