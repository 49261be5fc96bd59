//! A Dockerfile built from a wider context, with the packages where the installs look for them.

use std::collections::BTreeMap;

use plimsoll_model::Sources;
use plimsoll_syntax::dockerfile::MountKind;

use super::change::Changes;
use super::needs::Need;
use crate::discover::paths::{below, folder, join};
use crate::layout::{Layout, Moment, image_path};
use crate::packages::Ecosystem;
use crate::repo::{DockerfileView, MountView, Place, StepKind};
use crate::review::Review;
use crate::views::building::{clamp, climbs};

/// Names every source from the new context.
pub(super) fn prefix(
    sources: &Sources,
    file: &DockerfileView,
    from: &str,
    to: &str,
    changes: &mut Changes,
) {
    let text = file.text(sources);
    for stage in &file.stages {
        for (_, copy) in stage.copies().filter(|(_, c)| c.from.is_none()) {
            for source in &copy.sources {
                let Some(written) = source.path.at.span.and_then(|s| text.get(s.range())) else {
                    continue;
                };
                if !written.contains("://") && !written.starts_with("git@") {
                    changes.replace(&source.path.at, moved(written, from, to));
                }
            }
        }
        for (_, command) in stage.runs() {
            let bound = |m: &&MountView| m.kind == Some(MountKind::Bind) && m.from.is_none();
            for mount in command.mounts.iter().filter(bound) {
                mount_source(text, mount, from, to, changes);
            }
        }
    }
}

/// A source as the new context has it; quotes stay.
fn moved(written: &str, from: &str, to: &str) -> String {
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    let plain = written.trim_matches(['"', '\'']);
    // What climbs above the old context was meant to leave it.
    let path = join(from, plain.trim_start_matches('/')).unwrap_or_else(|| clamp(plain));
    let path = below(to, &path).unwrap_or(&path);
    let path = if path.is_empty() { "." } else { path };
    let tail = if plain.ends_with('/') && path != "." { "/" } else { "" };
    match quote {
        Some(quote) => format!("{quote}{path}{tail}{quote}"),
        None => format!("{path}{tail}"),
    }
}

fn mount_source(text: &str, mount: &MountView, from: &str, to: &str, changes: &mut Changes) {
    let Some(span) = mount.at.span else { return };
    let Some(written) = text.get(span.range()) else { return };
    let key = ["source=", "src="].iter().find_map(|k| Some(written.find(k)? + k.len()));
    let start = span.start as usize;
    match key {
        Some(at) => {
            let end = written[at..].find([',', ' ']).map_or(written.len(), |i| at + i);
            let (first, last) = (offset(start + at), offset(start + end));
            changes.edit(&mount.at.path, first, last, moved(&written[at..end], from, to));
        }
        None => {
            let end = offset(span.end as usize);
            changes.insert(&mount.at.path, end, format!(",source={}", moved(".", from, to)));
        }
    }
}

/// The folders outside of the context that steps before a moment try to take: each with its
/// place in the image.
pub(super) fn climbing(
    file: &DockerfileView,
    layout: &Layout<'_>,
    at: Moment,
) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for stage in file.lineage(at.stage) {
        for (index, step) in stage.steps.iter().enumerate() {
            let moment = Moment { stage: stage.index, step: index };
            if stage.index == at.stage && index > at.step {
                break;
            }
            let Some(cwd) = layout.cwd(moment) else { continue };
            let mut take = |source: &str, dest: &str| {
                if let Some(source) = join(layout.context, source).filter(|_| climbs(source)) {
                    all.push((source, image_path::join(cwd, dest)));
                }
            };
            match &step.kind {
                StepKind::Copy(copy) if copy.from.is_none() => {
                    copy.sources.iter().for_each(|s| take(&s.path.value, &copy.dest.value));
                }
                StepKind::Run(command) if index == at.step => {
                    for mount in command.mounts.iter().filter(|m| m.from.is_none()) {
                        if let (Some(source), Some(target)) = (&mount.source, &mount.target) {
                            take(source, target);
                        }
                    }
                }
                _ => {}
            }
        }
    }
    all
}

pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The byte before which new instructions go: above the comments of a step.
pub(super) fn above(text: &str, step: &Place) -> usize {
    let mut at = step.span.map_or(0, |s| s.start as usize);
    at = text[..at].rfind('\n').map_or(0, |i| i + 1);
    while let Some(previous) = text[..at].strip_suffix('\n') {
        let start = previous.rfind('\n').map_or(0, |i| i + 1);
        // A directive at the top of the file must stay there.
        let line = previous[start..].trim_start();
        if !line.starts_with('#') || start == 0 {
            break;
        }
        at = start;
    }
    at
}

