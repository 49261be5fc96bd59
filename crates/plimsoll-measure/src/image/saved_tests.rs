use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::*;
use crate::image::layers::Held;

/// An entry of a layer: a file, `path/` a folder, `path -> target` a link, `path => file` a
/// second name.
fn layer(entries: &[&str]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for entry in entries {
        let mut header = Header::new_gnu();
        header.set_mode(if entry.contains("run") { 0o755 } else { 0o644 });
        header.set_size(0);
        let link = [(" -> ", EntryType::Symlink), (" => ", EntryType::Link)];
        let link = link.iter().find_map(|(mark, kind)| Some((entry.split_once(mark)?, *kind)));
        if let Some(((path, target), kind)) = link {
            header.set_entry_type(kind);
            tar.append_link(&mut header, path, target).unwrap();
        } else if entry.ends_with('/') {
            header.set_entry_type(EntryType::Directory);
            tar.append_data(&mut header, entry, &[][..]).unwrap();
        } else {
            let text = format!("{entry}\n");
            header.set_size(text.len() as u64);
            tar.append_data(&mut header, entry, text.as_bytes()).unwrap();
        }
    }
    tar.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
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

const MANIFEST: &[u8] = br#"[{"Config":"blobs/c","Layers":["blobs/1","blobs/2","blobs/2"]}]"#;
const CONFIG: &[u8] =
    br#"{"history":[{"created_by":"COPY a /"},{"created_by":"CMD x","empty_layer":true}]}"#;

fn image(lower: &[u8], upper: &[u8]) -> Vec<u8> {
    archive(&[
        ("blobs/1", lower),
        ("blobs/2", upper),
        ("blobs/c", CONFIG),
        ("manifest.json", MANIFEST),
    ])
}

fn read(bytes: &[u8]) -> Result<Saved, Error> {
    let names = ["a", "b", "run", "c"].map(str::to_owned).into_iter().collect();
    Saved::read(&mut &*bytes, names)
}

fn says(bytes: &[u8]) -> String {
    read(bytes).err().map_or_else(|| "read".to_owned(), |error| error.to_string())
}

#[test]
fn layers_lie_over_each_other() {
    let long = format!("{}/a", ["a-long-name-of-a-folder"; 12].join("/"));
    let lower = layer(&["d/", "d/a", "d/run", "e/a", "f/a", "l -> d", &long, "other", "h/b"]);
    let upper =
        layer(&["d/.wh.a", "e/.wh..wh..opq", "e/b", ".wh.f", "d/c => d/b", "d/b", "m -> /l"]);
    let saved = read(&image(&gzip(&lower), &upper)).unwrap();
    let at = |count, path: &str| saved.stack.at(count, path).cloned();
    let id = |at: Option<Held>| match at {
        Some(Held::File { id, program, .. }) => format!("{id} {program}"),
        other => format!("{other:?}"),
    };
    // `printf 'd/a\n' | git hash-object --stdin`
    assert_eq!(id(at(1, "d/a")), "29427fc78d46c124d7b0138564b8bb9445913768 false");
    assert!(id(at(1, "d/run")).ends_with("true"));
    assert_eq!(at(2, "d/a"), None);
    assert_eq!((at(2, "e/a"), at(2, "f/a"), at(2, "other")), (None, None, None));
    assert_eq!(at(2, "d/c"), at(2, "d/b"));
    assert!(at(2, &long).is_some() && at(3, "h/b").is_some() && at(0, "h/b").is_none());
    assert_eq!(saved.stack.followed(3, "m/x").as_deref(), Some("d/x"));
    assert!(saved.stack.is_folder(1, "d") && !saved.stack.is_folder(1, "l"));
    assert_eq!(saved.history.len(), 2);
}

#[test]
fn links_in_a_circle_lead_nowhere() {
    let saved = read(&image(&layer(&["x -> y", "y -> x", "up -> ../../.."]), &layer(&[]))).unwrap();
    assert_eq!(saved.stack.followed(1, "x/a"), None);
    assert_eq!(saved.stack.followed(1, "up/a").as_deref(), Some("a"));
}

#[test]
fn what_is_no_image_is_said() {
    let plain = layer(&["a"]);
    assert_eq!(says(&image(&plain, &plain)), "read");
    assert!(says(&archive(&[("x", b"y")])).contains("manifest.json is not in it"));
    assert!(says(&archive(&[("manifest.json", b"[]")])).contains("names no image"));
    let parts: [(&str, &[u8]); 2] = [("blobs/c", CONFIG), ("manifest.json", MANIFEST)];
    assert!(says(&archive(&parts)).contains("the layer blobs/1 is not in it"));
    let deep = "[".repeat(100_000);
    assert!(says(&archive(&[("manifest.json", deep.as_bytes())])).contains("manifest.json: "));
    assert!(says(&image(b"\x28\xb5\x2f\xfd....", &plain)).contains("zstd"));
}

#[test]
fn names_are_bounded_and_lead_nowhere() {
    // A long name that says it has 2 GiB.
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::GNULongName);
    header.set_size(2 << 30);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.resize(1 << 21, b'a');
    assert!(says(&bytes).contains("too many or too large headers"));
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..7].copy_from_slice(b"../../a");
    header.set_size(0);
    header.set_mode(0o644);
    header.set_cksum();
    let mut escaping = header.as_bytes().to_vec();
    escaping.resize(2048, 0);
    let saved = read(&image(&escaping, &layer(&[]))).unwrap();
    assert_eq!(saved.stack.at(3, "a"), None);
}

#[test]
fn any_bytes_are_read_or_refused() {
    let whole = image(&gzip(&layer(&["d/a", "b", "run"])), &layer(&["d/.wh.a", "c -> b", "b"]));
    for at in (0..whole.len()).step_by(97) {
        let _ = read(&whole[..at]);
        for value in [0, 1, b'/', b'7', 0xff] {
            let mut changed = whole.clone();
            changed[at] = value;
            let _ = read(&changed);
        }
    }
}
