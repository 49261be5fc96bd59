//! Runs the rules and puts the report together.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plimsoll_model::{
    Finding, Gate, GateState, Level, PassedRule, Related, Report, SCHEMA_VERSION, Section, Verdict,
    Waiver, metric,
};

use super::excerpt::Locator;
use super::fingerprint::fingerprint;
use super::suppressions;
use super::waiver::{self, Allowance, Scope, Used};
use super::{Review, Terms, budgets, checklist, score, summary};
use crate::config::RuleSetting;
use crate::discover::Service;
use crate::discover::beside::Beside;
use crate::repo::Fact;
use crate::rule::{Check, Draft, Out, Rule};
use crate::rules;
use crate::views::aside::Aside;
use crate::views::subject::{Subject, subjects};

/// Days before a should-fix blocks, unless `plimsoll.toml` says otherwise.
const DUE_DAYS: i32 = 30;

pub(crate) fn run(review: &Review<'_>, terms: &Terms<'_>) -> Report {
    let mut locator = Locator::new(review.sources);
    let (waivers, faults) = all_waivers(review);
    let generated = review.repo.dockerfiles.iter().filter(|d| d.is_generated(review.sources));
    let mut run = Run {
        review,
        terms,
        locator: &mut locator,
        findings: Vec::new(),
        seen: BTreeMap::new(),
        passed: Vec::new(),
        applied: BTreeMap::new(),
        subjects: OnceCell::new(),
        aside: Aside::new(review),
        generated: generated.map(|file| Arc::clone(&file.path)).collect(),
    };
    for rule in rules::all() {
        run.rule(rule);
    }
    run.config_findings(&faults);
    run.waive(&waivers);
    let Run { mut findings, passed, applied, .. } = run;
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (f.waiver.is_some(), f.effective_level());
        key(a).cmp(&key(b)).then_with(|| (&a.primary, &a.rule).cmp(&(&b.primary, &b.rule)))
    });
    let figures = budgets::figures(review);
    let gates = budgets::gates(review, &figures, &mut locator);
    let verdict = Verdict::judge(&findings, &gates);
    let inputs =
        score::Inputs { findings: &findings, gates: &gates, figures: &figures, applied: &applied };
    let sections = score::sections(&inputs);
    Report {
        schema_version: SCHEMA_VERSION,
        plimsoll_version: terms.version.to_owned(),
        repository: review.sources.name.clone(),
        date: terms.today,
        verdict,
        reasons: reasons(&findings, &gates),
        score: score::overall(&sections, verdict == Verdict::Rejected),
        sections,
        services: summary::services(review, &mut locator),
        checklist: checklist::checklist(review, &findings),
        not_analysed: summary::not_analysed(review),
        next: summary::next(&findings, &gates),
        gates,
        figures,
        findings,
        passed,
    }
}

struct Run<'a, 'r> {
    review: &'a Review<'r>,
    terms: &'a Terms<'a>,
    locator: &'a mut Locator<'r>,
    findings: Vec<Finding>,
    /// How many findings would have the same fingerprint.
    seen: BTreeMap<String, usize>,
    passed: Vec<PassedRule>,
    applied: BTreeMap<Section, usize>,
    /// What several rules look at and is long to work out: once, where one of them is run.
    subjects: OnceCell<Vec<Subject<'a>>>,
    /// The files of which nothing is shipped.
    aside: Aside,
    /// The Dockerfiles that a program writes.
    generated: BTreeSet<Arc<str>>,
}

impl Run<'_, '_> {
    fn rule(&mut self, rule: &'static Rule) {
        let set = self.review.config.rules.iter().find(|(name, _)| name.value == rule.name);
        let level = match set {
            Some((_, RuleSetting::Off)) => return,
            Some((_, RuleSetting::Level(level))) => Some(*level),
            None => None,
        };
        let mut out = self.check(rule.check);
        if out.subjects == 0 {
            return;
        }
        *self.applied.entry(rule.section).or_default() += 1;
        let all = out.findings.len();
        if level.is_none() {
            out.findings.retain_mut(|draft| self.counts(rule, draft));
        }
        // What does not count is not said, but it is not passed either.
        if all == 0 {
            let summary = rule.assures.to_owned();
            self.passed.push(PassedRule {
                rule: rule.name.to_owned(),
                summary,
                subjects: out.subjects,
            });
        }
        let mut seen = BTreeSet::new();
        for draft in out.findings {
            let level = level.or(draft.level).unwrap_or(rule.level);
            if seen.insert((draft.at.clone(), draft.message.clone(), draft.service.clone())) {
                self.add(rule.name, level, draft);
            }
        }
    }

