//! Unpacked images: what a layer becomes on the disk, and that nothing of a hostile one leaves it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use common::place::{Place, USER, listed, text};
use common::{Folder, docker, layer};
use plimsoll_oci::disk::{Marks, Store};
use plimsoll_oci::{Error, Wanted};
use serde_json::json;
use tar::{Builder, EntryType, Header};

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
