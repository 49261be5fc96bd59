//! One image in every form says the same, and what is no image is refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{
    Folder, archive, archive_of, blob, digest, docker, gzip, layer, oci, open, refused, report,
    stream, zstd,
};
use plimsoll_model::ImageReport;
use plimsoll_oci::{Image, Platform, Wanted};
use serde_json::{Value, json};

fn layers() -> Vec<Vec<u8>> {
    let lower = layer(&[
        "app/",
        "app/main: one",
        "bin/sh: #!",
        "old: 12345",
        &format!("{}: deep", ["a-long-name"; 20].join("/")),
    ]);
    vec![lower, layer(&["app/main: three", ".wh.old", "app/link -> main"]), layer(&[])]
}

/// What must not depend on the form.
fn essence(report: &ImageReport) -> Value {
    let mut report = report.clone();
    report.source.clear();
    report.digest = None;
    report.compressed_bytes = None;
    for layer in &mut report.layers {
        layer.digest = None;
        layer.compressed_bytes = None;
    }
    serde_json::to_value(&report).unwrap()
}

#[test]
fn every_form_says_the_same() {
    let more = json!({"Cmd": ["/app/main"]});
    let wanted = report(&layers(), &more);
    assert_eq!((wanted.unpacked_bytes, wanted.visible_bytes, wanted.waste.bytes), (19, 11, 8));
    let folder = Folder::new();
    let (packed, squeezed) = (oci(&layers(), &more, gzip), oci(&layers(), &more, zstd));
    let plain = docker(&layers(), &more);
    let two_frames: fn(&[u8]) -> Vec<u8> = |bytes| {
        let (a, b) = bytes.split_at(bytes.len() / 2);
        let empty = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        [&empty, zstd(a).as_slice(), &empty, &zstd(b)].concat()
    };
    let forms = [
        ("docker archive", plain.clone()),
        ("docker archive", gzip(&plain)),
        ("docker archive", zstd(&plain)),
        ("OCI archive", archive_of(&packed)),
        ("OCI archive", archive_of(&squeezed)),
        ("OCI archive", archive_of(&oci(&layers(), &more, two_frames))),
        ("OCI archive", archive_of(&oci(&layers(), &more, |bytes| bytes.to_vec()))),
    ];
    for (at, (source, bytes)) in forms.iter().enumerate() {
        let path = folder.write(&format!("{at}.tar"), bytes);
        for got in [open(&path).unwrap(), stream(bytes).unwrap()] {
            assert_eq!(essence(&got), essence(&wanted), "{at}");
            assert_eq!(&got.source, source, "{at}");
        }
    }
    for (path, bytes) in &packed {
        folder.write(&format!("layout/{path}"), bytes);
    }
    let got = open(&folder.0.join("layout")).unwrap();
    assert_eq!((essence(&got), got.source.as_str()), (essence(&wanted), "OCI layout"));
    let sizes: u64 = got.layers.iter().filter_map(|layer| layer.compressed_bytes).sum();
    assert!(got.compressed_bytes == Some(sizes) && sizes > 0 && got.digest.is_some());
}

#[test]
fn older_engines_link_to_a_layer() {
    let one = layer(&["a: 1"]);
    let mut tar = tar::Builder::new(archive(&[("x/layer.tar", &one)]));
    // The two blocks of zeros at the end go.
    let mut bytes = tar.get_mut().clone();
    bytes.truncate(bytes.len() - 1024);
    let mut tar = tar::Builder::new(bytes);
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    tar.append_link(&mut header, "y/layer.tar", "../x/layer.tar").unwrap();
    let config = common::config(&[one.clone(), one], &json!({}));
    let manifest = json!([{"Config": "c", "Layers": ["x/layer.tar", "y/layer.tar"]}]).to_string();
    for (path, bytes) in [("c", config.as_slice()), ("manifest.json", manifest.as_bytes())] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, path, bytes).unwrap();
    }
    let bytes = tar.into_inner().unwrap();
    let folder = Folder::new();
    assert_eq!(open(&folder.write("image.tar", &bytes)).unwrap().layers.len(), 2);
}

#[test]
fn an_index_has_an_image_for_each_system() {
    let image = |text: &str| oci(&[layer(&[text])], &json!({}), gzip);
    let (amd, arm) = (image("a: amd"), image("a: arm64"));
    let entry = |parts: &[(String, Vec<u8>)], platform: Value| {
        let index: Value = serde_json::from_slice(&parts[1].1).unwrap();
        let mut entry = index["manifests"][0].clone();
        entry["platform"] = platform;
        entry
    };
    let os = |architecture: &str| json!({"os": "linux", "architecture": architecture});
    let attestation = json!({"os": "unknown", "architecture": "unknown"});
    let inner = json!({"manifests": [
        entry(&amd, os("amd64")), entry(&arm, os("arm64")), entry(&arm, attestation),
    ]});
    let inner = inner.to_string().into_bytes();
    let index = json!({"manifests": [{
        "mediaType": "index", "digest": digest(&inner), "size": inner.len(),
        "annotations": {"io.containerd.image.name": "docker.io/library/app:1"},
    }]});
    let mut parts = vec![("index.json".to_owned(), index.to_string().into_bytes()), blob(inner)];
    parts.extend(amd[2..].iter().chain(&arm[2..]).cloned());
    let bytes = archive_of(&parts);
    let read =
        |wanted: &Wanted| Image::stream(&mut &*bytes, wanted).map(|image| image.layers[0].bytes);
    let of = |platform: &str| Wanted { platform: Platform::parse(platform), name: None };
    assert_eq!(read(&of("linux/arm64")), Ok(5));
    assert_eq!(read(&of("linux/amd64")), Ok(3));
    let said = read(&of("linux/s390x")).err().unwrap().to_string();
    assert!(said.ends_with("for linux/s390x; there is linux/amd64, linux/arm64"), "{said}");
    let named = |name: &str| Wanted { name: Some(name.to_owned()), ..of("linux/amd64") };
    assert!(read(&named("app:1")).is_ok() && read(&named("docker.io/library/app:1")).is_ok());
    let said = read(&named("other")).err().unwrap().to_string();
    assert!(said.contains("other; there is docker.io/library/app:1"), "{said}");
}

