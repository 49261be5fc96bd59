//! Images made by hand.

use plimsoll_oci::{Descriptor, Digest};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(crate) const OCI: [&str; 3] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.config.v1+json",
];
pub(crate) const DOCKER: [&str; 3] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.container.image.v1+json",
];

pub(crate) fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

pub(crate) fn describe(media_type: &str, bytes: &[u8]) -> Descriptor {
    let (media_type, size) = (media_type.to_owned(), bytes.len() as u64);
    Descriptor { media_type, digest: digest(bytes), size }
}

pub(crate) fn json_of(part: &Descriptor) -> Value {
    json!({"mediaType": part.media_type, "digest": part.digest.to_string(), "size": part.size})
}

/// Bytes that do not repeat.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(length).collect()
}

/// An image with its blobs.
pub(crate) struct Image {
    pub(crate) blobs: Vec<Vec<u8>>,
    pub(crate) manifest: Vec<u8>,
    pub(crate) media_type: &'static str,
}

/// An image of two layers in one of the dialects.
pub(crate) fn image(dialect: [&'static str; 3], architecture: &str) -> Image {
    let config = json!({"architecture": architecture, "os": "linux", "rootfs": {}}).to_string();
    let seed = architecture.len() as u64;
    let blobs = vec![config.into_bytes(), noise(seed, 300_000), noise(seed + 1, 10)];
    let layer = "application/vnd.oci.image.layer.v1.tar+gzip";
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": dialect[0],
        "config": json_of(&describe(dialect[2], &blobs[0])),
        "layers": [json_of(&describe(layer, &blobs[1])), json_of(&describe(layer, &blobs[2]))],
    });
    Image { blobs, manifest: manifest.to_string().into_bytes(), media_type: dialect[0] }
}

/// The entry of an index.
pub(crate) fn entry(image: &Image, os: &str, architecture: &str) -> Value {
    let mut entry = json_of(&describe(image.media_type, &image.manifest));
    entry["platform"] = json!({"os": os, "architecture": architecture});
    entry
}

pub(crate) fn index(dialect: [&str; 3], entries: &[Value]) -> Vec<u8> {
    json!({"schemaVersion": 2, "mediaType": dialect[1], "manifests": entries})
        .to_string()
        .into_bytes()
}
