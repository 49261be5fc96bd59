//! The packages of a repository: what each manifest and lock file takes from a folder, an
//! archive or a git repository instead of a registry, each with its place.
//!
//! [`read`] reads one manifest, [`locks::read`] one lock file. Neither looks at the files that
//! are named: [`tree`] does, for the repository as it is checked out, and
//! [`crate::layout`] for the files that a step of a Dockerfile finds.

mod dotnet;
mod go;
mod gradle;
pub(crate) mod json;
pub mod locks;
mod maven;
mod node;
mod pipfile;
mod pyproject;
pub mod requirements;
mod rust;
mod setup_cfg;
mod toml;
pub mod tree;
pub(crate) mod url;

use std::sync::Arc;

use plimsoll_syntax::Span;

use crate::discover::paths::file_name;
use crate::repo::Place;

/// The family of package managers a manifest belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the variants are the names of the ecosystems")]
pub enum Ecosystem {
    Python,
    Node,
    Rust,
    Go,
    Maven,
    Gradle,
    DotNet,
}

/// When a dependency is installed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Always.
    Main,
    /// With this extra, where it is asked for; `optionalDependencies` of Node have no name.
    Optional(String),
    /// With this group, in development; `""` where the ecosystem has but one.
    Dev(String),
    /// With this group, where it is asked for: `optional = true` of Poetry.
    Asked(String),
}

/// The syntax a dependency is declared in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Syntax {
    /// `name @ file:///…` of PEP 508, in `[project]`, `[dependency-groups]` or `setup.cfg`.
    DirectReference,
    /// A table of `[tool.poetry…]` with `path`.
    Poetry,
    /// `[tool.uv.sources]` with `path`.
    UvSource,
    /// `[tool.uv.sources]` with `workspace = true`.
    UvWorkspace,
    /// A member of `[tool.uv.workspace]`.
    UvMember,
    /// `[tool.pdm.dev-dependencies]`.
    Pdm,
    /// A table of `Pipfile` with `path` or `file`.
    Pipfile,
    /// A line of a requirements file.
    Requirement,
    /// `-c` of a requirements file.
    Constraint,
    /// `-r` of a requirements file.
    Include,
    /// `--find-links` of a requirements file.
    FindLinks,
    /// `file:` of Node.
    NodeFile,
    /// `link:` of pnpm and yarn.
    NodeLink,
    /// `portal:` of yarn.
    NodePortal,
    /// `workspace:` of pnpm and yarn.
    NodeWorkspace,
    /// A range that a member of the workspace answers.
    NodeRange,
    /// A folder or pattern of `workspaces` or `pnpm-workspace.yaml`.
    NodeMember,
    /// `path` of Cargo.
    CargoPath,
    /// `[patch]` or `[replace]` of Cargo.
    CargoPatch,
    /// A member of `[workspace]` of Cargo.
    CargoMember,
    /// `replace` of `go.mod` or `go.work`.
    GoReplace,
    /// `use` of `go.work`.
    GoUse,
    /// `<module>` of Maven.
    MavenModule,
    /// `<parent>` with its `<relativePath>`.
    MavenParent,
    /// `<systemPath>` of Maven.
    MavenSystemPath,
    /// `includeBuild` of Gradle.
    GradleBuild,
    /// `include` of Gradle, or a `projectDir` set for it.
    GradleProject,
    /// `flatDir` or `files(…)` of Gradle.
    GradleFiles,
    /// `<ProjectReference>` of .NET.
    ProjectReference,
    /// `<Import Project>` or `<HintPath>` of .NET.
    DotNetFile,
    /// A dependency on a git repository.
    Git,
}

/// What a dependency names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A path as it is written, `file:` taken off and `\` turned round.
    Path(String),
    /// A member of the workspace, by name.
    Member,
    /// A git repository.
    Git {
        /// The URL.
        url: String,
    },
}

/// What a relative path begins at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The folder of the file that names it.
    Manifest,
    /// The folder the installer runs in.
    WorkingDirectory,
}

/// A dependency on something that no registry has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Its name as it is written; for a bare path its last part.
    pub name: String,
    /// What it names.
    pub target: Target,
    /// Where a relative path begins.
    pub base: Base,
    /// How it is declared.
    pub syntax: Syntax,
    /// When it is installed.
    pub group: Group,
    /// Whether it is linked rather than copied: `editable`, `develop`, `-e`.
    pub editable: bool,
    /// The entry.
    pub at: Place,
    /// The path alone, where it can be replaced as it stands.
    pub path_at: Option<Place>,
}

impl Dependency {
    /// The path, where it is one.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        if let Target::Path(path) = &self.target { Some(path) } else { None }
    }

    /// Whether the path begins at the root of a machine.
    #[must_use]
    pub fn is_absolute(&self) -> bool {
        self.path().is_some_and(url::is_absolute)
    }
}

/// A name a manifest depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// The name, normalized as the ecosystem does.
    pub name: String,
    /// When it is installed.
    pub group: Group,
    /// The entry.
    pub at: Place,
}

