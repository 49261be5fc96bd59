//! `plimsoll boot`: cold starts under the limits of production, measured.

use std::path::PathBuf;

use plimsoll_measure::boot::Subject;
use plimsoll_measure::engine::{self, BuildRequest, Cancel, Engine};
use plimsoll_model::{BootReport, Exit};

use super::delivery::write_whole;
use crate::boots::{self, Choice, Held, Options, Overrides, Runtime, Target};
use crate::builds::{self, Watch};
use crate::failure::Failure;
use crate::images::Asked;
use crate::pipeline::{self, Found};
use crate::report::{boot as page, json};
use crate::{signals, ui};

/// What to start, how often, and under what.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 measured · 2 usage · 3 containers cannot be made here, or the image is not there · \
13 it does not build or does not become ready · 130 interrupted; nothing is left behind.\n\n\
As root or not: without root, limits need a delegated cgroup (systemd-run --user --scope -p Delegate=yes plimsoll boot …); \
what cannot be limited is said with the figures."
)]
pub(crate) struct Args {
    /// A service of the repository, or an image: an archive, an OCI layout, `-` for an archive on
    /// standard input, or a name that the Docker Engine or a registry knows [default: the only service].
    target: Option<String>,
    /// The repository that settings are taken from.
    #[arg(long, short, value_name = "FOLDER", default_value = ".")]
    repository: PathBuf,
    /// The image of the service; else it is built as its pipeline does.
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Takes the settings of this service for an image.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    asked: Asked,
    /// What runs it: embedded (Plimsoll's own runtime), docker, or the address of a Docker Engine.
    #[arg(long, value_name = "ENGINE", default_value = "auto", hide_default_value = true)]
    engine: Choice,
    /// Starts this image, too, in turns, and says what differs.
    #[arg(long, value_name = "IMAGE")]
    against: Option<String>,
    /// Starts it about ten times more, looked at and traced, and says where the time goes and what helps.
    #[arg(long, conflicts_with = "against")]
    why: bool,
    /// Writes the distribution as a picture.
    #[arg(long, value_name = "FILE", conflicts_with = "against")]
    svg: Option<PathBuf>,
    /// Shows every list whole.
    #[arg(long)]
    full: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// Also writes what was measured as JSON to a file.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Starts this instead of the image's own command.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Measures and prints.
pub(crate) fn run(args: &Args, colour: ui::Colour) -> Result<Exit, Failure> {
    let cancel = signals::wish_to_stop()?;
    let found = found(args)?;
    let asked = (args.image.as_deref(), args.service.as_deref());
    let mut target = boots::target(found.as_ref(), args.target.as_deref(), asked, &args.overrides)?;
    let runtime = Runtime::open(&args.engine)?;
    // What was built for this goes at the end.
    let Some((held, _built)) = take(args, found.as_ref(), &target, &runtime, &cancel)? else {
        return Ok(Exit::BuildFailed);
    };
    target.complete(&held.ports)?;
    let command = (!args.command.is_empty()).then_some(&*args.command);
    let subject = Subject { command, ..args.options.subject(&target.name, &held, &target.plan) };
    let wishes = args.options.wishes();
    let (whole, page, failed) = match &args.against {
        Some(other) => {
            let held = runtime.take(other, &args.asked)?;
            let against = args.options.subject(other, &held, &target.plan);
            let against = Subject { command, ..against };
            let compared = boots::compare(&runtime, (&subject, &against), &wishes, &cancel)?;
            let failed = failed(&compared.subject) || failed(&compared.against);
            (json::text(&compared), page::compared::page(&compared, args.full, colour), failed)
        }
        None => {
            let mut report = boots::measure(&runtime, &subject, &wishes, &cancel)?;
            if args.why {
                report.why = Some(boots::why(&runtime, &subject, &report, &cancel)?);
            }
            if let Some((path, picture)) = args.svg.as_ref().zip(page::svg::histogram(&report)) {
                write_whole(path, &picture)?;
            }
            (json::text(&report), page::page(&report, args.full, colour), failed(&report))
        }
    };
    if let Some(path) = &args.output {
        write_whole(path, &whole)?;
    }
    ui::result(if args.json { &whole } else { &page })?;
    Ok(if failed { Exit::BuildFailed } else { Exit::Passed })
}

/// The repository; an image needs none.
fn found(args: &Args) -> Result<Option<Found>, Failure> {
    let found = pipeline::find(&args.repository);
    let is_image = args
        .target
        .as_deref()
        .is_some_and(|name| name == "-" || std::path::Path::new(name).exists());
    match found {
        Err(_) if is_image && args.service.is_none() => Ok(None),
        found => found.map(Some),
    }
}

/// Whether no start became ready.
fn failed(report: &BootReport) -> bool {
    report.ready().next().is_none()
}

/// The image of what is to be started: one that is named, or one that is built now. Nothing where
/// it does not build.
fn take(
    args: &Args,
    found: Option<&Found>,
    target: &Target<'_>,
    runtime: &Runtime,
    cancel: &Cancel,
) -> Result<Option<(Held, Option<Built>)>, Failure> {
    let (found, service) = match (&target.image, found, target.service) {
        (Some(image), ..) => return Ok(Some((runtime.take(image, &args.asked)?, None))),
        (None, Some(found), Some(service)) => (found, service),
        _ => return Err(Failure::usage("it is not known which image is meant")),
    };
    let hint =
        format!("or name an image that exists: plimsoll boot {} --image IMAGE", service.name);
    let builder = engine::find(&engine::Choice::Docker).map_err(|error| {
        Failure::missing(format!("{} has to be built, and {}", service.name, error.what))
            .hint(hint.clone())
    })?;
    let asked = builds::Asked { args: &[], target: None };
    let plan = builds::plan(&args.repository, found, service, asked)?;
    let name = format!("plimsoll-boot-{}:latest", engine::unique());
    let log = builds::log_path(&service.name);
    let request = BuildRequest {
        service: &service.name,
        target: plan.target.as_deref(),
        args: &plan.args,
        named: &plan.named,
        tag: Some(&name),
        log: log.as_deref(),
        ..BuildRequest::new(&plan.context, &plan.dockerfile)
    };
    let mut watch = Watch::new();
    let report = builder.build(&request, &mut |event| watch.tell(event), cancel)?;
    drop(watch);
    if !report.built {
        ui::error(
            format_args!("{} does not build", service.name),
            Some("plimsoll build says where"),
        );
        return Ok(None);
    }
    let built = Built { builder, name };
    let held = runtime.take_built(&*built.builder, &built.name)?;
    Ok(Some((held, Some(built))))
}

/// An image that was built to be started, and goes after that.
struct Built {
    builder: Box<dyn Engine>,
    name: String,
}

impl Drop for Built {
    fn drop(&mut self) {
        // One that is left behind harms nobody.
        let _ = self.builder.remove(&self.name);
    }
}