    /// Whether a finding counts where `plimsoll.toml` does not say. In a file of which nothing is shipped
    /// what blocks elsewhere is advice, for it does not work; what others copy weighs one level less.
    /// What tests read may be as wrong as they need it.
    fn counts(&self, rule: &Rule, draft: &mut Draft) -> bool {
        let Some(beside) = self.aside.of(&draft.at.path) else { return true };
        let level = draft.level.unwrap_or(rule.level);
        draft.evidence(beside.says(&draft.at.path)).level(Level::Advice);
        match level {
            Level::Blocking => beside != Beside::Data,
            Level::ShouldFix => beside.is_copied(),
            Level::Advice => false,
        }
    }

    fn check(&self, check: Check) -> Out {
        let review = self.review;
        let mut out = Out::default();
        match check {
            Check::Repo(f) => f(review, &mut out),
            Check::Dockerfile(f) => {
                review.repo.dockerfiles.iter().for_each(|d| f(review, d, &mut out));
                gather_generated(&self.generated, &mut out);
            }
            Check::Service(f) => {
                for service in &review.found.services {
                    of_service(service, &mut out, |out| f(review, service, out));
                }
            }
            Check::Installs(f) => {
                for subject in self.subjects.get_or_init(|| subjects(review)) {
                    of_service(subject.service, &mut out, |out| f(subject, out));
                }
            }
            Check::Build(f) => review.found.builds.iter().for_each(|b| f(review, b, &mut out)),
            Check::Deploy(f) => review.found.deploys.iter().for_each(|d| f(review, d, &mut out)),
            Check::Runner => {}
            Check::Workflow(f) => review.repo.workflows.iter().for_each(|w| f(review, w, &mut out)),
        }
        out
    }

    fn add(&mut self, rule: &str, level: Level, draft: Draft) {
        let primary = self.locator.location(&draft.at);
        let related = draft.related.iter().map(|(at, label)| {
            let location = self.locator.location(at);
            Related { excerpt: self.locator.excerpt(&location), location, label: label.clone() }
        });
        let related: Vec<Related> = related.collect();
        let mut finding = Finding {
            rule: rule.to_owned(),
            level,
            service: draft.service,
            message: draft.message,
            label: draft.label,
            excerpt: self.locator.excerpt(&primary),
            primary,
            related,
            evidence: draft.evidence,
            consequence: draft.consequence,
            remedy: draft.remedy,
            fix: draft.fix,
            fingerprint: String::new(),
            first_seen: None,
            due: None,
            overdue: false,
            waiver: None,
        };
        let seen = self.seen.entry(fingerprint(&finding, 0)).or_default();
        finding.fingerprint = fingerprint(&finding, *seen);
        *seen += 1;
        self.date(&mut finding);
        self.findings.push(finding);
    }

    /// Sets when a finding was first seen and, for a should-fix, when it begins to block.
    fn date(&self, finding: &mut Finding) {
        let baseline = self.terms.baseline.into_iter().flat_map(|b| &b.findings);
        let before =
            baseline.filter(|f| f.fingerprint == finding.fingerprint).find_map(|f| f.first_seen);
        let first = before.unwrap_or(self.terms.today);
        finding.first_seen = Some(first);
        if finding.level == Level::ShouldFix {
            let due = first.plus_days(self.review.config.due_days.unwrap_or(DUE_DAYS));
            finding.due = Some(due);
            finding.overdue = due < self.terms.today;
        }
    }

    /// Findings about `plimsoll.toml` and about comments that are no waiver.
    fn config_findings(&mut self, faults: &[Fact<String>]) {
        for fault in self.review.config.faults.iter().chain(faults) {
            let mut out = Out::default();
            out.finding(&fault.at, &*fault.value)
                .consequence("the setting is not applied")
                .remedy("correct it; docs/reference/configuration.md lists what can be set");
            self.add_all("config/fault", Level::Blocking, out);
        }
        for (name, _) in &self.review.config.rules {
            if rules::find(&name.value).is_none() {
                let mut out = Out::default();
                out.finding(&name.at, format!("there is no rule `{}`", name.value))
                    .consequence("the setting is not applied")
                    .remedy("`plimsoll explain` lists the rules");
                self.add_all("config/fault", Level::Blocking, out);
            }
        }
    }

    fn add_all(&mut self, rule: &str, level: Level, out: Out) {
        for draft in out.findings {
            self.add(rule, level, draft);
        }
    }