#[test]
fn several_images_are_told_apart_by_name() {
    let one = layer(&["a: 1"]);
    let config = common::config(std::slice::from_ref(&one), &json!({}));
    let image = |tag: &str| json!({"Config": "c", "RepoTags": [tag], "Layers": ["l"]});
    let manifest = json!([image("app:1"), image("app:2")]).to_string();
    let bytes = archive(&[("l", &one), ("c", &config), ("manifest.json", manifest.as_bytes())]);
    assert!(refused(&bytes).contains("it holds several images; name one of them: app:1, app:2"));
    let wanted = Wanted { name: Some("app:2".to_owned()), platform: None };
    assert!(Image::stream(&mut &*bytes, &wanted).is_ok());
}

#[test]
fn what_is_no_image_is_refused() {
    let good = || docker(&[layer(&["a"])], &json!({}));
    assert_eq!(refused(&good()), "read");
    assert!(refused(&archive(&[("x", b"y")])).contains("neither index.json nor manifest.json"));
    assert!(refused(&archive(&[("manifest.json", b"[]")])).contains("names no image"));
    assert!(refused(b"plain text").contains("cannot be read"));
    let deep = "[".repeat(100_000);
    assert!(refused(&archive(&[("manifest.json", deep.as_bytes())])).contains("manifest.json: "));
    let config = common::config(&[layer(&["b"])], &json!({}));
    let manifest = br#"[{"Config":"c","Layers":["l"]}]"#;
    let parts = |layer: &[u8], config: &[u8]| {
        archive(&[("l", layer), ("c", config), ("manifest.json", manifest)])
    };
    assert!(refused(&parts(&layer(&["a"]), &config)).contains("are others: they hash to"));
    let none = common::config(&[], &json!({}));
    let said = refused(&parts(&layer(&["a"]), &none));
    assert!(said.contains("its configuration names 0 layers, its manifest 1"), "{said}");
    let missing = archive(&[("c", &config), ("manifest.json", manifest)]);
    assert!(refused(&missing).contains("the layer l is not in it"));
    assert!(refused(&parts(b"\x28\xb5\x2f\xfd....", &config)).contains("zstd"));
}

#[test]
fn a_layout_that_lies_is_refused() {
    let parts = oci(&[layer(&["a: 1"])], &json!({}), gzip);
    for at in 2..parts.len() {
        let mut changed = parts.clone();
        let last = changed[at].1.len() - 1;
        changed[at].1[last] ^= 1;
        assert_ne!(refused(&archive_of(&changed)), "read", "{}", parts[at].0);
        let mut short = parts.clone();
        short[at].1.truncate(last);
        assert_ne!(refused(&archive_of(&short)), "read", "{}", parts[at].0);
        let mut less = parts.clone();
        less.remove(at);
        assert!(refused(&archive_of(&less)).contains("is not in it"), "{}", parts[at].0);
    }
    // An index that names itself.
    let mut index = json!({"manifests": []});
    for _ in 0..6 {
        let bytes = index.to_string().into_bytes();
        index = json!({"manifests": [{"digest": digest(&bytes), "size": bytes.len()}]});
    }
    let said = refused(&archive(&[("index.json", index.to_string().as_bytes())]));
    assert!(said.contains("is not in it"), "{said}");
}

#[test]
fn what_stands_in_a_layout_in_place_of_a_file_is_not_opened() {
    let folder = Folder::new();
    for (path, bytes) in oci(&[layer(&["a: 1"])], &json!({}), gzip) {
        folder.write(&path, &bytes);
    }
    let index = folder.0.join("index.json");
    std::fs::remove_file(&index).unwrap();
    std::fs::create_dir(&index).unwrap();
    assert!(open(&folder.0).err().unwrap().to_string().contains("index.json is no file"));
}

#[test]
fn any_bytes_are_read_or_refused() {
    let lower =
        layer(&["d/a: 1", "b: 2", "0755 run: #!/bin/sh", "var/lib/dpkg/status: Package: x"]);
    let layers = [lower, layer(&["d/.wh.a", "c -> b", "b: 3", "x => b"])];
    for whole in
        [docker(&layers, &json!({"User": "x"})), archive_of(&oci(&layers, &json!({}), gzip))]
    {
        for at in (0..whole.len()).step_by(53) {
            let _ = stream(&whole[..at]);
            for value in [0, 1, b'/', b'7', 0xff] {
                let mut changed = whole.clone();
                changed[at] = value;
                let _ = stream(&changed);
            }
        }
    }
}

#[test]
fn names_are_bounded_and_lead_nowhere() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(2 << 30);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.resize(1 << 21, b'a');
    assert!(refused(&bytes).contains("too many or too large headers"));
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..7].copy_from_slice(b"../../a");
    header.set_size(0);
    header.set_mode(0o644);
    header.set_cksum();
    let mut escaping = header.as_bytes().to_vec();
    escaping.resize(2048, 0);
    let links = layer(&["x -> y", "y -> x", "up -> ../../../..", "bin/sh: x"]);
    let report = report(&[escaping, links], &json!({"Cmd": ["/x/y"], "WorkingDir": "/up/up"}));
    assert_eq!(report.visible_files, 1);
}
