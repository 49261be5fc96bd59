//! What an image holds of the commit that it claims.

use serde::{Deserialize, Serialize};

/// Whether a built image holds the bytes of the commit it claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// The service.
    pub service: String,
    /// Its Dockerfile.
    pub dockerfile: String,
    /// The image, as it was asked for.
    pub image: String,
    /// Its id.
    pub id: String,
    /// The commit.
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
    /// Who says that it is this commit.
    pub claimed_by: ClaimedBy,
    /// How many files were compared.
    pub compared: usize,
    /// The files that are not the commit's.
    pub differing: Vec<VerifiedFile>,
    /// Files that differ where a RUN of the stage they come from may be why.
    pub undecided: Vec<VerifiedFile>,
    /// What was not compared.
    pub not_compared: Vec<NotCompared>,
    /// The newest commit that has the bytes of all files that differ.
    pub bytes_of: Option<OtherCommit>,
    /// How many commits were looked at for that.
    pub searched: usize,
}

impl VerifyReport {
    /// Whether every file that was compared is the commit's.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.differing.is_empty()
    }
}

/// Who says which commit an image was built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimedBy {
    /// The label `org.opencontainers.image.revision`.
    Label,
    /// The command line.
    CommandLine,
    /// Nobody: it is what is checked out.
    Head,
}

/// A file of an image that differs from the commit's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedFile {
    /// Its path in the image.
    pub path: String,
    /// Its path in the repository.
    pub source: String,
    /// The line of the COPY or ADD.
    pub line: u32,
    /// What differs.
    pub differs: Differs,
    /// Whether the bytes that differ are as many: a builder's cache can take them for the same.
    pub same_size: bool,
    /// The line of a RUN that may have changed it.
    pub run: Option<u32>,
    /// The newest commit that has these bytes at this path.
    pub bytes_of: Option<OtherCommit>,
    /// Another file of the commit, of the same name, that has these bytes: one builder was sent
    /// two folders in which both have the same size and time.
    pub bytes_of_file: Option<String>,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Differs {
    /// The bytes.
    Bytes,
    /// Whether it may be executed.
    Mode,
    /// One is a link or a folder, the other not.
    Kind,
    /// The image does not have it.
    Missing,
}

/// A commit by its id and the first line of its message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherCommit {
    /// The id.
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
}

/// Files that were not compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotCompared {
    /// How many sources or files.
    pub count: usize,
    /// Why.
    pub why: String,
    /// Some of them, with the line of their step.
    pub examples: Vec<String>,
}
