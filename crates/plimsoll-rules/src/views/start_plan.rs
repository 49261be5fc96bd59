//! How each environment starts a service: its limits, its port, its probe, its variables.

use std::collections::BTreeSet;

use plimsoll_model::{ProbePlan, StartPlan};

use super::said::says_all;
use super::{cloud_run, effective, start};
use crate::discover::{Deploy, Platform, Service};
use crate::repo::{DockerfileView, StepKind};
use crate::review::{Review, locate};

/// How many environments are tried: more rarely differ.
const MOST_STARTS: usize = 3;

/// How each environment starts a service, production first, without repeating what is the same.
#[must_use]
pub fn start_plans(review: &Review<'_>, service: &Service) -> Vec<StartPlan> {
    let Some(file) = dockerfile(review, service) else { return Vec::new() };
    let mut plans: Vec<StartPlan> = Vec::new();
    for deploy in deploys(review, service) {
        let plan = of_deploy(review, file, service, deploy);
        let known = plans.iter().any(|known| is_same(known, &plan));
        if !known && plans.len() < MOST_STARTS {
            plans.push(plan);
        }
    }
    if plans.is_empty() {
        plans.push(undeployed(review, file, service));
    }
    plans
}

/// How an environment starts a service; the first of [`environments`] where none is named. `None`
/// where the service has no such environment.
#[must_use]
pub fn start_plan(
    review: &Review<'_>,
    service: &Service,
    environment: Option<&str>,
) -> Option<StartPlan> {
    let file = dockerfile(review, service)?;
    let mut deploys = deploys(review, service).into_iter();
    let Some(wanted) = environment else {
        let first = deploys.next();
        return Some(match first {
            Some(deploy) => of_deploy(review, file, service, deploy),
            None => undeployed(review, file, service),
        });
    };
    let deploy = deploys.find(|deploy| deploy.environment.as_deref() == Some(wanted))?;
    Some(of_deploy(review, file, service, deploy))
}

/// How a deployment starts a service.
#[must_use]
pub(crate) fn deploy_plan(
    review: &Review<'_>,
    service: &Service,
    deploy: &Deploy,
) -> Option<StartPlan> {
    Some(of_deploy(review, dockerfile(review, service)?, service, deploy))
}

/// The environments that a service is deployed to, production first.
#[must_use]
pub fn environments(review: &Review<'_>, service: &Service) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in deploys(review, service).into_iter().filter_map(|d| d.environment.as_ref()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn dockerfile<'r>(review: &Review<'r>, service: &Service) -> Option<&'r DockerfileView> {
    review.repo.dockerfiles.get(service.dockerfile)
}

/// The deployments of a service: what users see comes first.
fn deploys<'r>(review: &Review<'r>, service: &Service) -> Vec<&'r Deploy> {
    let deploys = service.deploys.iter().filter_map(|index| review.found.deploys.get(*index));
    let mut deploys: Vec<&Deploy> = deploys.collect();
    deploys.sort_by_key(|deploy| deploy.environment.as_deref() != Some("production"));
    deploys
}

/// Whether two environments start a service alike.
fn is_same(one: &StartPlan, other: &StartPlan) -> bool {
    let plain = |plan: &StartPlan| StartPlan { environment: None, source: None, ..plan.clone() };
    plain(one) == plain(other)
}

/// The start of a service that nothing deploys.
fn undeployed(review: &Review<'_>, file: &DockerfileView, service: &Service) -> StartPlan {
    let port = own_port(review, file, service);
    StartPlan { port, path: healthcheck(file, service), ..StartPlan::default() }
}

fn of_deploy(
    review: &Review<'_>,
    file: &DockerfileView,
    service: &Service,
    deploy: &Deploy,
) -> StartPlan {
    let settings = &deploy.settings;
    let is_run = deploy.platform == Platform::CloudRun;
    let number = |port: &str| port.rsplit(':').next().and_then(|port| port.trim().parse().ok());
    let said = settings.port.as_ref().and_then(|port| number(&port.value));
    let default = || is_run.then(|| cloud_run::cloud_run().default_port);
    let port = said.or_else(default).or_else(|| own_port(review, file, service));
    let cpus = cpus(review, deploy);
    let mut plan = StartPlan {
        environment: deploy.environment.clone(),
        cpus,
        memory: memory(review, deploy),
        boost: cpus.filter(|_| is_run).and_then(|cpus| boost(deploy, cpus)),
        concurrency: concurrency(review, deploy, cpus),
        source: source(review, deploy),
        probe: probe(deploy),
        port,
        path: probe_path(deploy).or_else(|| healthcheck(file, service)),
        ..StartPlan::default()
    };
    for (name, value) in &settings.env {
        match value.value.contains("${") || value.value.contains("$(") {
            true => plan.unknown.push(name.value.clone()),
            false => plan.env.push((name.value.clone(), value.value.clone())),
        }
    }
    plan.unknown.extend(settings.secrets.iter().map(|(name, _)| name.value.clone()));
    if let Some(port) = port.filter(|_| is_run) {
        plan.env.push(("PORT".to_owned(), port.to_string()));
    }
    plan
}

