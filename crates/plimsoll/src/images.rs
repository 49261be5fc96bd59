//! From a name to an image: a file, a layout, what the engine has, or a registry's.

use std::io::Read;
use std::path::Path;

use plimsoll_measure::engine::{self, Choice, Engine};
use plimsoll_model::{Figure, NamedFigure, Provenance, Unit};
use plimsoll_oci::disk::{Store, Unpacked};
use plimsoll_oci::registry::Remote;
use plimsoll_oci::{Analysis, Digest, Error, Image, Platform, Wanted};
use plimsoll_rules::review::Measured;

use crate::failure::Failure;
use crate::pipeline::Found;
use crate::ui;

/// Which image.
#[derive(Default, clap::Args)]
pub(crate) struct Asked {
    /// Which image of an archive or a layout that holds several: `app:1.0`.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The system, where there is an image for each: `linux/arm64` [default: this machine's].
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<String>,
}

impl Asked {
    fn wanted(&self) -> Result<Wanted, Failure> {
        let platform = self.platform.as_deref().map(|text| {
            Platform::parse(text).ok_or_else(|| {
                Failure::usage(format!("`{text}` is no platform")).hint("write it as linux/amd64")
            })
        });
        Ok(Wanted { name: self.name.clone(), platform: platform.transpose()? })
    }
}

/// `SERVICE=IMAGE`, or `IMAGE` where there is one service.
pub(crate) fn of_service(text: &str) -> Result<(Option<String>, String), String> {
    match text.split_once('=') {
        Some((service, image)) if !service.is_empty() && !image.is_empty() => {
            Ok((Some(service.to_owned()), image.to_owned()))
        }
        None if !text.is_empty() => Ok((None, text.to_owned())),
        _ => Err("write it as SERVICE=IMAGE".to_owned()),
    }
}

/// Looks into images that exist, as evidence of a review.
pub(crate) fn measure(
    found: &Found,
    images: &[(Option<String>, String)],
    measured: &mut Measured,
) -> Result<(), Failure> {
    for (service, reference) in images {
        let name = named(found, service.as_deref())?;
        let image = read(reference, &Asked::default())?;
        let report = Analysis::new(&image).report(reference);
        let bytes = Figure::measured(
            report.unpacked_bytes as f64,
            Unit::Bytes,
            Provenance::new("sum over the files of its layers", report.id.clone()),
        );
        measured.figures.push(NamedFigure {
            service: name.clone(),
            metric: "image.bytes".to_owned(),
            figure: bytes
                .with_caveat("the image was given: that it is of these files is not known"),
        });
        measured.images.insert(name, report);
    }
    Ok(())
}

/// The service that an image is of.
pub(crate) fn named(found: &Found, name: Option<&str>) -> Result<String, Failure> {
    let all: Vec<&str> = found.found.services.iter().map(|s| s.name.as_str()).collect();
    match (name, all.as_slice()) {
        (Some(name), all) if all.contains(&name) => Ok(name.to_owned()),
        (None, [only]) => Ok((*only).to_owned()),
        _ => Err(Failure::usage("it is not known which service the image is of")
            .hint(format!("write --image SERVICE=IMAGE; the services are {}", all.join(", ")))),
    }
}

/// Reads an image: `-` from standard input, a path, or a name that the engine or a registry knows.
pub(crate) fn read(reference: &str, asked: &Asked) -> Result<Image, Failure> {
    let wanted = asked.wanted()?;
    let state = || format!("reading {reference}");
    ui::while_working(&state, || {
        let failed = |error: Error| failed(reference, &error);
        match place(reference, &wanted)? {
            Place::Stdin => Image::stream(&mut std::io::stdin().lock(), &wanted).map_err(failed),
            Place::Path(path) => Image::open(path, &wanted).map_err(failed),
            Place::Engine(engine, image) => {
                let mut stream = save(&*engine, &image, reference)?;
                Image::stream(&mut stream, &Wanted::default()).map_err(failed)
            }
            Place::Registry(remote) => Image::pull(&remote, &wanted).map_err(pulled(reference)),
        }
    })
}

/// Unpacks an image, found as for [`read`], into a store that may have it already.
pub(crate) fn unpack(reference: &str, asked: &Asked, store: &Store) -> Result<Unpacked, Failure> {
    let wanted = asked.wanted()?;
    let state = || format!("unpacking {reference}");
    ui::while_working(&state, || {
        let failed = |error: Error| failed(reference, &error);
        match place(reference, &wanted)? {
            Place::Stdin => store.stream(&mut std::io::stdin().lock(), &wanted).map_err(failed),
            Place::Path(path) => store.take(path, &wanted).map_err(failed),
            Place::Engine(engine, image) => unpack_saved(&*engine, &image, reference, store),
            Place::Registry(remote) => store.pull(&remote, &wanted).map_err(pulled(reference)),
        }
    })
}

/// Unpacks an image that an engine has.
pub(crate) fn unpack_saved(
    engine: &dyn Engine,
    image: &str,
    reference: &str,
    store: &Store,
) -> Result<Unpacked, Failure> {
    // What it calls the image's id is mostly the configuration's digest.
    if let Some(known) = Digest::parse(image).and_then(|id| store.known(id)) {
        return Ok(known);
    }
    let mut stream = save(engine, image, reference)?;
    store.stream(&mut stream, &Wanted::default()).map_err(|error| failed(reference, &error))
}

/// Where an image is.
enum Place<'r> {
    Stdin,
    Path(&'r Path),
    /// An engine has it, by this id.
    Engine(Box<dyn Engine>, String),
    Registry(Box<Remote>),
}

fn place<'r>(reference: &'r str, wanted: &Wanted) -> Result<Place<'r>, Failure> {
    if reference == "-" {
        return Ok(Place::Stdin);
    }
    let path = Path::new(reference);
    if path.exists() {
        return Ok(Place::Path(path));
    }
    if let Some((engine, image)) = of_engine(reference, wanted) {
        return Ok(Place::Engine(engine, image));
    }
    let remote = Remote::open(reference).map_err(pulled(reference))?;
    Ok(Place::Registry(Box::new(remote)))
}

/// The image, where an engine answers and has it, for the system that is asked for.
fn of_engine(reference: &str, wanted: &Wanted) -> Option<(Box<dyn Engine>, String)> {
    // An engine has an image for one system only, mostly its own.
    if wanted.platform.as_ref().is_some_and(|platform| *platform != Platform::native()) {
        return None;
    }
    let engine = engine::find(&Choice::Auto).ok()?;
    let image = engine.image(reference).ok()?;
    Some((engine, image.id))
}

fn save(
    engine: &dyn Engine,
    image: &str,
    reference: &str,
) -> Result<Box<dyn Read + Send>, Failure> {
    let failed = |error| Failure::missing(format!("failed to read {reference}: {error}"));
    engine.save(image).map_err(failed)
}

fn pulled(reference: &str) -> impl Fn(Error) -> Failure {
    let there = "there is no such file, and no engine that has such an image";
    move |error| failed(reference, &error).hint(there)
}

fn failed(reference: &str, error: &Error) -> Failure {
    let failure = Failure::missing(format!("failed to read {reference}: {error}"));
    match error {
        Error::Format(what) if what.contains("several images") => failure.hint("--name NAME"),
        Error::NotFound(what) if what.starts_with("for ") => failure.hint("--platform OS/ARCH"),
        _ => failure,
    }
}
