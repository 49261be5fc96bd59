//! What is said of an image's content: waste, owners, needless things, secrets, permissions.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{docker, layer, report, stream};
use plimsoll_model::{ImageReport, NeedlessKind, Opening};
use plimsoll_oci::{Analysis, Image, Wanted};
use serde_json::{Value, json};

fn of(layers: &[&[&str]]) -> ImageReport {
    let layers: Vec<Vec<u8>> = layers.iter().map(|entries| layer(entries)).collect();
    report(&layers, &json!({}))
}

fn wasted(layers: &[&[&str]]) -> Vec<String> {
    let report = of(layers);
    let all = report.waste.largest.iter().map(|one| {
        let how = if one.deleted { "deleted" } else { "replaced" };
        format!("{} {} {}×{} {how} {}", one.layer, one.path, one.files, one.bytes, one.by)
    });
    assert_eq!(report.waste.bytes + report.visible_bytes, report.unpacked_bytes);
    let mut all: Vec<String> = all.collect();
    all.sort();
    all
}

#[test]
fn what_later_layers_hide_is_wasted() {
    assert_eq!(wasted(&[&["a: 12345"], &["a: 1"]]), ["0 a 1×5 replaced 1"]);
    assert_eq!(wasted(&[&["a: 12345"], &[".wh.a"]]), ["0 a 1×5 deleted 1"]);
    assert_eq!(wasted(&[&["d/a: 1", "d/b: 2"], &[".wh.d"]]), ["0 d 2×2 deleted 1"]);
    assert_eq!(
        wasted(&[&["d/a: 1", "d/e/b: 2"], &["d/.wh..wh..opq", "d/c: 3"]]),
        ["0 d 2×2 deleted 1"]
    );
    assert_eq!(wasted(&[&["d/a: 1", "d/b: 2"], &["d: file"]]), ["0 d 2×2 deleted 1"]);
    assert_eq!(wasted(&[&["d: file"], &["d/a: 1"]]), ["0 d 1×4 replaced 1"]);
    assert_eq!(wasted(&[&["d/a: 1"], &[".wh.d"], &["d/a: 22"]]), ["0 d/a 1×1 deleted 1"]);
    // A mark takes nothing of its own layer away, and names what may not be there.
    assert_eq!(wasted(&[&["a: 1"], &["b: 2", ".wh.b", ".wh.nothing"]]), [""; 0]);
    assert_eq!(
        wasted(&[&["a: 1"], &["a: 22"], &["a: 333"]]),
        ["0 a 1×1 replaced 1", "1 a 1×2 replaced 2"]
    );
}

#[test]
fn the_same_bytes_in_another_layer_are_told() {
    let changed =
        of(&[&["app/a: 12345", "app/b: 1"], &["0644,1000,1000 app/a: 12345", "app/b: 2"]]);
    assert_eq!((changed.waste.bytes, changed.waste.unchanged_bytes), (6, 5));
    let big = "x".repeat(5000);
    let twice = of(&[&[&format!("a: {big}"), &format!("b: {big}"), "c: 1", "d: 1", "e => a"]]);
    assert_eq!((twice.duplicates.bytes, twice.duplicates.groups), (5000, 1));
    assert_eq!(twice.duplicates.largest[0].paths, ["a", "b"]);
}

fn owners(layers: &[&[&str]]) -> Vec<String> {
    let report = of(layers);
    assert_eq!(report.owners.iter().map(|owner| owner.bytes).sum::<u64>(), report.visible_bytes);
    let all = report.owners.iter().map(|owner| {
        let version = owner.version.as_deref().unwrap_or("-");
        format!("{} {} {version} {}", owner.kind.name(), owner.name, owner.files)
    });
    let mut all: Vec<String> = all.collect();
    all.sort();
    all
}

