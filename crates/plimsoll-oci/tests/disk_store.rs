//! The store of unpacked images: what is kept, shared, swept and evicted, and who may use it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs::{self, File};
use std::io::IoSliceMut;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use common::place::{Place, USER, listed, text};
use common::{Folder, archive_of, config, digest, docker, gzip, layer, oci, zstd};
use plimsoll_oci::disk::{Store, Swept};
use plimsoll_oci::{Digest, Error, Wanted};
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use serde_json::json;

#[test]
fn every_form_gives_the_same_and_a_shared_layer_is_unpacked_once() {
    let layers = [layer(&["a: 1"]), layer(&["b: 2"]), layer(&["a: 1"]), layer(&[])];
    let place = Place::new();
    let image = place.take(&layers).unwrap();
    assert_eq!((image.layers.len(), place.count("layers"), image.digest), (4, 3, None));
    let born = fs::metadata(&image.layers[0]).unwrap().ino();
    let more = json!({"Cmd": ["x"]});
    let (packed, squeezed) = (oci(&layers, &more, gzip), oci(&layers, &more, zstd));
    let plain = oci(&layers, &more, <[u8]>::to_vec);
    for (path, bytes) in &packed {
        place.folder.write(&format!("layout/{path}"), bytes);
    }
    let mut taken = vec![place.store.take(&place.folder.0.join("layout"), &Wanted::default())];
    for bytes in [archive_of(&packed), gzip(&archive_of(&squeezed)), archive_of(&plain)] {
        let path = place.folder.write("oci.tar", &bytes);
        taken.push(place.store.take(&path, &Wanted::default()));
        taken.push(place.store.stream(&mut &*bytes, &Wanted::default()));
    }
    for other in taken.into_iter().map(Result::unwrap) {
        assert_eq!(other.layers, image.layers);
        assert!(other.digest.is_some() && other.id != image.id);
    }
    assert_eq!((place.count("layers"), place.count("images"), place.count("new")), (3, 2, 0));
    assert_eq!(fs::metadata(&image.layers[0]).unwrap().ino(), born);
}

#[test]
fn a_stream_has_its_layers_before_its_manifest() {
    let place = Place::new();
    let image = place.stream(&[layer(&["a: 1"]), layer(&[".wh.a"])]).unwrap();
    assert_eq!(listed(&image.layers[0]), ["a: 1 644"]);
    assert_eq!(listed(&image.layers[1]), ["a gone 0"]);
    assert_eq!(place.count("new"), 0);
}

#[test]
fn what_is_not_what_it_says_leaves_nothing() {
    let layers = [layer(&["a: 1"]), layer(&["b: 2"])];
    let others = [layer(&["a: 1"]), layer(&["b: 3"])];
    let said = config(&layers, &json!({}));
    let list = json!([{"Config": "c", "Layers": ["0", "1"]}]).to_string();
    let parts =
        [("0", &*others[0]), ("1", &others[1]), ("c", &said), ("manifest.json", list.as_bytes())];
    let bytes = common::archive(&parts);
    let mut packed = oci(&layers, &json!({}), gzip);
    let at = packed.iter().rposition(|(_, bytes)| bytes.starts_with(&[0x1f, 0x8b])).unwrap();
    packed[at].1.push(0);
    let mut cut = docker(&layers, &json!({}));
    cut.truncate(1700);
    let place = Place::new();
    for bytes in [bytes, archive_of(&packed), cut, b"no archive".to_vec()] {
        let path = place.folder.write("image.tar", &bytes);
        assert!(place.store.take(&path, &Wanted::default()).is_err());
        assert!(place.store.stream(&mut &*bytes, &Wanted::default()).is_err());
        assert_eq!((place.count("new"), place.count("layers"), place.count("images")), (0, 0, 0));
    }
    let wanted = Digest::parse(&digest(&layers[1])).unwrap();
    let path = place.folder.write("image.tar", &common::archive(&parts));
    let error = place.store.take(&path, &Wanted::default()).unwrap_err();
    assert!(matches!(error, Error::Digest { wanted: it, .. } if it == wanted), "{error}");
    // A blob whose name is that of a layer that is there, where the image means another one.
    place.take(&layers[..1]).unwrap();
    let name = format!("blobs/{}", digest(&layers[0]).replace(':', "/"));
    let said = config(&layers[1..], &json!({}));
    let list = json!([{"Config": "c", "Layers": [name]}]).to_string();
    let parts = [(&*name, &*layers[0]), ("c", &said), ("manifest.json", list.as_bytes())];
    let taken = place.store.stream(&mut &*common::archive(&parts), &Wanted::default());
    assert!(matches!(taken.unwrap_err(), Error::Digest { .. }));
}

