//! GitHub workflow commands: each open finding as an annotation.

use std::fmt::Write as _;

use plimsoll_model::{Level, Report, printable};

/// Writes a line for each open finding, and one for the verdict.
pub(crate) fn render(report: &Report) -> String {
    let mut out = String::new();
    for level in Level::ALL {
        let command = match level {
            Level::Blocking => "error",
            Level::ShouldFix => "warning",
            Level::Advice => "notice",
        };
        for finding in report.open(level) {
            let at = &finding.primary;
            let mut place = format!("file={}", property(&at.path));
            if let (Some(start), Some(end)) = (at.start, at.end) {
                let _ = write!(place, ",line={},endLine={}", start.line, end.line);
                if start.line == end.line {
                    let _ = write!(place, ",col={},endColumn={}", start.column, end.column);
                }
            }
            let parts = [&finding.message, &finding.consequence, &finding.remedy];
            let text: Vec<&str> =
                parts.iter().map(|p| p.as_str()).filter(|p| !p.is_empty()).collect();
            let _ = writeln!(
                out,
                "::{command} {place},title={}::{}",
                property(&finding.rule),
                data(&text.join("\n"))
            );
        }
    }
    let _ = writeln!(
        out,
        "::notice title=plimsoll::{}",
        data(&format!("{}: {}", report.repository, report.verdict))
    );
    out
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|l| printable(l).replace('%', "%25")).collect();
    lines.join("%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    printable(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}
