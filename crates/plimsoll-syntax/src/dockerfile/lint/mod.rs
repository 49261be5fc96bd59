//! BuildKit's build checks: what `docker build --check` warns of.
//!
//! ```
//! use plimsoll_syntax::dockerfile::{self, Inputs, lint::{Check, lint}};
//!
//! let source = "FROM alpine:3.20 as build\nMAINTAINER me\nENV NAME value\n";
//! let file = dockerfile::parse(source);
//! let found = lint(source, &dockerfile::stages(&file), &Inputs::default(), &[]);
//! let checks: Vec<Check> = found.warnings.iter().map(|warning| warning.check).collect();
//! assert_eq!(
//!     checks,
//!     [Check::FromAsCasing, Check::MaintainerDeprecated, Check::LegacyKeyValueFormat],
//! );
//! assert_eq!(found.warnings[0].detail, "'as' and 'FROM' keywords' casing do not match");
//! ```
//!
//! All stages are looked at, whatever the target, as BuildKit does where it only checks. It
//! goes step by step and ends at the first thing that BuildKit refuses; warnings from before
//! that remain. Base images are taken to set nothing but `PATH`: a warning of a variable that
//! the base sets is the caller's to drop. The one check that needs a registry,
//! `InvalidBaseImagePlatform`, is not here.

mod comments;
mod from;
mod instructions;
mod options;
mod run;
mod state;
mod suggest;
mod triggers;
mod vars;
mod walk;

use options::Options;
use suggest::Budget;

use super::{Inputs, Program};
use crate::Span;
use crate::ignorefile::Pattern;

/// Declares the checks with the names that BuildKit gives them.
macro_rules! checks {
    ($($name:ident: $what:literal),* $(,)?) => {
        /// A check of BuildKit's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Check {
            $(#[doc = $what] $name,)*
        }

        impl Check {
            /// Every check.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name that BuildKit gives it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

checks! {
    StageNameCasing: "A stage name that is not in lower case.",
    FromAsCasing: "`FROM … as`: the two words are not in the same case.",
    NoEmptyContinuation: "An empty line inside a continued instruction.",
    ConsistentInstructionCasing: "An instruction in another case than most.",
    DuplicateStageName: "A stage name that is given twice.",
    ReservedStageName: "A stage called `scratch` or `context`.",
    JSONArgsRecommended: "CMD or ENTRYPOINT in shell form.",
    MaintainerDeprecated: "MAINTAINER.",
    UndefinedArgInFrom: "A variable in FROM that no ARG declares.",
    WorkdirRelativePath: "A relative WORKDIR before any absolute one.",
    UndefinedVar: "A variable that nothing declares.",
    MultipleInstructionsDisallowed: "A CMD, ENTRYPOINT or HEALTHCHECK that a later one replaces.",
    LegacyKeyValueFormat: "`ENV name value` without `=`.",
    RedundantTargetPlatform: "`FROM --platform=$TARGETPLATFORM`.",
    SecretsUsedInArgOrEnv: "ARG or ENV with the name of a secret.",
    InvalidDefaultArgInFrom: "A FROM that names no image without build arguments.",
    FromPlatformFlagConstDisallowed: "`FROM --platform=` with a constant.",
    CopyIgnoredFile: "COPY or ADD of what the ignore file leaves out.",
    InvalidDefinitionDescription: "A comment above ARG or FROM that does not begin with its name.",
    ExposeProtoCasing: "A protocol of EXPOSE that is not in lower case.",
    ExposeInvalidFormat: "An address or a port of the host in EXPOSE.",
}

/// What BuildKit warns of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The check.
    pub check: Check,
    /// Where BuildKit places it: the whole instruction, whose first line it names.
    pub span: Span,
    /// The instruction at that place, as an index into
    /// [`Dockerfile::nodes`](super::Dockerfile::nodes).
    pub node: usize,
    /// BuildKit's sentence.
    pub detail: String,
    /// What the sentence is about: the name of a stage, variable, instruction or path.
    pub subject: String,
}

/// The outcome of the checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linted {
    /// What BuildKit warns of, in its order.
    pub warnings: Vec<Warning>,
    /// Whether BuildKit refuses the file: what comes after is not checked.
    pub refused: bool,
    /// Whether `check=error=true` makes the build fail because of the warnings.
    pub fails: bool,
}

/// BuildKit refuses the file here, or a limit of ours is reached.
struct Stop;

/// Runs BuildKit's checks over all stages.
///
/// `source` is the text that the program was made from; `ignored` are the patterns of the
/// ignore file that the build uses.
#[must_use]
pub fn lint(source: &str, program: &Program<'_>, inputs: &Inputs, ignored: &[Pattern]) -> Linted {
    let mut linter = Linter {
        source,
        program,
        inputs,
        ignored,
        comments: Vec::new(),
        deferred: Vec::new(),
        options: Options::default(),
        out: Linted::default(),
        budget: Budget::new(),
        total: 0,
    };
    linter.out.refused = linter.run().is_err();
    let Linter { options, mut out, .. } = linter;
    out.fails = options.error && !out.refused && !out.warnings.is_empty();
    out
}

struct Linter<'l, 'a> {
    source: &'l str,
    program: &'l Program<'a>,
    inputs: &'l Inputs,
    ignored: &'l [Pattern],
    /// The comments above each node, as BuildKit gathers them.
    comments: Vec<Vec<String>>,
    /// The RUN instructions whose mounts are refused only once they are expanded.
    deferred: Vec<usize>,
    /// What the file or the build says about all checks.
    options: Options,
    out: Linted,
    budget: Budget,
    /// How many bytes were expanded or carried over so far.
    total: usize,
}

/// Where a warning belongs, and which checks are on there.
#[derive(Clone)]
struct Site {
    span: Span,
    node: usize,
    options: Options,
}

impl Linter<'_, '_> {
    fn run(&mut self) -> Result<(), Stop> {
        self.options = self.global_options()?;
        if !self.program.file.errors.is_empty() {
            return Err(Stop);
        }
        self.comments = comments::above(self.source, self.program.file);
        self.empty_continuations();
        self.instructions()?;
        self.stage_names();
        self.command_casing();
        self.default_bases();
        let bases = self.bases()?;
        self.references(&bases)?;
        let triggers = self.triggers(&bases)?;
        self.walk(&bases, &triggers)
    }

    /// The place of a node, with the checks that its comments leave on.
    fn site(&self, node: usize) -> Site {
        let span = self.program.file.nodes.get(node).map_or(Span::default(), |node| node.span);
        let comments = self.comments.get(node).map_or(&[][..], Vec::as_slice);
        Site { span, node, options: self.options.with_comments(comments) }
    }

    /// The place of a node for a check that looks at the file as a whole.
    fn file_site(&self, node: usize) -> Site {
        Site { options: self.options.clone(), ..self.site(node) }
    }

    fn warn(&mut self, site: &Site, check: Check, subject: &str, detail: String) {
        if site.options.allows(check) {
            let subject = subject.to_owned();
            self.out.warnings.push(Warning {
                check,
                span: site.span,
                node: site.node,
                detail,
                subject,
            });
        }
    }

    /// Counts bytes against the limit of what is held.
    fn count(&mut self, bytes: usize) -> Result<(), Stop> {
        const MAX: usize = 16 << 20;
        self.total += bytes;
        if self.total > MAX { Err(Stop) } else { Ok(()) }
    }
}
