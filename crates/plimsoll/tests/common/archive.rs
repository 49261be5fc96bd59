//! Images for tests, as the archive that `docker save` writes.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

/// A layer from lines: `path: text`, `folder/`, `link -> target`; `755 path: text` where the mode
/// matters.
pub(crate) fn layer(entries: &[&str]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for entry in entries {
        let (mode, entry) = match entry.split_once(' ') {
            Some((mode, rest)) if mode.chars().all(|c| c.is_ascii_digit()) => (Some(mode), rest),
            _ => (None, *entry),
        };
        let mut header = Header::new_gnu();
        let mode = mode.map(|mode| u32::from_str_radix(mode, 8).unwrap());
        header.set_mode(mode.unwrap_or(if entry.ends_with('/') { 0o755 } else { 0o644 }));
        header.set_size(0);
        if let Some((path, target)) = entry.split_once(" -> ") {
            header.set_entry_type(EntryType::Symlink);
            tar.append_link(&mut header, path, target).unwrap();
        } else if entry.ends_with('/') {
            header.set_entry_type(EntryType::Directory);
            tar.append_data(&mut header, entry, &[][..]).unwrap();
        } else {
            let (path, text) = entry.split_once(": ").unwrap_or((entry, ""));
            header.set_size(text.len() as u64);
            tar.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
    }
    tar.into_inner().unwrap()
}

/// The archive of an image of these layers; `config` is how a container is made of it.
pub(crate) fn docker(layers: &[Vec<u8>], config: &Value) -> Vec<u8> {
    let hex = |bytes: &[u8]| {
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let ids: Vec<String> = layers.iter().map(|layer| format!("sha256:{}", hex(layer))).collect();
    let steps: Vec<Value> = (0..layers.len())
        .map(|at| json!({"created_by": format!("RUN /bin/sh -c step {at} # buildkit")}))
        .collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": config,
        "rootfs": {"type": "layers", "diff_ids": ids}, "history": steps,
    });
    let names: Vec<String> = (0..layers.len()).map(|at| format!("{at}/layer.tar")).collect();
    let manifest = json!([{"Config": "c.json", "RepoTags": ["app:1"], "Layers": names}]);
    let (config, manifest) = (config.to_string(), manifest.to_string());
    let mut parts: Vec<(&str, &[u8])> =
        names.iter().zip(layers).map(|(name, layer)| (name.as_str(), layer.as_slice())).collect();
    parts.push(("c.json", config.as_bytes()));
    parts.push(("manifest.json", manifest.as_bytes()));
    archive(&parts)
}

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (path, bytes) in parts {
        let mut header = Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}
