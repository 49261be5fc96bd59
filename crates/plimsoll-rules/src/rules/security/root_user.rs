//! An image that runs as root.

use plimsoll_model::{ImageReport, Level, Section};
use plimsoll_syntax::dockerfile::FromRef;

use crate::discover::{Deploy, Platform};
use crate::repo::{DockerfileView, Stage, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::services_of;
use crate::views::imaged::images;
use crate::views::purpose::{is_base, serves};
use crate::views::{effective, runs_as_root, targets};

pub(crate) static RULE: Rule = Rule {
    name: "security/root-user",
    section: Section::Security,
    level: Level::ShouldFix,
    assures: "the image runs as a user other than root",
    aliases: &["DL3002", "DS-0002", "CKV_DOCKER_3", "CKV_DOCKER_8"],
    page: include_str!("root_user.md"),
    check: Check::Dockerfile(check),
};

const REMEDY: &str = "create a user in the last stage and name it with USER before CMD";
const CONSEQUENCE: &str = "whoever breaks into the service is root in the container";

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    if set_by_cluster(review, file) {
        return out.examined();
    }
    // One that only names an image notes its version, for a tool that keeps it current.
    if file.stages.iter().all(|s| s.steps.is_empty()) && !is_built(review, file) {
        return;
    }
    for stage in targets(review, file).into_iter().filter_map(|i| file.stages.get(i)) {
        if !file.lineage(stage.index).into_iter().any(drops_privileges) {
            look(review, file, stage, out);
        }
    }
}

fn is_built(review: &Review<'_>, file: &DockerfileView) -> bool {
    services_of(review, file).iter().any(|s| !s.builds.is_empty())
}

/// Whether each place that deploys the image is a manifest that sets another user.
fn set_by_cluster(review: &Review<'_>, file: &DockerfileView) -> bool {
    let deploys = services_of(review, file).iter().flat_map(|s| &s.deploys);
    let mut deploys = deploys
        .filter_map(|i| review.found.deploys.get(*i))
        .filter(|d| d.platform != Platform::Compose)
        .peekable();
    let sets = |d: &Deploy| {
        d.platform == Platform::Kubernetes
            && review.sources.text(&d.at.path).is_some_and(|t| t.lines().any(other_user))
    };
    deploys.peek().is_some() && deploys.all(sets)
}

fn other_user(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("- ");
    let user = line.strip_prefix("runAsUser:").map(str::trim).is_some_and(|u| u != "0");
    user || line.trim_end() == "runAsNonRoot: true"
}

fn look(review: &Review<'_>, file: &DockerfileView, stage: &Stage, out: &mut Out) {
    let settings = effective(file, stage.index);
    let images = images(review, file, &stage.at);
    if images.all(|image| image.start.uid.is_some_and(|uid| uid != 0)) {
        return out.examined();
    }
    // What a Dockerfile does not tell, its image does.
    let is_root = images.all(starts_as_root);
    let serves = serves(review, file, &settings);
    if !serves && !is_root && is_base(&settings) {
        return out.examined();
    }
    let level = if serves { Level::ShouldFix } else { Level::Advice };
    if let Some(user) = settings.user {
        if user.value.contains('$') && !is_root {
            return;
        }
        let name = user.value.split(':').next().unwrap_or("").trim();
        if is_root || matches!(name, "root" | "0") {
            let message = format!("the image runs as root: USER {}", user.value);
            let draft = out.finding(&user.at, message);
            let named = matches!(name, "root" | "0");
            draft
                .level(level)
                .label(if named { "the last USER is root" } else { "this user is root" })
                .consequence(CONSEQUENCE)
                .remedy(REMEDY);
            images.quote(draft, figure);
        } else {
            out.examined();
        }
        return;
    }
    let Some((base, known, at)) = settings.base.filter(|(_, known, _)| *known || is_root) else {
        return;
    };
    // An image of files alone, such as one to export them, runs nothing.
    if base == "scratch" && settings.starts().is_none() {
        return;
    }
    if base.contains("nonroot") && !is_root {
        out.examined();
    } else if is_root || (known && runs_as_root(base)) {
        let base = base.split('@').next().unwrap_or(base);
        let draft = out.finding(&stage.at, format!("the image runs as root: no USER after {base}"));
        draft
            .level(level)
            .label("the stage that is shipped")
            .consequence(CONSEQUENCE)
            .remedy(REMEDY);
        images.quote(draft, figure);
        if *at != stage.image.at {
            draft.related(at, "the base runs as root");
        }
    }
}

/// Whether an image that was looked at starts its program as root. An entrypoint that is a script
/// may change the user first.
fn starts_as_root(image: &ImageReport) -> bool {
    let first = image.start.command.first().map_or("", String::as_str);
    image.start.uid == Some(0) && !first.contains("entrypoint") && !first.ends_with(".sh")
}

fn figure(image: &ImageReport) -> Option<String> {
    let uid = image.start.uid?;
    let user = image.config.user.as_str();
    let said = if user.is_empty() { "names no user".to_owned() } else { format!("names {user}") };
    Some(format!("{said}: it runs with uid {uid}"))
}

/// Whether a stage brings a program that an entrypoint changes its user with.
fn drops_privileges(stage: &Stage) -> bool {
    const PROGRAMS: [&str; 7] =
        ["gosu", "su-exec", "setpriv", "chpst", "setuidgid", "s6-overlay", "runuser"];
    let names = |text: &str| PROGRAMS.iter().any(|p| text.contains(p));
    stage.steps.iter().any(|step| match &step.kind {
        StepKind::Run(c) | StepKind::Cmd(c) | StepKind::Entrypoint(c) => names(c.text()),
        StepKind::Copy(c) => {
            let from = c.from.as_ref().is_some_and(|(text, meaning)| {
                !matches!(meaning, FromRef::Stage(_)) && names(&text.value)
            });
            from || names(&c.dest.value) || c.sources.iter().any(|s| names(&s.path.value))
        }
        _ => false,
    })
}
