//! Links what builds and what deploys into services.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Location, NotAnalysed, Sources};
use plimsoll_syntax::shell::Word;

use super::beside::Beside;
use super::paths::{file_name, folder, image_name, join};
use super::types::{Build, BuildTool, ContextRef, Deploy, Discovery, Platform, Service};
use crate::config::{Config, ServiceConfig};
use crate::repo::{DockerfileView, Fact, Place, Repo};

/// Makes the services: one for each Dockerfile and target that something builds, and one for
/// each Dockerfile that nothing builds.
pub(super) fn link(sources: &Sources, repo: &Repo, config: &Config, found: &mut Discovery) {
    for service in &config.services {
        configured(service, repo, found);
    }
    for build in found.builds.iter_mut().filter(|build| is_written(build, repo)) {
        build.dockerfile = None;
    }
    let mut groups: BTreeMap<(usize, Option<String>), Vec<usize>> = BTreeMap::new();
    let is_data = |path: &str| Beside::of(path) == Some(Beside::Data);
    for (i, build) in found.builds.iter().enumerate().filter(|(_, b)| !is_data(&b.at.path)) {
        match dockerfile_of(build, repo) {
            Ok(file) => {
                let known = build.target.as_ref().filter(|t| !t.value.contains('$'));
                groups.entry((file, known.map(|t| t.value.clone()))).or_default().push(i);
            }
            Err(reason) => {
                let location = crate::review::locate(sources, &build.at);
                found.not_analysed.push(NotAnalysed { location, reason });
            }
        }
    }
    for template in repo.dockerfiles.iter().filter(|d| d.is_template(sources) && !is_data(&d.path))
    {
        let location = Location::file(&*template.path);
        let reason = "it is a template, not a Dockerfile".to_owned();
        found.not_analysed.push(NotAnalysed { location, reason });
    }
    for limit in repo.dockerfiles.iter().flat_map(|d| &d.limits) {
        let location = crate::review::locate(sources, &limit.at);
        found.not_analysed.push(NotAnalysed { location, reason: limit.value.clone() });
    }
    let is_built: BTreeSet<usize> = groups.keys().map(|(file, _)| *file).collect();
    for (index, file) in repo.dockerfiles.iter().enumerate() {
        // What tests read is no service, unless something builds it.
        if !is_built.contains(&index) && !is_data(&file.path) {
            groups.insert((index, None), Vec::new());
        }
    }
    let mut services: Vec<Service> = groups
        .into_iter()
        .map(|((file, target), builds)| {
            let context = context(sources, repo, file, &builds, found);
            Service {
                name: String::new(),
                dockerfile: file,
                target,
                builds,
                deploys: Vec::new(),
                context,
            }
        })
        .collect();
    for i in 0..found.deploys.len() {
        if is_data(&found.deploys[i].at.path) {
            continue;
        }
        if let Some(service) = service_of(&found.deploys[i], &services, repo, found) {
            services[service].deploys.push(i);
        }
    }
    name(&mut services, repo, config, found);
    found.services = services;
}

/// A service of `plimsoll.toml` is a build of its own, so that it links as the others do.
fn configured(service: &ServiceConfig, repo: &Repo, found: &mut Discovery) {
    let Some(dockerfile) = &service.dockerfile else { return };
    if repo.dockerfile(&dockerfile.value).is_none() {
        let location = Location::file(dockerfile.at.path.to_string());
        found.not_analysed.push(NotAnalysed {
            location,
            reason: format!("{} is no Dockerfile of the repository", dockerfile.value),
        });
        return;
    }
    let own = Fact::new(folder(&dockerfile.value).to_owned(), dockerfile.at.clone());
    let context =
        service.context.clone().map_or(own, |c| c.map(|t| join("", &t).unwrap_or_default()));
    let mut build =
        Build::new(service.name.at.clone(), BuildTool::Config, ContextRef::Folder(context));
    build.dockerfile = Some(dockerfile.clone());
    build.target.clone_from(&service.target);
    build.tags = service.image.iter().cloned().collect();
    found.builds.push(build);
}

