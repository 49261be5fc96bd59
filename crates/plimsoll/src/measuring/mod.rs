//! Builds services, looks into their images and tries them: what `review --measure` and
//! `plimsoll measure` do.
//!
//! ```text
//! copy of the repository -> cold, warm, changed build -> image -> ImageReport -> tries -> figures
//! ```

pub(crate) mod against;
mod builds;
mod figures;
mod looks;
mod starts;
mod tries;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use plimsoll_measure::engine::{self, Cancel, Choice, Engine, ErrorKind};
use plimsoll_measure::history::History;
use plimsoll_model::{CheckName, CheckState, Happened, ServiceCheck, StartPlan};
use plimsoll_rules::discover::Service;
use plimsoll_rules::review::Measured;

use crate::bench::Bench;
use crate::boots::{self, Runtime};
use crate::builds::{Asked, plan_in};
use crate::events::Listen;
use crate::failure::Failure;
use crate::pipeline::Found;
use crate::{images, signals, ui};

/// What is measured, and with what.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The engine: docker, buildkit, an address; as for `plimsoll build`.
    #[arg(long, value_name = "ENGINE", default_value = "auto", hide_default_value = true)]
    pub(crate) engine: Choice,
    /// Measures only this service; repeatable.
    #[arg(long = "service", value_name = "NAME")]
    pub(crate) services: Vec<String>,
    /// A build argument, instead of the pipeline's; repeatable.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) build_arg: Vec<(String, String)>,
    /// A variable for the containers that are started; repeatable.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) env: Vec<(String, String)>,
    /// How many times a container is started in the first environment.
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) starts: u32,
    /// How long a container may take to load what it declares, to open its port, and then to answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) start_timeout: u32,
    /// Starts each service so many times cold, too, by Plimsoll's own runtime, under the limits of its first
    /// environment; a P95 takes 59. Where an image is given and no engine builds it, 20 unless this says otherwise.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) boots: Option<u32>,
}

impl Options {
    /// An option that was given, as it is written.
    pub(crate) fn named(&self) -> Option<&'static str> {
        let given = [
            (!self.services.is_empty(), "--service"),
            (!self.build_arg.is_empty(), "--build-arg"),
            (!self.env.is_empty(), "--env"),
            (self.boots.is_some(), "--boots"),
        ];
        given.into_iter().find_map(|(given, name)| given.then_some(name))
    }

    /// How long a container may take.
    fn patience(&self) -> Duration {
        Duration::from_secs(self.start_timeout.into())
    }

    /// Adds the variables that were given.
    fn complete(&self, start: &mut StartPlan) {
        start.unknown.retain(|name| self.env.iter().all(|(given, _)| given != name));
        start.env.extend(self.env.iter().cloned());
    }
}

/// `NAME=VALUE` of a command line.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

/// Keeps what a run produces besides figures, under a name.
pub(crate) type Keep<'k> = &'k dyn Fn(&str, &[u8]) -> Result<(), Failure>;

/// What is needed to try a service.
#[derive(Clone, Copy)]
struct Work<'w> {
    found: &'w Found,
    options: &'w Options,
    listen: Listen<'w>,
    cancel: &'w Cancel,
}

/// What is needed to build it, besides.
struct Bearings<'b> {
    work: Work<'b>,
    engine: &'b dyn Engine,
    /// Our own runtime, where starts are measured or the engine runs nothing.
    runtime: Option<&'b Runtime>,
    bench: &'b Bench,
    keep: Keep<'b>,
}

/// Measures the services that are asked for: those of which an image is given by trying that, the others
/// by building them. What does not build, or does not start, is a result.
pub(crate) fn measure(
    root: &Path,
    found: &Found,
    options: &Options,
    images: &[(Option<String>, String)],
    measured: &mut Measured,
    (listen, keep): (Listen<'_>, Keep<'_>),
) -> Result<(), Failure> {
    let services = chosen(found, &options.services)?;
    let cancel = signals::wish_to_stop()?;
    let work = Work { found, options, listen, cancel: &cancel };
    let mut given: BTreeMap<String, &str> = BTreeMap::new();
    for (service, image) in images {
        given.insert(images::named(found, service.as_deref())?, image);
    }
    let image = |service: &&Service| given.get(&service.name).copied();
    let built: Vec<&Service> = services.iter().copied().filter(|s| image(s).is_none()).collect();
    let given: Vec<(&Service, &str)> =
        services.iter().filter_map(|service| Some((*service, image(service)?))).collect();
    let done = || -> Result<(), Failure> {
        if !built.is_empty() {
            build(root, work, &built, measured, keep)?;
        }
        if !given.is_empty() {
            let runtime = Runtime::open(&boots::Choice::Auto)?;
            for service in given {
                starts::given(work, &runtime, service, measured)?;
            }
        }
        Ok(())
    };
    done().map_err(|failure| interrupted(failure, &cancel))
}

