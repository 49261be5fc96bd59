//! What keeps an image from starting, and what it leaves open.

use serde::{Deserialize, Serialize};

/// How a file is open to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Opening {
    /// It runs as its owner, whoever starts it.
    #[default]
    SetUid,
    /// It runs as its group.
    SetGid,
    /// Everybody may change it.
    WorldWritable,
}

/// A file that is open to others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct OpenPermission {
    /// How.
    pub how: Opening,
    /// The path.
    pub path: String,
    /// Its mode: `4755`.
    pub mode: String,
    /// The package that brought it.
    pub owner: Option<String>,
}

/// Whether the program that a container starts can be started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Start {
    /// What the container starts: the entrypoint and the command.
    pub command: Vec<String>,
    /// The file it is, links followed.
    pub program: Option<String>,
    /// The interpreter that a script or a program asks for, links followed.
    pub interpreter: Option<String>,
    /// Its user's number, where the image says it.
    pub uid: Option<u32>,
    /// What keeps it from starting.
    pub problems: Vec<StartProblem>,
}

/// What keeps a container from starting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum StartProblem {
    /// Neither an entrypoint nor a command.
    NoCommand,
    /// There is no such program.
    NotFound {
        /// The program.
        program: String,
    },
    /// Its user may not execute it.
    NotExecutable {
        /// The path.
        path: String,
        /// Its mode.
        mode: String,
    },
    /// It asks for an interpreter that is not there.
    NoInterpreter {
        /// The path of the script or program.
        path: String,
        /// The interpreter.
        interpreter: String,
    },
    /// It is a script whose first line ends as on Windows: the interpreter's name has an end that nobody sees.
    CarriageReturn {
        /// The path.
        path: String,
    },
    /// It is for another processor.
    WrongArchitecture {
        /// The path.
        path: String,
        /// What it is for.
        is: String,
        /// What the image is for.
        wanted: String,
    },
    /// It needs libraries that are not there.
    MissingLibraries {
        /// The path.
        path: String,
        /// The libraries.
        libraries: Vec<String>,
    },
    /// The user is a name that the image does not know.
    UnknownUser {
        /// The name.
        user: String,
    },
    /// The working folder exists and its user may not enter it.
    WorkingDirClosed {
        /// The folder.
        path: String,
    },
}

/// A program or library that needs what is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct MissingLibrary {
    /// The path.
    pub path: String,
    /// The libraries that are not there.
    pub libraries: Vec<String>,
    /// The package that brought it.
    pub owner: Option<String>,
}

impl std::fmt::Display for StartProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoCommand => f.write_str("neither ENTRYPOINT nor CMD names a program"),
            Self::NotFound { program } => write!(f, "there is no `{program}` in the image"),
            Self::NotExecutable { path, mode } => {
                write!(f, "its user may not execute /{path} (mode {mode})")
            }
            Self::NoInterpreter { path, interpreter } => {
                write!(f, "/{path} asks for {interpreter}, which is not in the image")
            }
            Self::CarriageReturn { path } => {
                write!(
                    f,
                    "the first line of /{path} ends as on Windows, so its interpreter is not found"
                )
            }
            Self::WrongArchitecture { path, is, wanted } => {
                write!(f, "/{path} is for {is}, the image for {wanted}")
            }
            Self::MissingLibraries { path, libraries } => {
                write!(f, "/{path} needs {}, which are nowhere in the image", libraries.join(", "))
            }
            Self::UnknownUser { user } => {
                write!(f, "the image knows no user or group `{user}`")
            }
            Self::WorkingDirClosed { path } => {
                write!(f, "its user may not enter /{path}, on the way to the program")
            }
        }
    }
}
