//! A dependency on a folder that the context has and the install does not find.

use plimsoll_model::{Level, Section};

use crate::local::{State, Use, Why};
use crate::rule::{Check, Out, Rule};
use crate::views::subject::Subject;

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/path-not-copied",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "local dependencies are copied before they are installed",
    aliases: &[],
    page: include_str!("path_not_copied.md"),
    check: Check::Installs(check),
};

fn check(subject: &Subject<'_>, out: &mut Out) {
    for found in &subject.uses.uses {
        match &found.state {
            State::Present { .. } => out.examined(),
            State::Missing(why) => {
                if let Some((text, level)) = said(found, why) {
                    report(subject, found, why, text, level, out);
                }
            }
            State::Unknown => {}
        }
    }
}

/// What is wrong, and what it weighs.
fn said(found: &Use, why: &Why) -> Option<(String, Level)> {
    let name = &found.dependency.name;
    let wanted = &found.wanted;
    let text = match why {
        Why::Ignored(by) => {
            format!("{name} is needed at {wanted}, and {} leaves it out of the context", by.path)
        }
        Why::Late(_) => format!("{name} is needed at {wanted}, and copied only after the install"),
        Why::Elsewhere(to, _) => format!("{name} is looked for at {wanted}, and copied to {to}"),
        Why::OtherStage(_) => {
            format!("{name} is needed at {wanted}, and copied in another stage only")
        }
        Why::NotCopied => format!("{name} is needed at {wanted}, and nothing copies it there"),
        Why::Link(link) => {
            format!("{name} is reached through the link {link}, which leaves the context")
        }
        Why::ManifestOnly(entry) => {
            format!("{name} at {wanted} is its manifest alone: nothing copies {entry} there")
        }
        Why::Unseen(member, _) => format!(
            "{name} is needed by the member at {member}, which is copied only after the install"
        ),
        Why::Other(path, _) => {
            let text = format!(
                "{name} is taken from {path}, another folder than {}",
                found.place.folder().unwrap_or(&found.wanted)
            );
            return Some((text, Level::ShouldFix));
        }
        Why::Machine
        | Why::AboveRepository
        | Why::Gone
        | Why::OutsideContext
        | Why::LeftBehind(..)
        | Why::Bare(_)
        | Why::NoWorkspace(_) => return None,
    };
    Some((text, Level::Blocking))
}

fn report(
    subject: &Subject<'_>,
    found: &Use,
    why: &Why,
    text: String,
    level: Level,
    out: &mut Out,
) {
    let draft = out.finding(&found.dependency.at, text);
    // Where nothing builds the file, its context is a good guess.
    draft.level(if level == Level::Blocking { subject.level() } else { level });
    subject.relate(found, draft);
    match why {
        Why::Ignored(at) => drop(draft.related(at, "this pattern leaves it out")),
        Why::Late(at) | Why::Unseen(_, at) => drop(draft.related(at, "copied here, too late")),
        Why::Elsewhere(_, at) | Why::OtherStage(at) => drop(draft.related(at, "copied here")),
        Why::Other(_, at) => drop(draft.related(at, "this copies the other folder")),
        _ => {}
    }
    if matches!(why, Why::Other(..)) {
        draft
            .consequence("the image holds that folder's code, however old it is")
            .remedy("copy the folder that the manifest names, and remove the other");
        return;
    }
    subject.consequence(found, draft);
    draft.remedy(match why {
        Why::Ignored(_) => "let the folder through in the ignore file".to_owned(),
        Why::Link(_) => {
            "depend on the folder itself, and build from one that holds both".to_owned()
        }
        Why::ManifestOnly(_) => format!("copy the whole folder to {}", found.wanted),
        Why::Unseen(member, _) => {
            format!("copy the manifest of the member to {member} before the install")
        }
        _ => format!("copy the folder to {} before the install", found.wanted),
    });
}
