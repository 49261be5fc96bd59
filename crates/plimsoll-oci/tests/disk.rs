//! Unpacked images: what a layer becomes on the disk, and that nothing of a hostile one leaves it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs::{self, File};
use std::io::IoSliceMut;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{Folder, archive_of, config, digest, docker, gzip, layer, oci, zstd};
use plimsoll_oci::disk::{Form, Marks, Store, Swept, Unpacked};
use plimsoll_oci::{Digest, Error, Wanted};
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use serde_json::json;
use tar::{Builder, EntryType, Header};

/// Owners and marks as they are without root, whoever runs the tests.
const USER: Form = Form { owners: false, marks: Marks::User };

struct Place {
    folder: Folder,
    store: Store,
}

impl Place {
    fn new() -> Self {
        let folder = Folder::new();
        let store = Store::open_as(&folder.0.join("store"), USER).unwrap();
        Self { folder, store }
    }

    fn root(&self) -> PathBuf {
        self.folder.0.join("store/user")
    }

    fn count(&self, part: &str) -> usize {
        fs::read_dir(self.root().join(part)).unwrap().count()
    }

    /// Unpacks an archive of these layers.
    fn take(&self, layers: &[Vec<u8>]) -> Result<Unpacked, Error> {
        let path = self.folder.write("image.tar", &docker(layers, &json!({})));
        self.store.take(&path, &Wanted::default())
    }

    fn stream(&self, layers: &[Vec<u8>]) -> Result<Unpacked, Error> {
        self.store.stream(&mut &*docker(layers, &json!({})), &Wanted::default())
    }

