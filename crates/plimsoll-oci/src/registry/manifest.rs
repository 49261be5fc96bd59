//! What a manifest or an index says. Plain functions; nobody is asked.

use plimsoll_model::printable;
use serde_json::Value;

use crate::descriptor::text;
use crate::{Descriptor, Error, Platform};

/// What is asked for: both kinds in both dialects.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// How many platforms an error lists.
const LISTED: usize = 12;

/// A manifest, or a list of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Document {
    Index(Vec<Entry>),
    Image { config: Descriptor, layers: Vec<Descriptor> },
}

/// An image of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) manifest: Descriptor,
    pub(super) platform: Option<Platform>,
}

/// Reads a document. Its shape says what it is; where its media type says otherwise it is refused,
/// since another reader might believe the type.
pub(super) fn read(bytes: &[u8], content_type: &str) -> Result<Document, Error> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Error::Format(format!("its manifest is no JSON: {error}")))?;
    let own = text(&value, "mediaType");
    let media_type = if own.is_empty() { content_type } else { &own };
    refuse_old(&value, media_type)?;
    let (has_list, has_layers) = (value.get("manifests").is_some(), value.get("layers").is_some());
    let says_list = media_type.contains("image.index") || media_type.contains("manifest.list");
    let says_image = media_type.contains("manifest.v1") || media_type.contains("manifest.v2");
    match (has_list, has_layers) {
        (true, false) if !says_image => index(&value),
        (false, true) if !says_list => image(&value),
        (false, false) => Err(format("its manifest has neither layers nor manifests")),
        _ => Err(format("its manifest claims to be an image and an index at once")),
    }
}

/// Schema 1 has no configuration, and its signed form does not hash to its digest.
fn refuse_old(value: &Value, media_type: &str) -> Result<(), Error> {
    let version = value.get("schemaVersion").and_then(Value::as_u64);
    let is_old = version == Some(1) || media_type.contains("docker.distribution.manifest.v1");
    match version {
        _ if is_old => Err(format(
            "its manifest has the old schema 1, which nothing builds any more: build and push it \
             again",
        )),
        Some(2) => Ok(()),
        _ => Err(format("its manifest has no schemaVersion 2")),
    }
}

fn image(value: &Value) -> Result<Document, Error> {
    let config = value.get("config").ok_or_else(|| format("its manifest has no configuration"))?;
    let layers = list(value, "layers")?.iter().map(Descriptor::read).collect::<Result<_, _>>()?;
    Ok(Document::Image { config: Descriptor::read(config)?, layers })
}

fn index(value: &Value) -> Result<Document, Error> {
    let entries = list(value, "manifests")?.iter().filter(|entry| !is_attestation(entry));
    entries.map(entry).collect::<Result<_, _>>().map(Document::Index)
}

fn entry(value: &Value) -> Result<Entry, Error> {
    let platform = value.get("platform").filter(|platform| platform.is_object());
    Ok(Entry { manifest: Descriptor::read(value)?, platform: platform.map(Platform::read) })
}

/// What a build attaches to an image: provenance, a list of packages.
fn is_attestation(entry: &Value) -> bool {
    let reference_type = "vnd.docker.reference.type";
    let annotated = entry.get("annotations").and_then(|all| all.get(reference_type)).is_some();
    let platform = entry.get("platform").map(Platform::read);
    annotated || platform.is_some_and(|p| p.os == "unknown" && p.architecture == "unknown")
}

/// The image of an index that is for `wanted`; unasked, the only one or that for `native`.
pub(super) fn choose(
    entries: &[Entry],
    wanted: Option<&Platform>,
    native: &Platform,
    image: &str,
) -> Result<Entry, Error> {
    let fits = |wanted: &Platform| {
        let suits = |entry: &&Entry| entry.platform.as_ref().is_some_and(|p| p.suits(wanted));
        entries.iter().find(suits).cloned()
    };
    let found = match (wanted, entries) {
        (None, [only]) => Some(only.clone()),
        (wanted, _) => fits(wanted.unwrap_or(native)),
    };
    found.ok_or_else(|| {
        let wanted = wanted.unwrap_or(native);
        Error::NotFound(format!("{image} for {wanted}: {}", offered(entries)))
    })
}

