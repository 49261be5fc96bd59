//! A folder of the OCI image layout.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Part, Source, Texts, small};
use crate::Error;

/// A folder with `oci-layout`, `index.json` and `blobs/`.
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// A layout at `root`.
    ///
    /// # Errors
    /// Where it is none.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        match root.join("oci-layout").is_file() {
            true => Ok(Self { root: root.to_path_buf() }),
            false => Err(Error::Format("the folder has no oci-layout file".to_owned())),
        }
    }

    /// Opens a file of the layout. Paths are made of digests, so they lead nowhere else; links are
    /// those of whoever owns the folder.
    fn file(&self, path: &str) -> Result<Option<File>, Error> {
        match File::open(self.root.join(path)) {
            // A pipe would never end.
            Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
            Ok(_) => Err(Error::Format(format!("{path} is no file"))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::Stream(format!("{path}: {error}"))),
        }
    }
}

impl Texts for Layout {
    fn text(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        self.file(path)?.map(|mut file| small(&mut file, path)).transpose()
    }
}

impl Source for Layout {
    fn name(&self) -> &'static str {
        "OCI layout"
    }

    fn open(&self, part: &Part) -> Result<Box<dyn Read + Send + '_>, Error> {
        let file = self.file(&part.name)?;
        let missing = || Error::Format(format!("the layer {} is not in it", part.name));
        Ok(Box::new(file.ok_or_else(missing)?))
    }
}
