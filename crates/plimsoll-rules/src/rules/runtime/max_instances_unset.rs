//! Services that grow without a limit.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::said::says_all;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/max-instances-unset",
    section: Section::Runtime,
    level: Level::ShouldFix,
    assures: "the number of instances has a limit",
    aliases: &[],
    page: include_str!("max_instances_unset.md"),
    check: Check::Deploy(check),
};

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let production = deploy.environment.as_deref() == Some("production");
    if deploy.platform != Platform::CloudRun || !production || !says_all(review, deploy) {
        return;
    }
    out.examined();
    if deploy.settings.max_instances.is_none() {
        out.finding(&deploy.at, "production has no limit on instances of its own")
            .label("no --max-instances")
            .consequence("a spike, or a retry loop of a client, starts as many instances as the platform allows: the bill and the connections to the database grow with them")
            .remedy("set --max-instances to what the database and the budget can bear");
    }
}
