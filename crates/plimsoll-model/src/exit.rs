//! Exit codes, documented and stable.

use crate::Verdict;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// It did its job and nothing asked for failure.
    Passed = 0,
    /// A fault of Plimsoll itself.
    Internal = 1,
    /// The command line or `plimsoll.toml` is wrong.
    Usage = 2,
    /// Something needed is missing: a file, an engine, a permission.
    Missing = 3,
    /// Approved with conditions.
    Conditional = 10,
    /// Rejected.
    Rejected = 11,
    /// Nothing blocks, but gating figures are missing.
    NotProven = 12,
    /// The build fails because of what is in the repository.
    BuildFailed = 13,
    /// It was interrupted, and left nothing behind.
    Interrupted = 130,
}

impl Exit {
    /// Every code with its meaning and the version that first used it.
    pub const ALL: [(Self, &'static str, &'static str); 9] = [
        (Self::Passed, "passed, or the verdict is not among those that `--fail-on` names", "0.1.0"),
        (Self::Internal, "internal fault: please report it", "0.1.0"),
        (Self::Usage, "wrong command line or configuration", "0.1.0"),
        (Self::Missing, "something needed is missing: a folder, an engine, a permission", "0.1.0"),
        (Self::Conditional, "conditional: should-fix findings are open", "0.1.0"),
        (Self::Rejected, "rejected: something blocks or a gate fails", "0.1.0"),
        (Self::NotProven, "not proven: nothing blocks, but gating figures are missing", "0.1.0"),
        (Self::BuildFailed, "build failed: the repository does not build", "0.1.0"),
        (Self::Interrupted, "interrupted by a signal; nothing is left behind", "0.1.0"),
    ];

    /// The code of a verdict.
    #[must_use]
    pub fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Approved => Self::Passed,
            Verdict::Conditional => Self::Conditional,
            Verdict::NotProven => Self::NotProven,
            Verdict::Rejected => Self::Rejected,
        }
    }

    /// The number the process exits with.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}
