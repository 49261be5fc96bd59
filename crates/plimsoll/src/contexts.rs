//! From services to measured contexts: the wiring between discovery and the context walk.

use std::path::Path;

use plimsoll_measure::context::{self, ContextReport, ContextRequest, Follow, IgnoreSource};
use plimsoll_model::{
    ContextSummary, Figure, FolderSize, NamedFigure, Provenance, Sources, Unit, printable,
};
use plimsoll_rules::discover::{ContextRef, Service, paths};
use plimsoll_rules::repo::{DockerfileView, StepKind};
use plimsoll_rules::review::Measured;
use plimsoll_syntax::dockerfile::MountKind;
use plimsoll_syntax::ignorefile::IgnoreFile;

use crate::pipeline::Found;

/// A service's context, measured.
pub(crate) struct Context {
    pub(crate) request: ContextRequest,
    pub(crate) report: ContextReport,
    /// The ignore file that holds, from the repository's root.
    pub(crate) ignore_file: Option<String>,
    /// Whether it is the commit rather than the folder.
    pub(crate) git: bool,
}

/// Measures the context of a service; `None` where its root is not a folder of the repository.
pub(crate) fn of_service(
    root: &Path,
    found: &Found,
    service: &Service,
    excluded: bool,
) -> Option<Result<Context, String>> {
    let context = service.context.as_ref()?;
    let view = found.repo.dockerfiles.get(service.dockerfile)?;
    let (request, ignore_file) =
        request(root, &found.sources, context, view, service.target.as_deref(), excluded)?;
    let git = matches!(context, ContextRef::Git(_));
    let measured = context::measure(&request).map_err(|e| e.to_string());
    Some(measured.map(|report| Context { request, report, ignore_file, git }))
}

fn request(
    root: &Path,
    sources: &Sources,
    context: &ContextRef,
    view: &DockerfileView,
    target: Option<&str>,
    measure_excluded: bool,
) -> Option<(ContextRequest, Option<String>)> {
    let folder = context.folder()?;
    // A Git context has no ignore file: the builder is given the commit.
    let ignore = match context {
        ContextRef::Git(_) => None,
        _ => context::which_ignore_file(|p| sources.text(p).is_some(), folder, &view.path),
    };
    let source = ignore.as_deref().and_then(|path| {
        let text = sources.text(path)?.to_owned();
        Some(IgnoreSource { text, path: paths::below(folder, path).unwrap_or(path).to_owned() })
    });
    let request = ContextRequest {
        root: if folder.is_empty() { root.to_path_buf() } else { root.join(folder) },
        ignore: source,
        follow: follow(view, target),
        dockerfile: paths::below(folder, &view.path).map(str::to_owned),
        measure_excluded,
    };
    Some((request, ignore))
}

/// What the reachable stages ask the context for. A source that is not known may be anything.
fn follow(view: &DockerfileView, target: Option<&str>) -> Follow {
    let mut wanted = Vec::new();
    for step in view.reachable(target).flat_map(|s| &s.steps) {
        match &step.kind {
            StepKind::Copy(copy) if copy.from.is_none() => {
                for source in &copy.sources {
                    if !source.known {
                        return Follow::All;
                    }
                    if !(copy.add
                        && (source.path.value.contains("://")
                            || source.path.value.starts_with("git@")))
                    {
                        wanted.push(source.path.value.clone());
                    }
                }
            }
            StepKind::Run(run) => {
                let binds = run
                    .mounts
                    .iter()
                    .filter(|m| m.from.is_none() && m.kind == Some(MountKind::Bind));
                for mount in binds {
                    match mount.source.as_deref() {
                        Some(source) if source.contains('$') => return Follow::All,
                        source => wanted.push(source.unwrap_or("/").to_owned()),
                    }
                }
            }
            _ => {}
        }
    }
    Follow::Paths(wanted)
}

