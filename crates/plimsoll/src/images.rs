//! From a name to an image: a file, a layout, what the engine has, or a registry's.

use std::path::Path;

use plimsoll_measure::engine::{self, Choice};
use plimsoll_model::{Figure, NamedFigure, Provenance, Unit};
use plimsoll_oci::registry::Remote;
use plimsoll_oci::{Analysis, Error, Image, Platform, Wanted};
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
fn named(found: &Found, name: Option<&str>) -> Result<String, Failure> {
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
    ui::while_working(&state, || find(reference, &wanted))
}

fn find(reference: &str, wanted: &Wanted) -> Result<Image, Failure> {
    if reference == "-" {
        let mut stdin = std::io::stdin().lock();
        return Image::stream(&mut stdin, wanted).map_err(|error| failed(reference, &error));
    }
    let path = Path::new(reference);
    if path.exists() {
        return Image::open(path, wanted).map_err(|error| failed(reference, &error));
    }
    match of_engine(reference, wanted) {
        Some(read) => read,
        None => of_registry(reference, wanted),
    }
}

/// The image, where an engine answers and has it, for the system that is asked for.
fn of_engine(reference: &str, wanted: &Wanted) -> Option<Result<Image, Failure>> {
    // An engine has an image for one system only, mostly its own.
    if wanted.platform.as_ref().is_some_and(|platform| *platform != Platform::native()) {
        return None;
    }
    let engine = engine::find(&Choice::Auto).ok()?;
    let image = engine.image(reference).ok()?;
    let read = |error: &dyn std::fmt::Display| {
        Failure::missing(format!("failed to read {reference}: {error}"))
    };
    let stream = engine.save(&image.id).map_err(|error| read(&error));
    Some(stream.and_then(|mut stream| {
        let image = Image::stream(&mut stream, &Wanted::default());
        image.map_err(|error| failed(reference, &error))
    }))
}

fn of_registry(reference: &str, wanted: &Wanted) -> Result<Image, Failure> {
    let pull = || Image::pull(&Remote::open(reference)?, wanted);
    pull().map_err(|error| {
        let there = "there is no such file, and no engine that has such an image";
        failed(reference, &error).hint(there)
    })
}

fn failed(reference: &str, error: &Error) -> Failure {
    let failure = Failure::missing(format!("failed to read {reference}: {error}"));
    match error {
        Error::Format(what) if what.contains("several images") => failure.hint("--name NAME"),
        Error::NotFound(what) if what.starts_with("for ") => failure.hint("--platform OS/ARCH"),
        _ => failure,
    }
}
