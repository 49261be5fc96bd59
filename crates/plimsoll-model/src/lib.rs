//! The words Plimsoll thinks in: facts, figures, findings, verdicts and the report.
//!
//! ```
//! use plimsoll_model::{Figure, Provenance, Unit};
//!
//! let sent = Figure::measured(61_440.0, Unit::Bytes, Provenance::new("context walk", "backend"));
//! let unknown = Figure::not_measured(Unit::Seconds, "no build was run", "plimsoll build");
//! assert_eq!(sent.value(), Some(61_440.0));
//! // A gap in is a gap out: it is never averaged, defaulted or hidden.
//! assert_eq!(sent.ratio(&unknown).value(), None);
//! ```
//!
//! The crate is pure: no I/O, no clock, no environment. Everything a report says is made of
//! the types here, and everything here can be written to and read from JSON.

mod boot;
mod budget;
mod build;
mod check_plan;
mod comparison;
mod date;
mod exit;
mod figure;
mod finding;
mod fix;
mod image;
mod image_comparison;
mod image_start;
mod location;
mod measurement;
mod metric;
mod misses;
mod proof;
mod replay;
mod report;
mod run;
mod section;
mod sources;
mod text;
mod verdict;
mod verify;

pub use boot::{
    BOOT_SCHEMA_VERSION, BoostTerms, Boot, BootBoost, BootComparison, BootImport, BootMachine,
    BootMemory, BootOutcome, BootPhase, BootReport, BootSettings, BootWait, BootWhy, Distribution,
    PairedDifference, PhaseKind, Random, WaitKind,
};
pub use budget::{Budget, BudgetSource, Gate, GateState};
pub use build::{BUILD_SCHEMA_VERSION, BuildReport, BuildStep, BuiltImage, EngineInfo, EngineKind};
pub use check_plan::{CheckPlan, LoadPlan, ProbePlan, StartPlan};
pub use comparison::{
    ComparedService, ComparedStep, ComparedTime, MEASURE_SCHEMA_VERSION, MeasureComparison,
    MeasuredService, median,
};
pub use date::{Date, ParseDateError};
pub use exit::Exit;
pub use figure::{Figure, Provenance, Unit};
pub use finding::{Finding, Level, Related, Waiver};
pub use fix::{Applicability, ApplyError, Edit, Fix, apply_edits};
pub use image::{
    Bytecode, DuplicateGroup, Duplicates, IMAGE_SCHEMA_VERSION, ImageConfig, ImageFolder,
    ImageLayer, ImageReport, Needless, NeedlessKind, NeedlessPath, Owner, OwnerKind, SecretFound,
    Waste, WastedFile,
};
pub use image_comparison::{
    FileSum, ImageComparison, ImageWeight, PackageChange, PackageState, PathChange,
};
pub use image_start::{MissingLibrary, OpenPermission, Opening, Start, StartProblem};
pub use location::{Excerpt, Location, Position};
pub use measurement::{ChangedBuild, CheckName, MeasuredBuilds, ServiceCheck};
pub use metric::{Better, METRICS, Metric, metric};
pub use misses::{
    ChangedFile, ChangedValue, ComparedBuild, ExplainedStep, FileChange, MissCause, MissReport,
    StepName, StepOutcome, ValueOf,
};
pub use proof::{
    Application, BuildPlan, Built, Change, Left, Load, Loaded, LocalPackage, Proof, ProofPlan,
    Runtime, Trial,
};
pub use replay::{
    CacheSetup, Misses, ReplayReport, ReplayedBuild, ReplayedFile, ReplayedRename, ReplayedStep,
    SetupRate,
};
pub use report::{
    CheckState, ChecklistItem, ContextSummary, DeploySummary, FolderSize, NamedFigure, NotAnalysed,
    PassedRule, Report, SCHEMA_VERSION, ServiceSummary, Setting,
};
pub use run::{
    BlobDigest, BlobRef, Happened, IndexEntry, IndexText, NoDigest, NoRunId, NoTimestamp, RUN_FORM,
    RunEvent, RunForm, RunId, RunManifest, RunRepository, RunTerms, SourcesIndex, Timestamp,
};
pub use section::{Section, SectionScore};
pub use sources::{EntryKind, Problem, SourceFile, Sources, TreeEntry};
pub use text::{bytes, change, count, dollars, printable, seconds, share};
pub use verdict::Verdict;
pub use verify::{ClaimedBy, Differs, NotCompared, OtherCommit, VerifiedFile, VerifyReport};
