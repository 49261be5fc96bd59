//! `poetry export` where Poetry 2 has no such command.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::shell::{Invocation, Word};

use crate::repo::{Command, DockerfileView, Place, Stage};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, insert};
use crate::views::application::exports;
use crate::views::variables::resolve;
use crate::views::{Manager, installs, package_name};

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/poetry-export-without-plugin",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "`poetry export` has the plugin it needs",
    aliases: &[],
    page: include_str!("poetry_export_without_plugin.md"),
    check: Check::Dockerfile(check),
};

const PLUGIN: &str = "poetry-plugin-export";

/// Where Poetry is installed.
struct Poetry<'a> {
    command: &'a Command,
    word: &'a Word,
    place: Place,
    version: String,
}

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    if review
        .sources
        .files
        .iter()
        .any(|(p, f)| p.ends_with("pyproject.toml") && f.text.contains(PLUGIN))
    {
        return;
    }
    for stage in &file.stages {
        let lineage = file.lineage(stage.index);
        let commands = || lineage.iter().flat_map(|s| s.runs()).map(|(_, c)| c);
        if commands().any(|c| c.text().contains(PLUGIN)) {
            continue;
        }
        let Some(poetry) = commands().filter_map(|c| poetry(review, file, stage, c)).last() else {
            continue;
        };
        for (_, command) in stage.runs() {
            let Some(call) = exports(command) else { continue };
            match is_two(&poetry.version) {
                Some(true) => report(command, &call, &poetry, out),
                Some(false) => out.examined(),
                None => {}
            }
        }
    }
}

/// Whether the stage of a step runs Poetry 2; `None` where nothing says so.
pub(super) fn is_poetry_two(
    review: &Review<'_>,
    file: &DockerfileView,
    stage: usize,
) -> Option<bool> {
    let lineage = file.lineage(stage);
    let own = file.stages.get(stage)?;
    let commands = lineage.iter().flat_map(|s| s.runs()).map(|(_, c)| c);
    let poetry = commands.filter_map(|c| poetry(review, file, own, c)).last()?;
    is_two(&poetry.version)
}

/// The package of Poetry that a command installs.
fn poetry<'a>(
    review: &Review<'_>,
    file: &DockerfileView,
    stage: &Stage,
    command: &'a Command,
) -> Option<Poetry<'a>> {
    let named = |w: &&Word| package_name(w.head()) == "poetry";
    let by_pip = installs(command)
        .filter(|i| matches!(i.manager, Manager::Pip | Manager::Uv))
        .filter_map(|i| i.packages.iter().copied().find(named))
        .last();
    let by_pipx = || {
        let call = command.calls().find(|c| c.program == "pipx" && c.has("install"))?;
        call.args.iter().find(named)
    };
    let word = by_pip.or_else(by_pipx)?;
    let resolved = resolve(review, file, stage, word);
    let version = resolved.text.strip_prefix("poetry").unwrap_or("").to_owned();
    Some(Poetry { command, word, place: command.place(word.span), version })
}

/// Whether pip takes Poetry 2 for a version; `None` where that depends on a variable.
fn is_two(version: &str) -> Option<bool> {
    if version.contains('$') {
        return None;
    }
    let bounds = version.split_once(']').map_or(version, |(_, rest)| rest);
    for bound in bounds.split(',').map(str::trim).filter(|b| !b.is_empty()) {
        let digits = bound.trim_start_matches(['=', '~', '<', '>', '!', ' ']);
        let mut parts = digits.split('.').map(|p| p.parse::<u32>().unwrap_or(0));
        let major = parts.next().unwrap_or(0);
        let rest = parts.any(|p| p > 0);
        let exact = bound.starts_with("==") || bound.starts_with("~=");
        let below = bound.starts_with('<')
            && (major < 2 || (major == 2 && !rest && !bound.starts_with("<=")));
        if below || (exact && major < 2) {
            return Some(false);
        }
    }
    Some(true)
}

fn report(command: &Command, call: &Invocation<'_>, poetry: &Poetry<'_>, out: &mut Out) {
    let said = if poetry.version.is_empty() { "the newest Poetry" } else { "Poetry 2" };
    let at = command.place(call.span());
    let draft = out.finding(&at, format!("{said} has no `export` command"));
    // `poetry export || …` has another way out.
    if command.text().contains("||") {
        draft.level(Level::ShouldFix);
    }
    draft
        .label("needs the plugin poetry-plugin-export")
        .related(&poetry.place, "installed here, without the plugin")
        .evidence("Poetry 2 says: The requested command export does not exist.")
        .consequence("the build fails at this instruction")
        .remedy("install poetry-plugin-export with Poetry, and pin both");
    fix(poetry, draft);
}

fn fix(poetry: &Poetry<'_>, draft: &mut Draft) {
    let Some(span) = poetry.place.span.filter(|_| !poetry.command.exec) else { return };
    let by_pip = poetry.command.calls().all(|c| c.program != "pipx");
    let whole = !poetry.word.span.range().is_empty();
    if by_pip && whole {
        let text = " 'poetry-plugin-export>=1.9,<2'";
        let edits = insert(&poetry.place.path, span.end, text);
        draft.fix("install the plugin", Applicability::Safe, edits);
    }
}

#[cfg(test)]
mod tests {
    use super::is_two;

    #[test]
    fn versions() {
        for (version, want) in [
            ("", Some(true)),
            ("==1.8.3", Some(false)),
            ("<2", Some(false)),
            ("<2.0.0", Some(false)),
            ("<2.1", Some(true)),
            (">=1.5,<2", Some(false)),
            ("==2.1.1", Some(true)),
            (">=1.8", Some(true)),
            ("==${V}", None),
            ("~=1.8", Some(false)),
            ("<=2.0", Some(true)),
        ] {
            assert_eq!(is_two(version), want, "{version}");
        }
    }
}