/// The byte after the line of a step.
pub(super) fn after(text: &str, step: &Place) -> usize {
    let end = step.span.map_or(0, |s| s.end as usize);
    text[end..].find('\n').map_or(text.len(), |i| end + i + 1)
}

/// The text of an instruction.
pub(super) fn text_of<'t>(text: &'t str, step: &Place) -> &'t str {
    step.span.and_then(|s| text.get(s.range())).unwrap_or("").trim_end()
}

/// A pair of a source in the context and a path of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) source: String,
    pub(super) dest: String,
}

/// What brings packages into an image: a folder as a whole where all its packages are needed.
pub(super) fn copies(
    review: &Review<'_>,
    needs: &[&Need],
    ecosystem: Ecosystem,
    context: &str,
) -> Vec<Copied> {
    let mut groups: BTreeMap<(String, String), Vec<&Need>> = BTreeMap::new();
    for need in needs {
        let parents =
            (folder(&need.folder).to_owned(), image_path::folder(&need.wanted).to_owned());
        groups.entry(parents).or_default().push(need);
    }
    let mut all = Vec::new();
    for ((parent, image), needs) in groups {
        let below_parent = review.repo.packages.all().filter(|m| m.ecosystem == ecosystem);
        let folders =
            below_parent.map(|m| folder(&m.path)).filter(|f| folder(f) == parent && !f.is_empty());
        let whole = needs.len() > 1
            && !parent.is_empty()
            && parent != context
            && image != "/"
            && file_names_agree(&needs)
            && folders.into_iter().all(|f| needs.iter().any(|n| n.folder == f));
        if whole {
            all.push(copied(&parent, &image, context));
        } else {
            all.extend(needs.iter().map(|n| copied(&n.folder, &n.wanted, context)));
        }
    }
    all
}

fn file_names_agree(needs: &[&Need]) -> bool {
    needs.iter().all(|n| n.folder.rsplit('/').next() == n.wanted.rsplit('/').next())
}

fn copied(source: &str, dest: &str, context: &str) -> Copied {
    let source = below(context, source).unwrap_or(source);
    let source = if source.is_empty() { "." } else { source };
    Copied { source: source.to_owned(), dest: dest.to_owned() }
}

impl Copied {
    /// As an instruction.
    pub(super) fn line(&self, from: Option<&str>) -> String {
        let flag = from.map_or(String::new(), |f| format!("--from={f} "));
        let (source, dest) = (&self.source, &self.dest);
        if source.contains(' ') || dest.contains(' ') {
            return format!("COPY {flag}[\"{source}\", \"{dest}\"]\n");
        }
        format!("COPY {flag}{source} {dest}\n")
    }

    /// As a mount of RUN; what the install writes into it is thrown away.
    pub(super) fn mount(&self) -> String {
        format!("--mount=type=bind,source={},target={},rw", self.source, self.dest)
    }
}

/// The stages that copy an environment out of a stage: `node_modules`, a virtual environment.
pub(super) fn shippers<'f>(
    file: &'f DockerfileView,
    stage: usize,
    names: &[&str],
) -> Vec<(usize, &'f Place)> {
    use plimsoll_syntax::dockerfile::FromRef;
    let mut found = Vec::new();
    for other in &file.stages {
        for step in &other.steps {
            let StepKind::Copy(copy) = &step.kind else { continue };
            let from = matches!(&copy.from, Some((_, FromRef::Stage(s))) if *s == stage);
            let takes = copy.sources.iter().any(|s| {
                let path = s.path.value.trim_end_matches('/');
                names.iter().any(|n| path.split('/').any(|p| p == *n))
            });
            if from && takes {
                found.push((other.index, &step.at));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{above, moved};
    use crate::repo::Place;
    use plimsoll_syntax::Span;

    #[test]
    fn sources_are_named_from_the_new_context() {
        for (written, want) in [
            (".", "backend"),
            ("./", "backend/"),
            ("./app/", "backend/app/"),
            ("/x", "backend/x"),
            ("\"package*.json\"", "\"backend/package*.json\""),
            ("../packages/core", "packages/core"),
            ("$DIR", "backend/$DIR"),
        ] {
            assert_eq!(moved(written, "backend", ""), want, "{written}");
        }
        assert_eq!(moved(".", "services/api", "services"), "api");
    }

    #[test]
    fn comments_stay_with_their_instruction() {
        let text = "# syntax=docker/dockerfile:1\nFROM a\n# why\nRUN b\n";
        let at = text.find("RUN").unwrap();
        let step = Place::new(&"Dockerfile".into(), Span::new(at, at + 5));
        assert_eq!(&text[above(text, &step)..], "# why\nRUN b\n");
    }
}
