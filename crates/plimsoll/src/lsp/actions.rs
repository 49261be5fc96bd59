//! What an editor offers to do about findings.

use std::collections::HashMap;
use std::path::Path;

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, Position, Range, TextEdit, Uri, WorkspaceEdit,
};
use plimsoll_model::{Applicability, Edit, Finding, apply_edits};

use super::diagnostics::{diagnostic, shown};
use super::text::{Lines, Units};
use super::uri;
use super::workspace::Workspace;
use crate::pipeline;

/// How long a waiver holds that an editor writes, in days.
const WAIVED: i32 = 90;

/// What can be done about what stands in a range of a file.
pub(super) fn of(
    workspace: &Workspace,
    path: &str,
    range: Range,
    only: Option<&[CodeActionKind]>,
    units: Units,
) -> Vec<CodeActionOrCommand> {
    let wants = |kind: &CodeActionKind| {
        only.is_none_or(|only| {
            only.iter().any(|wanted| {
                kind.as_str() == wanted.as_str()
                    || kind.as_str().starts_with(&format!("{}.", wanted.as_str()))
            })
        })
    };
    let mut actions = Vec::new();
    if wants(&CodeActionKind::QUICKFIX) {
        for finding in shown(workspace).filter(|finding| finding.primary.path == path) {
            let diagnostic = diagnostic(workspace, finding, units);
            if diagnostic.range.start > range.end || range.start > diagnostic.range.end {
                continue;
            }
            let action = |title, edit, preferred| CodeAction {
                title,
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: Some(vec![diagnostic.clone()]),
                edit: Some(edit),
                is_preferred: Some(preferred),
                ..CodeAction::default()
            };
            actions.extend(fix(workspace, finding, units, &action));
            actions.extend(waiver(workspace, finding, diagnostic.range, &action));
        }
    }
    let all = CodeActionKind::new("source.fixAll.plimsoll");
    if wants(&all) {
        actions.extend(fix_all(workspace, path, all, units));
    }
    actions.into_iter().map(CodeActionOrCommand::CodeAction).collect()
}

type Make<'m> = dyn Fn(String, WorkspaceEdit, bool) -> CodeAction + 'm;

fn fix(
    workspace: &Workspace,
    finding: &Finding,
    units: Units,
    action: &Make<'_>,
) -> Option<CodeAction> {
    let fix = finding.fix.as_ref()?;
    if fix.applicability == Applicability::Display {
        return None;
    }
    let edit = edits(workspace, &fix.edits, units)?;
    let is_safe = fix.applicability == Applicability::Safe;
    let read = if is_safe { "" } else { " (read it first)" };
    Some(action(format!("{}{read}", fix.title), edit, is_safe))
}

/// A comment that lets the finding through, where the file can hold one. The reason is left to the
/// person: without one the waiver does not hold.
fn waiver(
    workspace: &Workspace,
    finding: &Finding,
    range: Range,
    action: &Make<'_>,
) -> Option<CodeAction> {
    finding.primary.start?;
    // A waiver cannot stand for another one that is wrong.
    if finding.rule.starts_with("config/") {
        return None;
    }
    let path = &finding.primary.path;
    let name = Path::new(path);
    let of_yaml = name.extension().is_some_and(|kind| kind == "yml" || kind == "yaml");
    if !of_yaml && workspace.found.repo.dockerfile(path).is_none() {
        return None;
    }
    let line = workspace.text(path)?.lines().nth(range.start.line as usize)?;
    let indent = &line[..line.len() - line.trim_start().len()];
    let until = pipeline::today().plus_days(WAIVED);
    let text = format!("{indent}# plimsoll: allow {} until={until} reason=\"\"\n", finding.rule);
    let at = Position::new(range.start.line, 0);
    let edit = TextEdit { range: Range::new(at, at), new_text: text };
    let uri = uri::of(&workspace.root.join(path))?;
    let title = format!("let {} through for {WAIVED} days, with a reason", finding.rule);
    Some(action(title, whole(HashMap::from([(uri, vec![edit])])), false))
}

/// Every safe fix of a file that changes nothing else: of two that meet, the first.
fn fix_all(
    workspace: &Workspace,
    path: &str,
    kind: CodeActionKind,
    units: Units,
) -> Option<CodeAction> {
    let text = workspace.text(path)?;
    let mut taken: Vec<Edit> = Vec::new();
    let fixes = shown(workspace).filter_map(|finding| finding.fix.as_ref());
    for fix in fixes.filter(|fix| fix.applicability == Applicability::Safe) {
        if fix.edits.iter().all(|edit| edit.path == path) {
            let more: Vec<Edit> = taken.iter().chain(&fix.edits).cloned().collect();
            if apply_edits(text, &more).is_ok() {
                taken = more;
            }
        }
    }
    taken.sort();
    taken.dedup();
    let edit = edits(workspace, &taken, units).filter(|_| !taken.is_empty())?;
    Some(CodeAction {
        title: "apply every safe fix of this file".to_owned(),
        kind: Some(kind),
        edit: Some(edit),
        ..CodeAction::default()
    })
}

/// Edits of files that are there; one that would make a file is left to `plimsoll fix`.
fn edits(workspace: &Workspace, edits: &[Edit], units: Units) -> Option<WorkspaceEdit> {
    #[expect(clippy::mutable_key_type, reason = "the form of the protocol's types")]
    let mut all: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for edit in edits {
        let lines = Lines::new(workspace.text(&edit.path)?, units);
        let range = Range::new(lines.position(edit.start), lines.position(edit.end));
        let edit = (uri::of(&workspace.root.join(&edit.path))?, edit.text.clone());
        all.entry(edit.0).or_default().push(TextEdit { range, new_text: edit.1 });
    }
    Some(whole(all))
}

#[expect(clippy::mutable_key_type, reason = "the form of the protocol's types")]
fn whole(changes: HashMap<Uri, Vec<TextEdit>>) -> WorkspaceEdit {
    WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
}
