//! The packages of the repository as it is checked out: which folder is called what, which
//! workspace it belongs to, and where a dependency leads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_model::{EntryKind, Sources};
use plimsoll_syntax::yaml::{self, Node};

use super::locks::{self, Lock};
use super::{Base, Dependency, Ecosystem, Manifest, Target, ecosystem, normal, read};
use crate::discover::paths::{below, file_name, folder, join};
use crate::wildcards::{MEMBERS, matches};

/// Every manifest of a repository.
#[derive(Debug, Default)]
pub struct Packages {
    /// By path.
    manifests: BTreeMap<String, Manifest>,
    /// The folders of packages by ecosystem and name.
    names: BTreeMap<(Ecosystem, String), Vec<String>>,
    /// The lock files that were asked for: they are long, and every rule asks.
    locks: Mutex<BTreeMap<String, Option<Arc<Lock>>>>,
}

/// Where a dependency leads in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To this path of the repository.
    Here(String),
    /// To a path of the repository that is not there.
    Gone(String),
    /// Above the root of the repository.
    Above,
    /// To a path of some machine; `candidate` is the folder of the repository it probably means.
    Machine {
        /// What the repository has of that name, or at the end of that path.
        candidate: Option<String>,
    },
    /// To no path: a git repository, a name that nothing has.
    Nowhere,
}

impl Place {
    /// The path of the repository that is meant, where there is one.
    #[must_use]
    pub fn folder(&self) -> Option<&str> {
        match self {
            Self::Here(path) => Some(path),
            Self::Machine { candidate } => candidate.as_deref(),
            Self::Gone(_) | Self::Above | Self::Nowhere => None,
        }
    }
}

impl Packages {
    /// Reads every manifest.
    #[must_use]
    pub fn read(sources: &Sources) -> Self {
        let mut packages = Self::default();
        for (path, file) in &sources.files {
            if let Some(manifest) = read(path, &file.text) {
                packages.add(manifest);
            }
        }
        for (path, file) in &sources.files {
            if file_name(path) == "pnpm-workspace.yaml" {
                packages.pnpm(folder(path), &file.text);
            }
        }
        packages
    }

    fn add(&mut self, manifest: Manifest) {
        let path = manifest.path.to_string();
        if let Some(name) = &manifest.name {
            let key = (manifest.ecosystem, normal(manifest.ecosystem, name));
            self.names.entry(key).or_default().push(folder(&path).to_owned());
        }
        self.manifests.insert(path, manifest);
    }

    fn pnpm(&mut self, root: &str, text: &str) {
        let document = yaml::parse(text);
        let list = document.documents().next().and_then(|d| d.get("packages"));
        let members: Vec<String> = list
            .into_iter()
            .flat_map(Node::items)
            .filter_map(Node::as_str)
            .map(str::to_owned)
            .collect();
        let path = join(root, "package.json").unwrap_or_default();
        let manifest = self
            .manifests
            .entry(path.clone())
            .or_insert_with(|| Manifest::new(&path, Ecosystem::Node));
        manifest.workspace.get_or_insert_default().extend(members);
    }

