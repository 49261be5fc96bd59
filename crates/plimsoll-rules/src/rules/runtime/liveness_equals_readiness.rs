//! Liveness probes that restart a pod as soon as readiness takes it out.

use plimsoll_model::{Applicability, Level, Section};

use crate::discover::beside::is_sample;
use crate::discover::{Deploy, Platform, Probe};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::edits::number_of;
use crate::views::probing::attempts;
use crate::views::workload::of_each;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/liveness-equals-readiness",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "a busy instance loses its traffic before it is restarted",
    aliases: &[],
    page: include_str!("liveness_equals_readiness.md"),
    check: Check::Repo(all),
};

/// Seconds of failing above which a liveness probe is patient.
const PATIENT: u32 = 60;

fn all(review: &Review<'_>, out: &mut Out) {
    of_each(
        review,
        out,
        check,
        |draft| draft.message.clone(),
        "and so does this one of the same name",
    );
}

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    if deploy.platform != Platform::Kubernetes || is_sample(&deploy.at.path) {
        return;
    }
    let s = &deploy.settings;
    let (Some(liveness), Some(readiness)) = (&s.liveness_probe, &s.readiness_probe) else { return };
    let path = |p: &Probe| p.path.as_ref().map(|f| f.value.clone()).filter(|p| !p.contains("{{"));
    let (Some(path), Some(other)) = (path(liveness), path(readiness)) else { return };
    let (kills, leaves_out) = (failing(liveness), failing(readiness));
    if path != other || liveness.port != readiness.port || kills > leaves_out || kills >= PATIENT {
        return out.examined();
    }
    let draft = out.finding(
        &liveness.at,
        format!(
            "{path} restarts an instance after {kills} seconds, before readiness could relieve it"
        ),
    );
    draft
        .label("liveness asks what readiness asks")
        .related(&readiness.at, format!("takes it out of the service after {leaves_out} seconds"))
        .consequence("under load, or when a database is slow, every instance is restarted at once and the rest gets more load")
        .remedy("let liveness ask a path that needs nothing but the process, or fail much later than readiness");
    let (_, period) = (attempts(liveness).0, attempts(liveness).1.max(1));
    let wanted = PATIENT.max(leaves_out.saturating_mul(2)).div_ceil(period);
    if let Some(edits) = number_of(review.sources, &liveness.at, "failureThreshold", wanted) {
        draft.fix("give liveness more attempts", Applicability::Unsafe, edits);
    }
}

/// Seconds of failing after which a probe acts.
fn failing(probe: &Probe) -> u32 {
    let (attempts, period) = attempts(probe);
    period.saturating_mul(attempts)
}
