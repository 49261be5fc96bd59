//! Makes images for tests, in every form.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
pub(crate) mod place;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use plimsoll_model::ImageReport;
use plimsoll_oci::{Analysis, Digest, Error, Image, Wanted};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

/// A layer from lines: `path: text`, `folder/`, `link -> target`, `name => hard link`; with the
/// mode and the owner before it where they matter: `4755,1000,1000 path: text`.
pub(crate) fn layer(entries: &[&str]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for entry in entries {
        put(&mut tar, entry);
    }
    tar.into_inner().unwrap()
}

fn put(tar: &mut Builder<Vec<u8>>, entry: &str) {
    let (numbers, entry) = match entry.split_once(' ') {
        Some((numbers, rest)) if numbers.chars().all(|c| c.is_ascii_digit() || c == ',') => {
            (numbers.split(',').collect(), rest)
        }
        _ => (Vec::new(), entry),
    };
    let mut header = Header::new_gnu();
    let mode = numbers.first().map_or(0o644, |mode| u32::from_str_radix(mode, 8).unwrap());
    header.set_mode(mode);
    header.set_uid(numbers.get(1).map_or(0, |id| id.parse().unwrap()));
    header.set_gid(numbers.get(2).map_or(0, |id| id.parse().unwrap()));
    header.set_size(0);
    if let Some((path, target)) = entry.split_once(" -> ") {
        header.set_entry_type(EntryType::Symlink);
        tar.append_link(&mut header, path, target).unwrap();
    } else if let Some((path, target)) = entry.split_once(" => ") {
        header.set_entry_type(EntryType::Link);
        tar.append_link(&mut header, path, target).unwrap();
    } else if entry.ends_with('/') {
        header.set_entry_type(EntryType::Directory);
        header.set_mode(if numbers.is_empty() { 0o755 } else { mode });
        tar.append_data(&mut header, entry, &[][..]).unwrap();
    } else {
        let (path, text) = entry.split_once(": ").unwrap_or((entry, ""));
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    Digest(Sha256::digest(bytes).into()).to_string()
}

pub(crate) fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (path, bytes) in parts {
        let mut header = Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

/// The configuration of an image of these layers, unpacked; `more` is merged into `config`.
pub(crate) fn config(layers: &[Vec<u8>], more: &Value) -> Vec<u8> {
    let ids: Vec<String> = layers.iter().map(|layer| digest(layer)).collect();
    let steps: Vec<Value> = (0..layers.len())
        .map(|at| json!({"created_by": format!("RUN /bin/sh -c step {at}")}))
        .collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": more,
        "rootfs": {"type": "layers", "diff_ids": ids}, "history": steps,
    });
    config.to_string().into_bytes()
}

/// The archive that `docker save` writes.
pub(crate) fn docker(layers: &[Vec<u8>], more: &Value) -> Vec<u8> {
    let config = config(layers, more);
    let names: Vec<String> = (0..layers.len()).map(|at| format!("{at}/layer.tar")).collect();
    let manifest =
        json!([{"Config": "c.json", "RepoTags": ["app:1"], "Layers": names}]).to_string();
    let mut parts: Vec<(&str, &[u8])> =
        names.iter().zip(layers).map(|(name, layer)| (name.as_str(), layer.as_slice())).collect();
    parts.push(("c.json", &config));
    parts.push(("manifest.json", manifest.as_bytes()));
    archive(&parts)
}

/// The parts of an OCI layout, its layers packed.
pub(crate) fn oci(
    layers: &[Vec<u8>],
    more: &Value,
    pack: fn(&[u8]) -> Vec<u8>,
) -> Vec<(String, Vec<u8>)> {
    let config = config(layers, more);
    let descriptor = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": digest(bytes), "size": bytes.len()});
    let packed: Vec<Vec<u8>> = layers.iter().map(|layer| pack(layer)).collect();
    let of_layers: Vec<Value> = packed.iter().map(|bytes| descriptor("layer", bytes)).collect();
    let manifest = json!({
        "schemaVersion": 2, "config": descriptor("config", &config), "layers": of_layers,
    });
    let manifest = manifest.to_string().into_bytes();
    let index = json!({"schemaVersion": 2, "manifests": [descriptor("manifest", &manifest)]});
    let mut parts = vec![
        ("oci-layout".to_owned(), b"{\"imageLayoutVersion\":\"1.0.0\"}".to_vec()),
        ("index.json".to_owned(), index.to_string().into_bytes()),
    ];
    parts.extend(packed.into_iter().chain([manifest, config]).map(blob));
    parts
}

pub(crate) fn blob(bytes: Vec<u8>) -> (String, Vec<u8>) {
    (format!("blobs/{}", digest(&bytes).replace(':', "/")), bytes)
}

pub(crate) fn archive_of(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    archive(
        &parts.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect::<Vec<_>>(),
    )
}

/// A folder of its own, gone at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("plimsoll-oci-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn open(path: &Path) -> Result<ImageReport, Error> {
    Image::open(path, &Wanted::default()).map(|image| Analysis::new(&image).report("app"))
}

pub(crate) fn stream(bytes: &[u8]) -> Result<ImageReport, Error> {
    let image = Image::stream(&mut &*bytes, &Wanted::default());
    image.map(|image| Analysis::new(&image).report("app"))
}

/// The report of an image of these layers.
pub(crate) fn report(layers: &[Vec<u8>], more: &Value) -> ImageReport {
    stream(&docker(layers, more)).unwrap()
}

/// Why bytes are no image.
pub(crate) fn refused(bytes: &[u8]) -> String {
    let folder = Folder::new();
    let path = folder.write("image.tar", bytes);
    let (whole, streamed) = (open(&path), stream(bytes));
    let said =
        |read: Result<ImageReport, Error>| read.err().map_or("read".to_owned(), |e| e.to_string());
    let (whole, streamed) = (said(whole), said(streamed));
    if whole == streamed { whole } else { format!("{whole} / {streamed}") }
}