/// The CPUs of a deployment. What an update of a running service does not say is not known.
fn cpus(review: &Review<'_>, deploy: &Deploy) -> Option<f64> {
    match &deploy.settings.cpu {
        Some(cpu) => cloud_run::cpus(&cpu.value),
        None => says_all(review, deploy).then(|| cloud_run::cloud_run().default_cpu),
    }
}

/// The bytes of memory of a deployment.
fn memory(review: &Review<'_>, deploy: &Deploy) -> Option<u64> {
    let mebibytes = match &deploy.settings.memory {
        Some(memory) => cloud_run::mebibytes(&memory.value),
        None => says_all(review, deploy).then(|| cloud_run::cloud_run().default_memory),
    };
    mebibytes.map(|mebi| (mebi * 1_048_576.0) as u64)
}

/// Less than one CPU serves one request at a time.
fn concurrency(review: &Review<'_>, deploy: &Deploy, cpus: Option<f64>) -> Option<u32> {
    match &deploy.settings.concurrency {
        Some(set) => set.value.trim().parse().ok(),
        None if !says_all(review, deploy) => None,
        None if cpus? < 1.0 => Some(1),
        None => Some(cloud_run::cloud_run().default_concurrency),
    }
}

fn boost(deploy: &Deploy, cpus: f64) -> Option<(f64, bool)> {
    let is_set = deploy.settings.cpu_boost.as_ref().is_some_and(|boost| boost.value);
    cloud_run::cloud_run().boosted(cpus).map(|boosted| (boosted, is_set))
}

/// The line that sets the CPUs, else the one that sets the memory.
fn source(review: &Review<'_>, deploy: &Deploy) -> Option<String> {
    let fact = deploy.settings.cpu.as_ref().or(deploy.settings.memory.as_ref())?;
    let location = locate(review.sources, &fact.at);
    let line = location.line().map(|line| format!(":{line}")).unwrap_or_default();
    Some(format!("{}{line}", location.path))
}

/// What the platform asks before it sends requests: on Cloud Run at least whether the port is open.
fn probe(deploy: &Deploy) -> Option<ProbePlan> {
    let settings = &deploy.settings;
    let set = settings.startup_probe.as_ref();
    let set = match deploy.platform {
        Platform::CloudRun if set.is_none() => return Some(ProbePlan::Tcp),
        Platform::CloudRun => set,
        _ => set.or(settings.readiness_probe.as_ref()),
    }?;
    let path = set.path.as_ref().map_or("/", |path| path.value.as_str());
    match set.kind.as_str() {
        "http" => Some(ProbePlan::Http(path.to_owned())),
        "tcp" => Some(ProbePlan::Tcp),
        _ => None,
    }
}

fn probe_path(deploy: &Deploy) -> Option<String> {
    let s = &deploy.settings;
    let probes = [&s.readiness_probe, &s.startup_probe, &s.liveness_probe];
    let path = probes.into_iter().flatten().find_map(|probe| probe.path.as_ref());
    path.map(|path| path.value.clone()).filter(|path| path.starts_with('/'))
}

/// The path that the image's own health check asks for: `curl -f http://localhost:8080/health`.
fn healthcheck(file: &DockerfileView, service: &Service) -> Option<String> {
    let stage = file.target(service.target.as_deref())?;
    let (_, command) = effective(file, stage).healthcheck?;
    let text = command.text();
    let (_, url) = text.split_once("http://").or_else(|| text.split_once("https://"))?;
    let end = url.find(|c: char| c.is_whitespace() || "'\")`|;".contains(c)).unwrap_or(url.len());
    let path = &url[url.find('/')?.min(end)..end];
    (path.starts_with('/') && !path.contains('$')).then(|| path.to_owned())
}

/// The port that the server listens on, or the only one that the image exposes.
fn own_port(review: &Review<'_>, file: &DockerfileView, service: &Service) -> Option<u16> {
    let image = start::image(review, service)?;
    let server = start::server(review, &image);
    let said = server.and_then(|server| server.port.known()?.value.parse().ok());
    let stage = file.target(service.target.as_deref())?;
    let steps = file.lineage(stage).into_iter().flat_map(|stage| &stage.steps);
    let exposed = steps.filter_map(|step| match &step.kind {
        StepKind::Expose(ports) => Some(ports),
        _ => None,
    });
    let port = |text: &str| text.split('/').next().and_then(|port| port.parse::<u16>().ok());
    let ports: BTreeSet<u16> = exposed.flatten().filter_map(|fact| port(&fact.value)).collect();
    said.or_else(|| ports.first().copied().filter(|_| ports.len() == 1))
}
