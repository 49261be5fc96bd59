//! What an image holds: its layers, whose the bytes are, what need not be there, how it starts.

use serde::{Deserialize, Serialize};

use crate::{MissingLibrary, OpenPermission, Start};

/// The version of the form of [`ImageReport`]; it grows when a field changes its meaning or goes.
pub const IMAGE_SCHEMA_VERSION: u32 = 1;

/// What an image holds. Paths begin at the image's root, without a slash.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ImageReport {
    /// The version of this form.
    pub schema_version: u32,
    /// The image, as it was asked for.
    pub image: String,
    /// Where it was read: `docker archive`, `OCI layout`, `registry`, …
    pub source: String,
    /// The digest of its manifest, where it has one.
    pub digest: Option<String>,
    /// The digest of its configuration, which the Docker Engine calls the image's id.
    pub id: String,
    /// The system it is for: `linux/amd64`.
    pub platform: String,
    /// When it was made, as it says.
    pub created: Option<String>,
    /// What a registry stores and a pull transfers, in bytes; none where the layers were read unpacked.
    pub compressed_bytes: Option<u64>,
    /// Bytes of the files of all layers.
    pub unpacked_bytes: u64,
    /// Bytes of the files that a container sees.
    pub visible_bytes: u64,
    /// How many files a container sees.
    pub visible_files: u64,
    /// The layers, the lowest first.
    pub layers: Vec<ImageLayer>,
    /// How a container is made of it.
    pub config: ImageConfig,
    /// Bytes that are in the image and not in its containers.
    pub waste: Waste,
    /// Equal files at several paths.
    pub duplicates: Duplicates,
    /// Whose the bytes are that a container sees, the largest first.
    pub owners: Vec<Owner>,
    /// What has no business in an image that runs a service, the largest first.
    pub needless: Vec<Needless>,
    /// Secrets, in any layer.
    pub secrets: Vec<SecretFound>,
    /// Programs that run as somebody else, and files that everybody may change.
    pub permissions: Vec<OpenPermission>,
    /// What is known of the program that a container starts.
    pub start: Start,
    /// Programs and libraries that need a library which is not there.
    pub missing_libraries: Vec<MissingLibrary>,
    /// Python's bytecode.
    pub bytecode: Bytecode,
    /// The largest folders, for a treemap: every folder that weighs one part in two hundred.
    pub folders: Vec<ImageFolder>,
    /// What could not be looked at, and why.
    pub not_analysed: Vec<String>,
}

/// A layer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ImageLayer {
    /// The digest of its bytes as they are stored, where they are named by one.
    pub digest: Option<String>,
    /// The digest of its archive, unpacked.
    pub diff_id: String,
    /// Bytes as they are stored, where it is stored compressed.
    pub compressed_bytes: Option<u64>,
    /// Bytes of its files.
    pub bytes: u64,
    /// How many files it has.
    pub files: u64,
    /// Bytes of its files that later layers replace or delete.
    pub wasted_bytes: u64,
    /// The step that made it, in the builder's words.
    pub step: Option<String>,
    /// The Dockerfile's line of the step, where the image was built from a known one.
    pub line: Option<u32>,
}

/// How a container is made of the image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ImageConfig {
    /// The user; empty for root.
    pub user: String,
    /// The working folder.
    pub working_dir: String,
    /// The entrypoint.
    pub entrypoint: Vec<String>,
    /// The command.
    pub cmd: Vec<String>,
    /// Ports it exposes: `8080/tcp`.
    pub ports: Vec<String>,
    /// The names of its environment variables.
    pub env: Vec<String>,
    /// Its volumes.
    pub volumes: Vec<String>,
    /// The signal that stops it, where it names one.
    pub stop_signal: Option<String>,
    /// Whether it has a health check.
    pub healthcheck: bool,
}

/// Bytes that are in the image and not in its containers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Waste {
    /// All of them.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
    /// Bytes of those that are replaced by the same bytes: only their owner or mode changed.
    pub unchanged_bytes: u64,
    /// The largest.
    pub largest: Vec<WastedFile>,
}

/// A file that a later layer replaces or deletes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct WastedFile {
    /// Its path, or that of a folder which went as a whole.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
    /// How many files it is.
    pub files: u64,
    /// The layer that has it, from 0.
    pub layer: usize,
    /// The layer that replaces or deletes it.
    pub by: usize,
    /// Whether it is deleted rather than replaced.
    pub deleted: bool,
}

