//! Puts a draft to the test: the changed repository is reviewed again, the fixes of rules that
//! belong to the same fault come along, and what is still wrong is said.

use std::collections::BTreeSet;

use plimsoll_model::{Applicability, Finding, Level, ProofPlan, Report, Sources, apply_edits};

use super::change::{Outcome, changed};
use super::proof;
use super::{Draft, Proposal, Strategy};
use crate::discover::{self, Service};
use crate::repo::Repo;
use crate::review::{Measured, Review, Terms, review};
use crate::views::building::{builds, contexts, dockerfile};

/// How many times fixes may call for more fixes.
const ROUNDS: usize = 4;

/// Rules whose fixes belong to a mended dependency.
fn belongs(rule: &str) -> bool {
    rule.starts_with("dependencies/") || rule == "workflow/path-filter-incomplete"
}

/// Rules that say a local dependency does not work.
fn is_about(rule: &str) -> bool {
    rule.starts_with("dependencies/")
}

/// Whether a package that an install finds is lost later, or its install is refused, and a rule
/// has a fix for that.
pub(super) fn has_fixes(review: &Review<'_>, terms: &Terms<'_>, service: &Service) -> bool {
    const RULES: [&str; 4] = [
        "dependencies/editable-left-behind",
        "dependencies/hashes-with-path",
        "dependencies/prefix-install-shares-interpreter",
        "dependencies/readme-ignored",
    ];
    let report = report(review.sources, review, terms);
    let mut own = report.findings.iter().filter(|f| of(f, service));
    own.any(|f| RULES.contains(&f.rule.as_str()) && f.fix.is_some())
}

/// Reviews the outcome of a draft and makes it a proposal.
///
/// # Errors
/// Where the changes do not fit together or mend nothing.
pub(super) fn finish(
    before: &Review<'_>,
    terms: &Terms<'_>,
    service: &Service,
    strategy: Strategy,
    draft: Draft,
) -> Result<Proposal, String> {
    let mut outcome = draft.changes.outcome(before.sources).map_err(|e| e.to_string())?;
    let old = report(before.sources, before, terms);
    let mut sources = changed(before.sources, &outcome);
    let mut new = report(&sources, before, terms);
    for _ in 0..ROUNDS {
        if !more(&sources, &old, &new, service, &mut outcome) {
            break;
        }
        sources = changed(before.sources, &outcome);
        new = report(&sources, before, terms);
    }
    if outcome.is_empty() {
        return Err("there is nothing to change mechanically".to_owned());
    }
    let remaining = remaining(&old, &new, service);
    let count =
        |r: &Report| r.findings.iter().filter(|f| is_about(&f.rule) && of(f, service)).count();
    let gone = count(&old).saturating_sub(count(&new));
    if gone == 0 {
        return Err(remaining
            .first()
            .cloned()
            .unwrap_or_else(|| "it would mend nothing".to_owned()));
    }
    let applicability =
        if remaining.is_empty() { Applicability::Unsafe } else { Applicability::Display };
    let plan = plan(before, &sources, service, &draft);
    Ok(Proposal {
        service: service.name.clone(),
        strategy,
        applicability,
        outcome,
        notes: draft.done.notes,
        gone,
        remaining,
        proof: plan,
    })
}

fn of(finding: &Finding, service: &Service) -> bool {
    finding.service.as_deref().is_none_or(|s| s == service.name)
}

/// Reviews changed sources under the same terms.
pub(super) fn report(sources: &Sources, evidence: &Review<'_>, terms: &Terms<'_>) -> Report {
    let repo = Repo::read(sources);
    let found = discover::discover(sources, &repo, evidence.config);
    let measured = Measured::default();
    let evidence = Review {
        sources,
        repo: &repo,
        found: &found,
        measured: &measured,
        config: evidence.config,
        today: evidence.today,
    };
    review(&evidence, terms)
}

/// Applies the fixes of findings that belong to the fault; whether there were any.
fn more(
    sources: &Sources,
    old: &Report,
    new: &Report,
    service: &Service,
    outcome: &mut Outcome,
) -> bool {
    let known: BTreeSet<&str> = old.findings.iter().map(|f| f.fingerprint.as_str()).collect();
    let mut any = false;
    let mut touched: BTreeSet<String> = BTreeSet::new();
    for finding in new.findings.iter().filter(|f| belongs(&f.rule) && of(f, service)) {
        // A filter that was incomplete before is another fault.
        if !is_about(&finding.rule) && known.contains(finding.fingerprint.as_str()) {
            continue;
        }
        let Some(fix) = finding.fix.as_ref().filter(|f| f.applicability <= Applicability::Unsafe)
        else {
            continue;
        };
        let paths: BTreeSet<String> = fix.edits.iter().map(|e| e.path.clone()).collect();
        // Places move with every fix: one fix of a file a round.
        if paths.is_empty() || paths.iter().any(|p| touched.contains(p)) {
            continue;
        }
        for path in &paths {
            let edits: Vec<_> = fix.edits.iter().filter(|e| e.path == *path).cloned().collect();
            let text = sources.text(path).unwrap_or("");
            if let Ok(after) = apply_edits(text, &edits)
                && after != text
            {
                outcome.insert(path.clone(), Some(after));
                any = true;
            }
        }
        touched.extend(paths);
    }
    any
}

/// What is wrong with the dependencies afterwards, and what blocks that did not before.
fn remaining(old: &Report, new: &Report, service: &Service) -> Vec<String> {
    let known =
        |f: &Finding| old.findings.iter().any(|o| o.rule == f.rule && o.message == f.message);
    let wrong = |f: &&Finding| {
        let own = is_about(&f.rule) && of(f, service) && f.level != Level::Advice;
        let is_new = f.level == Level::Blocking && !known(f);
        f.waiver.is_none() && ((own && (f.level == Level::Blocking || !known(f))) || is_new)
    };
    let said = |f: &Finding| format!("{}: {} ({})", f.rule, f.message, f.primary.path);
    new.findings.iter().filter(wrong).map(said).collect()
}

fn plan(before: &Review<'_>, after: &Sources, service: &Service, draft: &Draft) -> ProofPlan {
    let Some(file) = dockerfile(before, service) else { return ProofPlan::default() };
    let build = builds(before, service).next();
    let old = contexts(before, service).first().map_or("", |c| c.folder).to_owned();
    let named = build.map_or_else(Vec::new, proof::named);
    let mut all = named.clone();
    all.extend(draft.named.iter().cloned());
    let mut packages = proof::packages(after, &before.repo.packages, &draft.packages);
    if draft.released {
        packages.iter_mut().for_each(|p| p.probe = None);
    }
    ProofPlan {
        before: Some(proof::build_plan(file, service, build, &old, &named)),
        after: proof::build_plan(file, service, build, &draft.context, &all),
        packages,
        application: proof::application(before, file, service, &old),
        third_party: draft.done.third_party.clone(),
    }
}
