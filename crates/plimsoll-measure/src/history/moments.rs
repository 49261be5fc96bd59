//! From a commit to what its build is made of.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plimsoll_graph::{Contexts, Id, Kind, Moment, Snapshot, Tree, TreeError, entry_at};
use plimsoll_syntax::dockerfile::{Inputs, Platform};

use super::Names;

/// How a service's image is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipe {
    /// The Dockerfile, from the root of the tree.
    pub dockerfile: String,
    /// The folder that is sent, from the root of the tree; `""` is the root.
    pub context: String,
    /// Whether the builder fetches the commit itself: no ignore file holds, and `.git` is left out.
    pub git_context: bool,
    /// Whether the checkout of the commit has a `.git` at the root of the tree.
    pub git_folder: bool,
    /// The target stage.
    pub target: Option<String>,
    /// Build arguments with their values.
    pub args: BTreeMap<String, String>,
    /// Build arguments whose value is another in every build: the commit, a date, a number.
    pub changing_args: BTreeSet<String>,
    /// The platform.
    pub platform: Platform,
    /// Named contexts that are folders, by name.
    pub named: BTreeMap<String, String>,
    /// The commits at which the Dockerfile and the context lay elsewhere.
    pub moved: BTreeMap<Id, Arc<Names>>,
}

/// Why a commit has no build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoBuild {
    /// The Dockerfile is not there.
    Dockerfile(String),
    /// The folder that is sent is not there.
    Context(String),
    /// Something cannot be read.
    Tree(TreeError),
}

impl std::fmt::Display for NoBuild {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dockerfile(path) => write!(f, "there is no {path}"),
            Self::Context(path) => write!(f, "there is no folder {path}"),
            Self::Tree(error) => write!(f, "{error}"),
        }
    }
}

impl From<TreeError> for NoBuild {
    fn from(error: TreeError) -> Self {
        Self::Tree(error)
    }
}

impl Recipe {
    /// The recipe with the names that its files had at a commit.
    #[must_use]
    pub fn at(&self, commit: Id) -> Cow<'_, Self> {
        match self.moved.get(&commit) {
            Some(names) => Cow::Owned(self.with(names)),
            None => Cow::Borrowed(self),
        }
    }

    /// The recipe with other names for its files.
    #[must_use]
    pub fn with(&self, names: &Names) -> Self {
        let Names { dockerfile, context } = names.clone();
        Self { dockerfile, context, moved: BTreeMap::new(), ..self.clone() }
    }

    /// Where its files lie.
    #[must_use]
    pub fn names(&self) -> Names {
        Names { dockerfile: self.dockerfile.clone(), context: self.context.clone() }
    }

    /// What the build of a tree is made of. `nonce` stands for what is another in every build.
    ///
    /// # Errors
    /// When the Dockerfile or the context is not there.
    pub fn moment(&self, tree: &impl Tree, root: Id, nonce: Id) -> Result<Moment, NoBuild> {
        let dockerfile = self.dockerfile(tree, root)?;
        let mut args = self.args.clone();
        args.extend(self.changing_args.iter().map(|name| (name.clone(), nonce.to_string())));
        let inputs = Inputs {
            build_args: args,
            platform: self.platform.clone(),
            target: self.target.clone(),
            ..Inputs::default()
        };
        let own = text_at(tree, root, &format!("{}.dockerignore", self.dockerfile))?;
        let main = self.snapshot(tree, root, &self.context, own, nonce)?;
        let mut named = BTreeMap::new();
        for (name, folder) in &self.named {
            named.insert(name.clone(), self.snapshot(tree, root, folder, None, nonce)?);
        }
        Ok(Moment { dockerfile, inputs, contexts: Contexts { main, named } })
    }

    fn dockerfile(&self, tree: &impl Tree, root: Id) -> Result<Arc<str>, NoBuild> {
        // The builder takes the lower-case name where there is no other.
        let lower = self.dockerfile.strip_suffix("Dockerfile").map(|p| format!("{p}dockerfile"));
        for path in [Some(self.dockerfile.clone()), lower].into_iter().flatten() {
            if let Some(text) = text_at(tree, root, &path)? {
                return Ok(text);
            }
        }
        Err(NoBuild::Dockerfile(self.dockerfile.clone()))
    }

    fn snapshot(
        &self,
        tree: &impl Tree,
        root: Id,
        folder: &str,
        own: Option<Arc<str>>,
        nonce: Id,
    ) -> Result<Snapshot, NoBuild> {
        let entry = entry_at(tree, root, folder)?.filter(|entry| entry.kind == Kind::Folder);
        let Some(entry) = entry else { return Err(NoBuild::Context(folder.to_owned())) };
        let ignore = match own {
            _ if self.git_context => None,
            Some(own) => Some(own),
            None => text_at(tree, entry.id, ".dockerignore")?,
        };
        let git = (folder.is_empty() && self.git_folder && !self.git_context).then_some(nonce);
        Ok(Snapshot { folder: entry.id, git, ignore: ignore.unwrap_or_else(|| Arc::from("")) })
    }
}

/// How many links a file may be reached through.
pub(super) const MAX_LINKS: u32 = 10;

/// The text of a file at a path, through links within the tree.
fn text_at(tree: &impl Tree, root: Id, path: &str) -> Result<Option<Arc<str>>, TreeError> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Some(entry) = entry_at(tree, root, &path)? else { return Ok(None) };
        let content = match entry.kind {
            Kind::File | Kind::Program | Kind::Link => tree.content(entry.id)?,
            Kind::Folder | Kind::Sealed => return Ok(None),
        };
        let text = String::from_utf8_lossy(&content);
        if entry.kind != Kind::Link {
            return Ok(Some(Arc::from(text.as_ref())));
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let Some(target) = within(folder, &text) else { return Ok(None) };
        path = target;
    }
    Ok(None)
}

/// Where a link in a folder leads; none where that is out of the tree.
pub(super) fn within(folder: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
