//! A link to a package, shipped without the package.

use plimsoll_model::{Applicability, EntryKind, Level, Section};
use plimsoll_syntax::dockerfile::FromRef;

use crate::discover::paths::{below, file_name};
use crate::layout::installs::Install;
use crate::layout::{Found, image_path};
use crate::local::{State, Use};
use crate::packages::{Ecosystem, tree};
use crate::repo::{CopyStep, Place, SourceView, Stage, Step, StepKind};
use crate::rule::{Check, Draft, Out, Rule, insert};
use crate::views::Manager;
use crate::views::subject::Subject;

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/editable-left-behind",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "what ships holds the packages that it links to",
    aliases: &[],
    page: include_str!("editable_left_behind.md"),
    check: Check::Installs(check),
};

/// How many files of a package are looked for.
const FILES: usize = 200;

/// A COPY that takes the links along.
struct Shipped<'s> {
    stage: &'s Stage,
    step: &'s Step,
    copy: &'s CopyStep,
    source: &'s SourceView,
    /// Where the links point in the image that ships.
    wanted: String,
}

fn check(subject: &Subject<'_>, out: &mut Out) {
    for found in &subject.uses.uses {
        let State::Present { path, .. } = &found.state else { continue };
        let linked = found.linked && subject.review.sources.kind(path) == Some(EntryKind::Folder);
        // The project itself may be run from where the stage has it.
        let own = found.dependency.at == subject.install(found).at;
        if linked && !own && !in_image(subject, found) {
            for shipped in ships(subject, found) {
                judge(subject, found, path, &shipped, out);
            }
        }
    }
}

/// Whether the stage that installs is part of what ships.
fn in_image(subject: &Subject<'_>, found: &Use) -> bool {
    let file = subject.layout.file;
    let stage = subject.install(found).moment.stage;
    file.target(subject.service.target.as_deref())
        .is_none_or(|last| file.lineage(last).iter().any(|s| s.index == stage))
}

/// The COPY instructions that bring what an install made, and not the packages.
fn ships<'s>(subject: &'s Subject<'_>, found: &Use) -> Vec<Shipped<'s>> {
    let file = subject.layout.file;
    let install = subject.install(found);
    let mut all = Vec::new();
    let Some(last) = file.target(subject.service.target.as_deref()) else { return all };
    for stage in file.lineage(last) {
        for step in &stage.steps {
            let StepKind::Copy(copy) = &step.kind else { continue };
            let Some((_, FromRef::Stage(from))) = &copy.from else { continue };
            if file.lineage(*from).iter().all(|s| s.index != install.moment.stage) {
                continue;
            }
            for source in copy.sources.iter().filter(|s| s.known) {
                let path = image_path::join("/", &source.path.value);
                let wanted = match found.ecosystem {
                    Ecosystem::Node => node_wanted(subject, stage, step, copy, &path, found),
                    _ => is_environment(subject, install, &path).then(|| found.wanted.clone()),
                };
                all.extend(wanted.map(|wanted| Shipped { stage, step, copy, source, wanted }));
            }
        }
    }
    all
}

/// Where a link of `node_modules` points after the copy: it is relative.
fn node_wanted(
    subject: &Subject<'_>,
    stage: &Stage,
    step: &Step,
    copy: &CopyStep,
    path: &str,
    found: &Use,
) -> Option<String> {
    if file_name(path) != "node_modules" || is_deployed(subject, path) {
        return None;
    }
    let index = stage.steps.iter().position(|s| std::ptr::eq(s, step))?;
    let moment = crate::layout::Moment { stage: stage.index, step: index };
    let cwd = subject.layout.cwd(moment);
    let dest = &copy.dest.value;
    let to = image_path::join(cwd.or(dest.starts_with('/').then_some("/"))?, dest);
    let (from, to) = (image_path::folder(path), image_path::folder(&to));
    // A link inside a scope begins a folder deeper; what it points to is the same.
    Some(image_path::join(to, &image_path::relative(from, &found.wanted)))
}

