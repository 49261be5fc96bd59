//! What is to be started: a service of the repository, or an image.

use std::path::Path;

use plimsoll_model::{ProbePlan, StartPlan};
use plimsoll_rules::discover::Service;
use plimsoll_rules::views::cloud_run::mebibytes;
use plimsoll_rules::views::start_plan::{environments, start_plan};

use crate::failure::Failure;
use crate::pipeline::{self, Found};

/// Settings that are given by hand: they win over those of the repository.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Overrides {
    /// The environment whose settings hold, or a variable of the container; repeatable.
    #[arg(long, value_name = "NAME|NAME=VALUE")]
    env: Vec<String>,
    /// How many processors it may use.
    #[arg(long, value_name = "COUNT", value_parser = cpus)]
    cpus: Option<f64>,
    /// How much memory it may use: 512Mi, 1G.
    #[arg(long, value_name = "BYTES", value_parser = memory)]
    memory: Option<u64>,
    /// The port that requests go to.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// The path whose answer makes it ready.
    #[arg(long, value_name = "PATH", value_parser = path)]
    ready: Option<String>,
    /// Measures starts with so many processors, too, in turns.
    #[arg(long, value_name = "COUNT", value_parser = cpus)]
    boost: Option<f64>,
    /// Measures no starts with CPU boost, whatever the settings say.
    #[arg(long, conflicts_with = "boost")]
    no_boost: bool,
}

fn cpus(text: &str) -> Result<f64, String> {
    let known = plimsoll_rules::views::cloud_run::cpus(text);
    known
        .filter(|cpus| (0.01..=1024.0).contains(cpus))
        .ok_or_else(|| "write it as 0.5, 2 or 500m".to_owned())
}

fn memory(text: &str) -> Result<u64, String> {
    let bytes = mebibytes(text).map(|mebi| (mebi * 1_048_576.0) as u64);
    bytes
        .filter(|bytes| *bytes >= 4 << 20)
        .ok_or_else(|| "write it as 512Mi or 1G; the least is 4Mi".to_owned())
}

fn path(text: &str) -> Result<String, String> {
    let is_plain = text.starts_with('/') && !text.contains(|c: char| c.is_control() || c == ' ');
    if is_plain {
        Ok(text.to_owned())
    } else {
        Err("it begins with / and has no spaces".to_owned())
    }
}

impl Overrides {
    /// The environment that is asked for.
    fn environment(&self) -> Result<Option<&str>, Failure> {
        let mut names = self.env.iter().filter(|text| !text.contains('='));
        match (names.next(), names.next()) {
            (Some(_), Some(_)) => Err(Failure::usage("several environments are named")
                .hint("write a variable as --env NAME=VALUE")),
            (name, _) => Ok(name.map(String::as_str)),
        }
    }

    fn apply(&self, plan: &mut StartPlan) {
        plan.cpus = self.cpus.or(plan.cpus);
        plan.memory = self.memory.or(plan.memory);
        if let Some(port) = self.port {
            plan.port = Some(port);
            // A platform tells the service in this variable.
            if let Some((_, value)) = plan.env.iter_mut().find(|(name, _)| name == "PORT") {
                *value = port.to_string();
            }
        }
        if let Some(path) = &self.ready {
            plan.path = Some(path.clone());
            if matches!(plan.probe, Some(ProbePlan::Http(_))) {
                plan.probe = Some(ProbePlan::Http(path.clone()));
            }
        }
        match self.boost {
            Some(boost) => plan.boost = Some((boost, plan.boost.is_some_and(|(_, is_set)| is_set))),
            None if self.no_boost => plan.boost = None,
            None => {}
        }
        for (name, value) in self.env.iter().filter_map(|text| text.split_once('=')) {
            plan.unknown.retain(|unknown| unknown != name);
            plan.env.retain(|(known, _)| known != name);
            plan.env.push((name.to_owned(), value.to_owned()));
        }
    }
}

