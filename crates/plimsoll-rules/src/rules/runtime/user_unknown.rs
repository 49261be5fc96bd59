//! A user that the image does not know.

use plimsoll_model::{Level, Section};

use crate::repo::{CopyStep, DockerfileView, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::{effective, targets};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/user-unknown",
    section: Section::Runtime,
    level: Level::Blocking,
    assures: "the image knows its user",
    aliases: &[],
    page: include_str!("user_unknown.md"),
    check: Check::Dockerfile(check),
};

/// The accounts of distroless images.
const DISTROLESS: [&str; 3] = ["root", "nobody", "nonroot"];

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for target in targets(review, file) {
        let settings = effective(file, target);
        let (Some(user), Some((base, true, _))) = (settings.user, settings.base) else { continue };
        let known: &[&str] = match base {
            "scratch" => &[],
            base if base.starts_with("gcr.io/distroless/") => &DISTROLESS,
            _ => continue,
        };
        let name = user.value.split(':').next().unwrap_or("").trim();
        let number = name.bytes().all(|b| b.is_ascii_digit());
        let brought =
            file.lineage(target).into_iter().flat_map(|s| &s.steps).any(|s| match &s.kind {
                StepKind::Copy(copy) => may_bring(copy),
                StepKind::Run(_) => true,
                _ => false,
            });
        if number || user.value.contains('$') || known.contains(&name) || brought {
            out.examined();
            continue;
        }
        let what = if known.is_empty() {
            "an empty image has no users"
        } else {
            "the base has no such user"
        };
        out.finding(&user.at, format!("USER {name} is not known in the image"))
            .label(what)
            .consequence("the container does not start: unable to find user, no matching entries in passwd file")
            .remedy(format!("name a number: USER 65532; or copy an /etc/passwd that has {name}"));
    }
}

/// Whether a COPY may bring `/etc/passwd`: into it, above it, or as an archive.
fn may_bring(copy: &CopyStep) -> bool {
    let dest = copy.dest.value.trim_end_matches('/');
    copy.add
        || copy.parents
        || dest.is_empty()
        || dest.starts_with("/etc")
        || dest.starts_with("etc")
        || matches!(dest, "." | "./etc")
        || dest.contains('$')
        || copy.sources.iter().any(|s| s.path.value.ends_with("passwd"))
}
