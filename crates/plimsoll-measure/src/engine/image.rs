//! Images that the engine has: what they say of themselves, and their bytes.

use std::ffi::OsString;
use std::io::{self, Read};
use std::time::Duration;

use super::process::Streamed;
use super::{Docker, process};

/// How long an engine may take to write an image.
const SAVE: Duration = Duration::from_secs(60 * 60);

/// An image that the engine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id: `sha256:…`.
    pub id: String,
    /// The commit that it says it was built from.
    pub revision: Option<String>,
}

/// Why the engine gives no image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoImage {
    /// It has none of this name: what the client says.
    Unknown(String),
    /// It does not answer, or not as expected.
    Engine(String),
}

impl std::fmt::Display for NoImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(said) | Self::Engine(said) => f.write_str(said),
        }
    }
}

/// The label by which an image names its commit.
const REVISION: &str = "org.opencontainers.image.revision";

impl Docker {
    /// What an image says of itself. It is not pulled.
    ///
    /// # Errors
    /// Where the engine does not have it.
    pub fn image(&self, name: &str) -> Result<Image, NoImage> {
        let args = ["image", "inspect", "--", name].map(OsString::from);
        let ended = process::run(&self.program, &args, &[], super::ASK)
            .map_err(|error| NoImage::Engine(error.to_string()))?;
        if ended.code != Some(0) {
            let said = ended.err.lines().map(str::trim).find(|line| !line.is_empty());
            let said = said.unwrap_or("the client does not say why").to_owned();
            return Err(match said.to_ascii_lowercase().contains("no such image") {
                true => NoImage::Unknown(said),
                false => NoImage::Engine(said),
            });
        }
        let strange = || NoImage::Engine("the client's answer is not as expected".to_owned());
        let value: serde_json::Value = serde_json::from_str(&ended.out).map_err(|_| strange())?;
        let image = value.get(0).ok_or_else(strange)?;
        let id = image.get("Id").and_then(|id| id.as_str()).ok_or_else(strange)?;
        let labels = image.get("Config").and_then(|config| config.get("Labels"));
        let revision = labels.and_then(|l| l.get(REVISION)).and_then(|label| label.as_str());
        Ok(Image { id: id.to_owned(), revision: revision.map(str::to_owned) })
    }

    /// Calls back with an image as an archive.
    ///
    /// # Errors
    /// Where the client cannot be run.
    pub fn save<T>(
        &self,
        id: &str,
        read: impl FnOnce(&mut dyn Read) -> T,
    ) -> io::Result<Streamed<T>> {
        let args = ["image", "save", "--", id].map(OsString::from);
        process::stream(&self.program, &args, SAVE, read)
    }
}
