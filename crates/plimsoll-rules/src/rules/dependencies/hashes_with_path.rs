//! Hashes are asked for, and a local package has none.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::Span;
use plimsoll_syntax::shell::Word;

use crate::discover::paths::file_name;
use crate::layout::installs::{Install, Root};
use crate::layout::{Found, image_path};
use crate::local::{Use, env_is};
use crate::packages::requirements::is_name;
use crate::repo::Place;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::Manager;
use crate::views::subject::Subject;

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/hashes-with-path",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "installs that check hashes name no folders",
    aliases: &[],
    page: include_str!("hashes_with_path.md"),
    check: Check::Installs(check),
};

/// Why an install checks hashes.
struct Asked {
    text: String,
    at: Place,
}

fn check(subject: &Subject<'_>, out: &mut Out) {
    for (index, install) in subject.uses.installs.iter().enumerate() {
        let Some(asked) = asked(subject, install) else { continue };
        out.examined();
        for found in subject.all.iter().filter(|u| u.install == index && is_bare(subject, u)) {
            report(subject, install, &asked, found, out);
        }
    }
}

fn asked(subject: &Subject<'_>, install: &Install<'_>) -> Option<Asked> {
    if !install.is_pip() {
        return None;
    }
    let env = |name| env_is(&subject.layout, install.moment, name, &["1", "true"]);
    let flag = install.has(&["--require-hashes"]);
    let set = match install.manager {
        Manager::Uv => env("UV_REQUIRE_HASHES"),
        _ => env("PIP_REQUIRE_HASHES"),
    };
    if flag || set {
        return Some(Asked { text: "the install asks for hashes".into(), at: install.at.clone() });
    }
    // One hash makes pip ask for all; uv checks those that are there.
    if install.manager != Manager::Pip {
        return None;
    }
    install.roots.iter().find_map(|root| {
        let Root::Requirements(list) = root else { return None };
        match subject.layout.find(install.moment, list) {
            Found::Repository { path, .. } => hashed_file(subject, &path),
            Found::Exported(moment) => {
                let export =
                    subject.uses.installs.iter().find(|i| i.export && i.moment == moment)?;
                hashed_export(subject, export, list)
            }
            _ => None,
        }
    })
}

/// The first hash of a list of the repository.
fn hashed_file(subject: &Subject<'_>, path: &str) -> Option<Asked> {
    let text = subject.review.sources.text(path)?;
    let mut start = 0;
    for line in text.split('\n') {
        if let Some(at) = line.find("--hash=").filter(|_| !line.trim_start().starts_with('#')) {
            let span = Span::new(start + at, start + line.trim_end().len());
            let at = Place::new(&path.into(), span);
            return Some(Asked { text: format!("{path} has hashes"), at });
        }
        start += line.len() + 1;
    }
    None
}

/// Whether an export writes hashes into the list that is installed, and not into one of which
/// the list is a part.
fn hashed_export(subject: &Subject<'_>, export: &Install<'_>, list: &str) -> Option<Asked> {
    let without = ["--without-hashes", "--no-hashes"];
    let with = match export.manager {
        Manager::Pipenv => export.has(&["--hash"]),
        _ => !export.has(&without),
    };
    let whole = export
        .call
        .args
        .iter()
        .map(Word::head)
        .any(|w| file_name(w.rsplit('=').next().unwrap_or(w)) == file_name(list))
        || export
            .call
            .command
            .redirects
            .iter()
            .any(|r| r.target.text().is_some_and(|t| file_name(t) == file_name(list)));
    (with && whole && locks_others(subject, export))
        .then(|| Asked { text: "the export writes hashes".into(), at: export.at.clone() })
}

