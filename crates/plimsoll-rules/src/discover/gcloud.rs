//! Google Cloud's command line: deployments to Cloud Run, and builds.

use plimsoll_syntax::shell::{Args, Flag, Invocation, Takes, Word};

use super::commands::{Site, context_of};
use super::paths::join;
use super::types::{Build, BuildTool, ContextRef, Deploy, DeployTool, Platform};
use super::{Finder, environment, probe};
use crate::repo::Fact;

/// Flags of gcloud that take no value.
pub(crate) const GCLOUD: Takes = Takes::AllBut(&[
    "--allow-unauthenticated",
    "--no-allow-unauthenticated",
    "--cpu-boost",
    "--no-cpu-boost",
    "--cpu-throttling",
    "--no-cpu-throttling",
    "--quiet",
    "-q",
    "--no-traffic",
    "--async",
    "--no-async",
    "--session-affinity",
    "--no-session-affinity",
    "--to-latest",
    "--use-http2",
    "--no-use-http2",
    "--clear-env-vars",
    "--clear-secrets",
    "--clear-labels",
    "--clear-network",
    "--clear-tags",
    "--no-cache",
    "--no-source",
    "--suppress-logs",
    "--deploy-health-check",
    "--no-deploy-health-check",
    "--default-url",
    "--no-default-url",
    "--iap",
    "--no-iap",
    "--user-output-enabled",
]);

pub(super) fn gcloud(call: &Invocation<'_>, site: &Site<'_>, finder: &mut Finder<'_>) {
    let args = call.parse(GCLOUD);
    let words: Vec<&str> = args.positional.iter().map(|w| w.text().unwrap_or("")).collect();
    let words = match words.as_slice() {
        ["alpha" | "beta", rest @ ..] => rest,
        all => all,
    };
    let skipped = args.positional.len() - words.len();
    let word = |i: usize| args.positional.get(skipped + i).copied();
    // Cloud Run for Anthos is another platform with other rules.
    if site
        .flag(&args, &["--platform"])
        .is_some_and(|p| matches!(p.value.as_str(), "gke" | "kubernetes"))
    {
        return site.note(call.span(), "Cloud Run for Anthos is not analysed", finder);
    }
    match words {
        ["run", "deploy", ..] => {
            let mut deploy = cloud_run(call, &args, word(2), DeployTool::GcloudRun, site);
            if let Some(source) = site.flag(&args, &["--source"]) {
                source_build(call, &source, site, finder);
                deploy.from_source = Some(source);
            }
            finder.found.deploys.push(deploy);
        }
        ["run", "services", "update", ..] => {
            finder.found.deploys.push(cloud_run(
                call,
                &args,
                word(3),
                DeployTool::GcloudUpdate,
                site,
            ));
        }
        ["builds", "submit", ..] => builds_submit(call, &args, word(2), site, finder),
        _ => {}
    }
}

/// `gcloud run deploy` and `services update`: the settings as flags.
pub(super) fn cloud_run(
    call: &Invocation<'_>,
    args: &Args<'_>,
    service: Option<&Word>,
    tool: DeployTool,
    site: &Site<'_>,
) -> Deploy {
    let mut deploy = Deploy::new((site.place)(call.span()), Platform::CloudRun, tool);
    deploy.job = site.job;
    deploy.service = service.map(|w| site.fact(w));
    let name = deploy.service.as_ref().map_or("", |s| s.value.as_str());
    deploy.environment = site.environment.clone().or_else(|| environment::guess(&[name]));
    let last = call.args.last().map_or(call.span(), |w| w.span);
    deploy.insert_flag_at = Some((site.place)(last));
    cloud_run_flags(&mut deploy, args, site);
    deploy
}