/// Whether `pnpm deploy` wrote a path: it holds copies.
fn is_deployed(subject: &Subject<'_>, path: &str) -> bool {
    let runs = subject.layout.file.stages.iter().flat_map(Stage::runs);
    let mut calls = runs.flat_map(|(_, c)| c.calls());
    calls.any(|call| {
        // The folder is seen from that of the service: a relative one is not followed.
        let folder = call.args.last().and_then(|w| w.text());
        let folder = folder.filter(|f| f.starts_with('/'));
        call.program == "pnpm"
            && call.has("deploy")
            && folder.is_some_and(|f| image_path::below(f, path).is_some())
    })
}

/// Whether a path of a stage is an environment of Python, or holds one.
fn is_environment(subject: &Subject<'_>, install: &Install<'_>, path: &str) -> bool {
    let parts = ["site-packages", "dist-packages"];
    let named = path.split('/').any(|p| parts.contains(&p) || p.contains("venv") || p == ".local");
    let system = matches!(path, "/usr/local" | "/usr/local/lib" | "/usr")
        || (path.starts_with("/usr/local/lib/python") && !path.contains("lib-dynload"));
    let set = |name: &str| {
        let steps = subject.layout.file.lineage(install.moment.stage);
        let mut pairs = steps.into_iter().flat_map(|s| &s.steps).filter_map(|s| match &s.kind {
            StepKind::Env(pairs) => Some(pairs),
            _ => None,
        });
        pairs.any(|p| p.iter().any(|(n, v)| n.value == name && v.value == path))
    };
    let flags = ["--prefix", "--target", "--root", "-t"];
    let words: Vec<&str> = install.call.args.iter().map(|w| w.head()).collect();
    let put = words.windows(2).any(|w| flags.contains(&w[0]) && w[1] == path)
        || words
            .iter()
            .any(|w| flags.iter().any(|f| w.strip_prefix(f) == Some(&format!("={path}"))));
    named || system || put || set("UV_PROJECT_ENVIRONMENT") || set("VIRTUAL_ENV")
}

fn judge(subject: &Subject<'_>, found: &Use, path: &str, shipped: &Shipped<'_>, out: &mut Out) {
    if is_there(subject, found, path, shipped) {
        return out.examined();
    }
    let name = &found.dependency.name;
    let wanted = &shipped.wanted;
    let message =
        format!("{name} is shipped as a link to {wanted}, which this stage does not have");
    let draft = out.finding(&shipped.source.path.at, message);
    let error = match found.ecosystem {
        Ecosystem::Node => format!("Error: Cannot find module '{name}'"),
        _ => format!("ModuleNotFoundError: No module named '{}'", module(subject, found, path)),
    };
    draft
        .level(subject.level())
        .label("takes the link, and not what it points to")
        .related(&subject.install(found).at, "installed here, as a link")
        .related(&found.dependency.at, "declared here")
        .evidence("the build and `pip check` are green")
        .consequence(format!("the service fails when it starts: `{error}`"));
    remedy(subject, found, shipped, draft);
}

/// Whether the stage has the package where the link points, or finds it another way.
fn is_there(subject: &Subject<'_>, found: &Use, path: &str, shipped: &Shipped<'_>) -> bool {
    let layout = &subject.layout;
    let end = layout.end(shipped.stage.index);
    let files = subject.review.sources.below(path).filter(|(_, e)| e.kind == EntryKind::File);
    let code = |p: &str| match found.ecosystem {
        Ecosystem::Node => file_name(p) == "package.json",
        _ => p.ends_with(".py") || tree::is_manifest(p),
    };
    let mut rests = files.filter(|(p, _)| code(p)).filter_map(|(p, _)| below(path, p)).take(FILES);
    let there = rests.any(|rest| {
        !matches!(layout.find(end, &image_path::join(&shipped.wanted, rest)), Found::Missing)
    });
    there || found_elsewhere(subject, path, shipped)
}