/// Whether the lock file holds a package of an index, too: a list of folders has no hashes.
fn locks_others(subject: &Subject<'_>, export: &Install<'_>) -> bool {
    let name = match export.manager {
        Manager::Poetry => "poetry.lock",
        Manager::Uv => "uv.lock",
        Manager::Pdm => "pdm.lock",
        _ => "Pipfile.lock",
    };
    let path = image_path::join(&export.folder, name);
    let Found::Repository { path, .. } = subject.layout.find(export.moment, &path) else {
        return false;
    };
    let text = subject.review.sources.text(&path).unwrap_or("");
    let lock = subject.review.repo.packages.lock(subject.review.sources, &path);
    let read = lock.is_some_and(|l| l.error.is_none());
    read && text.contains("sha256:")
}

/// Whether a dependency is a line of the list, without a hash.
fn is_bare(subject: &Subject<'_>, found: &Use) -> bool {
    use crate::packages::Syntax;
    if matches!(found.dependency.syntax, Syntax::Include | Syntax::Constraint) || found.depth > 0 {
        return false;
    }
    let at = &found.dependency.at;
    if !is_name(&at.path) {
        return true;
    }
    let text = subject.review.sources.text(&at.path).unwrap_or("");
    let rest = at.span.and_then(|s| text.get(s.start as usize..)).unwrap_or("");
    // An entry goes on after a `\` at the end of its line.
    let mut lines = rest.split('\n');
    let mut entry = String::new();
    for line in lines.by_ref() {
        entry.push_str(line);
        if !line.trim_end().ends_with('\\') {
            break;
        }
    }
    !entry.contains("--hash=")
}

fn report(subject: &Subject<'_>, install: &Install<'_>, asked: &Asked, found: &Use, out: &mut Out) {
    let name = &found.dependency.name;
    let draft =
        out.finding(&found.dependency.at, format!("{name} has no hash, and {}", asked.text));
    let editable = found.linked;
    let error = match (install.manager, editable) {
        (Manager::Uv, _) => "In `--require-hashes` mode, all requirements must have a hash".into(),
        (_, true) => format!(
            "ERROR: The editable requirement {name} cannot be installed when requiring hashes, \
             because there is no single file to hash."
        ),
        _ => "ERROR: Can't verify hashes for these file:// requirements because they point to \
              directories"
            .to_owned(),
    };
    draft
        .level(subject.level())
        .label("a folder has no hash")
        .related(&asked.at, "asked for here")
        .related(&install.at, "installed here")
        .consequence(format!("the install fails: `{error}`"))
        .remedy(
            "install the third-party packages with their hashes first, then the local ones \
             without, with `--no-deps`",
        );
    if let Some((at, text)) = split(subject, install) {
        draft.fix("install the local packages apart", Applicability::Unsafe, replace(&at, text));
    }
}

/// The RUN of an install as two: what has hashes, and what is a folder.
fn split(subject: &Subject<'_>, install: &Install<'_>) -> Option<(Place, String)> {
    const LOCAL: &str = r"/^(-e|--editable)? *(\.|file:)|@ +file:/";
    let command = install.command;
    if command.exec || command.script.commands.len() != 1 || !command.mounts.is_empty() {
        return None;
    }
    let mut lists = install.roots.iter().filter_map(|r| match r {
        Root::Requirements(list) => Some(list),
        _ => None,
    });
    let list = lists.next().filter(|_| lists.next().is_none())?;
    let same = |w: &&str| image_path::join(&install.folder, w) == *list;
    let word = install.call.args.iter().filter_map(Word::text).find(same)?;
    let span = install.step.at.span?;
    let run = subject.layout.file.text(subject.layout.sources).get(span.range())?.trim_end();
    let body = run.strip_prefix("RUN")?.trim_start();
    let third = body.replacen(word, "/tmp/third-party.txt", 1);
    let local = body.replacen(word, "/tmp/local.txt", 1).replace(" --require-hashes", "").replacen(
        " install",
        " install --no-deps",
        1,
    );
    let text = format!(
        "RUN sed -E '{LOCAL}d' {word} > /tmp/third-party.txt \\\n    && {third}\n\n\
         RUN sed -n -E '{LOCAL}p' {word} > /tmp/local.txt \\\n    && {local}"
    );
    let start = span.start as usize;
    Some((Place::new(&install.step.at.path, Span::new(start, start + run.len())), text))
}