fn dockerfile_of(build: &Build, repo: &Repo) -> Result<usize, String> {
    let Some(file) = &build.dockerfile else {
        let of = match &build.context {
            ContextRef::Remote(fact) => {
                format!("its context {} is not in the repository", fact.value)
            }
            ContextRef::Unknown(fact) if !fact.value.is_empty() => {
                format!("its context `{}` is not known before it runs", fact.value)
            }
            _ => "its Dockerfile is not known before it runs".to_owned(),
        };
        return Err(format!("this build is not analysed: {of}"));
    };
    repo.dockerfile(&file.value)
        .ok_or_else(|| format!("this build is not analysed: there is no {}", file.value))
}

/// Whether the job of a build writes the Dockerfile itself: then it is not the repository's.
fn is_written(build: &Build, repo: &Repo) -> bool {
    let (Some(at), Some(file)) = (build.job, &build.dockerfile) else { return false };
    let Some(workflow) = repo.workflows.get(at.workflow) else { return false };
    let Some(job) = workflow.jobs.get(at.job) else { return false };
    let runs = job.steps.iter().take(at.step + 1).filter_map(|s| Some((s, s.run.as_ref()?)));
    runs.into_iter().any(|(step, run)| {
        let set = [&step.working_directory, &job.working_directory, &workflow.working_directory];
        let home = set.into_iter().flatten().next().map_or("", |home| home.value.as_str());
        let is_it =
            |word: &Word| word.text().and_then(|t| join(home, t)).as_ref() == Some(&file.value);
        let redirects = run.script.commands.iter().flat_map(|c| &c.redirects);
        let mut written = redirects.filter(|r| r.operator.starts_with('>'));
        written.any(|r| is_it(&r.target))
            || run.script.invocations().any(|call| match call.program {
                "tee" => call.args.iter().any(is_it),
                "cp" | "mv" => call.args.last().is_some_and(is_it),
                _ => false,
            })
    })
}

/// The context that the builds agree on; that of the first build in CI otherwise. Without a
/// build it is the folder of the Dockerfile, if everything it copies is there.
fn context(
    sources: &Sources,
    repo: &Repo,
    file: usize,
    builds: &[usize],
    found: &Discovery,
) -> Option<ContextRef> {
    let known = |i: &&usize| found.builds[**i].context.folder().is_some();
    let in_ci = |i: &&usize| found.builds[**i].tool != BuildTool::Compose;
    let first = builds.iter().filter(known).find(in_ci).or_else(|| builds.iter().find(known));
    if let Some(first) = first {
        return Some(found.builds[*first].context.clone());
    }
    if !builds.is_empty() {
        return None;
    }
    let view = &repo.dockerfiles[file];
    let at = Place::file(std::sync::Arc::clone(&view.path));
    let own = folder(&view.path);
    let mut candidates = [own].into_iter().chain(above(own));
    let chosen = candidates.find(|c| holds(sources, view, c))?;
    Some(ContextRef::Folder(Fact::new(chosen.to_owned(), at)))
}

/// The folders above a folder, the nearest first; the root of the repository is `""`.
pub(crate) fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |p| (!p.is_empty()).then(|| folder(p))).skip(1)
}

/// Whether a folder has everything that a Dockerfile copies from its context.
pub(crate) fn holds(sources: &Sources, file: &DockerfileView, folder: &str) -> bool {
    let copies = file.stages.iter().flat_map(|s| s.copies()).filter(|(_, c)| c.from.is_none());
    let mut sources_of = copies
        .flat_map(|(_, c)| &c.sources)
        .filter(|s| s.known && !s.path.value.contains(['*', '?', '[', ':']));
    sources_of.all(|s| {
        join(folder, s.path.value.trim_start_matches('/'))
            .is_some_and(|p| sources.kind(&p).is_some())
    })
}