/// Measures the contexts of every service.
pub(crate) fn measure(root: &Path, found: &Found) -> Measured {
    let mut measured = Measured::default();
    for service in &found.found.services {
        let figure = |metric: &str, figure| NamedFigure {
            service: service.name.clone(),
            metric: metric.to_owned(),
            figure,
        };
        match of_service(root, found, service, false) {
            None => {
                let gap = "the root of its context is not known; name it in plimsoll.toml";
                let figures = [("context.bytes", Unit::Bytes), ("context.files", Unit::Count)];
                measured.figures.extend(
                    figures
                        .map(|(m, u)| figure(m, Figure::not_measured(u, gap, "plimsoll context"))),
                );
            }
            Some(Err(error)) => {
                measured.figures.push(figure(
                    "context.bytes",
                    Figure::not_measured(Unit::Bytes, error, "plimsoll context"),
                ));
            }
            Some(Ok(context)) => {
                let folder = context
                    .request
                    .root
                    .strip_prefix(root)
                    .map_or_else(|_| ".".into(), |p| p.to_string_lossy().into_owned());
                let provenance = || {
                    Provenance::new(
                        "walk of the working tree as BuildKit sends it",
                        if folder.is_empty() { "." } else { &folder },
                    )
                };
                let value = |v: u64, unit| {
                    caveats(
                        Figure::measured(v as f64, unit, provenance()),
                        &context,
                        &found.sources,
                    )
                };
                measured
                    .figures
                    .push(figure("context.bytes", value(context.report.sent.bytes, Unit::Bytes)));
                measured
                    .figures
                    .push(figure("context.files", value(context.report.sent.files, Unit::Count)));
                measured.contexts.insert(service.name.clone(), summary(&folder, &context));
            }
        }
    }
    measured
}

fn caveats(mut figure: Figure, context: &Context, sources: &Sources) -> Figure {
    if context.git {
        figure = figure
            .with_caveat("the build is given the commit; this is the working tree without .git");
    }
    if sources.tree.values().any(|e| e.git_ignored) {
        figure = figure.with_caveat(
            "files that git ignores lie in this working tree: a fresh checkout may send less",
        );
    }
    if !context.report.unreadable.is_empty() {
        figure = figure
            .with_caveat(format!("{} paths could not be read", context.report.unreadable.len()));
    }
    figure
}

/// What the report keeps of a context.
pub(crate) fn summary(folder: &str, context: &Context) -> ContextSummary {
    let report = &context.report;
    let size = |path: String, bytes: u64, files: u64| FolderSize { path, bytes, files };
    ContextSummary {
        root: if folder.is_empty() { ".".to_owned() } else { folder.to_owned() },
        ignore_file: context.ignore_file.clone(),
        bytes: report.sent.bytes,
        files: report.sent.files,
        unfiltered_bytes: report.unfiltered.map(|t| t.bytes),
        unfiltered_files: report.unfiltered.map(|t| t.files),
        categories: report
            .categories
            .iter()
            .map(|(c, t)| size(c.name().to_owned(), t.bytes, t.files))
            .collect(),
        folders: report.folders.iter().map(|(p, b, f)| size(p.clone(), *b, *f)).collect(),
        largest: report.largest_files.iter().map(|(p, b)| size(p.clone(), *b, 1)).collect(),
        idle_patterns: idle_patterns(context).0,
    }
}

/// The patterns that decided no path, as `line: pattern`, and how many patterns there are.
/// Nothing where not everything was looked at: a pattern may match in what was not.
pub(crate) fn idle_patterns(context: &Context) -> (Vec<String>, usize) {
    let whole = match &context.request.follow {
        Follow::All => true,
        Follow::Paths(paths) => paths.iter().any(|p| matches!(p.as_str(), "." | "./" | "/")),
    };
    let looked = whole && context.report.unfiltered.is_some();
    let ignore = context.request.ignore.as_ref().filter(|_| looked);
    let Some(ignore) = ignore else { return (Vec::new(), 0) };
    let patterns = IgnoreFile::parse(&ignore.text).patterns;
    let idle = patterns.iter().zip(&context.report.pattern_hits).filter(|(_, hits)| **hits == 0);
    (idle.map(|(p, _)| format!("{}: {}", p.line, printable(&p.raw()))).collect(), patterns.len())
}
