//! Programs that run as their owner, whoever starts them.

use plimsoll_model::{Level, OpenPermission, Opening, Section};

use crate::discover::Service;
use crate::repo::{Place, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::imaged::{Imaged, few, imaged};

pub(crate) static RULE: Rule = Rule {
    name: "image/setuid-program-added",
    section: Section::Image,
    level: Level::ShouldFix,
    assures: "no program beyond the base's runs as its owner",
    aliases: &[],
    page: include_str!("setuid_program_added.md"),
    check: Check::Service(check),
};

/// Packages whose programs Debian, Ubuntu and Alpine mean to run as their owner, in any base.
const OF_BASE: [&str; 9] = [
    "passwd",
    "login",
    "login.defs",
    "mount",
    "util-linux",
    "libpam-modules-bin",
    "libpam-modules",
    "busybox-suid",
    "shadow",
];

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(image) = imaged(review, service) else { return };
    out.examined();
    let other_user = image.report.start.uid.is_some_and(|uid| uid != 0);
    let all = image.report.permissions.iter().filter(|p| p.how != Opening::WorldWritable);
    let (packaged, added): (Vec<_>, Vec<_>) = all.partition(|p| p.owner.is_some());
    let say = |list: &[&OpenPermission], out: &mut Out| {
        let paths: Vec<String> = list.iter().map(|p| format!("/{}", p.path)).collect();
        let verb = if paths.len() == 1 { "runs" } else { "run" };
        let message = format!("{} {verb} as its owner, whoever starts it", few(&paths, 3));
        let draft = out.finding(place(&image, list), message);
        for one in list.iter().take(8) {
            let owner = one.owner.as_deref().unwrap_or("no package brought it");
            draft.evidence(format!("/{}: mode {}, {owner}", one.path, one.mode));
        }
        let paths = paths.iter().take(8).cloned().collect::<Vec<_>>().join(" ");
        draft
            .label("the image that has them")
            .consequence("whoever breaks into the service may become that user, mostly root")
            .remedy(format!(
                "take the bit away in the step that brings the file, with chmod a-s {paths}"
            ));
        if list.iter().any(|p| p.owner.is_some()) || !other_user {
            draft.level(Level::Advice);
        }
    };
    if !added.is_empty() {
        say(&added, out);
    }
    let packaged: Vec<_> = packaged.into_iter().filter(|p| !is_of_base(p)).collect();
    // To root such a program gives nothing.
    if other_user && !packaged.is_empty() {
        say(&packaged, out);
    }
}

/// The last step that names the program, else the image's FROM.
fn place<'a>(image: &'a Imaged<'_>, list: &[&OpenPermission]) -> &'a Place {
    let name = list.first().and_then(|p| p.path.rsplit('/').next()).unwrap_or_default();
    let stages = image.file.lineage(image.stage.index);
    let brings = |kind: &StepKind| matches!(kind, StepKind::Run(_) | StepKind::Copy(_));
    let mut steps = stages.iter().flat_map(|stage| &stage.steps).rev();
    let step = steps.find(|step| brings(&step.kind) && image.text(&step.at).contains(name));
    step.filter(|_| !name.is_empty()).map_or(&image.stage.at, |step| &step.at)
}

fn is_of_base(file: &OpenPermission) -> bool {
    let package = file.owner.as_deref().and_then(|owner| owner.split_once(' '));
    package.is_some_and(|(_, name)| OF_BASE.contains(&name))
}
