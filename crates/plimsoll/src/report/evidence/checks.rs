//! What was tried of a service's image.

use plimsoll_model::{CheckState, ServiceCheck};

use super::{Cell, Table};

pub(super) fn table(checks: &[ServiceCheck]) -> Option<Table> {
    if checks.is_empty() {
        return None;
    }
    let columns: &[&str] = match checks.iter().any(|check| check.environment.is_some()) {
        true => &["Environment", "Check", "Result", "What was seen"],
        false => &["Check", "Result", "What was seen"],
    };
    let row = |check: &ServiceCheck| {
        let environment = Cell::Text(check.environment.clone().unwrap_or_default());
        let state = match check.state {
            CheckState::Passed => Cell::Good("passed"),
            CheckState::Failed => Cell::Bad("failed"),
            CheckState::NotRun => Cell::Open("not run"),
        };
        let name = Cell::Text(check.name.title().to_owned());
        let cells = [environment, name, state, Cell::Text(check.detail.clone())];
        cells.into_iter().skip(4 - columns.len()).collect()
    };
    let rows = checks.iter().map(row).collect();
    Some(Table { title: "Tried".to_owned(), lead: String::new(), columns, rows })
}
