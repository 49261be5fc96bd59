//! From the list of an archive or a layout to the one image that is asked for.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Described, Part};
use crate::descriptor::text;
use crate::{Descriptor, Digest, Error, Platform, Wanted};

/// The descriptions that a source holds, by their paths in it.
pub(crate) trait Texts {
    /// Reads one; `None` where it is not there.
    fn text(&self, path: &str) -> Result<Option<Vec<u8>>, Error>;
}

/// How deep indexes may name indexes.
const MOST_DEPTH: u32 = 4;

/// Finds the image that is wanted.
pub(crate) fn resolve(texts: &dyn Texts, wanted: &Wanted) -> Result<Described, Error> {
    match texts.text("index.json")? {
        Some(index) => of_index(texts, &parse(&index, "index.json")?, wanted, 0),
        None => of_list(texts, wanted),
    }
}

/// OCI: an index of manifests.
fn of_index(
    texts: &dyn Texts,
    index: &Value,
    wanted: &Wanted,
    depth: u32,
) -> Result<Described, Error> {
    let entries = index.get("manifests").and_then(Value::as_array).map(Vec::as_slice);
    let entry = choose(entries.unwrap_or_default(), wanted, depth == 0)?;
    let descriptor = Descriptor::read(entry)?;
    let bytes = blob(texts, &descriptor)?;
    let value = parse(&bytes, "a manifest")?;
    if value.get("manifests").is_some() {
        if depth == MOST_DEPTH {
            return Err(Error::Format("its indexes name each other too often".to_owned()));
        }
        return of_index(texts, &value, wanted, depth + 1);
    }
    let config = value.get("config").ok_or_else(|| no("a manifest names no configuration"))?;
    let config = Descriptor::read(config)?;
    let layers = value.get("layers").and_then(Value::as_array);
    let layers = layers.ok_or_else(|| no("a manifest names no layers"))?;
    let part = |value| {
        let descriptor = Descriptor::read(value)?;
        Ok(Part { name: path_of(descriptor.digest), descriptor: Some(descriptor) })
    };
    Ok(Described {
        digest: Some(descriptor.digest),
        id: config.digest,
        config: parse(&blob(texts, &config)?, "the configuration")?,
        layers: layers.iter().map(part).collect::<Result<_, Error>>()?,
    })
}

/// Whether an entry of an index is no image but says something of one.
fn is_attestation(entry: &Value) -> bool {
    let platform = entry.get("platform").map(Platform::read);
    let kind = entry.pointer("/annotations/vnd.docker.reference.type");
    kind.is_some() || platform.is_some_and(|p| p.os == "unknown" && p.architecture == "unknown")
}

fn choose<'v>(all: &'v [Value], wanted: &Wanted, top: bool) -> Result<&'v Value, Error> {
    let mut entries: Vec<&Value> = all.iter().filter(|entry| !is_attestation(entry)).collect();
    if let Some(name) = wanted.name.as_deref().filter(|_| top) {
        entries.retain(|entry| names(entry).any(|given| is_named(given, name)));
    }
    let platform = |entry: &Value| entry.get("platform").map(Platform::read);
    let asked = wanted.platform.clone();
    let said = entries.iter().any(|entry| platform(entry).is_some());
    if said && (entries.len() > 1 || asked.is_some()) {
        let native = asked.clone().unwrap_or_else(Platform::native);
        let suits = |e: &&Value| platform(e).is_none_or(|p| p.suits(&native));
        let fitting: Vec<&Value> = entries.iter().copied().filter(suits).collect();
        // Where nothing was asked for, a single image is the one, whatever it is for.
        if fitting.is_empty() {
            let has: Vec<String> =
                entries.iter().filter_map(|e| platform(e)).map(|p| p.to_string()).collect();
            return Err(Error::NotFound(format!("for {native}; there is {}", has.join(", "))));
        }
        entries = fitting;
    }
    match entries.as_slice() {
        [] => Err(not_named(all.iter().flat_map(names).collect(), wanted)),
        [one] => Ok(one),
        several => {
            let same = several.iter().all(|e| e.get("digest") == several[0].get("digest"));
            let all: Vec<&str> = several.iter().flat_map(|entry| names(entry)).collect();
            if same { Ok(several[0]) } else { Err(ambiguous(&all)) }
        }
    }
}