fn offered(entries: &[Entry]) -> String {
    let names: Vec<_> = entries.iter().filter_map(|entry| entry.platform.as_ref()).collect();
    let mut shown: Vec<_> = names.iter().take(LISTED).map(|name| shown(name)).collect();
    match names.len() {
        0 => return "its index names no platform".into(),
        all if all > LISTED => shown.push(format!("and {} more", all - LISTED)),
        _ => {}
    }
    format!("it is there for {}", shown.join(", "))
}

fn shown(platform: &Platform) -> String {
    let short: String = platform.to_string().chars().take(40).collect();
    printable(&short).into_owned()
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>, Error> {
    let none = || Error::Format(format!("the `{key}` of its manifest are no list"));
    value.get(key).and_then(Value::as_array).ok_or_else(none)
}

fn format(what: &str) -> Error {
    Error::Format(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(platform: &str) -> String {
        let digest = "ab".repeat(32);
        format!(r#"{{"mediaType":"x/y","digest":"sha256:{digest}","size":3{platform}}}"#)
    }

    fn on(os: &str, architecture: &str, variant: &str) -> String {
        part(&format!(
            r#","platform":{{"os":"{os}","architecture":"{architecture}","variant":"{variant}"}}"#
        ))
    }

    fn of(entries: &[String]) -> Vec<Entry> {
        let text = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, entries.join(","));
        match read(text.as_bytes(), "").unwrap() {
            Document::Index(entries) => entries,
            Document::Image { .. } => panic!("an index"),
        }
    }

    fn pick(entries: &[Entry], wanted: Option<&str>) -> Result<String, String> {
        let wanted = wanted.map(|text| Platform::parse(text).unwrap());
        let native = Platform::parse("linux/amd64").unwrap();
        choose(entries, wanted.as_ref(), &native, "r/app:1")
            .map(|entry| entry.platform.map(|p| p.to_string()).unwrap_or_default())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_platform_is_chosen_and_attestations_are_not() {
        let note = part(r#","annotations":{"vnd.docker.reference.type":"attestation-manifest"}"#);
        let arm = on("linux", "arm", "v7");
        let entries = of(&[
            note.clone(),
            on("unknown", "unknown", ""),
            arm.clone(),
            on("linux", "amd64", ""),
        ]);
        assert_eq!(entries.len(), 2);
        assert_eq!(pick(&entries, None).unwrap(), "linux/amd64");
        assert_eq!(pick(&entries, Some("linux/arm")).unwrap(), "linux/arm/v7");
        assert_eq!(
            pick(&entries, Some("linux/arm/v6")).unwrap_err(),
            "there is no image r/app:1 for linux/arm/v6: it is there for linux/arm/v7, linux/amd64"
        );
        assert_eq!(pick(&of(&[note.clone(), arm]), None).unwrap(), "linux/arm/v7");
        assert!(pick(&of(&[note]), None).unwrap_err().contains("names no platform"));
    }

    #[test]
    fn hostile_platform_names_are_harmless_and_short() {
        let many: Vec<_> =
            (0..50).map(|n| on(r"\u001b[2Jx", &format!("{n}{}", "a".repeat(99)), "")).collect();
        let error = pick(&of(&many), None).unwrap_err();
        assert!(!error.contains('\u{1b}') && error.len() < 800, "{error}");
        assert!(error.ends_with("and 38 more"), "{error}");
    }

    fn fails(text: &str, content_type: &str) -> String {
        read(text.as_bytes(), content_type).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_image_is_told_apart() {
        let layers = format!(r#"{{"schemaVersion":2,"config":{0},"layers":[{0}]}}"#, part(""));
        let list = "application/vnd.docker.distribution.manifest.list.v2+json";
        assert!(matches!(read(layers.as_bytes(), ""), Ok(Document::Image { .. })));
        assert!(fails(&layers, list).contains("at once"));
        assert!(fails(r#"{"schemaVersion":2,"layers":[],"manifests":[]}"#, "").contains("at once"));
        assert!(fails(r#"{"schemaVersion":1,"fsLayers":[]}"#, "").contains("schema 1"));
        assert!(fails(r#"{"schemaVersion":2}"#, "").contains("neither"));
        assert!(fails(r#"{"schemaVersion":2,"layers":[]}"#, "").contains("no configuration"));
        assert!(fails(r#"{"schemaVersion":2,"layers":{},"config":1}"#, "").contains("no list"));
        assert!(fails(r#"{"layers":[]}"#, "").contains("schemaVersion"));
        assert!(fails("nonsense", "").contains("no JSON"));
        assert!(fails(&"[".repeat(1 << 20), "").contains("no JSON"));
    }
}
