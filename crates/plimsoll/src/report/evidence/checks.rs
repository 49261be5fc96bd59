//! What was tried of a service's image.

use plimsoll_model::{CheckState, ServiceCheck};

use super::{Cell, Table};

pub(super) fn table(checks: &[ServiceCheck]) -> Option<Table> {
    let rows = checks.iter().map(|check| {
        vec![
            Cell::Text(check.environment.clone().unwrap_or_default()),
            Cell::Text(check.name.title().to_owned()),
            match check.state {
                CheckState::Passed => Cell::Good("passed"),
                CheckState::Failed => Cell::Bad("failed"),
                CheckState::NotRun => Cell::Open("not run"),
            },
            Cell::Text(check.detail.clone()),
        ]
    });
    (!checks.is_empty()).then(|| Table {
        title: "Tried".to_owned(),
        lead: String::new(),
        columns: &["Environment", "Check", "Result", "What was seen"],
        rows: rows.collect(),
    })
}
