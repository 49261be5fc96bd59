//! A standard library of Python that is compiled at each start.

use plimsoll_model::{Applicability, Level, Section};

use crate::discover::Service;
use crate::review::Review;
use crate::rule::{Check, Out, Rule, insert};
use crate::views::booted::{all_have_bytecode, quote_bytecode};
use crate::views::imaged::{Imaged, imaged, size};

pub(crate) static RULE: Rule = Rule {
    name: "image/standard-library-without-bytecode",
    section: Section::Image,
    level: Level::Advice,
    assures: "Python's standard library has its bytecode in the image",
    aliases: &[],
    page: include_str!("standard_library_without_bytecode.md"),
    check: Check::Service(check),
};

/// Sources without bytecode from which on a start takes longer by what can be noticed.
const LEAST: u64 = 100;

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(image) = imaged(review, service) else { return };
    if !starts_python(&image) || image.report.bytecode.sources == 0 {
        return;
    }
    out.examined();
    let standard = image.report.bytecode.folders.iter();
    let mut standard = standard.filter(|f| f.files >= LEAST && is_standard(&f.path));
    let Some(folder) = standard.next() else { return };
    // The image may be older than the Dockerfile.
    if all_have_bytecode(review, std::slice::from_ref(service)) || compiles(&image, &folder.path) {
        return;
    }
    let message = format!("{} modules of Python's standard library have no bytecode", folder.files);
    let draft = out.finding(&image.stage.at, message);
    draft
        .label("the base brings none")
        .evidence(format!("/{}: {} of source without bytecode", folder.path, size(folder.bytes)))
        .evidence(
            "measured on a FastAPI service: its imports take 0.62 s of CPU with all bytecode, \
             1.12 s with that of the packages alone",
        )
        .consequence("each new container compiles the modules it imports before it is ready")
        .remedy(format!("add RUN python -m compileall -q /{} below FROM", folder.path));
    quote_bytecode(review, service, draft);
    // Which user the base has, and whether it has a shell, is not known here.
    let at = image.stage.at.span.filter(|_| folder.path.starts_with("usr/local/"));
    if let Some(span) = at {
        let line = format!("\nRUN python -m compileall -q /{}", folder.path);
        let edits = insert(&image.stage.at.path, span.end, line);
        draft.fix("compile the standard library", Applicability::Unsafe, edits);
    }
}

/// Whether an instruction of the Dockerfile compiles a folder.
fn compiles(image: &Imaged<'_>, folder: &str) -> bool {
    let stages = image.file.lineage(image.stage.index);
    let mut runs = stages.into_iter().flat_map(|stage| stage.runs());
    runs.any(|(_, command)| {
        command.text().contains("compileall") && command.text().contains(folder)
    })
}

/// Whether the container starts Python, or a script that asks for it.
fn starts_python(image: &Imaged<'_>) -> bool {
    let start = &image.report.start;
    let is_python = |path: &Option<String>| {
        let name = path.as_deref().and_then(|path| path.rsplit('/').next());
        name.is_some_and(|name| name.starts_with("python"))
    };
    is_python(&start.program) || is_python(&start.interpreter)
}

/// `usr/local/lib/python3.12`, not its `site-packages`.
fn is_standard(path: &str) -> bool {
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    name.starts_with("python3.") && above.rsplit('/').next().is_some_and(|n| n.starts_with("lib"))
}
