//! Commands that build and deploy, wherever the shell text stands that holds them.

use plimsoll_model::{Location, NotAnalysed};
use plimsoll_syntax::Span;
use plimsoll_syntax::shell::{Args, Command, Invocation, Part, Script, Takes, Word};

use super::paths::{folder, join};
use super::scope::Scope;
use super::types::{Build, BuildTool, CacheSpec, ContextRef, Deploy, DeployTool, JobRef, Platform};
use super::{Finder, follow, gcloud};
use crate::repo::{Fact, Place};

/// Flags of `docker build` and its kin that take a value.
pub(crate) const DOCKER_BUILD: Takes = Takes::These(&[
    "-t",
    "--tag",
    "-f",
    "--file",
    "--build-arg",
    "--target",
    "--cache-from",
    "--cache-to",
    "--platform",
    "-o",
    "--output",
    "--secret",
    "--ssh",
    "--label",
    "--network",
    "--progress",
    "--build-context",
    "--builder",
    "--iidfile",
    "--add-host",
    "--allow",
    "--annotation",
    "--attest",
    "--provenance",
    "--sbom",
    "--call",
    "--policy",
    "--metadata-file",
    "--shm-size",
    "--ulimit",
    "--cgroup-parent",
    "-m",
    "--memory",
    "--isolation",
    "--no-cache-filter",
    "--format",
    "--layers",
    "--authfile",
    "-c",
    "--cpu-shares",
    "--pull-policy",
]);

/// Where a script stands, and what is known there.
#[derive(Clone)]
pub(super) struct Site<'a> {
    /// Maps a span of the script to its place.
    pub(super) place: &'a dyn Fn(Span) -> Place,
    /// The working directory, from the repository's root; `None` where it is not known.
    pub(super) folder: Option<String>,
    /// The job it runs in.
    pub(super) job: Option<JobRef>,
    /// The environment it runs for.
    pub(super) environment: Option<String>,
    /// The variables.
    pub(super) scope: Scope,
    /// Scripts that were followed to get here.
    pub(super) depth: usize,
}

impl Site<'_> {
    pub(super) fn fact(&self, word: &Word) -> Fact<String> {
        Fact::new(self.scope.word(word).text, (self.place)(word.span))
    }

    pub(super) fn flag(&self, args: &Args<'_>, names: &[&str]) -> Option<Fact<String>> {
        args.last(names).and_then(|f| f.value.as_ref()).map(|w| self.fact(w))
    }

    pub(super) fn flags(&self, args: &Args<'_>, names: &[&str]) -> Vec<Fact<String>> {
        args.values(names).map(|w| self.fact(w)).collect()
    }

    pub(super) fn note(&self, span: Span, reason: impl Into<String>, finder: &mut Finder<'_>) {
        finder.note(&(self.place)(span), reason);
    }
}

/// Goes through the commands of a script in order.
pub(super) fn scan(script: &Script, mut site: Site<'_>, finder: &mut Finder<'_>) {
    for command in &script.commands {
        if command.words.is_empty() {
            assign(&mut site, &command.assignments, command.conditional);
            continue;
        }
        let Some(call) = Invocation::of(command).or_else(|| by_variable(command, &site)) else {
            continue;
        };
        match call.program {
            "export" | "declare" | "readonly" | "local" => {
                let pairs = call.args.iter().filter_map(|w| w.split_assignment());
                let pairs: Vec<(Box<str>, Word)> = pairs.map(|(n, v)| (n.into(), v)).collect();
                assign(&mut site, &pairs, command.conditional);
            }
            "cd" | "pushd" if !command.in_substitution => change_folder(&mut site, &call),
            "docker" | "podman" | "buildah" | "nerdctl" => container(&call, &site, finder),
            "gcloud" => gcloud::gcloud(&call, &site, finder),
            "kubectl" => kubectl(&call, &site, finder),
            "helm" => helm(&call, &site, finder),
            "make" | "gmake" => follow::make(&call, &site, finder),
            _ => follow::script(&call, &site, finder),
        }
    }
}

/// The call of a builder or of make that a variable names: `$(DOCKER) build .`, whose value is one, or
/// whose name says so.
fn by_variable<'a>(command: &'a Command, site: &Site<'_>) -> Option<Invocation<'a>> {
    const BUILDERS: [&str; 4] = ["docker", "podman", "buildah", "nerdctl"];
    const NAMES: [&str; 8] = [
        "DOCKER",
        "DOCKER_BIN",
        "DOCKER_CMD",
        "DOCKER_CLI",
        "CONTAINER_TOOL",
        "CONTAINER_ENGINE",
        "CONTAINER_CLI",
        "CONTAINER_RUNTIME",
    ];
    let word = command.words.first()?;
    let resolved = site.scope.word(word);
    let program = match resolved.unknown.as_slice() {
        [] => BUILDERS.into_iter().find(|b| resolved.text.rsplit('/').next() == Some(b))?,
        [name] if resolved.text == format!("${{{name}}}") => match name.as_str() {
            // What make calls itself by.
            "MAKE" => "make",
            name if NAMES.contains(&name) => "docker",
            _ => return None,
        },
        _ => return None,
    };
    let (wrappers, args) = (&command.words[..0], &command.words[1..]);
    Some(Invocation { command, program, args, wrappers })
}

