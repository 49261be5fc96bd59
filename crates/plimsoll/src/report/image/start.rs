//! What a container of the image starts, and what keeps it from starting.

use std::fmt::Write as _;

use plimsoll_model::{ImageReport, printable};

use super::Page;

pub(super) fn start(page: &mut Page, report: &ImageReport) {
    let start = &report.start;
    let user = user(report);
    page.title("start", "");
    let command = page.fit(&start.command.join(" "), 16);
    let _ = writeln!(page.out, "    command  {command}");
    if let Some(program) = &start.program {
        let with = start.interpreter.as_deref().map_or(String::new(), |i| format!("  with /{i}"));
        let _ = writeln!(page.out, "    program  /{}", page.fit(&format!("{program}{with}"), 16));
    }
    let ports = report.config.ports.join(" ");
    let _ = writeln!(page.out, "    user     {}", printable(&user));
    if !ports.is_empty() {
        let _ = writeln!(page.out, "    ports    {}", printable(&ports));
    }
    for problem in &start.problems {
        let said = page.paint.bold("cannot start:");
        let _ = writeln!(page.out, "    {said} {}", printable(&problem.to_string()));
    }
    let (shown, left) = page.shown(&report.missing_libraries);
    if !shown.is_empty() {
        page.title("libraries that are nowhere in the image", "");
    }
    for one in shown {
        let owner = one.owner.as_deref().map_or(String::new(), |owner| format!("  ({owner})"));
        let text = page.fit(&format!("{}  needs {}{owner}", one.path, one.libraries.join(", ")), 6);
        page.line(&format!("    {text}"));
    }
    page.more(left);
}

/// Who runs it.
pub(super) fn user(report: &ImageReport) -> String {
    match (report.config.user.as_str(), report.start.uid) {
        ("", _) | (_, Some(0)) => "root".to_owned(),
        (user, Some(uid)) if user != uid.to_string() => format!("{user} ({uid})"),
        (user, _) => user.to_owned(),
    }
}
