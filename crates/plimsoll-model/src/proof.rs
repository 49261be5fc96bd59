//! Proof that the local packages of a service are in its image: what is to be built, imported
//! and changed, and what came of it.
//!
//! A build that ends well proves little: several installers stay green without the package.
//! Only an import inside the image that ships proves it.

use serde::{Deserialize, Serialize};

/// One build of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildPlan {
    /// The context's folder; `""` is the root of the repository.
    pub context: String,
    /// The Dockerfile, from the root of the repository.
    pub dockerfile: String,
    /// The target stage.
    pub target: Option<String>,
    /// Build arguments.
    pub args: Vec<(String, String)>,
    /// Named contexts: the name and the folder of the repository.
    pub named: Vec<(String, String)>,
}

/// What runs the code of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    /// CPython or another Python 3.
    Python,
    /// Node.
    Node,
}

/// A local package whose modules must load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalPackage {
    /// Its name.
    pub name: String,
    /// Its folder in the repository.
    pub folder: String,
    /// What runs it.
    pub runtime: Runtime,
    /// Its top-level modules; of Node its name.
    pub modules: Vec<String>,
    /// A file that is loaded with it: the file a rebuild changes.
    pub probe: Option<String>,
}

/// What starts the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// What runs it.
    pub runtime: Runtime,
    /// The program that the image starts; its interpreter is the one to ask.
    pub program: String,
    /// A module of Python, or a file.
    pub entry: String,
    /// Whether the entry is a file.
    pub is_file: bool,
}

/// How to prove that a service's local packages are in its image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProofPlan {
    /// The build as it is; `None` where nothing is changed.
    pub before: Option<BuildPlan>,
    /// The build after the change.
    pub after: BuildPlan,
    /// The packages.
    pub packages: Vec<LocalPackage>,
    /// What starts the service.
    pub application: Option<Application>,
    /// The text of each RUN that installs third-party packages alone: its layer must stay when
    /// a local package changes.
    pub third_party: Vec<String>,
}

/// What came of it, both builds side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proof {
    /// The build as it was.
    pub before: Option<Trial>,
    /// The build after the change.
    pub after: Trial,
    /// What a rebuild did after one file of a local package changed.
    pub change: Option<Change>,
}

impl Proof {
    /// Whether the service works after the change: built, everything loaded, nothing dangling,
    /// and a changed package rebuilt.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.after.works() && self.change.as_ref().is_none_or(Change::works)
    }
}

/// One build, and what its image holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trial {
    /// How the build ended.
    pub build: Built,
    /// What was loaded in the image; empty where there is none.
    pub loads: Vec<Load>,
    /// What installs left in the image.
    pub left: Left,
    /// Why the image could not be asked.
    pub unasked: Option<String>,
}

impl Trial {
    /// Whether it was built and everything in it loads.
    #[must_use]
    pub fn works(&self) -> bool {
        matches!(self.build, Built::Done { .. })
            && self.unasked.is_none()
            && self.loads.iter().all(|l| !matches!(l.outcome, Loaded::Missing(_)))
            && self.left.dangling.is_empty()
    }
}

/// How a build ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Built {
    /// It made an image.
    Done {
        /// How long it took.
        seconds: f64,
    },
    /// It failed.
    Failed {
        /// How long it took.
        seconds: f64,
        /// The instruction that failed, where it was one.
        step: Option<String>,
        /// The last lines it printed, and the builder's error.
        said: Vec<String>,
    },
}

/// Something that was loaded in the image, as its user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Load {
    /// The module, package or file.
    pub name: String,
    /// Whether it is the application.
    pub is_application: bool,
    /// What came of it.
    pub outcome: Loaded,
}

/// What came of loading something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loaded {
    /// It is there: the file it was loaded from.
    From(String),
    /// It, or something it needs, is not there: the error.
    Missing(String),
    /// All modules were found, and the code itself raised this; an application without its
    /// settings does.
    Raised(String),
}

/// What installs left behind in an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Left {
    /// `.pth` files that add folders to the path.
    pub pth: Vec<String>,
    /// Records of editable installs.
    pub editable: Vec<String>,
    /// Links, `.pth` lines and editable records that lead nowhere.
    pub dangling: Vec<String>,
}

/// What a rebuild did after one file of a local package changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The file.
    pub file: String,
    /// The steps that install third-party packages, and whether each was cached.
    pub third_party: Vec<(String, bool)>,
    /// Whether the image has the new code; `None` where the rebuild failed.
    pub new_code: Option<bool>,
}

impl Change {
    /// Whether the third-party layers stayed and the new code is there.
    #[must_use]
    pub fn works(&self) -> bool {
        self.third_party.iter().all(|(_, cached)| *cached) && self.new_code == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(outcome: Loaded) -> Trial {
        let load = Load { name: "core".into(), is_application: false, outcome };
        Trial {
            build: Built::Done { seconds: 1.0 },
            loads: vec![load],
            left: Left::default(),
            unasked: None,
        }
    }

    #[test]
    fn a_green_build_without_the_package_proves_nothing() {
        let missing = trial(Loaded::Missing("No module named 'core'".into()));
        assert!(!Proof { before: None, after: missing, change: None }.holds());
        let there = trial(Loaded::From("/app/core.py".into()));
        assert!(Proof { before: None, after: there, change: None }.holds());
    }

    #[test]
    fn an_old_copy_after_a_change_proves_nothing() {
        let change = |new_code, cached| Change {
            file: "core/core.py".into(),
            third_party: vec![("pip install -r requirements.txt".into(), cached)],
            new_code,
        };
        assert!(change(Some(true), true).works());
        assert!(!change(Some(true), false).works());
        assert!(!change(Some(false), true).works());
        assert!(!change(None, true).works());
    }
}
