//! Finds what the sources of a COPY mean.

use plimsoll_syntax::ignorefile::{IgnoreFile, Matcher, ParentState};

use super::{Child, Found, SelectError, View, pattern};
use crate::graph::Selection;
use crate::path;
use crate::tree::{Entry, Kind, Tree};

/// How many links a path may lead through; BuildKit's limit.
const MAX_LINKS: u32 = 255;

impl<T: Tree> View<'_, T> {
    /// What a source means: one path, or those that a pattern matches, sorted.
    pub(super) fn find(
        &self,
        selection: &Selection,
        source: &str,
    ) -> Result<Vec<Found>, SelectError> {
        if selection.parents {
            return self.with_parents(selection.pivot(source));
        }
        if !selection.is_pattern(source) {
            let mut found =
                self.path(&path::clean(&pattern::unescape(source, selection.patterns)))?;
            // The name of a single source does not count; those below it do.
            found.name.clear();
            return Ok(vec![found]);
        }
        let mut all = Vec::new();
        let source = path::clean(source);
        let parts: Vec<&str> = source.split('/').collect();
        let literal = parts.iter().take_while(|part| !pattern::is_pattern(part)).count();
        // A pattern may match nothing, but it must have a folder to be looked for in.
        let start = self.path(&parts[..literal].join("/"))?;
        self.matching(&start, "", &parts[literal..], &mut all)?;
        // The name of a single file does not count where the pattern says it.
        if let [one] = all.as_mut_slice()
            && one.entry.kind != Kind::Folder
            && parts.last() == Some(&path::base(&one.name).as_str())
        {
            one.name.clear();
        }
        Ok(all)
    }

    /// Follows a path from the root, through links.
    fn path(&self, wanted: &str) -> Result<Found, SelectError> {
        let missing = |ignored| SelectError::NotFound { path: wanted.to_owned(), ignored };
        let mut links = 0;
        let mut left: Vec<String> = parts_reversed(wanted);
        let mut at = self.root();
        while let Some(part) = left.pop() {
            if at.entry.kind != Kind::Folder {
                return Err(missing(false));
            }
            let Some(child) = self.child_named(&at, &part)? else {
                return Err(missing(self.is_there(&at, &part)?));
            };
            if child.entry.kind == Kind::Link {
                links += 1;
                let target = self.tree.content(child.entry.id)?;
                let target = String::from_utf8_lossy(&target).into_owned();
                if links > MAX_LINKS {
                    return Err(missing(false));
                }
                let whole = match target.starts_with('/') {
                    true => path::clean(&target),
                    false => path::clean(&format!("{}/{target}", at.path)),
                };
                left.extend(parts_reversed(&whole));
                at = self.root();
                continue;
            }
            at = found(child);
        }
        let kept_back = at.state.decision().ignored || self.filter.excluded(&at.path)?;
        if at.entry.kind == Kind::Folder && kept_back && !self.has_any(&at)? {
            return Err(missing(true));
        }
        Ok(at)
    }

    fn root(&self) -> Found {
        let entry = Entry { name: String::new(), kind: Kind::Folder, id: self.context.folder };
        let state = ParentState::default();
        Found { name: String::new(), path: String::new(), entry, state }
    }

    fn child_named(&self, folder: &Found, name: &str) -> Result<Option<Child>, SelectError> {
        let entries = self.entries(&folder.path, folder.entry.id)?;
        let Some(entry) = entries.iter().find(|entry| entry.name == name) else { return Ok(None) };
        let path = if folder.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", folder.path)
        };
        self.child(path, entry, &folder.state)
    }

    /// Whether a folder has an entry at all, kept back or not.
    fn is_there(&self, folder: &Found, name: &str) -> Result<bool, SelectError> {
        let entries = self.entries(&folder.path, folder.entry.id)?;
        Ok(entries.iter().any(|entry| entry.name == name))
    }

    /// Whether anything in a folder is sent.
    fn has_any(&self, folder: &Found) -> Result<bool, SelectError> {
        for child in self.children(&folder.path, folder.entry.id, &folder.state)? {
            if !child.kept_back
                || (child.entry.kind == Kind::Folder && self.has_any(&found(child))?)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the parts of a pattern match below a folder, named from where the patterns begin;
    /// links are followed only at the end.
    fn matching(
        &self,
        folder: &Found,
        above: &str,
        parts: &[&str],
        all: &mut Vec<Found>,
    ) -> Result<(), SelectError> {
        let Some((part, rest)) = parts.split_first() else { return Ok(()) };
        if folder.entry.kind != Kind::Folder {
            return Ok(());
        }
        for child in self.children(&folder.path, folder.entry.id, &folder.state)? {
            if !pattern::fits(part, &child.entry.name) {
                continue;
            }
            let kept_back = child.kept_back;
            let mut child = found(child);
            let name = format!("{above}/{}", child.entry.name);
            if !rest.is_empty() {
                self.matching(&child, &name, rest, all)?;
                continue;
            }
            if kept_back && !self.has_any(&child)? {
                continue;
            }
            if child.entry.kind == Kind::Link
                && let Ok(target) = self.path(&child.path)
            {
                child = target;
            }
            all.push(Found { name, ..child });
        }
        Ok(())
    }

    /// `--parents`: every file that the pattern, or a folder above it, matches. What stands before
    /// `/./` is left off the names.
    fn with_parents(&self, (base, wanted): (&str, &str)) -> Result<Vec<Found>, SelectError> {
        let wanted = path::clean(wanted);
        let start = self.path(&path::clean(base))?;
        let mut all = Vec::new();
        if wanted.is_empty() || wanted.contains("**") {
            let text = if wanted.is_empty() { "**" } else { &wanted };
            let matcher = Matcher::new(&IgnoreFile::parse(text).patterns)?;
            self.below(&start, &start.path, &matcher, &mut all)?;
        } else {
            let parts: Vec<&str> = wanted.split('/').collect();
            self.along(&start, &start.path, &parts, &mut all)?;
        }
        if all.is_empty() && !pattern::is_pattern(&wanted) {
            return Err(SelectError::NotFound { path: wanted, ignored: false });
        }
        Ok(all)
    }

    /// What the parts of a pattern without `**` match: a folder is taken with all that is in it,
    /// so that its digest is remembered.
    fn along(
        &self,
        folder: &Found,
        base: &str,
        parts: &[&str],
        all: &mut Vec<Found>,
    ) -> Result<(), SelectError> {
        let Some((part, rest)) = parts.split_first() else { return Ok(()) };
        let children = match pattern::is_pattern(part) {
            true => self.children(&folder.path, folder.entry.id, &folder.state)?,
            false => self.child_named(folder, part)?.into_iter().collect(),
        };
        for child in children {
            if pattern::is_pattern(part) && !pattern::fits(part, &child.entry.name) {
                continue;
            }
            let kept_back = child.kept_back;
            let child = found(child);
            if !rest.is_empty() {
                if child.entry.kind == Kind::Folder {
                    self.along(&child, base, rest, all)?;
                }
            } else if !kept_back || self.has_any(&child)? {
                let name = child.path[base.len()..].trim_start_matches('/').to_owned();
                all.push(Found { name, ..child });
            }
        }
        Ok(())
    }

    fn below(
        &self,
        folder: &Found,
        base: &str,
        matcher: &Matcher,
        all: &mut Vec<Found>,
    ) -> Result<(), SelectError> {
        for child in self.children(&folder.path, folder.entry.id, &folder.state)? {
            let kept_back = child.kept_back;
            let child = found(child);
            let name = child.path[base.len()..].trim_start_matches('/').to_owned();
            if child.entry.kind == Kind::Folder {
                self.below(&child, base, matcher, all)?;
            }
            // A folder counts by itself: it may be empty.
            if !kept_back && matcher.decide(&name)?.ignored {
                all.push(Found { name, ..child });
            }
        }
        Ok(())
    }
}

fn found(child: Child) -> Found {
    let Child { path, entry, state, .. } = child;
    Found { name: String::new(), path, entry, state }
}

fn parts_reversed(path: &str) -> Vec<String> {
    path.split('/').rev().filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