/// Whether the stage has the folder elsewhere, and something may lead there.
fn found_elsewhere(subject: &Subject<'_>, path: &str, shipped: &Shipped<'_>) -> bool {
    let file = subject.layout.file;
    let lineage = file.lineage(shipped.stage.index);
    let own = |stage: usize| lineage.iter().any(|s| s.index == stage);
    let probe = subject.review.sources.below(path).find(|(p, e)| {
        e.kind == EntryKind::File && (p.ends_with(".py") || file_name(p) == "package.json")
    });
    let Some((probe, _)) = probe else { return false };
    let places = subject.layout.places_of(probe);
    let mut steps = lineage.iter().flat_map(|s| &s.steps);
    let leads = steps.any(|s| match &s.kind {
        StepKind::Env(pairs) => {
            pairs.iter().any(|(n, _)| matches!(n.value.as_str(), "PYTHONPATH" | "NODE_PATH"))
        }
        StepKind::Run(command) => command.calls().any(|c| c.program == "ln"),
        _ => false,
    });
    let copied_at_work = |to: &str| {
        let rest = below(path, probe).unwrap_or("");
        let cwd = subject.layout.last_cwd(shipped.stage.index).unwrap_or("/");
        image_path::join(cwd, rest) == to
    };
    places.iter().any(|(m, to, _)| own(m.stage) && (leads || copied_at_work(to)))
}

/// The name that is imported: a folder of the package with an `__init__.py`.
fn module(subject: &Subject<'_>, found: &Use, path: &str) -> String {
    let normal = found.dependency.name.replace(['-', '.'], "_");
    let mut inits = subject.review.sources.below(path).filter_map(|(p, _)| {
        let folder = p.strip_suffix("/__init__.py")?;
        let inside = below(path, folder)?;
        let inside = inside.strip_prefix("src/").unwrap_or(inside);
        (!inside.contains('/') && !inside.is_empty()).then(|| inside.to_owned())
    });
    inits.find(|i| i != "tests").unwrap_or(normal)
}

fn remedy(subject: &Subject<'_>, found: &Use, shipped: &Shipped<'_>, draft: &mut Draft) {
    let install = subject.install(found);
    if install.manager == Manager::Uv && !install.is_pip() {
        draft.remedy("install copies: `uv sync --no-editable`");
        if let Some(span) = install.at.span.filter(|_| !install.command.exec) {
            let edits = insert(&install.at.path, span.end, " --no-editable");
            draft.fix("add --no-editable", Applicability::Safe, edits);
        }
        return;
    }
    let wanted = &shipped.wanted;
    draft.remedy(match found.ecosystem {
        Ecosystem::Node => format!("copy the package to {wanted} too: npm and pnpm only link it"),
        _ => format!("install it without `-e` or `develop`, or copy it to {wanted} too"),
    });
    let Some((from, _)) = &shipped.copy.from else { return };
    let text = subject.layout.file.text(subject.review.sources);
    if let Some(at) = next_line(text, &shipped.step.at) {
        let line = format!("COPY --from={} {} {wanted}\n", from.value, found.wanted);
        let newline =
            if text.get(..at as usize).is_some_and(|t| t.ends_with('\n')) { "" } else { "\n" };
        let edits = insert(&shipped.step.at.path, at, format!("{newline}{line}"));
        draft.fix("copy the package with its link", Applicability::Unsafe, edits);
    }
}

/// The byte after the line an instruction ends in.
fn next_line(text: &str, at: &Place) -> Option<u32> {
    let end = at.span?.end as usize;
    let rest = text.get(end..)?;
    // The span of an instruction may hold its line break.
    let stop = if text.get(..end)?.ends_with('\n') {
        end
    } else {
        end + rest.find('\n').map_or(rest.len(), |i| i + 1)
    };
    u32::try_from(stop).ok()
}
