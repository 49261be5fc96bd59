//! `plimsoll review`: the main job.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_model::{Exit, Report, Verdict};

use crate::failure::Failure;
use crate::pipeline::{self, Settings};
use crate::report::{self, Format, Style};
use crate::ui;

/// What to review, and how to say it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The repository.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The form of the report on stdout.
    #[arg(long, short, value_enum, default_value_t = Format::Terminal, value_name = "FORMAT")]
    format: Format,
    /// Also writes the report to a file, in the format its name asks for (.md .html .json .sarif .xml .txt).
    #[arg(long, short, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// The verdicts that make the exit code other than 0 [default: rejected, not-proven].
    #[arg(long, value_delimiter = ',', value_name = "VERDICTS")]
    fail_on: Option<Vec<FailOn>>,
    /// An earlier report in JSON: findings it has keep the day they were first seen, so that due dates hold.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Shows every finding with its lines, the rules that passed, and the checklist.
    #[arg(long)]
    full: bool,
    /// Leaves the build context unmeasured: only files that rules read are opened.
    #[arg(long)]
    no_context: bool,
    /// Leaves the git history unread: no cache hits are computed.
    #[arg(long)]
    no_replay: bool,
    /// Reviews as of this day (2027-01-31) instead of today.
    #[arg(long, value_name = "DATE")]
    today: Option<plimsoll_model::Date>,
}

/// A verdict that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FailOn {
    /// Should-fix findings are open.
    Conditional,
    /// Budgeted figures are missing.
    NotProven,
    /// Something blocks or a gate fails.
    Rejected,
    /// None: the exit code is 0 whatever the verdict.
    Never,
}

/// Reviews and reports.
pub(crate) fn run(args: &Args, colour: ui::Colour) -> Result<Exit, Failure> {
    let formats: Vec<Format> =
        args.output.iter().map(|p| format_of(p)).collect::<Result<_, _>>()?;
    let baseline = args.baseline.as_deref().map(read_report).transpose()?;
    let settings = Settings {
        baseline: baseline.as_ref(),
        today: args.today,
        measure_context: !args.no_context,
        replay: !args.no_replay,
    };
    let reviewed = pipeline::review(&args.path, &settings)?;
    let report = &reviewed.report;
    let style = Style { colour: colour.on(), full: args.full, width: ui::width() };
    for (path, format) in args.output.iter().zip(formats) {
        let plain = Style { colour: false, full: true, width: 100 };
        write_whole(path, &report::render(report, format, plain))?;
    }
    ui::result(&report::render(report, args.format, style))?;
    step_summary(report)?;
    let fails = fail_on(args, reviewed.fail_on.as_deref());
    Ok(if fails.contains(&report.verdict) { Exit::of(report.verdict) } else { Exit::Passed })
}

fn format_of(path: &Path) -> Result<Format, Failure> {
    Format::of_path(path).ok_or_else(|| {
        let what = format!("cannot tell the format of {} from its name", path.display());
        Failure::usage(what).hint("end it in .md, .html, .json, .sarif, .xml or .txt")
    })
}

/// The verdicts that fail: the command line's, `plimsoll.toml`'s, or the default.
fn fail_on(args: &Args, config: Option<&[String]>) -> Vec<Verdict> {
    let of_name = |name: &String| match name.as_str() {
        "conditional" => Some(Verdict::Conditional),
        "not-proven" => Some(Verdict::NotProven),
        "rejected" => Some(Verdict::Rejected),
        _ => None,
    };
    let of_flag = |flag: &FailOn| match flag {
        FailOn::Conditional => Some(Verdict::Conditional),
        FailOn::NotProven => Some(Verdict::NotProven),
        FailOn::Rejected => Some(Verdict::Rejected),
        FailOn::Never => None,
    };
    match (&args.fail_on, config) {
        (Some(flags), _) => flags.iter().filter_map(of_flag).collect(),
        (None, Some(names)) => names.iter().filter_map(of_name).collect(),
        (None, None) => vec![Verdict::Rejected, Verdict::NotProven],
    }
}

fn read_report(path: &Path) -> Result<Report, Failure> {
    let text = fs::read_to_string(path).map_err(|e| Failure::io("read", path, &e))?;
    let report: Report = serde_json::from_str(&text).map_err(|e| {
        let what = format!("{} is no report of plimsoll: {e}", path.display());
        Failure::usage(what).hint("write one with `plimsoll review --output report.json`")
    })?;
    if report.schema_version != plimsoll_model::SCHEMA_VERSION {
        return Err(Failure::usage(format!(
            "{} has form {}, this version reads form {}",
            path.display(),
            report.schema_version,
            plimsoll_model::SCHEMA_VERSION
        )));
    }
    Ok(report)
}

/// Writes a file whole or not at all: beside it first, then in its place.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let done = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    done.map_err(|e| {
        // The half-written file is ours; where it cannot go there is nothing more to do.
        let _ = fs::remove_file(&beside);
        Failure::io("write", path, &e)
    })
}

/// In a GitHub workflow, adds the document to the step summary.
fn step_summary(report: &Report) -> Result<(), Failure> {
    use std::io::Write as _;
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|p| !p.is_empty()) else {
        return Ok(());
    };
    let path = Path::new(&path);
    let style = Style { colour: false, full: true, width: 100 };
    let text = report::render(report, Format::Markdown, style);
    let file = fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut f| f.write_all(text.as_bytes())).map_err(|e| Failure::io("write", path, &e))
}
