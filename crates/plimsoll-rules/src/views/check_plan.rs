//! What is to be tried of a service's image: what it starts, what it must load, and how each
//! environment starts it.

use std::collections::BTreeSet;

use plimsoll_model::{CheckPlan, LoadPlan, StartPlan};

use super::{application, cloud_run, effective, start};
use crate::discover::{Deploy, Platform, Service};
use crate::packages::{Ecosystem, Group};
use crate::remedy;
use crate::repo::{DockerfileView, StepKind};
use crate::review::Review;

/// How many environments are tried: more rarely differ.
const MOST_STARTS: usize = 3;

/// The plan for a service; its Dockerfile must be there.
#[must_use]
pub fn check_plan(review: &Review<'_>, service: &Service) -> CheckPlan {
    let Some(file) = review.repo.dockerfiles.get(service.dockerfile) else {
        return CheckPlan::default();
    };
    let context = service.context.as_ref().and_then(|context| context.folder()).unwrap_or("");
    CheckPlan {
        load: LoadPlan {
            application: remedy::application(review, file, service, context),
            distributions: distributions(review, file, service),
        },
        starts: starts(review, file, service),
    }
}

/// The distributions that the manifests name which the image installs from. One that is only
/// for some systems or versions need not be there.
fn distributions(review: &Review<'_>, file: &DockerfileView, service: &Service) -> Vec<String> {
    let target = service.target.as_deref();
    let manifests = review.repo.packages.all().filter(|manifest| {
        manifest.ecosystem == Ecosystem::Python
            && application::installed(file, target, &manifest.path).is_some()
    });
    let wants = manifests.flat_map(|manifest| {
        let text = review.sources.text(&manifest.path).unwrap_or_default();
        manifest.wants.iter().filter(move |want| {
            let line = want.at.span.map_or("", |span| line_of(text, span.start as usize));
            want.group == Group::Main && !is_conditional(line)
        })
    });
    let names: BTreeSet<&str> = wants.map(|want| want.name.as_str()).collect();
    names.into_iter().filter(|name| *name != "python").map(str::to_owned).collect()
}

fn line_of(text: &str, at: usize) -> &str {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("")
}

fn is_conditional(line: &str) -> bool {
    line.contains(';')
        || ["markers", "platform", "optional", "python =", "extras"]
            .iter()
            .any(|w| line.contains(w))
}

/// How each environment starts the service, without repeating what is the same.
fn starts(review: &Review<'_>, file: &DockerfileView, service: &Service) -> Vec<StartPlan> {
    let deploys = service.deploys.iter().filter_map(|index| review.found.deploys.get(*index));
    let mut deploys: Vec<&Deploy> = deploys.collect();
    // What users see first.
    deploys.sort_by_key(|deploy| deploy.environment.as_deref() != Some("production"));
    let mut plans: Vec<StartPlan> = Vec::new();
    for deploy in deploys {
        let plan = of_deploy(review, file, service, deploy);
        let known = plans.iter().any(|known| {
            StartPlan { environment: None, ..known.clone() }
                == StartPlan { environment: None, ..plan.clone() }
        });
        if !known && plans.len() < MOST_STARTS {
            plans.push(plan);
        }
    }
    if plans.is_empty() {
        let port = own_port(review, file, service);
        plans.push(StartPlan { port, path: healthcheck(file, service), ..StartPlan::default() });
    }
    plans
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
    let mut plan = StartPlan {
        environment: deploy.environment.clone(),
        cpus: settings.cpu.as_ref().and_then(|cpu| cloud_run::cpus(&cpu.value)),
        memory: settings.memory.as_ref().and_then(|memory| {
            cloud_run::mebibytes(&memory.value).map(|mebi| (mebi * 1_048_576.0) as u64)
        }),
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
