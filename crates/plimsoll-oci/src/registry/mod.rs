//! An image in a registry, read over the distribution API.
//!
//! ```no_run
//! use std::io::Read as _;
//!
//! use plimsoll_oci::registry::Remote;
//!
//! let remote = Remote::open("ghcr.io/org/app:1.2")?;
//! let image = remote.resolve(None)?;
//! for layer in &image.layers {
//!     let mut bytes = remote.blob(layer)?;
//!     std::io::copy(&mut bytes, &mut std::io::sink())?;
//! }
//! # Ok::<(), plimsoll_oci::Error>(())
//! ```
//!
//! What a registry says is not believed: manifests are bounded and hashed, a blob ends with an
//! error where it is not what its descriptor names, and credentials go to the registry and to the
//! token service it names, nowhere else. Nothing is asked for in clear text but of this machine.
//!
//! The interface blocks. Each reader drives its own connection while it is read and at no other
//! time: who reads slowly holds one piece of the body and no more. Called from async code it
//! refuses, since it would stall whatever else runs there.

mod blob;
mod challenge;
mod credentials;
mod fault;
mod helper;
mod line;
mod login;
mod manifest;
mod reference;
mod resolve;
mod session;
mod settings;
mod tls;
mod token;

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use crate::{Descriptor, Digest, Error, Platform};
use reference::Reference;
use session::Session;

pub use settings::Settings;

/// A repository of a registry, and who asks. Several threads may read from it at once.
pub struct Remote {
    session: Arc<Session>,
}

/// The image that a reference means on a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The digest of its manifest.
    pub digest: Digest,
    /// The bytes of its manifest.
    pub manifest: Vec<u8>,
    /// Its configuration.
    pub config: Descriptor,
    /// Its layers, the lowest first.
    pub layers: Vec<Descriptor>,
    /// The platform as the index names it. An image without an index says its own in its
    /// configuration.
    pub platform: Option<Platform>,
}

impl Remote {
    /// Reads a reference such as `ghcr.io/org/app:1.2`, `app` or `127.0.0.1:5000/app@sha256:…`.
    /// Asks nobody yet.
    ///
    /// # Errors
    /// Where it is no reference, or the certificates that `SSL_CERT_FILE` names cannot be read.
    pub fn open(reference: &str) -> Result<Self, Error> {
        Self::open_with(reference, Settings::from_env())
    }

    /// The same with settings of the caller's instead of those of the environment.
    ///
    /// # Errors
    /// As [`Remote::open`].
    pub fn open_with(reference: &str, settings: Settings) -> Result<Self, Error> {
        let session = Session::new(Reference::parse(reference)?, settings)?;
        Ok(Self { session: Arc::new(session) })
    }

    /// Asks for the manifest. Of an index it takes the one for `platform`; without a platform, the
    /// only one, or that for this machine.
    ///
    /// # Errors
    /// Where the registry cannot be reached, refuses, has no such image, or sends what is none.
    pub fn resolve(&self, platform: Option<&Platform>) -> Result<Resolved, Error> {
        resolve::resolve(&self.session, platform)
    }

    /// Opens a blob. The reader fails where its bytes are more, fewer or others than the
    /// descriptor says; a reader that is not read to its end has not been checked.
    ///
    /// A connection that breaks is taken up again a few times where it broke off.
    ///
    /// # Errors
    /// Where the registry cannot be reached, refuses, or has no such blob.
    pub fn blob(&self, descriptor: &Descriptor) -> Result<Box<dyn Read + Send>, Error> {
        Ok(Box::new(blob::Blob::open(Arc::clone(&self.session), descriptor)?))
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remote({})", self.session.reference)
    }
}
