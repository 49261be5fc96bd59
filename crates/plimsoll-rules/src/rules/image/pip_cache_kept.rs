//! pip caches that are shipped.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::views::{Manager, installs};
use crate::repo::Stage;
use crate::rule::insert;
use crate::views::effective;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "image/pip-cache-kept",
    section: Section::Image,
    level: Level::Advice,
    assures: "pip keeps no cache in the image",
    aliases: &["DL3042"],
    page: include_str!("pip_cache_kept.md"),
    check: Check::Dockerfile(check),
};

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(last) = file.last() else { return };
    let off = effective(file, last.index).env.get("PIP_NO_CACHE_DIR").is_some_and(|v| !matches!(v.value.as_str(), "" | "0" | "off" | "false"));
    for (_, run) in file.lineage(last.index).into_iter().flat_map(Stage::runs) {
        let mounted = run.mounts.iter().any(|m| m.kind == Some(plimsoll_syntax::dockerfile::MountKind::Cache));
        for install in installs(run).filter(|i| i.manager == Manager::Pip) {
            out.examined();
            let args = install.call.args;
            let without = args.iter().any(|w| w.head() == "--no-cache-dir") || run.text().contains("cache purge") || run.text().contains(".cache");
            let Some(verb) = args.iter().find(|w| w.text() == Some("install")).filter(|_| !(without || off || mounted)) else { continue };
            let at = run.place(verb.span);
            let edits = at.span.map(|s| insert(&at.path, s.end, " --no-cache-dir")).unwrap_or_default();
            out.finding(&run.place(install.call.span()), "pip leaves its cache in the image")
                .label("no --no-cache-dir")
                .consequence("every wheel is shipped twice, once installed and once as a download")
                .remedy("add --no-cache-dir, or mount a cache: RUN --mount=type=cache,target=/root/.cache/pip")
                .fix("add --no-cache-dir", Applicability::Safe, edits);
        }
    }
}