/// What is to be started.
pub(crate) struct Target<'f> {
    /// What it is called.
    pub(crate) name: String,
    /// The service, where it is one.
    pub(crate) service: Option<&'f Service>,
    /// Its image, where that is known already.
    pub(crate) image: Option<String>,
    /// Under what.
    pub(crate) plan: StartPlan,
}

impl Target<'_> {
    /// Takes the port that an image exposes where no setting names one.
    pub(crate) fn complete(&mut self, ports: &[u16]) -> Result<(), Failure> {
        match (self.plan.port, ports) {
            (None, [port]) => self.plan.port = Some(*port),
            (None, [_, _, ..]) => {
                let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
                let what = format!("{} exposes several ports: {}", self.name, ports.join(", "));
                return Err(
                    Failure::usage(what).hint("name the one that requests go to: --port PORT")
                );
            }
            _ => {}
        }
        Ok(())
    }
}

/// Finds what is meant: the name of a service, or an image, perhaps with the settings of one.
pub(crate) fn target<'f>(
    found: Option<&'f Found>,
    named: Option<&str>,
    (image, service): (Option<&str>, Option<&str>),
    overrides: &Overrides,
) -> Result<Target<'f>, Failure> {
    let services = found.map_or(&[][..], |found| &found.found.services);
    let by_name = |name: &str| services.iter().find(|service| service.name == name);
    let known = || {
        let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
        match names.is_empty() {
            true => "no service was found: name an image, or the repository with --repository"
                .to_owned(),
            false => format!("the services are {}", names.join(", ")),
        }
    };
    let asked = service.map(|name| {
        by_name(name)
            .ok_or_else(|| Failure::usage(format!("there is no service {name}")).hint(known()))
    });
    let asked = asked.transpose()?;
    let (service, image) = match (named, asked) {
        (Some(name), asked) => match by_name(name).filter(|_| !Path::new(name).is_file()) {
            Some(service) => (Some(asked.unwrap_or(service)), image),
            None if image.is_some() => {
                return Err(Failure::usage(format!("there is no service {name}")).hint(known()));
            }
            None => (asked, Some(name)),
        },
        (None, Some(service)) => (Some(service), image),
        (None, None) => match services {
            [only] => (Some(only), image),
            _ => {
                let what = "it is not known what is to be started";
                return Err(
                    Failure::usage(what).hint(format!("name a service or an image; {}", known()))
                );
            }
        },
    };
    let mut plan = match (found, service) {
        (Some(found), Some(service)) => of_service(found, service, overrides)?,
        _ => of_image(overrides)?,
    };
    overrides.apply(&mut plan);
    let name = service.map(|service| service.name.clone());
    let name = name.or_else(|| image.map(str::to_owned)).unwrap_or_default();
    Ok(Target { name, service, image: image.map(str::to_owned), plan })
}

fn of_service(
    found: &Found,
    service: &Service,
    overrides: &Overrides,
) -> Result<StartPlan, Failure> {
    let environment = overrides.environment()?;
    pipeline::with_evidence(found, |review, _| {
        start_plan(review, service, environment).ok_or_else(|| {
            let name = environment.unwrap_or_default();
            let what = format!("{} has no environment {name}", service.name);
            let known = environments(review, service);
            Failure::usage(what).hint(match known.is_empty() {
                true => {
                    "no deployment of it was found; write a variable as --env NAME=VALUE".to_owned()
                }
                false => format!("its environments are {}", known.join(", ")),
            })
        })
    })
}

fn of_image(overrides: &Overrides) -> Result<StartPlan, Failure> {
    match overrides.environment()? {
        None => Ok(StartPlan::default()),
        Some(name) => Err(Failure::usage(format!("an image has no environment {name}")).hint(
            "--service NAME takes the settings of a service; a variable is --env NAME=VALUE",
        )),
    }
}
