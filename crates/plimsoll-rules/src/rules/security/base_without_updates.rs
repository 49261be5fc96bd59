//! Base images that nobody mends any more.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::Base;

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::end_of_life::{Ended, ended};
use crate::views::{is_given, needed, shipped};

pub(crate) static RULE: Rule = Rule {
    name: "security/base-without-updates",
    section: Section::Security,
    level: Level::ShouldFix,
    assures: "every base image is of a release that gets updates",
    aliases: &[],
    page: include_str!("base_without_updates.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let shipped: Vec<usize> = shipped(review, file).iter().map(|stage| stage.index).collect();
    for stage in needed(review, file) {
        let image = stage.image.value.as_str();
        if stage.base != Base::Image || !stage.image_known || is_given(review, image) {
            continue;
        }
        let all = ended(image);
        let Some(first) = all.first() else {
            out.examined();
            continue;
        };
        let message = format!("{image}: {} has had no updates since {}", first.name, first.end);
        let draft = out.finding(&stage.image.at, message);
        for also in all.iter().skip(1) {
            draft.evidence(format!("{} has had none since {}", also.name, also.end));
        }
        draft.evidence(source(first)).label("no more updates").remedy(
            "move to a release that gets updates, and rebuild the image whenever its base is",
        );
        if shipped.contains(&stage.index) {
            draft.consequence("holes found since then stay open in what is shipped");
        } else {
            draft.level(Level::Advice).consequence(
                "what this stage builds is made with tools and libraries whose holes stay open",
            );
        }
    }
}

fn source(ended: &Ended) -> String {
    format!("{}, read on {}", ended.page, ended.read)
}
