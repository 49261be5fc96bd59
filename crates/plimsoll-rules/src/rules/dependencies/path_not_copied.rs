//! A dependency on a folder that the context has and the install does not find.

use plimsoll_model::{Level, Section};

use crate::discover::Service;
use crate::layout::Layout;
use crate::layout::installs::{Install, has_installs};
use crate::local::outcome::{Outcome, outcome};
use crate::local::{State, Use, Uses, Why, uses};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule};
use crate::views::building::{Context, contexts, dockerfile};

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/path-not-copied",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "local dependencies are copied before they are installed",
    aliases: &[],
    page: include_str!("path_not_copied.md"),
    check: Check::Service(check),
};

/// A service built from a context, and what its installs meet.
pub(super) struct Subject<'s> {
    pub(super) context: Context<'s>,
    pub(super) layout: &'s Layout<'s>,
    /// Each dependency once.
    pub(super) uses: Uses<'s>,
    /// Each dependency as often as it is installed.
    pub(super) all: Vec<Use>,
    pub(super) review: &'s Review<'s>,
}

/// Calls back for each context of a service.
pub(super) fn subjects(review: &Review<'_>, service: &Service, each: &mut dyn FnMut(&Subject<'_>)) {
    let Some(file) = dockerfile(review, service).filter(|f| has_installs(f)) else { return };
    for context in contexts(review, service) {
        let layout = Layout::new(review, file, &context);
        let mut uses = uses(review, &layout, service.target.as_deref());
        let all = uses.uses.clone();
        once(&mut uses.uses);
        each(&Subject { context, layout: &layout, uses, all, review });
    }
}

/// Keeps what a build meets first: two installs of one manifest say the same.
fn once(uses: &mut Vec<Use>) {
    let mut seen: Vec<(crate::repo::Place, String, bool)> = Vec::new();
    // A missing one counts before a present one of another install.
    uses.sort_by_key(|u| !matches!(u.state, State::Missing(_)));
    uses.retain(|u| {
        let is_missing = matches!(u.state, State::Missing(_));
        let (at, name) = (&u.dependency.at, &u.dependency.name);
        let known = seen
            .iter()
            .any(|(a, n, missing)| a == at && n == name && (*missing || *missing == is_missing));
        if !known {
            seen.push((at.clone(), name.clone(), is_missing));
        }
        !known
    });
}

impl Subject<'_> {
    pub(super) fn install(&self, found: &Use) -> &Install<'_> {
        &self.uses.installs[found.install]
    }

    /// What a finding weighs: where nothing builds the file, its context is a good guess.
    pub(super) fn level(&self) -> Level {
        if self.context.build.is_some() { Level::Blocking } else { Level::ShouldFix }
    }

    /// The name of the package whose manifest declares a dependency.
    pub(super) fn package(&self, found: &Use) -> String {
        let manifest = self.review.repo.packages.get(&found.manifest);
        manifest.and_then(|m| m.name.clone()).unwrap_or_else(|| found.manifest.clone())
    }

    pub(super) fn relate(&self, found: &Use, draft: &mut Draft) {
        draft.related(&self.install(found).at, "installed here");
        if let Some(lock) = &found.lock {
            draft.related(lock, "the lock file has it here");
        }
    }

    /// Says what happens, in the installer's own words.
    pub(super) fn consequence(&self, found: &Use, draft: &mut Draft) {
        match outcome(found, self.install(found)) {
            Outcome::Fails(error) => {
                draft.consequence(format!("the install fails: `{error}`"));
            }
            Outcome::Green(error) => {
                draft
                    .consequence(format!(
                        "the install reports success and leaves a dangling link; the service \
                         fails when it starts: `{error}`"
                    ))
                    .evidence("this installer is green with the target missing");
            }
            Outcome::Warns(error) => {
                draft.consequence(format!("the install goes on with a warning: `{error}`"));
            }
        }
    }
}

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    subjects(review, service, &mut |subject| {
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
    });
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
