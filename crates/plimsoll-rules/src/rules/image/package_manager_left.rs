//! Tools of the build that are shipped.

use plimsoll_model::{Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::views::{Manager, installs};
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "image/package-manager-left",
    section: Section::Image,
    level: Level::Advice,
    assures: "no tool that only the build needs is shipped",
    aliases: &[],
    page: include_str!("package_manager_left.md"),
    check: Check::Dockerfile(check),
};

/// Tools that install an application's dependencies and have no work at run time.
const TOOLS: [&str; 6] = ["poetry", "pipenv", "pdm", "hatch", "uv", "pip-tools"];

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(last) = file.last() else { return };
    for (_, run) in file.lineage(last.index).into_iter().flat_map(|s| s.runs()) {
        for install in installs(run).filter(|i| i.manager == Manager::Pip) {
            out.examined();
            let Some(tool) = TOOLS.iter().find(|t| install.names(t)) else { continue };
            out.finding(&run.place(install.call.span()), format!("{tool} is shipped with the service"))
                .label("only the build needs it")
                .consequence("it brings packages of its own, which can differ from those of the application and hide that one is missing")
                .remedy(format!("install with {tool} in an earlier stage and copy the result"));
        }
    }
}