    /// The one layer of an image of it.
    fn one(&self, layer: Vec<u8>) -> (Unpacked, PathBuf) {
        let image = self.take(&[layer]).unwrap();
        let path = image.layers[0].clone();
        (image, path)
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// Everything below a folder: `path kind mode`, with a file's text and a link's target.
fn listed(folder: &Path) -> Vec<String> {
    let (mut lines, mut left) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(at) = left.pop() {
        for entry in fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()) {
            let data = fs::symlink_metadata(&entry).unwrap();
            let (kind, path) = (data.file_type(), entry.strip_prefix(folder).unwrap().display());
            let mode = data.mode() & 0o7777;
            lines.push(match () {
                () if kind.is_dir() => format!("{path}/ {mode:o}"),
                () if kind.is_symlink() => {
                    format!("{path} -> {}", fs::read_link(&entry).unwrap().display())
                }
                () if kind.is_char_device() => format!("{path} gone {}", data.rdev()),
                () if kind.is_fifo() => format!("{path} pipe {mode:o}"),
                () => format!("{path}: {} {mode:o}", text(&entry)),
            });
            if kind.is_dir() {
                left.push(entry);
            }
        }
    }
    lines.sort();
    lines
}

fn check(entries: &[&str], wanted: &[&str]) {
    let place = Place::new();
    let (_image, tree) = place.one(layer(entries));
    assert_eq!(listed(&tree), wanted, "{entries:?}");
}

/// An entry of any kind, with a name that need not be a path.
fn raw(kind: EntryType, name: &str, link: &str, text: &str) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(text.len() as u64);
    header.set_mtime(7);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn closed(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.push(vec![0; 1024]);
    parts.concat()
}

#[test]
fn a_layer_is_written_as_it_is() {
    check(
        &["0750 bin/", "4755 bin/su: x", "0600 bin/key: k", "bin/sh -> /bin/su", "bin/s => bin/su"],
        &["bin/ 750", "bin/key: k 600", "bin/s: x 4755", "bin/sh -> /bin/su", "bin/su: x 4755"],
    );
    // Folders that were not listed, and one that is closed before it is filled.
    check(&["a/b/c: 1"], &["a/ 755", "a/b/ 755", "a/b/c: 1 644"]);
    check(&["0555 a/", "0000 a/b/", "a/b/c: 1"], &["a/ 555", "a/b/ 0", "a/b/c: 1 644"]);
    let long = ["a-long-name"; 20].join("/");
    let place = Place::new();
    let (_image, tree) = place.one(layer(&[&format!("{long}: deep")]));
    assert_eq!(text(&tree.join(long)), "deep");
}

#[test]
fn what_comes_later_replaces_what_was_there() {
    check(&["a/b: 1", "a/c/d: 1", "a: 2"], &["a: 2 644"]);
    check(&["a: 1", "0700 a/", "a/b: 2"], &["a/ 700", "a/b: 2 644"]);
    check(&["a: 1", "a/b: 2"], &["a/ 755", "a/b: 2 644"]);
    check(&["x: 1", "a -> x", "a: 2"], &["a: 2 644", "x: 1 644"]);
    check(&["x/", "a -> x", "a/", "a/b: 2"], &["a/ 755", "a/b: 2 644", "x/ 755"]);
    check(&["a/b: 1", "a -> x"], &["a -> x"]);
    check(&["a: 1", "b => a", "b: 2"], &["a: 1 644", "b: 2 644"]);
    check(&["a: 1", "a => a"], &["a: 1 644"]);
    check(&["a/b: 1", "a => a/b"], &[]);
    check(&["0700 a/", "a/b: 1", "0500 a/"], &["a/ 500", "a/b: 1 644"]);
}

#[test]
fn no_entry_leaves_its_layer() {
    let outside = Folder::new();
    let out = outside.0.to_str().unwrap().to_owned();
    outside.write("secret", b"mine");
    let place = Place::new();
    let link = |name: &str, to: &str| raw(EntryType::Symlink, name, to, "");
    let file = |name: &str| raw(EntryType::Regular, name, "", "evil");
    let hard = |name: &str, to: &str| raw(EntryType::Link, name, to, "");
    let up = "../".repeat(12);
    let bytes = closed(vec![
        link("a", &out),
        file("a/b"),
        link("up", &format!("{up}{out}", out = &out[1..])),
        file("up/c"),
        link("secret", &format!("{out}/secret")),
        file("secret"),
        link("proc", "/proc/self/root"),
        file("proc/etc/plimsoll"),
        file("../d"),
        file("x/../../e"),
        file(&format!("{out}/f")),
        hard("g", &format!("{up}{out}/secret", out = &out[1..])),
        link("h", &out),
        hard("i", "h/secret"),
        link("j", ".."),
        file("j/k"),
        file(".wh..."),
        file(".wh.."),
        file("x/.wh..."),
        link("loop", "loop"),
        file("loop/l"),
    ]);
    let (image, tree) = place.one(bytes);
    assert_eq!(fs::read_dir(&outside.0).unwrap().count(), 1);
    assert_eq!(text(&outside.0.join("secret")), "mine");
    assert!(!Path::new("/etc/plimsoll").exists());
    assert_eq!(place.count("new") + place.count("layers"), 1);
    // Links that lead nowhere give way to folders; one that leads above the root leads to it.
    assert_eq!(text(&tree.join("a/b")) + &text(&tree.join("loop/l")), "evilevil");
    assert_eq!(text(&tree.join("k")), "evil");
    assert_eq!(text(&tree.join(&out[1..]).join("f")), "evil");
    assert!(!tree.join("i").exists() && image.skipped >= 2, "{}", image.skipped);
    assert_eq!(fs::metadata(place.root().join("layers")).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn links_within_a_layer_lead_where_they_would_in_a_container() {
    check(
        &["usr/lib/", "lib -> /usr/lib", "lib/a: 1", "b => lib/a", "usr/l -> ../lib", "usr/l/c: 2"],
        &[
            "b: 1 644",
            "lib -> /usr/lib",
            "usr/ 755",
            "usr/l -> ../lib",
            "usr/lib/ 755",
            "usr/lib/a: 1 644",
            "usr/lib/c: 2 644",
        ],
    );
}

#[test]
fn folders_are_not_endlessly_deep() {
    let deep = format!("{}x: 1", "d/".repeat(300));
    let wanted = "the image has too many or too large paths";
    assert_eq!(Place::new().take(&[layer(&[&deep])]).unwrap_err().to_string(), wanted);
    // Each link is short, and all together go as deep as one likes.
    let hundred = "d/".repeat(100);
    let entries = [
        hundred.clone(),
        format!("one -> {hundred}"),
        format!("one/{hundred}d/"),
        format!("two -> one/{hundred}"),
        "two/x: 1".to_owned(),
    ];
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    let place = Place::new();
    assert_eq!(place.take(&[layer(&entries)]).unwrap_err().to_string(), wanted);
    assert_eq!(place.count("new"), 0);
}

#[test]
fn what_is_deleted_is_a_device_and_an_emptied_folder_carries_a_mark() {
    let opaque = |path: &Path| {
        let mut value = [0; 1];
        rustix::fs::lgetxattr(path, "user.overlay.opaque", &mut value[..]).is_ok()
    };
    let entries = [
        ".wh.a",
        "b/",
        "b/.wh..wh..opq",
        "b/c: 1",
        ".wh.d",
        "d: 2",
        "e: 3",
        ".wh.e",
        ".wh.f",
        "f/",
        "g/",
        ".wh.g",
        ".wh..wh.plnk/1",
        ".wh..wh.aufs",
        "h/.wh.i",
    ];
    let place = Place::new();
    let (_image, tree) = place.one(layer(&entries));
    let wanted = [
        "a gone 0",
        "b/ 755",
        "b/c: 1 644",
        "d: 2 644",
        "e: 3 644",
        "f/ 755",
        "g/ 755",
        "h/ 755",
        "h/i gone 0",
    ];
    let got: Vec<String> =
        listed(&tree).into_iter().filter(|line| !line.starts_with(".wh..wh.plnk")).collect();
    assert_eq!(got, wanted);
    // What is deleted and made again shows nothing of the layers below, in whichever order it is said.
    let marked: Vec<&str> =
        ["b", "d", "f", "g", "h"].into_iter().filter(|path| opaque(&tree.join(path))).collect();
    assert_eq!(marked, ["b", "f", "g"]);
    // A whole layer that hides those below is the lowest that is mounted.
    let image = place.take(&[layer(&["a: 1"]), layer(&[".wh..wh..opq", "b: 2"])]).unwrap();
    assert_eq!((image.layers.len(), image.find("a"), image.find("b").is_some()), (1, None, true));
}

#[test]
fn times_are_kept_to_the_nanosecond() {
    let mut tar = Builder::new(Vec::new());
    let mut put = |path: &str, kind: EntryType, pax: &[(&str, &[u8])], text: &str| {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_mode(0o755);
        header.set_mtime(1_000_000_000);
        header.set_size(text.len() as u64);
        tar.append_pax_extensions(pax.iter().copied()).unwrap();
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    };
    let pax: [(&str, &[u8]); 1] = [("mtime", b"1700000000.123456789")];
    put("a/", EntryType::Directory, &pax, "");
    put("a/fine", EntryType::Regular, &pax, "1");
    put("a/coarse", EntryType::Regular, &[], "2");
    put("a/old", EntryType::Regular, &[("mtime", b"-1.5")], "3");
    put("a/pipe", EntryType::Fifo, &pax, "");
    let place = Place::new();
    let (_image, tree) = place.one(tar.into_inner().unwrap());
    let time = |path: &str| {
        let data = fs::symlink_metadata(tree.join(path)).unwrap();
        (data.mtime(), data.mtime_nsec())
    };
    let fine = (1_700_000_000, 123_456_789);
    assert_eq!([time("a"), time("a/fine"), time("a/pipe")], [fine; 3]);
    assert_eq!((time("a/coarse"), time("a/old")), ((1_000_000_000, 0), (-2, 500_000_000)));
    assert!(fs::metadata(tree.join("a/pipe")).unwrap().file_type().is_fifo());
}

#[test]
fn devices_and_sparse_files_are_skipped_and_counted() {
    let parts = [EntryType::Char, EntryType::Block, EntryType::GNUSparse];
    let mut parts: Vec<Vec<u8>> = parts.into_iter().map(|kind| raw(kind, "x", "", "")).collect();
    parts.push(raw(EntryType::Link, "y", "nothing/here", ""));
    parts.push(raw(EntryType::Regular, "z", "", "1"));
    let place = Place::new();
    let (image, tree) = place.one(closed(parts));
    assert_eq!(listed(&tree), ["z: 1 644"]);
    assert_eq!((image.skipped, place.store.known(image.id).unwrap().skipped), (4, 4));
}

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
fn a_path_is_found_as_a_container_sees_it() {
    let place = Place::new();
    let layers = [
        layer(&[
            "etc/passwd: low",
            "etc/old: 1",
            "opt/a/x: 1",
            "opt/b: 1",
            "var/x: 1",
            "gone/x: 1",
        ]),
        layer(&[
            "etc/passwd: high",
            "etc/.wh.old",
            "opt/a/.wh..wh..opq",
            "opt/a/y: 2",
            "var -> /opt",
        ]),
        layer(&[
            "bin -> usr/bin",
            "usr/bin/sh: 3",
            "out -> ../../../../etc/passwd",
            "l1 -> l2",
            "l2 -> l1",
            "up -> opt/a/../../etc",
            ".wh.gone",
            "abs -> /etc/passwd",
        ]),
    ];
    let image = place.take(&layers).unwrap();
    let seen = |path: &str| image.text(path).unwrap().unwrap_or_else(|| "-".to_owned());
    for (path, wanted) in [
        ("/etc/passwd", "high"),
        ("etc/old", "-"),
        ("opt/a/x", "-"),
        ("opt/a/y", "2"),
        ("opt/b", "1"),
        ("var/x", "-"),
        ("var/b", "1"),
        ("bin/sh", "3"),
        ("out", "high"),
        ("l1", "-"),
        ("abs", "high"),
        ("up/passwd", "high"),
        ("gone/x", "-"),
        ("../../etc/passwd", "high"),
        ("etc/passwd/x", "-"),
        ("etc", "-"),
        ("opt/a/../b", "1"),
        ("opt/none/../b", "-"),
    ] {
        assert_eq!(seen(path), wanted, "{path}");
    }
    assert_eq!(image.find("opt/a"), Some(image.layers[1].join("opt/a")));
    assert_eq!(image.find("/"), Some(image.layers[2].join("")));
    let huge = place.take(&[layer(&[&format!("etc/passwd: {}", "x".repeat(1 << 21))])]).unwrap();
    assert!(matches!(huge.text("etc/passwd"), Err(Error::TooLarge(_))));
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

/// Whether this process may do what root may: owners, marks that are trusted, mounts.
fn is_root(store: &Path) -> bool {
    Store::open(store).unwrap();
    store.join("root").is_dir()
}

#[test]
fn as_root_owners_are_kept() {
    let folder = Folder::new();
    if !is_root(&folder.0) {
        return;
    }
    let store = Store::open(&folder.0).unwrap();
    let layers =
        [layer(&["4755,1000,50 a: 1", "0755,7,8 b/", "b/.wh..wh..opq", "0755,9,9 c -> a"])];
    let image = store.stream(&mut &*docker(&layers, &json!({})), &Wanted::default()).unwrap();
    let of = |path: &str| {
        let data = fs::symlink_metadata(image.layers[0].join(path)).unwrap();
        (data.mode() & 0o7777, data.uid(), data.gid())
    };
    assert_eq!((image.marks, of("a")), (Marks::Trusted, (0o4755, 1000, 50)));
    assert_eq!((of("b"), of("c")), ((0o755, 7, 8), (0o777, 9, 9)));
    let mut value = [0; 1];
    let mark =
        rustix::fs::lgetxattr(image.layers[0].join("b"), Marks::Trusted.opaque(), &mut value);
    assert_eq!(mark, Ok(1));
}

#[test]
fn an_overlay_of_the_layers_is_what_a_container_sees() {
    let folder = Folder::new();
    if !is_root(&folder.0) {
        return;
    }
    let layers = [
        layer(&["a: 1", "b/c: 1", "b/d: 1", "e/f: 1", "g/h: 1", "k: 1", "m/n: 1"]),
        layer(&[
            ".wh.a",
            "b/c: 2",
            "e/.wh..wh..opq",
            "e/i: 2",
            ".wh.g",
            "g/j: 2",
            "k/l: 2",
            "m: 2",
        ]),
    ];
    let seen =
        ["b/ 755", "b/c: 2 644", "b/d: 1 644", "e/ 755", "e/i: 2 644", "g/ 755", "g/j: 2 644"];
    let wanted = [&seen[..], &["k/ 755", "k/l: 2 644", "m: 2 644"]].concat();
    let user = Store::open_as(&folder.0, USER).unwrap();
    for (store, option) in [(Store::open(&folder.0).unwrap(), ""), (user, "userxattr,")] {
        let image = store.stream(&mut &*docker(&layers, &json!({})), &Wanted::default()).unwrap();
        let lower: Vec<&str> =
            image.layers.iter().rev().map(|path| path.to_str().unwrap()).collect();
        let merged = folder.0.join("merged");
        fs::create_dir_all(&merged).unwrap();
        let copy = folder.0.join(format!("copy-{}", option.len()));
        let script = format!(
            "mount -t overlay overlay -o {option}lowerdir={} {merged} && cp -a {merged} {}",
            lower.join(":"),
            copy.display(),
            merged = merged.display(),
        );
        let run = std::process::Command::new("unshare").args(["-m", "sh", "-c", &script]).output();
        let Ok(run) = run else { return };
        // A container of ours may not mount.
        if !run.status.success() {
            let said = String::from_utf8_lossy(&run.stderr).into_owned();
            assert!(said.contains("ermi") || said.contains("unknown filesystem"), "{said}");
            return;
        }
        assert_eq!(listed(&copy), wanted, "{option}");
    }
}