    /// A manifest.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Manifest> {
        self.manifests.get(path)
    }

    /// A lock file, parsed once.
    #[must_use]
    pub fn lock(&self, sources: &Sources, path: &str) -> Option<Arc<Lock>> {
        let mut known = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || locks::read(path, sources.text(path)?).map(Arc::new);
        known.entry(path.to_owned()).or_insert_with(read).clone()
    }

    /// Every manifest, by path.
    pub fn all(&self) -> impl Iterator<Item = &Manifest> {
        self.manifests.values()
    }

    /// The folders of the packages of a name.
    #[must_use]
    pub fn named(&self, ecosystem: Ecosystem, name: &str) -> &[String] {
        self.names.get(&(ecosystem, normal(ecosystem, name))).map_or(&[], Vec::as_slice)
    }

    /// The manifest of the package in a folder.
    #[must_use]
    pub fn in_folder(&self, path: &str, ecosystem: Ecosystem) -> Option<&Manifest> {
        manifest_names(ecosystem).iter().filter_map(|n| self.get(&join(path, n)?)).next().or_else(
            || {
                // Projects of .NET have a name of their own.
                let inside = |m: &&Manifest| m.ecosystem == ecosystem && folder(&m.path) == path;
                (ecosystem == Ecosystem::DotNet).then(|| self.all().find(inside))?
            },
        )
    }

    /// The workspace root above a package: the nearest manifest above it that lists members.
    #[must_use]
    pub fn workspace_of(&self, path: &str, ecosystem: Ecosystem) -> Option<&Manifest> {
        let mut at = Some(path);
        while let Some(here) = at {
            // Go keeps its workspace in a file of its own.
            let work = join(here, "go.work").filter(|_| ecosystem == Ecosystem::Go);
            let root = work.map_or_else(|| self.in_folder(here, ecosystem), |w| self.get(&w));
            let root = root.filter(|m| m.workspace.is_some());
            if let Some(root) = root.filter(|r| here == path || self.is_member(r, path)) {
                return Some(root);
            }
            at = (!here.is_empty()).then(|| folder(here));
        }
        None
    }

    /// Whether a folder is a member of a workspace.
    fn is_member(&self, root: &Manifest, path: &str) -> bool {
        let Some(inside) = below(folder(&root.path), path) else { return false };
        let patterns = root.workspace.as_deref().unwrap_or(&[]);
        let negated = patterns.iter().filter_map(|p| p.strip_prefix('!'));
        let takes = |p: &str| matches(MEMBERS, p, inside);
        patterns.iter().any(|p| takes(p)) && !negated.into_iter().any(takes)
    }

    /// The folders of the members of a workspace.
    #[must_use]
    pub fn members(&self, root: &Manifest) -> Vec<&str> {
        let all = self.all().filter(|m| m.ecosystem == root.ecosystem && m.path != root.path);
        let names = manifest_names(root.ecosystem);
        let all = all.filter(|m| names.contains(&file_name(&m.path)));
        all.map(|m| folder(&m.path)).filter(|f| self.is_member(root, f)).collect()
    }

    /// Where a dependency of a manifest leads.
    #[must_use]
    pub fn place(&self, sources: &Sources, manifest: &Manifest, dependency: &Dependency) -> Place {
        match &dependency.target {
            Target::Git { .. } => Place::Nowhere,
            Target::Member => match self.member(manifest, &dependency.name) {
                Some(folder) => Place::Here(folder),
                None => Place::Nowhere,
            },
            Target::Path(path) if dependency.is_absolute() => Place::Machine {
                candidate: self.candidate(sources, manifest.ecosystem, &dependency.name, path),
            },
            Target::Path(path) => self.relative(sources, manifest, dependency, path),
        }
    }

    fn relative(
        &self,
        sources: &Sources,
        manifest: &Manifest,
        dependency: &Dependency,
        path: &str,
    ) -> Place {
        let own = folder(&manifest.path);
        // pip runs where the developer stands: beside the file, or at the root.
        let bases: &[&str] =
            if dependency.base == Base::WorkingDirectory { &[own, ""] } else { &[own] };
        let found = bases.iter().filter_map(|b| join(b, path)).find(|p| sources.kind(p).is_some());
        match (found, join(own, path)) {
            (Some(path), _) => Place::Here(path),
            (None, Some(path)) => Place::Gone(path),
            (None, None) => Place::Above,
        }
    }

    /// The folder of a member of the workspace a manifest belongs to.
    fn member(&self, manifest: &Manifest, name: &str) -> Option<String> {
        let root = self.workspace_of(folder(&manifest.path), manifest.ecosystem)?;
        if manifest.ecosystem == Ecosystem::Rust {
            let shared = root.dependencies.iter().find(|d| d.name == name && d.path().is_some())?;
            return join(folder(&root.path), shared.path()?);
        }
        let folders = self.named(manifest.ecosystem, name);
        folders.iter().find(|f| self.is_member(root, f)).cloned()
    }

    /// What the repository has in place of a path of some machine: the longest end of it that
    /// is there, else the package of that name.
    fn candidate(
        &self,
        sources: &Sources,
        ecosystem: Ecosystem,
        name: &str,
        path: &str,
    ) -> Option<String> {
        let path = path.trim_matches('/');
        let ends = path.match_indices('/').filter_map(|(i, _)| path.get(i + 1..));
        let by_path = ends.filter(|e| sources.kind(e).is_some()).map(str::to_owned).next();
        by_path.or_else(|| match self.named(ecosystem, name) {
            [only] => Some(only.clone()),
            _ => None,
        })
    }
}