/// A manifest: what it is called, and what it takes from elsewhere than a registry.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its path.
    pub path: Arc<str>,
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The name of the package, as other manifests would write it.
    pub name: Option<String>,
    /// The dependencies that are no registry's, in order.
    pub dependencies: Vec<Dependency>,
    /// Everything it depends on by name, local or not.
    pub wants: Vec<Want>,
    /// The folders or patterns of the workspace it is the root of.
    pub workspace: Option<Vec<String>>,
    /// The file that loading the package begins with, as Node's manifests name it.
    pub main: Option<String>,
    /// Files that building the package reads: its readme and licence.
    pub reads: Vec<(String, Place)>,
    /// Whether it takes nothing from an index: `--no-index`.
    pub no_index: bool,
    /// The version of a Python package, where it is written out.
    pub version: Option<String>,
    /// The build backend of a Python package.
    pub backend: Option<String>,
    /// Why it could not be read, with the place.
    pub error: Option<(String, Place)>,
    /// Why a part of it was not looked at.
    pub partly: Option<String>,
}

impl Manifest {
    fn new(path: &str, ecosystem: Ecosystem) -> Self {
        Self {
            path: path.into(),
            ecosystem,
            name: None,
            dependencies: Vec::new(),
            wants: Vec::new(),
            workspace: None,
            main: None,
            reads: Vec::new(),
            no_index: false,
            version: None,
            backend: None,
            error: None,
            partly: None,
        }
    }

    fn place(&self, span: Span) -> Place {
        Place::new(&self.path, span)
    }

    fn want(&mut self, name: &str, group: &Group, span: Span) {
        let name = normal(self.ecosystem, name);
        let at = self.place(span);
        self.wants.push(Want { name, group: group.clone(), at });
    }

    fn fail(&mut self, message: &str, span: Span) {
        // The first line says what is wrong; the rest repeats the text.
        let message = message.lines().map(str::trim).rfind(|l| !l.is_empty());
        self.error = Some((message.unwrap_or("it does not parse").to_owned(), self.place(span)));
    }
}

/// The ecosystem of a file that is a manifest.
#[must_use]
pub fn ecosystem(path: &str) -> Option<Ecosystem> {
    let name = file_name(path);
    Some(match name {
        "pyproject.toml" | "Pipfile" | "setup.cfg" | "setup.py" => Ecosystem::Python,
        "package.json" => Ecosystem::Node,
        "Cargo.toml" => Ecosystem::Rust,
        "go.mod" | "go.work" => Ecosystem::Go,
        "pom.xml" => Ecosystem::Maven,
        "build.gradle" | "build.gradle.kts" | "settings.gradle" | "settings.gradle.kts" => {
            Ecosystem::Gradle
        }
        _ if requirements::is_name(path) => Ecosystem::Python,
        _ if dotnet::is_project(name) => Ecosystem::DotNet,
        _ => return None,
    })
}

/// How much of a manifest is looked at. Entries are held against each other and against every
/// step of a build: a stranger's manifest of a hundred thousand would take hours.
const MAX_LOCAL: usize = 500;
const MAX_WANTS: usize = 10_000;

/// Reads a manifest; `None` where the file is none.
#[must_use]
pub fn read(path: &str, text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(path, ecosystem(path)?);
    match file_name(path) {
        "pyproject.toml" => pyproject::read(&mut manifest, text),
        "Pipfile" => pipfile::read(&mut manifest, text),
        "setup.cfg" => setup_cfg::read(&mut manifest, text),
        "setup.py" => {}
        "package.json" => node::read(&mut manifest, text),
        "Cargo.toml" => rust::read(&mut manifest, text),
        "go.mod" | "go.work" => go::read(&mut manifest, text),
        "pom.xml" => maven::read(&mut manifest, text),
        _ => match manifest.ecosystem {
            Ecosystem::Gradle => gradle::read(&mut manifest, text),
            Ecosystem::DotNet => dotnet::read(&mut manifest, text),
            _ => requirements::read(&mut manifest, text),
        },
    }
    let locals = manifest.dependencies.len().max(manifest.workspace.as_ref().map_or(0, Vec::len));
    if locals > MAX_LOCAL || manifest.wants.len() > MAX_WANTS {
        manifest.partly = Some(format!(
            "more than {MAX_LOCAL} local dependencies or {MAX_WANTS} in all: the rest was not looked at"
        ));
    }
    manifest.dependencies.truncate(MAX_LOCAL);
    manifest.wants.truncate(MAX_WANTS);
    manifest.workspace.iter_mut().for_each(|w| w.truncate(MAX_LOCAL));
    Some(manifest)
}

/// A name as its ecosystem compares it.
#[must_use]
pub fn normal(ecosystem: Ecosystem, name: &str) -> String {
    match ecosystem {
        Ecosystem::Python => url::python_name(name),
        Ecosystem::Rust => name.replace('_', "-"),
        _ => name.to_owned(),
    }
}