#[test]
fn several_may_take_the_same_image_at_once() {
    let place = Place::new();
    let layers: Vec<Vec<u8>> = (0..8).map(|at| layer(&[&format!("a/{at}: {at}")])).collect();
    let bytes = docker(&layers, &json!({}));
    let path = place.folder.write("image.tar", &bytes);
    std::thread::scope(|scope| {
        let take = |at: usize| {
            let store = Store::open_as(&place.folder.0.join("store"), USER).unwrap();
            let image = match at % 2 {
                0 => store.take(&path, &Wanted::default()).unwrap(),
                _ => store.stream(&mut &*bytes, &Wanted::default()).unwrap(),
            };
            assert_eq!(text(&image.layers[7].join("a/7")), "7");
            store.sweep(Duration::ZERO, 0).unwrap();
            assert_eq!(text(&image.layers[0].join("a/0")), "0");
        };
        (0..6).for_each(|at| drop(scope.spawn(move || take(at))));
    });
    place.store.sweep(Duration::ZERO, 0).unwrap();
    assert_eq!((place.count("new"), place.count("layers"), place.count("images")), (0, 0, 0));
}

#[test]
fn a_known_image_is_not_read_again() {
    let place = Place::new();
    let image = place.take(&[layer(&["a: 1"])]).unwrap();
    let (id, layers) = (image.id, image.layers.clone());
    let known = place.store.known(id).unwrap();
    assert_eq!((known.layers, known.config, known.id), (layers, image.config, id));
    assert!(place.store.known(Digest([7; 32])).is_none());
    // What was not written whole is not known, and written again.
    let record = fs::read_dir(place.root().join("images")).unwrap().next().unwrap().unwrap();
    fs::write(record.path(), b"{\"config\":").unwrap();
    assert!(place.store.known(id).is_none());
    assert_eq!(place.take(&[layer(&["a: 1"])]).unwrap().id, id);
    // Nor is one whose layer somebody removed.
    fs::remove_dir_all(place.root().join("layers")).unwrap();
    fs::create_dir(place.root().join("layers")).unwrap();
    assert!(place.store.known(id).is_none());
}

#[test]
fn a_sweep_keeps_what_is_held() {
    let place = Place::new();
    let (base, big) = (layer(&["base: 1"]), "x".repeat(1000));
    let held = place.take(&[base.clone(), layer(&["a: 12345"])]).unwrap();
    let other = place.take(&[base.clone(), layer(&["0555 b/", &format!("b/c: {big}")])]);
    let other = other.unwrap().id;
    let (week, all) = (Duration::from_secs(7 * 86400), u64::MAX);
    assert_eq!(place.store.sweep(week, all).unwrap(), Swept::default());
    // The largest that is left is the one that nobody holds.
    let swept = place.store.sweep(week, 1000).unwrap();
    assert_eq!(swept, Swept { images: 1, layers: 1, bytes: 1000 });
    assert!(place.store.known(other).is_none() && place.store.known(held.id).is_some());
    assert_eq!(place.store.sweep(Duration::ZERO, 0).unwrap(), Swept::default());
    assert_eq!(text(&held.layers[1].join("a")), "12345");
    // What an ended process left.
    fs::create_dir_all(place.root().join("new/1-2-3/tree/a")).unwrap();
    drop(held);
    let swept = place.store.sweep(Duration::ZERO, all).unwrap();
    assert_eq!(swept, Swept { images: 1, layers: 2, bytes: 6 });
    assert_eq!((place.count("new"), place.count("layers"), place.count("images")), (0, 0, 0));
}

#[test]
fn evicting_leaves_nothing_in_memory() {
    let place = Place::new();
    let big = "x".repeat(300_000);
    let image =
        place.take(&[layer(&[&format!("a/b: {big}"), "c: small"]), layer(&["0500 d/", "d/e: 1"])]);
    let image = image.unwrap();
    let is_cached = |path: &Path| {
        let mut byte = [0; 1];
        let file = File::open(path).unwrap();
        let read = preadv2(&file, &mut [IoSliceMut::new(&mut byte)], 0, ReadWriteFlags::NOWAIT);
        match read {
            Ok(_) => true,
            Err(Errno::AGAIN) => false,
            Err(errno) => panic!("{errno}"),
        }
    };
    let paths = [image.find("a/b"), image.find("c"), image.find("d/e")].map(Option::unwrap);
    paths.iter().for_each(|path| assert!(!text(path).is_empty() && is_cached(path)));
    match image.evict() {
        Ok(bytes) => assert_eq!(bytes, 300_006),
        // There, nothing is ever cold.
        Err(error) => return assert!(error.to_string().contains("is memory")),
    }
    paths.iter().for_each(|path| assert!(!is_cached(path), "{}", path.display()));
}

#[test]
fn a_store_is_the_callers_alone() {
    let folder = Folder::new();
    let path = folder.0.join("deep/store");
    Store::open_as(&path, USER).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
    fs::set_permissions(path.join("user"), fs::Permissions::from_mode(0o755)).unwrap();
    let error = Store::open_as(&path, USER).unwrap_err().to_string();
    assert!(error.contains("others can change or read it"), "{error}");
}
