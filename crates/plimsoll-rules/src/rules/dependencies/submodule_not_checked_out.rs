//! A local package in a submodule or in Git LFS, and a checkout that fetches neither.

use plimsoll_model::{Applicability, Edit, Level, Section};

use crate::discover::paths::{below, file_name, folder};
use crate::discover::{Build, ContextRef};
use crate::local::{State, Use, submodule_of};
use crate::packages::Syntax;
use crate::repo::WorkflowStep;
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, insert, replace};
use crate::views::building::{builds, steps_before};
use crate::views::edits::first_key;
use crate::views::subject::Subject;
use crate::wildcards::{ATTRIBUTES, matches};

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/submodule-not-checked-out",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "checkouts fetch the submodules and large files that installs need",
    aliases: &[],
    page: include_str!("submodule_not_checked_out.md"),
    check: Check::Installs(check),
};

/// What a checkout must be told to fetch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Submodules,
    Lfs,
}

impl Kind {
    fn input(self) -> &'static str {
        if self == Self::Submodules { "submodules" } else { "lfs" }
    }

    /// What a command says that fetches it by hand.
    fn by_hand(self) -> &'static str {
        if self == Self::Submodules { "submodule" } else { "lfs" }
    }
}

/// A dependency that only a fuller checkout brings.
struct Needed<'s> {
    found: &'s Use,
    kind: Kind,
    /// The submodule, or the file.
    path: String,
}

fn check(subject: &Subject<'_>, out: &mut Out) {
    let needed = needed(subject);
    for build in builds(subject.review, subject.service) {
        let own = build.context.folder() == Some(subject.context.folder);
        // BuildKit fetches submodules of a Git context itself.
        if own && !matches!(build.context, ContextRef::Git(_)) {
            judge(subject.review, build, &needed, out);
        }
    }
}

fn needed<'s>(subject: &'s Subject<'_>) -> Vec<Needed<'s>> {
    let mut all: Vec<Needed<'_>> = Vec::new();
    for found in &subject.uses.uses {
        let meant = match &found.state {
            State::Present { path, .. } => Some(path.as_str()),
            _ => found.place.folder(),
        };
        let gone = match &found.place {
            crate::packages::tree::Place::Gone(path) => Some(path.as_str()),
            _ => None,
        };
        let Some(path) = meant.or(gone) else { continue };
        let optional = matches!(found.dependency.syntax, Syntax::FindLinks | Syntax::Constraint);
        let submodule = submodule_of(subject.review, path).map(|p| (Kind::Submodules, p));
        let large = || is_large(subject.review, path).then(|| (Kind::Lfs, path.to_owned()));
        let Some((kind, path)) = submodule.or_else(large).filter(|_| !optional) else { continue };
        if all.iter().all(|n| n.kind != kind || n.path != path) {
            all.push(Needed { found, kind, path });
        }
    }
    all
}

/// Whether an attribute file has git keep a file in LFS; the last pattern that takes it counts.
fn is_large(review: &Review<'_>, path: &str) -> bool {
    let archive = [".whl", ".gz", ".zip", ".tgz", ".jar", ".dll", ".nupkg"];
    if !archive.iter().any(|a| path.ends_with(a)) {
        return false;
    }
    let mut at = folder(path);
    loop {
        let attributes = crate::discover::paths::join(at, ".gitattributes");
        let text = attributes.and_then(|a| review.sources.text(&a)).unwrap_or("");
        let takes = |pattern: &str| match (below(at, path), pattern.contains('/')) {
            // Attributes are those of files.
            _ if pattern.ends_with('/') => false,
            (Some(inside), true) => matches(ATTRIBUTES, pattern, inside),
            (Some(_), false) => matches(ATTRIBUTES, pattern, file_name(path)),
            _ => false,
        };
        let mut lines = text.lines().filter_map(|l| {
            let mut words = l.split_whitespace();
            words.next().filter(|p| !p.starts_with('#') && takes(p))?;
            let mut filters =
                words.filter(|w| w.trim_start_matches(['-', '!']).starts_with("filter"));
            filters.next_back().map(|f| f == "filter=lfs")
        });
        if let Some(large) = lines.next_back() {
            return large;
        }
        if at.is_empty() {
            return false;
        }
        at = folder(at);
    }
}