/// Equal files at several paths that a container sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Duplicates {
    /// Bytes of all but one file of each group.
    pub bytes: u64,
    /// How many groups.
    pub groups: u64,
    /// The largest groups.
    pub largest: Vec<DuplicateGroup>,
}

/// Files of the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct DuplicateGroup {
    /// Bytes of one of them.
    pub bytes: u64,
    /// How many they are.
    pub count: u64,
    /// The first of their paths.
    pub paths: Vec<String>,
    /// The layers that have them.
    pub layers: Vec<usize>,
}

/// Who brought a file.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OwnerKind {
    /// A package of Debian or Ubuntu.
    Apt,
    /// A package of Alpine.
    Apk,
    /// A Python distribution.
    Pip,
    /// A Node package.
    Npm,
    /// A folder that no package has.
    #[default]
    Folder,
}

impl OwnerKind {
    /// How it is called in print.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Apt => "apt",
            Self::Apk => "apk",
            Self::Pip => "pip",
            Self::Npm => "npm",
            Self::Folder => "folder",
        }
    }
}

/// Whose bytes they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Owner {
    /// Who.
    pub kind: OwnerKind,
    /// The package's name, or the folder's path.
    pub name: String,
    /// The package's version.
    pub version: Option<String>,
    /// Bytes that a container sees.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
    /// The layer that has most of it, from 0.
    pub layer: usize,
}

/// What kind of needless thing something is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum NeedlessKind {
    /// Compilers, linkers and their libraries.
    #[default]
    Compiler,
    /// Headers of libraries.
    Headers,
    /// Programs that install packages.
    PackageManager,
    /// What package managers keep for the next time.
    PackageCache,
    /// Lists of packages that can be installed.
    PackageLists,
    /// Tests of packages.
    Tests,
    /// A repository's history.
    Git,
    /// Bytecode whose source is not there.
    OrphanBytecode,
    /// Libraries for linking.
    StaticLibraries,
    /// Translations.
    Locales,
    /// Manuals and documentation.
    Docs,
    /// Maps from compiled code to its source.
    SourceMaps,
}

impl NeedlessKind {
    /// How it is called in print.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Compiler => "compilers and linkers",
            Self::Headers => "headers",
            Self::PackageManager => "package managers",
            Self::PackageCache => "caches of package managers",
            Self::PackageLists => "lists of packages",
            Self::Tests => "tests of packages",
            Self::Git => "git history",
            Self::OrphanBytecode => "bytecode without source",
            Self::StaticLibraries => "static libraries",
            Self::Locales => "translations",
            Self::Docs => "manuals and documentation",
            Self::SourceMaps => "source maps",
        }
    }
}

/// Something that has no business in an image that runs a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Needless {
    /// What.
    pub kind: NeedlessKind,
    /// Bytes that a container sees.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
    /// The largest of them, files or folders.
    pub largest: Vec<NeedlessPath>,
}

/// A file or folder that is needless.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct NeedlessPath {
    /// The path.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
    /// The layer that has it, from 0.
    pub layer: usize,
    /// The package that brought it: `apt gcc-12`.
    pub owner: Option<String>,
}

/// A secret in a layer. Its text is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SecretFound {
    /// What it is: `private key`, `AWS access key`.
    pub what: String,
    /// The file, or `ENV NAME` and `history` for what the configuration says.
    pub path: String,
    /// The line in the file.
    pub line: Option<u32>,
    /// The layer that has it, from 0; none for the configuration.
    pub layer: Option<usize>,
    /// Whether a later layer deletes or replaces the file: it can still be read.
    pub hidden: bool,
    /// Whether its form is certain, or only its look.
    pub certain: bool,
}

/// Python's bytecode: what is compiled each time a container starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Bytecode {
    /// Python files that packages have.
    pub sources: u64,
    /// How many of them have no bytecode.
    pub missing: u64,
    /// Bytes of those.
    pub missing_bytes: u64,
    /// The folders that have most of them.
    pub folders: Vec<ImageFolder>,
}

/// A folder with everything below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ImageFolder {
    /// The path; empty for the root.
    pub path: String,
    /// Bytes that a container sees.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
}