/// The service a deployment belongs to: the one that pushes its image, else the one its job
/// builds, else the one of its name.
fn service_of(
    deploy: &Deploy,
    services: &[Service],
    repo: &Repo,
    found: &Discovery,
) -> Option<usize> {
    let builds = |s: &Service| s.builds.iter().map(|i| &found.builds[*i]).collect::<Vec<_>>();
    if deploy.platform == Platform::Compose {
        let here = |b: &Build| b.tool == BuildTool::Compose && b.at == deploy.at;
        return services.iter().position(|s| builds(s).iter().any(|b| here(b)));
    }
    if let Some(image) = deploy
        .image
        .as_ref()
        .map(|i| image_name(&i.value))
        .filter(|n| !n.is_empty() && !n.starts_with('$'))
    {
        let pushes = |s: &Service| {
            builds(s).iter().any(|b| b.tags.iter().any(|t| image_name(&t.value) == image))
        };
        if let Some(found) = services.iter().position(pushes) {
            return Some(found);
        }
    }
    if let Some(job) = deploy.job {
        let same =
            |b: &&Build| b.job.is_some_and(|j| (j.workflow, j.job) == (job.workflow, job.job));
        let same_workflow = |b: &&Build| b.job.is_some_and(|j| j.workflow == job.workflow);
        for near in [&same as &dyn Fn(&&Build) -> bool, &same_workflow] {
            let mut at = services.iter().enumerate().filter(|(_, s)| builds(s).iter().any(near));
            if let (Some((i, _)), None) = (at.next(), at.next()) {
                return Some(i);
            }
        }
    }
    let name = deploy.service.as_ref().map(|s| s.value.to_ascii_lowercase())?;
    let last = last_of_image(deploy);
    let sidecar = is_sidecar(deploy, &name, found);
    let named = |s: &Service| {
        let own = file_name(folder(&repo.dockerfiles[s.dockerfile].path)).to_ascii_lowercase();
        !own.is_empty() && (own == last || (own == name && !sidecar))
    };
    services.iter().position(named)
}

/// The last part of the name of the image that is deployed.
fn last_of_image(deploy: &Deploy) -> String {
    let image = deploy.image.as_ref().map(|i| image_name(&i.value)).unwrap_or_default();
    image.rsplit('/').next().unwrap_or("").to_owned()
}

/// Whether another container of the same pod has the name of the workload: the one whose image is
/// called so, else the first.
fn is_sidecar(deploy: &Deploy, name: &str, found: &Discovery) -> bool {
    let workload = |d: &Deploy| d.service.as_ref().map(|s| s.at.clone());
    let of_pod = |d: &&Deploy| {
        d.platform == Platform::Kubernetes
            && workload(d).is_some_and(|at| Some(at) == workload(deploy))
    };
    let pod = || found.deploys.iter().filter(of_pod);
    let main = pod().find(|d| last_of_image(d) == name).or_else(|| pod().next());
    main.is_some_and(|main| main.at != deploy.at)
}

/// Names the services: as `plimsoll.toml` says, as they are deployed, or as their folder.
fn name(services: &mut [Service], repo: &Repo, config: &Config, found: &Discovery) {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for service in services.iter_mut() {
        let path = &repo.dockerfiles[service.dockerfile].path;
        let configured = config.services.iter().find(|c| {
            c.dockerfile.as_ref().is_some_and(|d| d.value == path.as_ref())
                && c.target.as_ref().map(|t| &t.value) == service.target.as_ref()
        });
        let own = file_name(folder(path));
        let base = match configured {
            Some(configured) => configured.name.value.clone(),
            None if !own.is_empty()
                && !matches!(own, "docker" | ".docker" | "build" | "deploy" | "ci") =>
            {
                own.to_owned()
            }
            None => deployed_name(service, found).unwrap_or_else(|| plain_name(path)),
        };
        let base = match &service.target {
            Some(target) if configured.is_none() => format!("{base}:{target}"),
            _ => base,
        };
        let n = taken.entry(base.clone()).or_default();
        *n += 1;
        service.name = if *n == 1 { base } else { format!("{base} ({path})") };
    }
}

fn deployed_name(service: &Service, found: &Discovery) -> Option<String> {
    let names = service.deploys.iter().filter_map(|i| found.deploys[*i].service.as_ref());
    names.map(|f| f.value.clone()).find(|n| !n.contains('$') && !n.is_empty())
}

/// `Dockerfile.worker` is the worker; a Dockerfile at the root is the app.
fn plain_name(path: &str) -> String {
    let name = file_name(path);
    let rest = name.to_ascii_lowercase();
    let rest = rest.trim_start_matches("dockerfile").trim_start_matches("containerfile");
    let rest = rest.trim_end_matches("dockerfile").trim_matches(['.', '-', '_']);
    if rest.is_empty() { "app".to_owned() } else { rest.to_owned() }
}
