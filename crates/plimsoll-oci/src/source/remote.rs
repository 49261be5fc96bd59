//! An image in a registry: its layers are pulled while they are read.

use std::io::Read;

use super::resolve::{parse, path_of};
use super::{Described, Part, Source, small};
use crate::registry::Remote;
use crate::{Error, Platform};

/// Asks a registry for an image's manifest and configuration.
pub(crate) fn described(remote: &Remote, platform: Option<&Platform>) -> Result<Described, Error> {
    let resolved = remote.resolve(platform)?;
    let config = small(&mut remote.blob(&resolved.config)?, "the configuration")?;
    let part =
        |layer: crate::Descriptor| Part { name: path_of(layer.digest), descriptor: Some(layer) };
    Ok(Described {
        digest: Some(resolved.digest),
        id: resolved.config.digest,
        config: parse(&config, "the configuration")?,
        layers: resolved.layers.into_iter().map(part).collect(),
    })
}

impl Source for Remote {
    fn name(&self) -> &'static str {
        "registry"
    }

    fn open(&self, part: &Part) -> Result<Box<dyn Read + Send + '_>, Error> {
        let missing = || Error::Format(format!("the manifest says nothing of {}", part.name));
        self.blob(part.descriptor.as_ref().ok_or_else(missing)?)
    }
}
