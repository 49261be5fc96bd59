//! What each step puts into the image.

use plimsoll_model::EntryKind;
use plimsoll_syntax::dockerfile::{Base, FromRef, MountKind};

use super::{Layout, Moment, Origin, Put, StageFiles, StepFiles, effects, image_path};
use crate::discover::paths::{below, file_name};
use crate::repo::{Command, CopyStep, MountView, Place, SourceView, Stage, Step, StepKind};
use crate::views::building::{climbs, in_repository};
use crate::wildcards::{COPY, matches};

impl Layout<'_> {
    pub(super) fn stage(&self, stage: &Stage) -> StageFiles {
        let base_cwd = match stage.base {
            Base::Stage(i) => self.stages.get(i).and_then(|s| s.cwd.clone()),
            // Images of languages start at the root.
            _ => Some("/".to_owned()),
        };
        let plain = stage.image_known && effects::is_plain_image(&stage.image.value);
        let mut files = StageFiles { base: stage.base, plain, steps: Vec::new(), cwd: base_cwd };
        for (index, step) in stage.steps.iter().enumerate() {
            let at = Moment { stage: stage.index, step: index };
            let step = self.step(at, step, &mut files.cwd);
            files.steps.push(step);
        }
        files
    }

    fn step(&self, at: Moment, step: &Step, cwd: &mut Option<String>) -> StepFiles {
        let mut files = StepFiles { cwd: cwd.clone(), ..StepFiles::default() };
        match &step.kind {
            StepKind::Workdir(path) => {
                *cwd = (!path.value.contains('$'))
                    .then(|| Some(image_path::join(cwd.as_deref()?, &path.value)))
                    .flatten();
            }
            StepKind::Copy(copy) => files.puts = self.copy(copy, cwd.as_deref()),
            StepKind::Run(command) => {
                files.mounts =
                    command.mounts.iter().filter_map(|m| self.mount(m, cwd.as_deref())).collect();
                files.puts = lists(at, command, cwd.as_deref(), &step.at);
            }
            _ => {}
        }
        files
    }

    fn copy(&self, copy: &CopyStep, cwd: Option<&str>) -> Vec<Put> {
        let dest = copy.dest.value.as_str();
        if dest.contains('$') {
            return Vec::new();
        }
        let Some(cwd) = cwd.or(dest.starts_with('/').then_some("/")) else { return Vec::new() };
        let to = image_path::join(cwd, dest);
        let sources: Vec<(String, &SourceView)> = copy
            .sources
            .iter()
            .flat_map(|s| self.expand(copy, s).into_iter().map(move |p| (p, s)))
            .collect();
        let into = dest.ends_with('/') || matches!(dest, "." | "./" | "..") || sources.len() > 1;
        let mut puts = Vec::new();
        for (path, source) in sources {
            let Some(origin) = self.origin(copy, &path) else { continue };
            let to = if copy.parents {
                image_path::join(&to, &parents_part(&path))
            } else if (into || to == cwd) && self.is_file(&origin, &path, into) {
                image_path::join(&to, file_name(&path))
            } else {
                to.clone()
            };
            puts.push(Put { to, origin, at: source.path.at.clone() });
        }
        puts
    }

    /// The paths a source stands for: patterns of the context are looked up in the repository.
    fn expand(&self, copy: &CopyStep, source: &SourceView) -> Vec<String> {
        let text = source.path.value.as_str();
        if !source.known || text.contains("://") || text.contains('$') {
            return Vec::new();
        }
        if copy.from.is_some() || !text.contains(['*', '?', '[']) {
            return vec![text.to_owned()];
        }
        let pattern = crate::views::building::clamp(text);
        let depth = pattern.split('/').count();
        let inside = |p: &str| below(self.context, p).map(str::to_owned);
        let paths = self.sources.below(self.context).filter_map(|(p, _)| inside(p));
        paths.filter(|p| p.split('/').count() == depth && matches(COPY, &pattern, p)).collect()
    }

    fn origin(&self, copy: &CopyStep, path: &str) -> Option<Origin> {
        let Some((name, from)) = &copy.from else {
            let source = in_repository(self.context, path);
            // What is not there may be made before the build; a path that climbs is a mistake.
            let there = self.sources.kind(&source).is_some()
                || crate::packages::tree::through(self.sources, &source).is_some();
            return match there {
                true => Some(Origin::Repository(source, true)),
                false => (!climbs(path)).then_some(Origin::Unknown),
            };
        };
        match from {
            FromRef::Stage(stage) => Some(Origin::Stage(*stage, image_path::join("/", path))),
            FromRef::Image => self.named_origin(&name.value, path),
            FromRef::Invalid => None,
        }
    }

    /// A named context: a folder of the repository, or what nobody knows. An image is neither.
    fn named_origin(&self, name: &str, path: &str) -> Option<Origin> {
        let (_, folder) = self.named.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(match folder {
            Some(folder) if self.sources.kind(folder).is_some() => {
                Origin::Repository(in_repository(folder, path), false)
            }
            _ => Origin::Unknown,
        })
    }

    /// Whether a source is a file, so that it keeps its name in a folder.
    fn is_file(&self, origin: &Origin, path: &str, into: bool) -> bool {
        match origin {
            Origin::Repository(from, _) => self.sources.kind(from) == Some(EntryKind::File),
            Origin::Stage(stage, from) => match self.find(self.end(*stage), from) {
                super::Found::Exported(_) => true,
                super::Found::Repository { path, .. } => {
                    self.sources.kind(&path) == Some(EntryKind::File)
                }
                // What a command made: a name with an ending is a file.
                _ => into && file_name(path).trim_start_matches('.').contains('.'),
            },
            Origin::Export(_) | Origin::Filtered(..) | Origin::Unknown => false,
        }
    }

    fn mount(&self, mount: &MountView, cwd: Option<&str>) -> Option<Put> {
        if mount.kind != Some(MountKind::Bind) {
            return None;
        }
        let target = mount.target.as_deref()?;
        let source = mount.source.as_deref().unwrap_or("/");
        let to = image_path::join(cwd.unwrap_or("/"), target);
        let origin = match mount.from.as_deref() {
            None => Origin::Repository(in_repository(self.context, source), true),
            Some(name) => match self.file.target(Some(name)) {
                Some(stage) => Origin::Stage(stage, image_path::join("/", source)),
                None => self.named_origin(name, source)?,
            },
        };
        Some(Put { to, origin, at: mount.at.clone() })
    }
}

/// The part of a path that `--parents` keeps: what follows `/./`, else all of it.
fn parents_part(path: &str) -> String {
    path.split_once("/./").map_or(path, |(_, rest)| rest).trim_start_matches("./").to_owned()
}

/// The lists that a command writes: exports, and what is filtered out of them.
fn lists(at: Moment, command: &Command, cwd: Option<&str>, place: &Place) -> Vec<Put> {
    let Some(cwd) = cwd else { return Vec::new() };
    let put = |to, origin| Put { to, origin, at: place.clone() };
    let written = effects::lists(command, cwd).into_iter().map(|list| match list {
        effects::List::Export(to) => put(to, Origin::Export(at)),
        effects::List::Filtered { to, from, keeps_local: true } => {
            // The list may be written by the same command.
            put(to, Origin::Filtered(Moment { step: at.step + 1, ..at }, from))
        }
        effects::List::Filtered { to, .. } => put(to, Origin::Unknown),
    });
    written.collect()
}