    /// Applies the waivers, and finds those that cover nothing or have run out.
    fn waive(&mut self, waivers: &[Allowance]) {
        let mut used = Used::default();
        for finding in &mut self.findings {
            let line = finding.primary.line();
            for (i, waiver) in waivers.iter().enumerate() {
                if !waiver.covers(&finding.rule, &finding.primary.path, line) {
                    continue;
                }
                used.note(i);
                if waiver.until.is_none_or(|day| day >= self.terms.today) {
                    let location = self.locator.location(&waiver.at);
                    finding.waiver = Some(Waiver {
                        location,
                        until: waiver.until,
                        reason: waiver.reason.clone(),
                    });
                }
            }
        }
        for (i, waiver) in waivers.iter().enumerate() {
            let Some(day) = waiver.until else { continue };
            let mut out = Out::default();
            if !waiver.rules.iter().any(|rule| rules::find(rule).is_some()) {
                let names = waiver.rules.join(", ");
                out.finding(&waiver.at, format!("this waiver names no rule: there is no {names}"))
                    .consequence("it covers nothing")
                    .remedy("correct the name; `plimsoll explain` lists the rules");
                self.add_all("config/stale-waiver", Level::ShouldFix, out);
            } else if !used.contains(i) {
                out.finding(
                    &waiver.at,
                    format!("this waiver of {} covers nothing", waiver.rules.join(", ")),
                )
                .consequence("it would hide the problem if it came back")
                .remedy("remove it");
                self.add_all("config/stale-waiver", Level::ShouldFix, out);
            } else if day < self.terms.today {
                out.finding(&waiver.at, format!("this waiver ran out on {day}"))
                    .consequence("the finding it covered counts again")
                    .remedy("mend the finding, or argue a new date");
                self.add_all("config/expired-waiver", Level::ShouldFix, out);
            }
        }
    }
}

/// The waivers of comments, of `plimsoll.toml`, and the suppressions of other tools.
fn all_waivers(review: &Review<'_>) -> (Vec<Allowance>, Vec<Fact<String>>) {
    let (mut waivers, faults) = waiver::read(review.sources);
    waivers.extend(review.config.waivers.iter().map(|w| Allowance {
        at: w.at.clone(),
        rules: vec![w.rule.clone()],
        until: Some(w.until),
        reason: w.reason.clone(),
        scope: w.path.clone().map_or(Scope::All, Scope::Path),
    }));
    waivers.extend(suppressions::of_other_tools(review));
    (waivers, faults)
}

/// Runs a check over what belongs to a service: its findings are the service's.
fn of_service(service: &Service, out: &mut Out, check: impl FnOnce(&mut Out)) {
    let before = out.findings.len();
    check(out);
    for draft in &mut out.findings[before..] {
        draft.service.get_or_insert_with(|| service.name.clone());
    }
}

/// Why the verdict is what it is, gravest first.
fn reasons(findings: &[Finding], gates: &[Gate]) -> Vec<String> {
    let open =
        |level| findings.iter().filter(move |f| f.waiver.is_none() && f.effective_level() == level);
    let title =
        |g: &Gate| metric(&g.budget.metric).map_or(g.budget.metric.clone(), |m| m.title.to_owned());
    let mut reasons: Vec<String> = Vec::new();
    for finding in open(Level::Blocking) {
        let overdue = finding.due.filter(|_| finding.overdue);
        let overdue =
            overdue.map(|d| format!(" (should have been fixed by {d})")).unwrap_or_default();
        reasons.push(format!("{}: {}{overdue}", finding.primary, finding.message));
    }
    let failed = gates.iter().filter(|g| g.state == GateState::Failed);
    reasons.extend(failed.map(Gate::says));
    let missing: BTreeSet<String> =
        gates.iter().filter(|g| g.state == GateState::NotMeasured).map(title).collect();
    if !missing.is_empty() {
        let names: Vec<String> = missing.into_iter().collect();
        reasons.push(format!("not measured, though budgeted: {}", names.join(", ")));
    }
    let should = open(Level::ShouldFix).count();
    if should > 0 {
        reasons.push(format!(
            "{should} should-fix {} open",
            if should == 1 { "finding is" } else { "findings are" }
        ));
    }
    reasons
}

/// Makes one finding of those that say the same about Dockerfiles that a program writes: they have
/// one template, and that is where each of them is mended. A fix of what is written would be lost.
fn gather_generated(generated: &BTreeSet<Arc<str>>, out: &mut Out) {
    let all = std::mem::take(&mut out.findings);
    let (mut drafts, others): (Vec<Draft>, Vec<Draft>) =
        all.into_iter().partition(|draft| generated.contains(&draft.at.path));
    for draft in &mut drafts {
        draft.fix = None;
        draft.evidence("the file says that it is generated: change what it is made from");
    }
    out.findings = drafts;
    out.gather(
        |draft| (draft.message.clone(), draft.level),
        |draft| (draft.at.clone(), "the same here; this file is generated, too".to_owned()),
    );
    out.findings.extend(others);
}