#[test]
fn packages_of_the_system_have_their_files() {
    let debian: &[&str] = &[
        "bin -> usr/bin",
        "var/lib/dpkg/status: Package: curl\nStatus: install ok installed\nVersion: 7.88-1\n\nPackage: libc6\nVersion: 2.36\n",
        "var/lib/dpkg/info/curl.list: /.\n/bin\n/bin/curl\n/usr/share/doc/curl\n",
        "var/lib/dpkg/info/libc6:amd64.list: /usr/lib/libc.so.6\n",
        "usr/bin/curl: program",
        "usr/share/doc/curl/copyright: text",
        "usr/lib/libc.so.6: library",
    ];
    assert_eq!(
        owners(&[debian, &["usr/bin/curl: other", "usr/bin/mine: 1"]]),
        [
            "apt curl 7.88-1 2",
            "apt libc6 2.36 2",
            "folder usr/bin - 1",
            "folder usr/share - 1",
            "folder var/lib - 1"
        ]
    );
    let distroless: &[&str] = &[
        "var/lib/dpkg/status.d/base: Package: base-files\nVersion: 12\n",
        "var/lib/dpkg/status.d/base-files.md5sums: d41d8cd98f00b204e9800998ecf8427e  etc/x\n",
        "etc/x: 1",
    ];
    assert_eq!(owners(&[distroless]), ["apt base-files 12 2", "folder var/lib - 1"]);
    let alpine: &[&str] = &[
        "lib/apk/db/installed: P:musl\nV:1.2.5-r0\nF:lib\nR:ld-musl.so.1\n\nP:busybox\nV:1.36\nF:bin\nR:busybox\n",
        "lib/ld-musl.so.1: x",
        "bin/busybox: y",
        "bin/sh -> busybox",
    ];
    assert_eq!(owners(&[alpine]), ["apk busybox 1.36 1", "apk musl 1.2.5-r0 1", "folder lib - 1"]);
    let rpm = of(&[&["var/lib/rpm/rpmdb.sqlite: x"]]);
    assert!(rpm.not_analysed[0].starts_with("var/lib/rpm/rpmdb.sqlite: "));
}

#[test]
fn packages_of_languages_have_their_files() {
    let python: &[&str] = &[
        "v/lib/python3.11/site-packages/my_pkg-1.0.dist-info/RECORD: my_pkg/a.py,sha256=x,1\n../../../bin/run,,\n\"my_pkg/b,c.py\",,\n../../../../../../etc/passwd,,\n",
        "v/lib/python3.11/site-packages/my_pkg/a.py: 1",
        "v/lib/python3.11/site-packages/my_pkg/b,c.py: 1",
        "v/lib/python3.11/site-packages/my_pkg/__pycache__/a.cpython-311.pyc: 1",
        "v/bin/run: 1",
    ];
    assert_eq!(owners(&[python]), ["pip my-pkg 1.0 5"]);
    let node: &[&str] = &[
        "app/node_modules/left/package.json: {\"name\": \"left\", \"version\": \"1.3\"}",
        "app/node_modules/left/lib/index.js: 1",
        "app/node_modules/left/node_modules/@s/in/package.json: {}",
        "app/node_modules/left/node_modules/@s/in/x.js: 1",
        "app/src/package.json: {\"name\": \"own\"}",
    ];
    assert_eq!(owners(&[node]), ["folder app - 1", "npm @s/in - 2", "npm left 1.3 2"]);
}

fn needless(entries: &[&str]) -> Vec<(NeedlessKind, u64)> {
    of(&[entries]).needless.iter().map(|one| (one.kind, one.files)).collect()
}

#[test]
fn what_need_not_be_there_is_told_by_kind() {
    use NeedlessKind::*;
    for (entries, kind) in [
        (&["app/.git/HEAD: x", "app/.git/objects/1: x"][..], Some((Git, 2))),
        (&["app/.git: gitdir: ../x"], None),
        (&["var/lib/apt/lists/x: x"], Some((PackageLists, 1))),
        (&["home/me/.cache/pip/x: x"], Some((PackageCache, 1))),
        (&["root/.cache/matplotlib/x: x"], None),
        (&["usr/include/a.h: x"], Some((Headers, 1))),
        (&["usr/lib/libx.a: x"], Some((StaticLibraries, 1))),
        (&["usr/share/doc/x/changelog: x", "usr/share/doc/x/copyright: x"], Some((Docs, 1))),
        (&["app/site-packages/p/tests/a.py: x"], Some((Tests, 1))),
        (&["app/tests/a.py: x"], None),
        (&["app/site-packages/tests.py: x"], None),
        (&["app/static/a.js.map: x"], Some((SourceMaps, 1))),
        (&["app/__pycache__/a.cpython-311.pyc: x"], Some((OrphanBytecode, 1))),
        (&["app/__pycache__/a.cpython-311.pyc: x", "app/a.py: x"], None),
        (&["usr/libexec/gcc/cc1: x"], Some((Compiler, 1))),
        (&["app/node_modules/npm/package.json: {\"name\": \"npm\"}"], Some((PackageManager, 1))),
    ] {
        assert_eq!(needless(entries), kind.into_iter().collect::<Vec<_>>(), "{entries:?}");
    }
}