/// Assignments that always happen are known from here on; others make the variable unknown.
fn assign(site: &mut Site<'_>, pairs: &[(Box<str>, Word)], conditional: bool) {
    for (name, word) in pairs {
        let value = site.scope.word(word);
        if conditional && site.scope.vars.get(name.as_ref()) != Some(&value.text) {
            site.scope.vars.remove(name.as_ref());
        } else if value.unknown.is_empty() {
            site.scope.set(name, value.text);
        } else {
            // Text with unknown parts is still better than nothing for a tag or an image.
            let opaque = value.unknown.iter().any(|u| u.starts_with("$(") || u.starts_with('`'));
            if opaque {
                site.scope.vars.remove(name.as_ref());
            } else {
                site.scope.set(name, value.text);
            }
        }
    }
}

fn change_folder(site: &mut Site<'_>, call: &Invocation<'_>) {
    if let Some(below) = call.args.first().and_then(below_script) {
        let script = (site.place)(call.span()).path;
        site.folder = join(folder(&script), below);
        return;
    }
    let target = call.args.first().map(|w| site.scope.word(w));
    site.folder = match (&site.folder, target) {
        (Some(folder), Some(target)) if target.unknown.is_empty() => join(folder, &target.text),
        _ => None,
    };
}

/// The path below the folder of its own script that a word names: `/..` of `"$(dirname "$0")/.."`.
fn below_script(word: &Word) -> Option<&str> {
    const OWN: [&str; 5] = [
        "$(dirname$0)",
        "$(dirname${BASH_SOURCE[0]})",
        "$(dirname$BASH_SOURCE)",
        "$(dirname${BASH_SOURCE})",
        "${0%/*}",
    ];
    let (Part::Opaque(first), rest) = word.parts.split_first()? else { return None };
    let plain = first.replace(['"', ' '], "").replace("dirname--", "dirname");
    match rest {
        _ if !OWN.contains(&plain.as_str()) => None,
        [] => Some("."),
        [Part::Text(below)] => below.strip_prefix('/'),
        _ => None,
    }
}

fn container(call: &Invocation<'_>, site: &Site<'_>, finder: &mut Finder<'_>) {
    let sub = (call.subcommand(0), call.subcommand(1));
    let (tool, skip) = match (call.program, sub) {
        ("docker" | "nerdctl", (Some("build"), _)) => (BuildTool::DockerBuild, 1),
        ("docker", (Some("image" | "builder"), Some("build"))) => (BuildTool::DockerBuild, 2),
        ("docker", (Some("buildx"), Some("build" | "b"))) => (BuildTool::Buildx, 2),
        ("docker", (Some("buildx"), Some("bake"))) => {
            return site.note(
                call.span(),
                "docker buildx bake: the targets of bake files are not read",
                finder,
            );
        }
        ("podman", (Some("build"), _)) | ("buildah", (Some("build" | "bud"), _)) => {
            (BuildTool::Podman, 1)
        }
        _ => return,
    };
    let args = call.parse(DOCKER_BUILD);
    if args.has(&["--check"]) || site.flag(&args, &["--call"]).is_some_and(|f| asks(&f.value)) {
        return;
    }
    // Words before it are variables that hold flags: a build takes one context.
    let context = args.positional.get(skip..).and_then(|words| words.last()).copied();
    build(call, tool, &args, context, site, finder);
}

/// Whether `--call` asks about a Dockerfile rather than building it: `check`, `outline`.
pub(super) fn asks(call: &str) -> bool {
    let method = call.split(',').next().unwrap_or(call).trim();
    let method = method.strip_prefix("method=").unwrap_or(method);
    !method.is_empty() && method != "build" && !method.contains('$')
}

/// A build by command line, with its last argument as the context.
pub(super) fn build(
    call: &Invocation<'_>,
    tool: BuildTool,
    args: &Args<'_>,
    context: Option<&Word>,
    site: &Site<'_>,
    finder: &mut Finder<'_>,
) {
    let at = (site.place)(call.span());
    let context = match context {
        Some(word) => context_of(site, word),
        None => ContextRef::Unknown(Fact::new(String::new(), at.clone())),
    };
    let mut build = Build::new(at, tool, context);
    build.job = site.job;
    build.environment.clone_from(&site.environment);
    build.dockerfile = dockerfile_of(site, args, &build.context);
    build.target = site.flag(args, &["--target"]);
    build.tags = site.flags(args, &["-t", "--tag"]);
    let spec = |f: Fact<String>| f.map(|t| CacheSpec::parse(&t));
    build.cache_from = site.flags(args, &["--cache-from"]).into_iter().map(spec).collect();
    build.cache_to = site.flags(args, &["--cache-to"]).into_iter().map(spec).collect();
    build.no_cache = args.last(&["--no-cache"]).map(|f| (site.place)(f.span));
    build.push = args.has(&["--push"]).then_some(true);
    let platforms = site.flags(args, &["--platform"]);
    build.platforms = platforms
        .iter()
        .flat_map(|f| f.value.split(',').map(|p| Fact::new(p.trim().to_owned(), f.at.clone())))
        .collect();
    build.args = site.flags(args, &["--build-arg"]).into_iter().map(build_arg).collect();
    let pair = |f: Fact<String>| {
        f.value.split_once('=').map(|(n, v)| (n.to_owned(), Fact::new(v.to_owned(), f.at.clone())))
    };
    build.contexts = site.flags(args, &["--build-context"]).into_iter().filter_map(pair).collect();
    finder.found.builds.push(build);
}

