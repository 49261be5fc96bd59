//! A server that waits at another port than the one requests go to.

use plimsoll_model::{Level, Section};

use crate::discover::{DeployTool, Platform, Service};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::cloud_run::cloud_run;
use crate::views::said::{hides_variables, replaces_command, says_all, sets};
use crate::views::start::{self, Program, Server, Setting};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/port-mismatch",
    section: Section::Runtime,
    level: Level::Blocking,
    assures: "The server listens on the port that gets the requests",
    aliases: &[],
    page: include_str!("port_mismatch.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(image) = start::image(review, service) else { return };
    let Some(server) = start::server(review, &image) else { return };
    for deploy in start::deploys(review, service) {
        let hides = server.port == Setting::Default
            && (hides_variables(review, deploy)
                || ["UVICORN_PORT", "FLASK_RUN_PORT"].iter().any(|v| sets(deploy, v)));
        if deploy.platform != Platform::CloudRun
            || deploy.from_source.is_some()
            || replaces_command(review, deploy)
            || hides
        {
            continue;
        }
        let (wanted, at, said) = match &deploy.settings.port {
            Some(port) => (port.value.parse::<u32>().ok(), &port.at, true),
            None if says_all(review, deploy) => {
                (Some(u32::from(cloud_run().default_port)), &deploy.at, false)
            }
            None => continue,
        };
        let (Some(wanted), Some((port, place))) = (wanted, listens(&server)) else { continue };
        out.examined();
        if port == wanted {
            continue;
        }
        let name = &server.name;
        let finding = out.finding(
            place,
            format!("{name} listens on port {port}, but Cloud Run sends requests to {wanted}"),
        );
        finding
            .label(format!("port {port}"))
            .related(at, if said { format!("port {wanted}") } else { "no --port".to_owned() })
            .evidence(format!("documentation read {}", cloud_run().read))
            .consequence("the startup probe finds no open port and the revision is given up")
            .remedy(format!("listen on $PORT, or deploy with --port {port}"));
        // A deployment by flags keeps the port that the service already has.
        if !said && deploy.tool != DeployTool::CloudRunManifest {
            finding.level(Level::ShouldFix).evidence(
                "blocking for a new service; one that exists keeps the port it was given before",
            );
        }
    }
}

/// The port it listens on, where that is a constant.
fn listens(server: &Server) -> Option<(u32, &crate::repo::Place)> {
    match &server.port {
        Setting::Known(port) => Some((port.value.parse().ok()?, &port.at)),
        Setting::Default => match server.program {
            Program::Uvicorn | Program::Hypercorn => Some((8000, &server.at)),
            Program::Flask => Some((5000, &server.at)),
            _ => None,
        },
        Setting::Unknown => None,
    }
}
