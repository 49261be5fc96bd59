//! What judging again changed: the recorded report beside the one of now.

use plimsoll_model::{Finding, Report, Verdict, printable};

/// How many findings are named.
const MOST_NAMED: usize = 20;

/// How a report differs from the recorded one.
pub(crate) struct Drift {
    /// The versions, then and now.
    versions: (String, String),
    verdicts: (Verdict, Verdict),
    /// Findings that only the report of now has.
    new: Vec<String>,
    /// Findings that only the recorded report has.
    gone: Vec<String>,
    /// Whether nothing but the version is another.
    same: bool,
}

impl Drift {
    /// Compares; findings are the same where their fingerprints are.
    pub(super) fn between(then: &Report, now: &Report) -> Self {
        let version = now.plimsoll_version.clone();
        Self {
            versions: (then.plimsoll_version.clone(), version.clone()),
            verdicts: (then.verdict, now.verdict),
            new: missing(&now.findings, &then.findings),
            gone: missing(&then.findings, &now.findings),
            same: Report { plimsoll_version: version, ..then.clone() } == *now,
        }
    }

    /// What is to be said, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let (then, now) = &self.versions;
        if self.same && then != now {
            return vec![format!("plimsoll {now} says the same as {then} did")];
        }
        let mut lines = vec![match then == now {
            true => format!(
                "the report is not the recorded one, though both are of plimsoll {now}: \
                 the record was changed, or one of the programs was"
            ),
            false => format!("the report is not the recorded one: plimsoll {then} then, {now} now"),
        }];
        let (then, now) = self.verdicts;
        lines.push(match then == now {
            true => format!("verdict: {now}, then and now"),
            false => format!("verdict: {then} then, {now} now"),
        });
        lines.extend(named("new", &self.new));
        lines.extend(named("gone", &self.gone));
        lines
    }
}

/// The findings that others do not have.
fn missing(findings: &[Finding], others: &[Finding]) -> Vec<String> {
    let known: std::collections::BTreeSet<&str> =
        others.iter().map(|finding| finding.fingerprint.as_str()).collect();
    let only = findings.iter().filter(|finding| !known.contains(finding.fingerprint.as_str()));
    only.map(|f| printable(&format!("{}: {}: {}", f.rule, f.primary, f.message)).into_owned())
        .collect()
}

fn named(word: &str, findings: &[String]) -> Vec<String> {
    let mut lines: Vec<String> =
        findings.iter().take(MOST_NAMED).map(|finding| format!("{word}: {finding}")).collect();
    let left = findings.len().saturating_sub(MOST_NAMED);
    if left > 0 {
        lines.push(format!("{word}: {left} more"));
    }
    lines
}
