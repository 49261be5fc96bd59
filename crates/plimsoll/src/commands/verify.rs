//! `plimsoll replay --verify`: whether an image holds the bytes of the commit it claims.

use plimsoll_model::Exit;
use plimsoll_rules::discover::Service;

use crate::failure::Failure;
use crate::pipeline::Found;
use crate::replays::verify::{Asked, verify};
use crate::report;
use crate::ui::{self, Colour};

/// Compares and prints.
pub(super) fn run(
    found: &Found,
    services: &[&Service],
    asked: Asked<'_>,
    json: bool,
    colour: Colour,
) -> Result<Exit, Failure> {
    let report = verify(found, services, asked)?;
    if json {
        let text = serde_json::to_string_pretty(&report);
        let text =
            text.map_err(|error| Failure::missing(format!("failed to write JSON: {error}")))?;
        ui::result(&(text + "\n"))?;
    } else {
        ui::result(&report::verify::page(&report, colour))?;
    }
    Ok(if report.agrees() { Exit::Passed } else { Exit::Rejected })
}
