//! Our own runtime keeps the promises; its image is one that the Docker Engine of the tests has.

use std::fs;
use std::path::Path;

use plimsoll_measure::engine::{Choice, Embedded, find};
use plimsoll_oci::disk::{Store, Unpacked};
use plimsoll_oci::{Digest, Wanted};

use crate::suite::{Story, Subject};

const BASE: &str = "python:3.11-slim";

/// The base image, unpacked once for all tests.
fn base() -> Unpacked {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let store = Store::open(&folder.join("images")).unwrap();
    let engine = find(&Choice::Docker).unwrap();
    let id = engine.image(BASE).unwrap().id;
    store.known(Digest::parse(&id).unwrap()).unwrap_or_else(|| {
        store.stream(&mut engine.save(&id).unwrap(), &Wanted::default()).unwrap()
    })
}

fn subject(_: &Story) -> Subject {
    let embedded = Embedded::open(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("seat")).unwrap();
    embedded.add(BASE, base());
    Subject { engine: Box::new(embedded), base: BASE.to_owned(), is_gone: Box::new(is_gone) }
}

/// Whether no cgroup of that name is left.
fn is_gone(id: &str) -> bool {
    fn has(folder: &Path, id: &str) -> bool {
        fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            is_folder && (entry.file_name() == id || has(&entry.path(), id))
        })
    }
    !has(Path::new("/sys/fs/cgroup"), id)
}

crate::conformance!(images and containers of subject);