/// Reads the flags of `gcloud run deploy` into the settings.
pub(super) fn cloud_run_flags(deploy: &mut Deploy, args: &Args<'_>, site: &Site<'_>) {
    let text = |names: &[&str]| site.flag(args, names);
    let place = |f: &Flag| (site.place)(f.span);
    let truth = |on: &'static str, off: &'static str| {
        let flag = args.flags.iter().rev().find(|f| *f.name == *on || *f.name == *off)?;
        let value = flag.value.as_ref().and_then(|w| w.text()).is_none_or(|v| v != "false");
        Some(Fact::new((*flag.name == *on) == value, place(flag)))
    };
    if let Some(image) = text(&["--image"]) {
        deploy.image = Some(image);
    }
    let s = &mut deploy.settings;
    s.cpu = text(&["--cpu"]);
    s.memory = text(&["--memory"]);
    s.min_instances = text(&["--min-instances", "--min"]);
    s.max_instances = text(&["--max-instances", "--max"]);
    s.concurrency = text(&["--concurrency"]);
    s.timeout = text(&["--timeout"]);
    s.port = text(&["--port"]);
    s.cpu_boost = truth("--cpu-boost", "--no-cpu-boost");
    s.cpu_throttling = truth("--cpu-throttling", "--no-cpu-throttling");
    s.no_traffic = args.last(&["--no-traffic"]).map(place);
    s.tag = text(&["--tag"]);
    s.service_account = text(&["--service-account"]);
    s.command = text(&["--command"]);
    s.startup_probe = text(&["--startup-probe"]).map(|f| probe::of_flag(&f));
    s.liveness_probe = text(&["--liveness-probe"]).map(|f| probe::of_flag(&f));
    for fact in site.flags(args, &["--set-env-vars", "--update-env-vars"]) {
        s.env.extend(pairs(&fact));
    }
    for fact in site.flags(args, &["--set-secrets", "--update-secrets"]) {
        s.secrets.extend(pairs(&fact));
    }
    for fact in site.flags(args, &["--labels", "--update-labels"]) {
        s.labels.extend(pairs(&fact));
    }
}

/// `A=1,B=2`, or with another separator as gcloud has it: `^@^A=1@B=2`.
pub(super) fn pairs(fact: &Fact<String>) -> Vec<(Fact<String>, Fact<String>)> {
    let (separator, text) = match fact.value.strip_prefix('^').and_then(|t| t.split_once('^')) {
        Some((separator, rest)) if !separator.is_empty() => (separator, rest),
        _ => (",", fact.value.as_str()),
    };
    let pair = |item: &str| {
        let (name, value) = item.trim().split_once('=')?;
        Some((
            Fact::new(name.to_owned(), fact.at.clone()),
            Fact::new(value.to_owned(), fact.at.clone()),
        ))
    };
    text.split([',', '\n'])
        .filter(|_| separator == ",")
        .chain(text.split(separator).filter(|_| separator != ","))
        .filter_map(pair)
        .collect()
}

/// `--source DIR` builds the Dockerfile there, or with buildpacks where there is none.
fn source_build(
    call: &Invocation<'_>,
    source: &Fact<String>,
    site: &Site<'_>,
    finder: &mut Finder<'_>,
) {
    let Some(folder) = site.folder.as_deref().and_then(|f| join(f, &source.value)) else {
        return finder.note(&source.at, format!("the source folder {} is not known", source.value));
    };
    let dockerfile = join(&folder, "Dockerfile").unwrap_or_default();
    if finder.sources.kind(&dockerfile).is_none() {
        return finder
            .note(&source.at, "it is built with buildpacks: there is no Dockerfile to analyse");
    }
    let context = ContextRef::Folder(Fact::new(folder, source.at.clone()));
    let mut build = Build::new((site.place)(call.span()), BuildTool::GcloudSource, context);
    build.dockerfile = Some(Fact::new(dockerfile, source.at.clone()));
    build.job = site.job;
    build.environment.clone_from(&site.environment);
    finder.found.builds.push(build);
}

fn builds_submit(
    call: &Invocation<'_>,
    args: &Args<'_>,
    source: Option<&Word>,
    site: &Site<'_>,
    finder: &mut Finder<'_>,
) {
    if let Some(config) = site.flag(args, &["--config"]) {
        let path = site.folder.as_deref().and_then(|f| join(f, &config.value));
        if path.as_deref().is_none_or(|p| finder.sources.kind(p).is_none()) {
            finder.note(
                &config.at,
                format!("the build configuration {} is not in the repository", config.value),
            );
        }
        return;
    }
    let at = (site.place)(call.span());
    let context = match source {
        Some(word) => context_of(site, word),
        None => match &site.folder {
            Some(folder) => ContextRef::Folder(Fact::new(folder.clone(), at.clone())),
            None => ContextRef::Unknown(Fact::new(String::new(), at.clone())),
        },
    };
    let tags = site.flags(args, &["--tag", "-t"]);
    if tags.is_empty() {
        return;
    }
    let mut build = Build::new(at, BuildTool::GcloudBuilds, context);
    build.dockerfile = build
        .context
        .folder()
        .and_then(|f| join(f, "Dockerfile"))
        .map(|p| Fact::new(p, build.context.at().clone()));
    build.tags = tags;
    build.push = Some(true);
    build.job = site.job;
    build.environment.clone_from(&site.environment);
    finder.found.builds.push(build);
}
