//! Development dependencies that are shipped.

use plimsoll_model::{Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::views::{Manager, installs};
use crate::repo::Stage;
use crate::views::{Install, effective};
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "image/dev-dependencies-installed",
    section: Section::Image,
    level: Level::ShouldFix,
    assures: "no development dependencies are shipped",
    aliases: &[],
    page: include_str!("dev_dependencies_installed.md"),
    check: Check::Dockerfile(check),
};

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(last) = file.last() else { return };
    let production = effective(file, last.index).env.get("NODE_ENV").is_some_and(|v| v.value == "production");
    for (_, run) in file.lineage(last.index).into_iter().flat_map(Stage::runs) {
        for install in installs(run).filter(Install::from_manifest) {
            let said = |flags: &[&str]| install.call.args.iter().any(|w| flags.iter().any(|f| w.head().starts_with(f)));
            let (without, remedy): (bool, &str) = match install.manager {
                Manager::Poetry => (said(&["--only", "--without", "--no-dev", "--sync"]), "add --only main"),
                Manager::Npm => (production || said(&["--omit", "--production", "--only"]), "add --omit=dev"),
                Manager::Pnpm => (production || said(&["--prod", "-P"]), "add --prod"),
                Manager::Yarn => (production || said(&["--production"]), "add --production"),
                Manager::Pipenv => (!said(&["--dev", "-d"]), "leave out --dev"),
                Manager::Uv => (install.verb != "sync" || said(&["--no-dev", "--no-default-groups", "--only-group"]), "add --no-dev"),
                _ => continue,
            };
            out.examined();
            // A build that prunes afterwards ends without them.
            if without || run.text().contains("prune") {
                continue;
            }
            out.finding(&run.place(install.call.span()), "development dependencies are shipped")
                .label("test runners, linters, bundlers")
                .consequence("the image is larger, starts slower, and every tool of the developers is a way in")
                .remedy(remedy);
        }
    }
}
