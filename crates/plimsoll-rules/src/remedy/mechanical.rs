//! The fixes of findings, applied together: those that overlap wait for the next round, and
//! every round is reviewed again. A fix that does not end its finding is taken back.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Applicability, Edit, Finding, Fix, Report, Sources, apply_edits};

use super::change::{Outcome, changed};
use super::follow::report;
use crate::review::{Review, Terms};

/// How many times fixes may uncover more of them.
const ROUNDS: usize = 10;

/// What the fixes of findings come to.
#[derive(Clone, Debug, Default)]
pub struct Mended {
    /// What becomes of each file.
    pub outcome: Outcome,
    /// The fixes that were applied: rule and title.
    pub applied: Vec<(String, String)>,
    /// Fixes that may change what the pipeline does, held back.
    pub held_back: usize,
    /// Fixes that only show the direction.
    pub display: Vec<Finding>,
    /// Fixes that did not end their finding, or would change the same text as another: rule and
    /// title.
    pub dropped: Vec<(String, String)>,
}

/// A finding by what stays the same when lines move.
type Key = (String, String, Option<String>, String);

fn key(finding: &Finding) -> Key {
    (
        finding.rule.clone(),
        finding.primary.path.clone(),
        finding.service.clone(),
        finding.message.clone(),
    )
}

/// Applies the fixes of the findings that are wanted, up to an applicability.
#[must_use]
pub fn mechanical(
    evidence: &Review<'_>,
    terms: &Terms<'_>,
    wanted: &dyn Fn(&Finding) -> bool,
    most: Applicability,
) -> Mended {
    let mut mended = Mended::default();
    let mut sources = evidence.sources.clone();
    let mut refused: BTreeSet<Key> = BTreeSet::new();
    let mut now = report(&sources, evidence, terms);
    for finding in now.findings.iter().filter(|f| f.waiver.is_none() && wanted(f)) {
        match finding.fix.as_ref().map(|f| f.applicability) {
            Some(Applicability::Display) => mended.display.push(finding.clone()),
            Some(a) if a > most => mended.held_back += 1,
            _ => {}
        }
    }
    for _ in 0..ROUNDS {
        let fixable: Vec<&Finding> = now
            .findings
            .iter()
            .filter(|f| f.waiver.is_none() && wanted(f) && !refused.contains(&key(f)))
            .filter(|f| f.fix.as_ref().is_some_and(|x| x.applicability <= most))
            .collect();
        let chosen = fitting(&fixable, &sources);
        if chosen.is_empty() {
            break;
        }
        let (next, after, done) = round(evidence, terms, &sources, &now, &chosen, &mut refused);
        mended.applied.extend(done.iter().map(|f| said(f)));
        for (path, text) in next {
            mended.outcome.insert(path, text);
        }
        sources = changed(evidence.sources, &mended.outcome);
        now = after;
    }
    let gone = |f: &&Finding| refused.contains(&key(f));
    mended.dropped = now.findings.iter().filter(gone).map(said).collect();
    let same = |path: &str, text: &Option<String>| evidence.sources.text(path) == text.as_deref();
    mended.outcome.retain(|path, text| !same(path, text));
    mended
}

fn said(finding: &Finding) -> (String, String) {
    (finding.rule.clone(), finding.fix.as_ref().map_or(String::new(), |f| f.title.clone()))
}

/// The findings whose fixes change different text: the first of two that overlap.
fn fitting<'f>(findings: &[&'f Finding], sources: &Sources) -> Vec<&'f Finding> {
    let mut edits: BTreeMap<&str, Vec<Edit>> = BTreeMap::new();
    let mut chosen = Vec::new();
    for finding in findings {
        let Some(fix) = &finding.fix else { continue };
        if let Some(next) = with(&edits, fix, sources) {
            edits = next;
            chosen.push(*finding);
        }
    }
    chosen
}

fn with<'f>(
    edits: &BTreeMap<&'f str, Vec<Edit>>,
    fix: &'f Fix,
    sources: &Sources,
) -> Option<BTreeMap<&'f str, Vec<Edit>>> {
    let mut next = edits.clone();
    for edit in &fix.edits {
        let there = next.entry(&edit.path).or_default();
        if there.iter().any(|other| !edits_join(other, edit)) {
            return None;
        }
        there.push(edit.clone());
    }
    let text = |path: &str| sources.text(path).unwrap_or("");
    let fits = next.iter().all(|(path, e)| apply_edits(text(path), e).is_ok());
    (fits && !fix.edits.is_empty()).then_some(next)
}

/// Whether two edits can be made together, as far as their places do not tell: what goes on with a line
/// would go on with the new line that the other one begins there.
fn edits_join(a: &Edit, b: &Edit) -> bool {
    let inserts = a.start == a.end && b.start == b.end && a.start == b.start;
    !inserts || a == b || a.text.starts_with('\n') == b.text.starts_with('\n')
}

fn apply(sources: &Sources, findings: &[&Finding]) -> Outcome {
    let mut edits: BTreeMap<&str, Vec<Edit>> = BTreeMap::new();
    for edit in findings.iter().filter_map(|f| f.fix.as_ref()).flat_map(|f| &f.edits) {
        edits.entry(&edit.path).or_default().push(edit.clone());
    }
    let after = |(path, e): (&str, Vec<Edit>)| {
        let text = apply_edits(sources.text(path).unwrap_or(""), &e).ok()?;
        Some((path.to_owned(), Some(text)))
    };
    edits.into_iter().filter_map(after).collect()
}

/// Applies fixes together; where one of them does not end its finding, each by itself.
fn round<'f>(
    evidence: &Review<'_>,
    terms: &Terms<'_>,
    sources: &Sources,
    before: &Report,
    chosen: &[&'f Finding],
    refused: &mut BTreeSet<Key>,
) -> (Outcome, Report, Vec<&'f Finding>) {
    let outcome = apply(sources, chosen);
    let after = report(&changed(sources, &outcome), evidence, terms);
    if chosen.iter().all(|f| ends(f, before, &after)) {
        return (outcome, after, chosen.to_vec());
    }
    let kept: Vec<&Finding> = chosen
        .iter()
        .copied()
        .filter(|f| {
            let alone = apply(sources, &[f]);
            let good = ends(f, before, &report(&changed(sources, &alone), evidence, terms));
            if !good {
                refused.insert(key(f));
            }
            good
        })
        .collect();
    let outcome = apply(sources, &kept);
    let after = report(&changed(sources, &outcome), evidence, terms);
    (outcome, after, kept)
}

/// Whether a finding is gone: its rule finds less in that file than before.
fn ends(finding: &Finding, before: &Report, after: &Report) -> bool {
    let same = |f: &&Finding| f.rule == finding.rule && f.primary.path == finding.primary.path;
    let count = |r: &Report| r.findings.iter().filter(same).count();
    count(after) < count(before)
}