fn judge(review: &Review<'_>, build: &Build, needed: &[Needed<'_>], out: &mut Out) {
    let before = steps_before(review, build);
    let checkout = before.iter().rev().find(|s| {
        s.action().as_deref() == Some("actions/checkout")
            && s.input("repository").is_none()
            && s.input("path").is_none()
    });
    let Some(checkout) = checkout else { return };
    for needed in needed {
        let word = needed.kind.by_hand();
        let by_hand = before.iter().any(|s| {
            let ran = s.run.as_ref().is_some_and(|r| r.text.text().contains(word));
            ran || s.action().is_some_and(|a| a.contains(word))
        });
        let input = checkout.input(needed.kind.input());
        let set = input.is_some_and(|i| !matches!(i.value.as_str(), "false" | ""));
        if by_hand || set {
            out.examined();
        } else {
            report(review, build, checkout, needed, out);
        }
    }
}

fn report(
    review: &Review<'_>,
    build: &Build,
    checkout: &WorkflowStep,
    needed: &Needed<'_>,
    out: &mut Out,
) {
    let (name, path) = (&needed.found.dependency.name, &needed.path);
    let input = needed.kind.input();
    let (message, error) = match needed.kind {
        Kind::Submodules => (
            format!("{name} lies in the submodule {path}, and this checkout fetches none"),
            format!("{path} is not installable. Neither 'setup.py' nor 'pyproject.toml' found"),
        ),
        Kind::Lfs => (
            format!("{path} is kept in Git LFS, and this checkout leaves a pointer in its place"),
            format!("Wheel '{name}' is invalid"),
        ),
    };
    let at = checkout.uses.as_ref().map_or(&checkout.at, |u| &u.at);
    let draft = out.finding(at, message);
    draft
        .related(&needed.found.dependency.at, "declared here")
        .related(&build.at, "built here")
        .consequence(match needed.kind {
            Kind::Submodules => {
                format!("the folder is empty in the context; pip says: `{error}`")
            }
            Kind::Lfs => format!("the install gets a text of three lines; pip says: `{error}`"),
        })
        .remedy(format!("check out with `{input}: true`"));
    fix(review, checkout, input, draft);
}

fn fix(review: &Review<'_>, checkout: &WorkflowStep, input: &str, draft: &mut Draft) {
    if let Some(value) = checkout.input(input) {
        let edits = replace(&value.at, "true");
        draft.fix(format!("set {input}"), Applicability::Safe, edits);
        return;
    }
    let line = format!("{input}: true");
    let edits = match &checkout.with_body {
        Some(body) => first_key(review.sources, body, &line),
        None => with(review, checkout, &line),
    };
    if let Some(edits) = edits {
        draft.fix(format!("set {input}"), Applicability::Safe, edits);
    }
}

/// Inputs below `uses:`, where the step has none.
fn with(review: &Review<'_>, checkout: &WorkflowStep, line: &str) -> Option<Vec<Edit>> {
    let at = &checkout.uses.as_ref()?.at;
    let (start, end) = (at.span?.start as usize, at.span?.end as usize);
    let text = review.sources.text(&at.path)?;
    let head = text.get(..start)?.rsplit('\n').next()?;
    let indent = " ".repeat(head.find("uses")?);
    let end = end + text.get(end..)?.find('\n').unwrap_or(text.len() - end);
    let end = u32::try_from(end).ok()?;
    Some(insert(&at.path, end, format!("\n{indent}with:\n{indent}  {line}")))
}
