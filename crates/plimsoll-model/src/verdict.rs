//! The verdict: what a sign-off says in one word.

use serde::{Deserialize, Serialize};

use crate::{Finding, Gate, GateState, Level};

/// What the sign-off says, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// Nothing is open and every gating figure is within its budget.
    Approved,
    /// Should-fix findings are open, within their time.
    Conditional,
    /// Nothing blocks, but gating figures are missing.
    NotProven,
    /// A finding blocks or a gate fails.
    Rejected,
}

impl Verdict {
    /// Judges findings and gates. Waived findings do not count; an overdue should-fix blocks.
    #[must_use]
    pub fn judge(findings: &[Finding], gates: &[Gate]) -> Self {
        let open =
            |level| findings.iter().any(|f| f.waiver.is_none() && f.effective_level() == level);
        let gate = |state| gates.iter().any(|g| g.state == state);
        if open(Level::Blocking) || gate(GateState::Failed) {
            Self::Rejected
        } else if gate(GateState::NotMeasured) {
            Self::NotProven
        } else if open(Level::ShouldFix) {
            Self::Conditional
        } else {
            Self::Approved
        }
    }

    /// The word that is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Conditional => "conditional",
            Self::NotProven => "not proven",
            Self::Rejected => "rejected",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
