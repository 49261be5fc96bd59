//! The whole context is copied and nothing is left out.

use plimsoll_model::{Applicability, Level, Section, bytes, count};
use plimsoll_syntax::ignorefile::{Matcher, Pattern};

use crate::discover::paths::join;
use crate::discover::{BuildTool, ContextRef, Service};
use crate::repo::{CopyStep, DockerfileView, Stage};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, insert};
use crate::views::building::{Context, clamp, contexts, dockerfile, is_path, taken};
use crate::views::ignorefiles::{beside, ignore_file};
use crate::views::replayed;

pub(crate) static RULE: Rule = Rule {
    name: "context/missing-ignore-file",
    section: Section::Context,
    level: Level::ShouldFix,
    assures: "an ignore file limits what is sent and copied",
    aliases: &[],
    page: include_str!("missing_ignore_file.md"),
    check: Check::Service(check),
};

/// What no image needs; a pattern that would drop a source of COPY is left out.
const PATTERNS: [&str; 15] = [
    ".git",
    ".github",
    "**/.env",
    "**/.env.*",
    "**/node_modules",
    "**/__pycache__",
    "**/.venv",
    "**/.pytest_cache",
    "**/.mypy_cache",
    "**/.DS_Store",
    "**/.idea",
    "**/.vscode",
    "**/*.log",
    "**/coverage",
    "**/.coverage",
];

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(file) = dockerfile(review, service) else { return };
    let Some((_, copy)) = whole(file, service) else { return };
    for context in contexts(review, service) {
        if !reads_one(&context) {
            continue;
        }
        let own = ignore_file(review.sources, context.folder, &file.path);
        // One beside the Dockerfile that is not read is the subject of another rule.
        if context.build.is_none() && is_ignored_above(review, context.folder) {
            continue;
        }
        if own.or_else(|| beside(review.sources, &file.path)).is_some() {
            out.examined();
            continue;
        }
        if holds_nothing_needless(review, service, &context) {
            out.examined();
            continue;
        }
        let draft = out.finding(
            copy,
            format!("the context {} is copied whole, with no ignore file", context.shown()),
        );
        if context.build.is_none() {
            draft.level(Level::Advice).evidence("nothing builds it: this context is a guess");
        }
        if let Some(report) = replayed::of_dockerfile(review, &file.path) {
            replayed::copied_whole(review, report, copy, draft);
        }
        describe(review, service, &context, draft);
        fix(review, service, file, &context, draft);
    }
}

/// Whether a context below the root was measured and is a handful of files that belong in the image.
fn holds_nothing_needless(review: &Review<'_>, service: &Service, context: &Context<'_>) -> bool {
    const FILES: u64 = 30;
    const BYTES: u64 = 1_000_000;
    const NEEDLESS: [&str; 5] =
        ["python artifacts", "ide and os", "data", "models", "dependency folders"];
    // Where packages are installed at a desk, they are sent from there.
    const SIGNS: [&str; 3] = [".env", "package.json", ".git"];
    let Some(sent) = review.measured.contexts.get(&service.name) else { return false };
    let has =
        |name: &&str| join(context.folder, name).is_some_and(|p| review.sources.kind(&p).is_some());
    !context.folder.is_empty()
        && sent.root == context.folder
        && sent.files <= FILES
        && sent.bytes <= BYTES
        && !sent.categories.iter().any(|c| NEEDLESS.contains(&c.path.as_str()))
        && !SIGNS.iter().any(has)
}

/// Whether a build of this context reads an ignore file and nothing else decides what is sent.
fn reads_one(context: &Context<'_>) -> bool {
    let Some(build) = context.build else { return true };
    let uploads = matches!(build.tool, BuildTool::GcloudBuilds | BuildTool::GcloudSource);
    !uploads && matches!(build.context, ContextRef::Folder(_))
}

/// Whether a folder above has an ignore file, so that the context may well be that folder.
fn is_ignored_above(review: &Review<'_>, folder: &str) -> bool {
    let ends = folder.match_indices('/').map(|(i, _)| i).chain((!folder.is_empty()).then_some(0));
    let above = ends.filter_map(|i| join(folder.get(..i)?, ".dockerignore"));
    above.into_iter().any(|p| review.sources.kind(&p).is_some())
}