/// Builds services and tries what comes of it.
fn build(
    root: &Path,
    work: Work<'_>,
    services: &[&Service],
    measured: &mut Measured,
    keep: Keep<'_>,
) -> Result<(), Failure> {
    let engine = engine::find(&work.options.engine).map_err(|error| {
        let failure = Failure::from(error);
        let hint = failure.hint.clone().unwrap_or_default();
        failure.hint(
            format!("{hint}; of an image that exists: --image SERVICE=IMAGE")
                .trim_start_matches("; ")
                .to_owned(),
        )
    })?;
    if !engine.capabilities().builds {
        return Err(engine::client_program().map_or_else(Failure::from, |_| {
            Failure::missing("the client of the engine cannot build")
        }));
    }
    let own = work.options.boots.is_some() || !engine.capabilities().runs_containers;
    // Without it there are no starts; where they are asked for, that is an error.
    let runtime = match own.then(|| Runtime::open(&boots::Choice::Auto)).transpose() {
        Err(failure) if work.options.boots.is_some() => return Err(failure),
        other => other.ok().flatten(),
    };
    let bench = Bench::new()?;
    let runtime = runtime.as_ref();
    let bearings = Bearings { work, engine: &*engine, runtime, bench: &bench, keep };
    let branch = History::open(root).ok().and_then(|history| history.branch());
    for (number, service) in services.iter().enumerate() {
        let copy = bench.copy(root, &number.to_string())?;
        let name = bearings.image(number);
        let done = one(&bearings, &copy, branch.clone(), service, &name, measured);
        // An image left behind harms nobody; that it could not be removed is no reason to stop.
        let _ = engine.remove(&name);
        done?;
    }
    Ok(())
}

fn interrupted(failure: Failure, cancel: &Cancel) -> Failure {
    match cancel.is_cancelled() {
        true => Failure { exit: plimsoll_model::Exit::Interrupted, ..failure },
        false => failure,
    }
}

/// The services that are named, or all.
fn chosen<'f>(found: &'f Found, names: &[String]) -> Result<Vec<&'f Service>, Failure> {
    let all = &found.found.services;
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|s| s.name != **name)) {
        let known: Vec<&str> = all.iter().map(|service| service.name.as_str()).collect();
        return Err(Failure::usage(format!("there is no service {unknown}"))
            .hint(format!("the services are {}", known.join(", "))));
    }
    Ok(all.iter().filter(|s| names.is_empty() || names.contains(&s.name)).collect())
}

impl Bearings<'_> {
    /// What the image of a service is called while it is measured.
    fn image(&self, number: usize) -> String {
        format!("plimsoll-measure-{}:{number}", self.bench.name)
    }
}

fn say(service: &Service, what: &str) {
    ui::note(format_args!("{}: {what}", service.name));
}

/// Builds, looks and tries.
fn one(
    bearings: &Bearings<'_>,
    copy: &Path,
    branch: Option<String>,
    service: &Service,
    image: &str,
    measured: &mut Measured,
) -> Result<(), Failure> {
    let work = bearings.work;
    let asked = Asked { args: &work.options.build_arg, target: None };
    let plan = match plan_in(copy, branch, work.found, service, asked) {
        Ok(plan) => plan,
        Err(failure) => {
            let checks = measured.checks.entry(service.name.clone()).or_default();
            checks.push(said(CheckName::Builds, CheckState::NotRun, failure.what));
            checks.extend(tries::untried("it was not built"));
            return Ok(());
        }
    };
    let builds = builds::run(bearings, copy, service, &plan, image, measured)?;
    let built = builds.cold.built;
    let mut checks = vec![builds::check(&builds.cold)];
    figures::of_builds(service, &builds, measured);
    measured.builds.insert(service.name.clone(), builds);
    if built {
        say(service, "looking into the image");
        match looks::look(bearings, service, &plan, image)? {
            Some(report) => {
                figures::of_image(service, &report, measured);
                measured.images.insert(service.name.clone(), report);
            }
            None => say(service, "this engine gives no image to look into"),
        }
        checks.extend(starts::built(bearings, service, image, measured)?);
    } else {
        checks.extend(tries::untried("the image does not build"));
    }
    record(work, service, checks, measured);
    Ok(())
}

/// Tells of checks and keeps them.
fn record(work: Work<'_>, service: &Service, checks: Vec<ServiceCheck>, measured: &mut Measured) {
    for check in &checks {
        let (service, name, state) = (service.name.clone(), check.name, check.state);
        (work.listen)(Happened::Checked { service, name, state });
    }
    measured.checks.entry(service.name.clone()).or_default().extend(checks);
}

fn said(name: CheckName, state: CheckState, detail: impl Into<String>) -> ServiceCheck {
    ServiceCheck { name, environment: None, state, detail: detail.into(), seconds: None }
}

/// An engine that cannot do a thing at all is no failure of the run.
fn able<T>(result: Result<T, engine::EngineError>) -> Result<Option<T>, Failure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind == ErrorKind::Unable => Ok(None),
        Err(error) => Err(error.into()),
    }
}
