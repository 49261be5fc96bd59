//! The report itself.

use plimsoll_model::Report;

/// Writes the report as JSON, a field a line.
pub(crate) fn render(report: &Report) -> String {
    // Every part of a report is a string, a finite number or a list: it can always be written.
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}