/// The first COPY or ADD of the whole context.
fn whole<'a>(
    file: &'a DockerfileView,
    service: &Service,
) -> Option<(&'a CopyStep, &'a crate::repo::Place)> {
    let copies = file.reachable(service.target.as_deref()).flat_map(Stage::copies);
    let open = copies.filter(|(_, c)| c.from.is_none() && c.excludes.is_empty());
    open.flat_map(|(_, c)| c.sources.iter().map(move |s| (c, s)))
        .find(|(_, s)| is_path(s) && clamp(&s.path.value).is_empty())
        .map(|(c, s)| (c, &s.path.at))
}

fn describe(review: &Review<'_>, service: &Service, context: &Context<'_>, draft: &mut Draft) {
    // Only the root of the repository has its history.
    let history = if context.folder.is_empty() { "the history in .git, " } else { "" };
    draft
        .label("takes all there is")
        .related(context.at, format!("the context is {}", context.shown()))
        .consequence(format!(
            "{history}local .env files and dependency folders are sent and copied where they \
             exist, and a change to any file ends the layer cache",
        ))
        .remedy(format!("add {}", path(context)));
    if let Some(sent) = review.measured.contexts.get(&service.name) {
        draft.evidence(format!(
            "{} in {} files are sent",
            bytes(sent.bytes as f64),
            count(sent.files as f64)
        ));
    }
}

fn path(context: &Context<'_>) -> String {
    join(context.folder, ".dockerignore").unwrap_or_default()
}

/// The file itself. Services that share a context share it: the first one carries the fix.
fn fix(
    review: &Review<'_>,
    service: &Service,
    file: &DockerfileView,
    context: &Context<'_>,
    draft: &mut Draft,
) {
    let earlier = review.found.services.iter().take_while(|s| s.name != service.name);
    let shared = |s: &Service| contexts(review, s).iter().any(|c| c.folder == context.folder);
    if earlier.into_iter().any(shared) {
        return;
    }
    let files = review.found.services.iter().filter(|s| shared(s));
    let files: Vec<&DockerfileView> = files.filter_map(|s| dockerfile(review, s)).collect();
    let files = if files.is_empty() { vec![file] } else { files };
    let needed: Vec<String> = files
        .iter()
        .flat_map(|f| &f.stages)
        .flat_map(|s| taken(s))
        .map(|(p, _)| clamp(p))
        .filter(|p| !p.is_empty())
        .collect();
    let asks = files.iter().any(|file| asks_git(review, file));
    let left_out = |p: &str| drops(p, &needed) || (asks && p == ".git");
    let kept = PATTERNS.iter().filter(|p| !left_out(p));
    let text: String = kept.flat_map(|p| [p, "\n"]).collect();
    draft.fix(
        format!("add {}", path(context)),
        Applicability::Unsafe,
        insert(&path(context), 0, text),
    );
}

/// Whether a build asks git about its own repository, itself or by make: for a version, mostly.
fn asks_git(review: &Review<'_>, file: &DockerfileView) -> bool {
    const ABOUT: [&str; 5] = ["describe", "rev-parse", "log", "rev-list", "show"];
    let asks = |text: &str| ABOUT.iter().any(|sub| text.contains(&format!("git {sub}")));
    let by_make = || {
        let names = review.repo.makefiles.keys();
        names.into_iter().filter_map(|path| review.sources.text(path)).any(asks)
    };
    let runs = file.stages.iter().flat_map(|stage| stage.runs());
    let mut commands = runs.into_iter().map(|(_, command)| command);
    commands.any(|command| {
        asks(command.text()) || (command.calls().any(|c| c.program == "make") && by_make())
    })
}

fn drops(pattern: &str, needed: &[String]) -> bool {
    let Ok(matcher) = Matcher::new(&[Pattern::from_raw(pattern)]) else { return true };
    needed.iter().any(|n| matcher.decide(n).is_ok_and(|d| d.ignored))
}
