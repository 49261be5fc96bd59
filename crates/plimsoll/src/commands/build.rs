//! `plimsoll build`: builds a service, and says what each step took and added.

use std::path::PathBuf;

use plimsoll_measure::engine::{self, BuildRequest, Cancel, Choice, Engine};
use plimsoll_model::{BuildReport, Exit};
use plimsoll_rules::discover::Service;

use super::replay::services;
use crate::builds::{self, Asked, Plan, Watch};
use crate::failure::Failure;
use crate::measuring::pair;
use crate::pipeline::{self, Found};
use crate::ui::{self, Colour};
use crate::{report, signals};

/// What to build, and where.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 built · 2 usage · 3 no engine, or it went away, or a disk is full · \
13 the repository does not build · 130 interrupted. What is interrupted or fails leaves no image, \
name or file behind."
)]
pub(crate) struct Args {
    /// The repository.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The service; needed where there are several.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// The engine: docker, buildkit, the address of a Docker Engine (unix://…, tcp://…), or
    /// buildkit:ADDRESS. Without it, the Docker Engine that its own client would use.
    #[arg(long, value_name = "ENGINE", default_value = "auto", hide_default_value = true)]
    engine: Choice,
    /// Runs every step, whatever the builder has in its cache.
    #[arg(long)]
    no_cache: bool,
    /// What the image is called.
    #[arg(long, short, value_name = "NAME")]
    tag: Option<String>,
    /// The stage to build; the one that the pipeline builds without it.
    #[arg(long, value_name = "STAGE")]
    target: Option<String>,
    /// A build argument, instead of the pipeline's; repeatable.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    build_arg: Vec<(String, String)>,
    /// Writes the image to an archive: as `docker save` does, of BuildKit an OCI archive.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where all that the build says is kept; else below $XDG_STATE_HOME/plimsoll/builds.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The form of the result.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Terminal)]
    format: Format,
    /// Prints JSON: the same as --format json.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A page for a terminal.
    Terminal,
    /// The report as data.
    Json,
}

/// Builds and prints.
pub(crate) fn run(args: &Args, colour: Colour) -> Result<Exit, Failure> {
    let cancel = signals::wish_to_stop()?;
    let found = pipeline::find(&args.path)?;
    let service = only(&found, args.service.as_deref())?;
    let asked = Asked { args: &args.build_arg, target: args.target.as_deref() };
    let plan = builds::plan(&args.path, &found, service, asked)?;
    let engine = engine::find(&args.engine)?;
    if !plan.named.is_empty() && !engine.capabilities().named_contexts {
        return Err(Failure::missing("this client cannot give a build named contexts")
            .hint("install the plugin docker-buildx"));
    }
    let report = build(args, service, &plan, &*engine, &cancel)?;
    match args.json || args.format == Format::Json {
        true => ui::result(&report::json::text(&report))?,
        false => ui::result(&report::build::page(&report, colour, ui::width()))?,
    }
    Ok(if report.built { Exit::Passed } else { Exit::BuildFailed })
}

/// The service that is named, or the only one.
fn only<'f>(found: &'f Found, name: Option<&str>) -> Result<&'f Service, Failure> {
    let all = services(found, name)?;
    match all[..] {
        [one] => Ok(one),
        _ => {
            let names: Vec<&str> = all.iter().map(|service| service.name.as_str()).collect();
            Err(Failure::usage("there are several services: name one with --service")
                .hint(format!("the services are {}", names.join(", "))))
        }
    }
}

fn build(
    args: &Args,
    service: &Service,
    plan: &Plan,
    engine: &dyn Engine,
    cancel: &Cancel,
) -> Result<BuildReport, Failure> {
    let log = args.log.clone().or_else(|| builds::log_path(&service.name));
    let request = BuildRequest {
        service: &service.name,
        target: plan.target.as_deref(),
        args: &plan.args,
        named: &plan.named,
        tag: args.tag.as_deref(),
        no_cache: args.no_cache,
        output: args.output.as_deref(),
        log: log.as_deref(),
        ..BuildRequest::new(&plan.context, &plan.dockerfile)
    };
    let mut watch = Watch::new();
    let mut report = engine.build(&request, &mut |event| watch.tell(event), cancel)?;
    report.dockerfile.clone_from(&plan.path);
    report.caveats.splice(0..0, plan.caveats.iter().cloned());
    Ok(report)
}
