//! Two images side by side: what one has and the other has not.

use serde::{Deserialize, Serialize};

use crate::{ImageReport, OwnerKind};

/// What an image weighs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ImageWeight {
    /// The image, as it was asked for.
    pub image: String,
    /// The digest of its configuration.
    pub id: String,
    /// The system it is for.
    pub platform: String,
    /// Bytes that a pull transfers, where they are known.
    pub compressed_bytes: Option<u64>,
    /// Bytes of the files of all layers.
    pub unpacked_bytes: u64,
    /// Bytes of the files that a container sees.
    pub visible_bytes: u64,
    /// How many files a container sees.
    pub visible_files: u64,
    /// Bytes that are pulled and never seen.
    pub wasted_bytes: u64,
    /// How many layers.
    pub layers: usize,
}

impl ImageWeight {
    /// The weight of an image that was looked at.
    #[must_use]
    pub fn of(report: &ImageReport) -> Self {
        Self {
            image: report.image.clone(),
            id: report.id.clone(),
            platform: report.platform.clone(),
            compressed_bytes: report.compressed_bytes,
            unpacked_bytes: report.unpacked_bytes,
            visible_bytes: report.visible_bytes,
            visible_files: report.visible_files,
            wasted_bytes: report.waste.bytes,
            layers: report.layers.len(),
        }
    }
}

/// A package, or a folder that no package has, in one image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PackageState {
    /// Its version.
    pub version: Option<String>,
    /// Its bytes.
    pub bytes: u64,
    /// Its files.
    pub files: u64,
}

/// A package that is not the same in both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PackageChange {
    /// What brought it.
    pub kind: OwnerKind,
    /// Its name, or the folder's path.
    pub name: String,
    /// As it was; none where it is new.
    pub before: Option<PackageState>,
    /// As it is; none where it is gone.
    pub after: Option<PackageState>,
}

/// A file or folder that is not the same in both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PathChange {
    /// Its path.
    pub path: String,
    /// Its bytes before; none where it is new.
    pub before: Option<u64>,
    /// Its bytes after; none where it is gone.
    pub after: Option<u64>,
}

/// How many files, and how large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct FileSum {
    /// How many.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Two images side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ImageComparison {
    /// The version of this form: that of the image report.
    pub schema_version: u32,
    /// The image that the other is held against.
    pub before: ImageWeight,
    /// The image in question.
    pub after: ImageWeight,
    /// How many of the lowest layers are the same: a host that has the one pulls only the rest.
    pub shared_layers: usize,
    /// Packages that are not the same, the largest difference first.
    pub packages: Vec<PackageChange>,
    /// Files that are new.
    pub added: FileSum,
    /// Files that are gone.
    pub removed: FileSum,
    /// Files with other bytes; the bytes are those of after.
    pub changed: FileSum,
    /// Files that are the same.
    pub same: FileSum,
    /// The files with the largest differences.
    pub files: Vec<PathChange>,
    /// The folders with the largest differences.
    pub folders: Vec<PathChange>,
}
