//! What a real registry has is read.

use std::io::Read as _;

use plimsoll_oci::{Error, Platform};
use serde_json::json;

use crate::image::{DOCKER, Image, OCI, describe, digest, entry, image, index, json_of, noise};
use crate::process::Registry;
use crate::{bytes, open};

fn check_image(registry: &Registry, name: &str, wanted: Option<&str>, image: &Image) {
    let remote = open(&registry.name(name));
    let platform = wanted.map(|text| Platform::parse(text).unwrap());
    let resolved = remote.resolve(platform.as_ref()).unwrap();
    assert_eq!(resolved.manifest, image.manifest);
    assert_eq!(resolved.digest, digest(&image.manifest));
    assert_eq!(bytes(&remote, &resolved.config).unwrap(), image.blobs[0]);
    assert_eq!(resolved.layers.len(), image.blobs.len() - 1);
    for (layer, blob) in resolved.layers.iter().zip(&image.blobs[1..]) {
        assert_eq!(&bytes(&remote, layer).unwrap(), blob);
    }
}

#[test]
fn an_image_of_either_dialect_is_read_by_tag_and_by_digest() {
    let registry = Registry::start();
    for dialect in [OCI, DOCKER] {
        let image = image(dialect, "amd64");
        registry.push("org/app", "1.2", &image);
        check_image(&registry, "org/app:1.2", None, &image);
        check_image(&registry, &format!("org/app@{}", digest(&image.manifest)), None, &image);
    }
}

#[test]
fn an_index_leads_to_the_image_of_a_platform_past_attestations() {
    let registry = Registry::start();
    for dialect in [OCI, DOCKER] {
        let (arm, amd) = (image(dialect, "arm64"), image(dialect, "amd64"));
        let mut note = image(OCI, "unknown");
        note.media_type = dialect[0];
        note.manifest =
            String::from_utf8(note.manifest).unwrap().replace(OCI[0], dialect[0]).into();
        let mut attestation = entry(&note, "unknown", "unknown");
        attestation["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
        for one in [&note, &arm, &amd] {
            registry.push("app", &format!("{}", one.blobs[0].len()), one);
        }
        let entries = [attestation, entry(&arm, "linux", "arm64"), entry(&amd, "linux", "amd64")];
        registry.push_manifest("app", "all", dialect[1], &index(dialect, &entries));
        check_image(&registry, "app:all", Some("linux/arm64"), &arm);
        check_image(&registry, "app:all", Some("linux/amd64"), &amd);
        let native = if Platform::native().architecture == "arm64" { &arm } else { &amd };
        check_image(&registry, "app:all", None, native);
        let remote = open(&registry.name("app:all"));
        let platform = remote.resolve(Platform::parse("linux/arm64").as_ref()).unwrap().platform;
        assert_eq!(platform.unwrap().to_string(), "linux/arm64");
        let error = remote.resolve(Platform::parse("linux/s390x").as_ref()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "there is no image {} for linux/s390x: it is there for linux/arm64, linux/amd64",
                registry.name("app:all")
            )
        );
    }
}

#[test]
fn a_layer_of_any_kind_has_a_descriptor() {
    let registry = Registry::start();
    let mut odd = image(OCI, "amd64");
    let text = String::from_utf8(odd.manifest).unwrap();
    odd.manifest = text.replace("image.layer.v1.tar+gzip", "image.layer.nobody.knows").into();
    registry.push("app", "odd", &odd);
    let resolved = open(&registry.name("app:odd")).resolve(None).unwrap();
    assert_eq!(resolved.layers[0].media_type, "application/vnd.oci.image.layer.nobody.knows");
    check_image(&registry, "app:odd", None, &odd);
}

#[test]
fn what_is_not_there_is_said() {
    let registry = Registry::start();
    registry.push("app", "1", &image(OCI, "amd64"));
    for name in [
        "app:2",
        "other:1",
        "app@sha256:0000000000000000000000000000000000000000000000000000000000000000",
    ] {
        let error = open(&registry.name(name)).resolve(None).unwrap_err();
        let Error::NotFound(what) = error else { panic!("{error}") };
        assert!(what.contains(name) && what.contains("docker login"), "{what}");
    }
    let remote = open(&registry.name("app:1"));
    let absent = describe("x", b"never pushed");
    let error = remote.blob(&absent).err().unwrap();
    assert!(error.to_string().contains(&absent.digest.to_string()), "{error}");
}

#[test]
fn a_descriptor_that_is_wrong_is_found_out() {
    let registry = Registry::start();
    let image = image(OCI, "amd64");
    registry.push("app", "1", &image);
    let remote = open(&registry.name("app:1"));
    let mut layer = remote.resolve(None).unwrap().layers[0].clone();
    layer.size -= 1;
    let error = bytes(&remote, &layer).unwrap_err();
    assert!(error.to_string().contains("sends more than its 299999 bytes"), "{error}");
    layer.size += 2;
    let error = bytes(&remote, &layer).unwrap_err();
    assert!(error.to_string().contains("the registry has 300000 of its 300001 bytes"), "{error}");
}

#[test]
fn an_empty_blob_is_read() {
    let registry = Registry::start();
    registry.push_blob("app", b"");
    let remote = open(&registry.name("app:1"));
    assert_eq!(bytes(&remote, &describe("x", b"")).unwrap(), b"");
    let mut wrong = describe("x", b"");
    wrong.size = 5;
    assert!(bytes(&remote, &wrong).is_err());
}

#[test]
fn blobs_are_read_in_parallel_and_in_small_pieces() {
    let registry = Registry::start();
    let blobs: Vec<_> = (0..8).map(|seed| noise(seed, 1 << 20)).collect();
    blobs.iter().for_each(|blob| registry.push_blob("app", blob));
    let remote = &open(&registry.name("app:1"));
    std::thread::scope(|scope| {
        for blob in &blobs {
            scope.spawn(move || {
                let mut reader = remote.blob(&describe("x", blob)).unwrap();
                let (mut got, mut piece) = (Vec::new(), [0; 1000]);
                loop {
                    match reader.read(&mut piece).unwrap() {
                        0 => break,
                        length => got.extend_from_slice(&piece[..length]),
                    }
                }
                assert_eq!(&got, blob);
            });
        }
    });
    // Once more, over the connections that were kept.
    blobs.iter().for_each(|blob| {
        assert_eq!(&bytes(remote, &describe("x", blob)).unwrap(), blob);
    });
}

#[test]
fn an_index_that_misstates_a_size_is_found_out() {
    let registry = Registry::start();
    let image = image(OCI, "amd64");
    registry.push("app", "1", &image);
    let mut part = describe(OCI[0], &image.manifest);
    part.size += 1;
    let mut wrong = json_of(&part);
    wrong["platform"] = json!({"os": "linux", "architecture": "amd64"});
    registry.push_manifest("app", "wrong", OCI[1], &index(OCI, &[wrong]));
    let error = open(&registry.name("app:wrong")).resolve(None).unwrap_err();
    assert!(error.to_string().contains("its index says"), "{error}");
}

#[test]
fn async_code_is_told_to_go_elsewhere() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(async { open("127.0.0.1:9/app").resolve(None).unwrap_err() });
    assert!(error.to_string().contains("outside of async code"), "{error}");
}
