//! Findings as an editor shows them.

use std::collections::BTreeMap;

use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString,
};
use plimsoll_model::{EntryKind, Finding, Level};

use super::text::{Lines, Units};
use super::uri;
use super::workspace::Workspace;

/// The diagnostics of every file that has some.
pub(super) fn of(workspace: &Workspace, units: Units) -> BTreeMap<String, Vec<Diagnostic>> {
    let mut all: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
    for finding in shown(workspace) {
        let path = &finding.primary.path;
        // An editor has no place for what concerns a folder.
        if workspace.found.sources.kind(path) == Some(EntryKind::File) {
            all.entry(path.clone()).or_default().push(diagnostic(workspace, finding, units));
        }
    }
    all
}

/// The findings that somebody should see: those that are let through are not.
pub(super) fn shown(workspace: &Workspace) -> impl Iterator<Item = &Finding> {
    workspace.report.findings.iter().filter(|finding| finding.waiver.is_none())
}

/// A finding as a diagnostic.
pub(super) fn diagnostic(workspace: &Workspace, finding: &Finding, units: Units) -> Diagnostic {
    let severity = match finding.effective_level() {
        Level::Blocking => DiagnosticSeverity::ERROR,
        Level::ShouldFix => DiagnosticSeverity::WARNING,
        Level::Advice => DiagnosticSeverity::INFORMATION,
    };
    let related = finding.related.iter().filter_map(|related| {
        let path = &related.location.path;
        let text = workspace.text(path).unwrap_or_default();
        let uri = uri::of(&workspace.root.join(path))?;
        let location = Location { uri, range: Lines::new(text, units).range(&related.location) };
        Some(DiagnosticRelatedInformation { location, message: related.label.clone() })
    });
    let text = workspace.text(&finding.primary.path).unwrap_or_default();
    Diagnostic {
        range: Lines::new(text, units).range(&finding.primary),
        severity: Some(severity),
        code: Some(NumberOrString::String(finding.rule.clone())),
        source: Some("plimsoll".to_owned()),
        message: message(finding),
        related_information: Some(related.collect()),
        ..Diagnostic::default()
    }
}

fn message(finding: &Finding) -> String {
    let mut lines = vec![finding.message.clone()];
    for line in [&finding.consequence, &finding.remedy] {
        if !line.is_empty() {
            lines.push(line.clone());
        }
    }
    lines.extend(finding.evidence.iter().cloned());
    lines.join("\n")
}