fn names(entry: &Value) -> impl Iterator<Item = &str> {
    let keys = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];
    let annotations = entry.get("annotations");
    keys.into_iter().filter_map(move |key| annotations?.get(key)?.as_str())
}

/// Whether an image called `given` is the one asked for as `name`: with or without registry and tag.
fn is_named(given: &str, name: &str) -> bool {
    let given_ends = |name: &str| given == name || given.ends_with(&format!("/{name}"));
    given_ends(name)
        || given_ends(&format!("{name}:latest"))
        || given.ends_with(&format!(":{name}"))
}

fn not_named(has: Vec<&str>, wanted: &Wanted) -> Error {
    let name = wanted.name.as_deref().unwrap_or("in it");
    match has.is_empty() {
        true => Error::NotFound(name.to_owned()),
        false => Error::NotFound(format!("{name}; there is {}", has.join(", "))),
    }
}

fn ambiguous(names: &[&str]) -> Error {
    Error::Format(format!("it holds several images; name one of them: {}", names.join(", ")))
}

/// Docker: a list of images with the paths of their parts.
fn of_list(texts: &dyn Texts, wanted: &Wanted) -> Result<Described, Error> {
    let list = texts.text("manifest.json")?;
    let list = list.ok_or_else(|| no("neither index.json nor manifest.json is in it"))?;
    let list = parse(&list, "manifest.json")?;
    let images = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let tags = |image: &Value| -> Vec<String> {
        let tags = image.get("RepoTags").and_then(Value::as_array);
        tags.into_iter().flatten().filter_map(|tag| tag.as_str().map(str::to_owned)).collect()
    };
    let is_wanted = |image: &&Value| {
        wanted.name.as_deref().is_none_or(|name| tags(image).iter().any(|tag| is_named(tag, name)))
    };
    let image = match images.iter().filter(is_wanted).collect::<Vec<_>>().as_slice() {
        [] if images.is_empty() => return Err(no("manifest.json names no image")),
        [] => {
            let all: Vec<String> = images.iter().flat_map(tags).collect();
            return Err(not_named(all.iter().map(String::as_str).collect(), wanted));
        }
        [image] => *image,
        several => {
            let all: Vec<String> = several.iter().copied().flat_map(tags).collect();
            return Err(ambiguous(&all.iter().map(String::as_str).collect::<Vec<_>>()));
        }
    };
    let path = text(image, "Config");
    let bytes = texts.text(&path)?;
    let bytes =
        bytes.ok_or_else(|| Error::Format(format!("the configuration {path} is not in it")))?;
    let layers = image.get("Layers").and_then(Value::as_array);
    let layers = layers.ok_or_else(|| no("manifest.json names no layers"))?;
    let part = |layer: &Value| Part {
        name: layer.as_str().unwrap_or_default().to_owned(),
        descriptor: None,
    };
    Ok(Described {
        digest: None,
        id: Digest(Sha256::digest(&bytes).into()),
        config: parse(&bytes, &path)?,
        layers: layers.iter().map(part).collect(),
    })
}

/// Where a layout keeps what has this digest.
pub(crate) fn path_of(digest: Digest) -> String {
    format!("blobs/{}", digest.to_string().replace(':', "/"))
}

/// A description that its digest names.
fn blob(texts: &dyn Texts, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
    let path = path_of(descriptor.digest);
    let bytes = texts.text(&path)?;
    let bytes = bytes.ok_or_else(|| Error::Format(format!("{path} is not in it")))?;
    let got = Digest(Sha256::digest(&bytes).into());
    match got == descriptor.digest {
        true => Ok(bytes),
        false => Err(Error::Digest { wanted: descriptor.digest, got }),
    }
}

pub(crate) fn parse(bytes: &[u8], what: &str) -> Result<Value, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::Format(format!("{what}: {error}")))
}

fn no(what: &str) -> Error {
    Error::Format(what.to_owned())
}
