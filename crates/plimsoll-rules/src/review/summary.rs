//! The parts of the report that retell what was found: services, checklist, gaps, next steps.

use plimsoll_model::{
    Applicability, DeploySummary, Figure, Finding, Gate, GateState, Location, NotAnalysed,
    ServiceSummary, Setting, metric,
};

use super::Review;
use super::budgets::NOT_TRIED;
use super::excerpt::Locator;
use crate::discover::{Deploy, Service};
use crate::repo::Fact;

/// The services with what builds and deploys them.
pub(crate) fn services(review: &Review<'_>, locator: &mut Locator<'_>) -> Vec<ServiceSummary> {
    review.found.services.iter().map(|s| service(review, s, locator)).collect()
}

fn service(review: &Review<'_>, service: &Service, locator: &mut Locator<'_>) -> ServiceSummary {
    let builds = service.builds.iter().map(|i| locator.location(&review.found.builds[*i].at));
    let builds = builds.collect();
    let deploys =
        service.deploys.iter().map(|i| deploy(&review.found.deploys[*i], locator)).collect();
    let folder = service.context.as_ref().and_then(|c| c.folder());
    ServiceSummary {
        name: service.name.clone(),
        dockerfile: review.repo.dockerfiles.get(service.dockerfile).map(|d| d.path.to_string()),
        context: folder.map(|f| if f.is_empty() { ".".to_owned() } else { f.to_owned() }),
        builds,
        deploys,
        sent: review.measured.contexts.get(&service.name).cloned(),
        measured_builds: review.measured.builds.get(&service.name).cloned(),
        image: review.measured.images.get(&service.name).cloned(),
        checks: review.measured.checks.get(&service.name).cloned().unwrap_or_default(),
        boots: review.measured.boots.get(&service.name).cloned().unwrap_or_default(),
    }
}

fn deploy(deploy: &Deploy, locator: &mut Locator<'_>) -> DeploySummary {
    let s = &deploy.settings;
    let text = |name: &str, fact: &Option<Fact<String>>| {
        fact.as_ref().map(|f| (name.to_owned(), f.value.clone(), f.at.clone()))
    };
    let boost = s.cpu_boost.as_ref().map(|f| {
        ("CPU boost".to_owned(), if f.value { "on" } else { "off" }.to_owned(), f.at.clone())
    });
    let all = [
        text("CPU", &s.cpu),
        text("memory", &s.memory),
        boost,
        text("min instances", &s.min_instances),
        text("max instances", &s.max_instances),
        text("replicas", &s.replicas),
        text("concurrency", &s.concurrency),
        text("request timeout", &s.timeout),
        text("port", &s.port),
        text("image", &deploy.image),
    ];
    let settings = all.into_iter().flatten();
    DeploySummary {
        environment: deploy.environment.clone(),
        platform: deploy.platform.name().to_owned(),
        settings: settings
            .map(|(name, value, at)| Setting { name, value, location: locator.location(&at) })
            .collect(),
        location: locator.location(&deploy.at),
    }
}

/// What could not be followed or read.
pub(crate) fn not_analysed(review: &Review<'_>) -> Vec<NotAnalysed> {
    let problems = review.sources.problems.iter();
    let problems = problems
        .map(|p| NotAnalysed { location: Location::file(&*p.path), reason: p.reason.clone() });
    let partly = review.repo.packages.all().filter_map(|m| {
        let reason = m.partly.clone()?;
        Some(NotAnalysed { location: Location::file(&*m.path), reason })
    });
    let mut all: Vec<NotAnalysed> =
        review.found.not_analysed.iter().cloned().chain(problems).chain(partly).collect();
    all.sort();
    all.dedup();
    all
}

/// What to do next.
pub(crate) fn next(findings: &[Finding], gates: &[Gate]) -> Vec<String> {
    let open = || findings.iter().filter(|f| f.waiver.is_none());
    let mut next = Vec::new();
    let fixable =
        |f: &&Finding| f.fix.as_ref().is_some_and(|x| x.applicability == Applicability::Safe);
    let safe = open().filter(fixable).count();
    if safe > 0 {
        next.push(format!(
            "plimsoll fix            # shows {safe} safe {} as a diff",
            if safe == 1 { "fix" } else { "fixes" }
        ));
    }
    if let Some(first) = open().next() {
        next.push(format!("plimsoll explain {}", first.rule));
    }
    // What was tried and gave no figure gives none the next time.
    let untried = |figure: &Figure| matches!(figure, Figure::NotMeasured { missing, .. } if missing == NOT_TRIED);
    let missing = gates.iter().find(|g| g.state == GateState::NotMeasured && untried(&g.figure));
    if let Some(metric) = missing.and_then(|g| metric(&g.budget.metric)) {
        next.push(metric.command.to_owned());
    }
    next
}
