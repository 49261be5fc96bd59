//! Bases whose version is left open.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::Base;

use crate::discover::paths::image_tag;
use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "security/unpinned-base",
    section: Section::Security,
    level: Level::ShouldFix,
    assures: "every base image has a version",
    aliases: &["DL3006", "DL3007", "DS-0001", "CKV_DOCKER_7"],
    page: include_str!("unpinned_base.md"),
    check: Check::Dockerfile(check),
};

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in file.reachable(None).filter(|s| s.base == Base::Image && s.image_known) {
        let image = &stage.image;
        if image.value.contains(['$', '@']) || image.value.is_empty() {
            continue;
        }
        out.examined();
        let what = match image_tag(&image.value) {
            Some("latest") => "the tag latest",
            Some(_) => continue,
            None => "no tag, which means latest",
        };
        out.finding(&image.at, format!("the base image {} has {what}", image.value))
            .label("whatever is newest on the day of the build")
            .consequence("the same commit gives another image tomorrow: a new major version arrives without a change in the repository, and no rollback rebuilds the old one")
            .remedy("name a version, and let a bot raise it: python:3.12-slim");
    }
}