#[test]
fn sources_without_bytecode_are_counted() {
    let bytecode = of(&[&[
        "usr/local/lib/python3.11/os.py: x",
        "usr/local/lib/python3.11/test/test_os.py: x",
        "usr/local/lib/python3.11/site-packages/p/a.py: x",
        "usr/local/lib/python3.11/site-packages/p/b.py: x",
        "usr/local/lib/python3.11/site-packages/p/__init__.py: ",
        "usr/local/lib/python3.11/site-packages/p/__pycache__/a.cpython-311.pyc: x",
        "app/main.py: x",
    ]])
    .bytecode;
    assert_eq!((bytecode.sources, bytecode.missing), (3, 2));
    assert_eq!(bytecode.folders.len(), 2);
}

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\n";

#[test]
fn secrets_are_found_in_every_layer_and_not_in_packages() {
    let more = json!({"Env": ["TOKEN=sk_live_0123456789abcdefghijABCD", "PATH=/bin"]});
    let key = format!("app/key.pem: {KEY}");
    let package = format!("app/node_modules/x/test/key.pem: {KEY}");
    let layers =
        [layer(&[&key, &package]), layer(&["app/.wh.key.pem", "app/.env: DB_PASSWORD=0f8a7c6b5d"])];
    let found = report(&layers, &more).secrets;
    let said: Vec<String> = found
        .iter()
        .map(|s| format!("{} {:?} {:?} {} {}", s.path, s.line, s.layer, s.hidden, s.certain))
        .collect();
    assert_eq!(
        said,
        [
            "ENV TOKEN None None false true",
            "app/key.pem Some(1) Some(0) true true",
            "app/.env Some(1) Some(1) false false"
        ]
    );
}

#[test]
fn what_is_open_to_others_is_told() {
    let open = of(&[&[
        "4755 usr/bin/su: x",
        "2755 usr/bin/mail: x",
        "4644 etc/odd: x",
        "0666 app/data: x",
        "0777 app/shared/",
        "1777 tmp/",
        "0777 tmp/x/",
    ]]);
    let said: Vec<_> = open.permissions.iter().map(|one| (one.how, one.path.as_str())).collect();
    assert_eq!(
        said,
        [
            (Opening::SetUid, "usr/bin/su"),
            (Opening::SetGid, "usr/bin/mail"),
            (Opening::WorldWritable, "app/data"),
            (Opening::WorldWritable, "app/shared"),
        ]
    );
}

#[test]
fn two_images_are_held_against_each_other() {
    let list = |version: &str| format!("var/lib/dpkg/status: Package: a\nVersion: {version}\n");
    let common = layer(&["base: 1"]);
    let of = |entries: &[&str]| docker(&[common.clone(), layer(entries)], &json!({}));
    let package = ["var/lib/dpkg/info/a.list: /usr/bin/a\n"];
    let (old, new) = (list("1"), list("2"));
    let before = of(&[&old, package[0], "usr/bin/a: 1", "gone/x: 123", "same: 1"]);
    let after = of(&[&new, package[0], "usr/bin/a: 22", "new/y: 12345", "same: 1"]);
    let read = |bytes: &[u8]| Image::stream(&mut &*bytes, &Wanted::default()).unwrap();
    let (before, after) = (read(&before), read(&after));
    let (before, after) = (Analysis::new(&before), Analysis::new(&after));
    let compared = after.against((&after.report("b"), &before.report("a")), &before);
    assert_eq!(compared.shared_layers, 1);
    let sums = [compared.added, compared.removed, compared.changed, compared.same];
    assert_eq!(sums.map(|sum| sum.files), [1, 1, 2, 3]);
    let paths: Vec<&str> = compared.files.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["new/y", "gone/x", "usr/bin/a", "var/lib/dpkg/status"]);
    let package = compared.packages.iter().find(|change| change.name == "a").unwrap();
    let version =
        |state: &Option<plimsoll_model::PackageState>| state.clone().unwrap().version.unwrap();
    assert_eq!(
        (version(&package.before), version(&package.after)),
        ("1".to_owned(), "2".to_owned())
    );
    let folders: Vec<&str> = compared.folders.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(folders, ["new", "gone", "usr/bin"]);
}

#[test]
fn a_report_round_trips_through_json() {
    let bytes = docker(&[layer(&["a: 1", "4755 b: 2"])], &json!({"Cmd": ["/nothing"]}));
    let report = stream(&bytes).unwrap();
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<ImageReport>(&text).unwrap(), report);
    // A part of a report is enough: what is not said is nothing.
    let part: ImageReport =
        serde_json::from_value::<ImageReport>(Value::Object(Default::default())).unwrap();
    assert_eq!(part, ImageReport::default());
}
