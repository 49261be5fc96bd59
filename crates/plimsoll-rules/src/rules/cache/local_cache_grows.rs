//! Caches in a folder that is kept and never emptied.

use plimsoll_model::{Level, Section};

use crate::discover::Build;
use crate::repo::{Fact, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::job;

pub(crate) static RULE: Rule = Rule {
    name: "cache/local-cache-grows",
    section: Section::Cache,
    level: Level::Advice,
    assures: "a cache that is kept in a folder is written anew",
    aliases: &[],
    page: include_str!("local_cache_grows.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let Some((job, _)) = job(review, build) else { return };
    let local = build.cache_to.iter().filter(|c| c.value.kind == "local");
    for (to, folder) in local.filter_map(|c| Some((c, folder(c.value.get("dest")?)))) {
        let read = build.cache_from.iter().find(|c| {
            c.value.kind == "local" && c.value.get("src").is_some_and(|s| self::folder(s) == folder)
        });
        let kept = job.steps.iter().find_map(|s| keeps(s, folder));
        let changed = job.steps.iter().any(|s| mentions(s, folder));
        let (Some(read), Some(kept), false) = (read, kept, changed) else {
            out.examined();
            continue;
        };
        out.finding(&to.at, format!("the cache in `{folder}` grows with every build"))
            .label("written into the folder it is read from")
            .related(&read.at, "read from here")
            .related(&kept.at, "kept from run to run")
            .consequence("BuildKit adds to the folder and removes nothing: storing and fetching it takes longer with every run, until the caches of the repository pass their limit")
            .remedy("use `type=gha` or `type=registry`, or write into a new folder and put it in place of the old one");
    }
}

fn folder(text: &str) -> &str {
    text.trim().trim_end_matches('/')
}

/// The path of an action that keeps the folder from one run to the next.
fn keeps<'a>(step: &'a WorkflowStep, folder: &str) -> Option<&'a Fact<String>> {
    let path = step.input("path")?;
    let named = path.value.lines().any(|line| self::folder(line) == folder);
    let cache = step.action().is_some_and(|a| a == "actions/cache" || a == "actions/cache/save");
    (cache && named).then_some(path)
}

/// Whether a command of the step names the folder: it may empty or replace it.
fn mentions(step: &WorkflowStep, folder: &str) -> bool {
    step.run.as_ref().is_some_and(|r| r.text.text().contains(folder))
}