/// The names a manifest of a package can have, the first that is there counts.
#[must_use]
pub fn manifest_names(ecosystem: Ecosystem) -> &'static [&'static str] {
    match ecosystem {
        Ecosystem::Python => &["pyproject.toml", "setup.py", "setup.cfg"],
        Ecosystem::Node => &["package.json"],
        Ecosystem::Rust => &["Cargo.toml"],
        Ecosystem::Go => &["go.mod"],
        Ecosystem::Maven => &["pom.xml"],
        Ecosystem::Gradle => {
            &["settings.gradle", "settings.gradle.kts", "build.gradle", "build.gradle.kts"]
        }
        Ecosystem::DotNet => &[],
    }
}

/// Whether a path or a folder above it is a link, a submodule or was not read.
#[must_use]
pub fn through(sources: &Sources, path: &str) -> Option<(String, EntryKind)> {
    let ends = path.match_indices('/').map(|(i, _)| i).chain([path.len()]);
    ends.filter_map(|i| path.get(..i)).find_map(|p| {
        let kind = sources.kind(p)?;
        let stops = matches!(kind, EntryKind::Symlink | EntryKind::Unread | EntryKind::Special);
        stops.then(|| (p.to_owned(), kind))
    })
}

/// A path of the repository with the links on the way to it followed.
#[must_use]
pub fn real(sources: &Sources, path: &str) -> String {
    let mut path = path.to_owned();
    // Links may lead in a circle.
    for _ in 0..8 {
        let Some((link, EntryKind::Symlink)) = through(sources, &path) else { break };
        let to = sources.links.get(&link).and_then(|t| join(folder(&link), t));
        let Some(to) = to else { break };
        let rest = below(&link, &path).unwrap_or("");
        path = join(&to, rest).unwrap_or(to);
    }
    path
}

/// Whether a manifest of a ecosystem stands in a folder, or the path is a file.
#[must_use]
pub fn is_manifest(path: &str) -> bool {
    ecosystem(path).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(files: &[(&str, &str)]) -> (Sources, Packages) {
        let mut sources = Sources::default();
        files.iter().for_each(|(p, t)| sources.insert(p, *t));
        let packages = Packages::read(&sources);
        (sources, packages)
    }

    #[test]
    fn dependencies_lead_somewhere() {
        let (sources, packages) = packages(&[
            (
                "backend/pyproject.toml",
                "[project]\nname='api'\ndependencies=['core @ file:///Users/me/o/packages/core','w']\n\
                 [tool.uv.sources]\nw={workspace=true}\nup={path='../../x'}\nno={path='../no'}\n",
            ),
            ("pyproject.toml", "[tool.uv.workspace]\nmembers=['backend','packages/*']\n"),
            ("packages/core/pyproject.toml", "[project]\nname='core'\n"),
            ("packages/other/pyproject.toml", "[project]\nname='W'\n"),
        ]);
        let manifest = packages.get("backend/pyproject.toml").unwrap();
        let places: Vec<Place> =
            manifest.dependencies.iter().map(|d| packages.place(&sources, manifest, d)).collect();
        assert_eq!(
            places,
            [
                Place::Machine { candidate: Some("packages/core".into()) },
                Place::Here("packages/other".into()),
                Place::Above,
                Place::Gone("no".into()),
            ]
        );
    }
}
