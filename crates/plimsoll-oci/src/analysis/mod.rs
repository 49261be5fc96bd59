//! What an image holds, put into words: from its layers to a report.

mod bytecode;
mod compare;
mod config;
mod layers;
mod libraries;
mod needless;
mod owners;
mod permissions;
mod secrets;
mod start;
mod sums;
mod users;
mod waste;

use plimsoll_model::{IMAGE_SCHEMA_VERSION, ImageReport};

pub use owners::Owners;
pub use sums::Sums;

use crate::descriptor::text;
use crate::{Image, Platform, View};

/// How many of the largest of anything a report names.
const MOST_NAMED: usize = 50;

/// An image with everything that is known of it.
pub struct Analysis<'i> {
    /// What a container sees.
    pub view: View<'i>,
    /// Whose each path is.
    pub owners: Owners,
    /// What each folder weighs.
    pub sums: Sums,
}

impl<'i> Analysis<'i> {
    /// Looks at an image.
    #[must_use]
    pub fn new(image: &'i Image) -> Self {
        let view = View::new(image);
        let owners = Owners::of(&view);
        let sums = Sums::of(&view);
        Self { view, owners, sums }
    }

    /// Puts into words what is known; `name` is what the image was asked for as.
    #[must_use]
    pub fn report(&self, name: &str) -> ImageReport {
        let Self { view, owners, sums } = self;
        let image = view.image;
        let platform = Platform::read(&image.config);
        let layers = layers::layers(view);
        let start = start::start(view, &platform);
        ImageReport {
            schema_version: IMAGE_SCHEMA_VERSION,
            image: name.to_owned(),
            source: image.source.to_owned(),
            digest: image.digest.map(|digest| digest.to_string()),
            id: image.id.to_string(),
            platform: platform.to_string(),
            created: Some(text(&image.config, "created")).filter(|created| !created.is_empty()),
            compressed_bytes: layers.iter().map(|layer| layer.compressed_bytes).sum(),
            unpacked_bytes: layers.iter().map(|layer| layer.bytes).sum(),
            visible_bytes: sums.bytes(crate::ROOT),
            visible_files: sums.files(crate::ROOT),
            config: config::config(&image.config),
            waste: waste::waste(view),
            duplicates: waste::duplicates(view),
            owners: owners.report(view),
            needless: needless::needless(view, owners),
            secrets: secrets::secrets(view, owners),
            permissions: permissions::permissions(view, owners),
            missing_libraries: libraries::missing(view, owners),
            bytecode: bytecode::bytecode(view),
            folders: sums.folders(view),
            not_analysed: owners.not_analysed.clone(),
            layers,
            start,
        }
    }
}