/// `NAME=value` or `NAME`.
pub(super) fn build_arg(fact: Fact<String>) -> (Fact<String>, Option<String>) {
    match fact.value.split_once('=') {
        Some((name, value)) => (Fact::new(name.to_owned(), fact.at), Some(value.to_owned())),
        None => (fact, None),
    }
}

pub(super) fn context_of(site: &Site<'_>, word: &Word) -> ContextRef {
    let resolved = site.scope.word(word);
    let fact = Fact::new(resolved.text, (site.place)(word.span));
    if fact.value == "-" || fact.value.contains("://") || fact.value.starts_with("git@") {
        return ContextRef::Remote(fact);
    }
    let here = ["${PWD}", "$(pwd)", "${GITHUB_WORKSPACE}", "${{ github.workspace }}", "/workspace"];
    let relative = here
        .iter()
        .find_map(|h| fact.value.strip_prefix(h))
        .map(|rest| format!("./{}", rest.trim_start_matches('/')));
    let known = resolved.unknown.is_empty() || relative.is_some();
    let text = relative.unwrap_or_else(|| fact.value.clone());
    match site
        .folder
        .as_deref()
        .filter(|_| known && !text.contains('$'))
        .and_then(|f| join(f, &text))
    {
        Some(folder) => ContextRef::Folder(Fact::new(folder, fact.at)),
        None => ContextRef::Unknown(fact),
    }
}

/// The Dockerfile: `--file` from the working directory, or the default in the context.
fn dockerfile_of(site: &Site<'_>, args: &Args<'_>, context: &ContextRef) -> Option<Fact<String>> {
    match args.last(&["-f", "--file"]).and_then(|f| f.value.as_ref()) {
        Some(word) => {
            let resolved = site.scope.word(word);
            let known = resolved.unknown.is_empty().then_some(resolved.text)?;
            Some(Fact::new(join(site.folder.as_deref()?, &known)?, (site.place)(word.span)))
        }
        None => Some(Fact::new(join(context.folder()?, "Dockerfile")?, context.at().clone())),
    }
}

fn kubectl(call: &Invocation<'_>, site: &Site<'_>, finder: &mut Finder<'_>) {
    let args = call.parse(Takes::These(&[
        "-n",
        "--namespace",
        "-f",
        "--filename",
        "--context",
        "--kubeconfig",
        "-k",
        "--timeout",
        "-l",
    ]));
    let words: Vec<&str> = args.positional.iter().map(|w| w.text().unwrap_or("")).collect();
    let ["set", "image", ..] = words.as_slice() else { return };
    // `deployment/api api=image:tag`: the workload, then its containers.
    for word in args.positional.iter().skip(3) {
        let Some((_, image)) = word.split_assignment() else { continue };
        let mut deploy =
            Deploy::new((site.place)(call.span()), Platform::Kubernetes, DeployTool::Kubectl);
        deploy.job = site.job;
        deploy.environment.clone_from(&site.environment);
        let name = args.positional.get(2).map(|w| site.fact(w));
        deploy.service = name.map(|f| f.map(|n| n.rsplit('/').next().unwrap_or(&n).to_owned()));
        deploy.image = Some(site.fact(&image));
        finder.found.deploys.push(deploy);
    }
}

fn helm(call: &Invocation<'_>, site: &Site<'_>, finder: &mut Finder<'_>) {
    let args = call.parse(Takes::These(&[
        "-n",
        "--namespace",
        "-f",
        "--values",
        "--set",
        "--set-string",
        "--version",
        "--timeout",
        "--kube-context",
        "--repo",
        "--description",
    ]));
    let words: Vec<&str> = args.positional.iter().map(|w| w.text().unwrap_or("")).collect();
    let ["upgrade" | "install", ..] = words.as_slice() else { return };
    let mut deploy = Deploy::new((site.place)(call.span()), Platform::Kubernetes, DeployTool::Helm);
    deploy.job = site.job;
    deploy.environment.clone_from(&site.environment);
    deploy.service = args.positional.get(1).map(|w| site.fact(w));
    finder.note(&deploy.at, "the templates of Helm charts are not rendered: the settings of this release are not analysed");
    finder.found.deploys.push(deploy);
}

impl Finder<'_> {
    /// Says that something could not be followed.
    pub(super) fn note(&mut self, at: &Place, reason: impl Into<String>) {
        let location = self.location(at);
        self.found.not_analysed.push(NotAnalysed { location, reason: reason.into() });
    }

    fn location(&self, at: &Place) -> Location {
        crate::review::locate(self.sources, at)
    }
}
