//! How a report is handed over and how the program then ends: the same for each command that
//! judges.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_model::{Exit, Report, Verdict};

use crate::failure::Failure;
use crate::report::{self, Format, Style};
use crate::ui;

/// How to say it, and which verdicts fail.
#[derive(clap::Args)]
pub(super) struct Delivery {
    /// The form of the report on stdout.
    #[arg(long, short, value_enum, default_value_t = Format::Terminal, value_name = "FORMAT")]
    format: Format,
    /// Also writes the report to a file, in the format its name asks for (.md .html .json .sarif .xml .txt).
    #[arg(long, short, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// The verdicts that make the exit code other than 0 [default: rejected, not-proven].
    #[arg(long, value_delimiter = ',', value_name = "VERDICTS")]
    fail_on: Option<Vec<FailOn>>,
    /// Shows every finding with its lines, the rules that passed, and the checklist.
    #[arg(long)]
    full: bool,
}

/// A verdict that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// Should-fix findings are open.
    Conditional,
    /// Budgeted figures are missing.
    NotProven,
    /// Something blocks or a gate fails.
    Rejected,
    /// None: the exit code is 0 whatever the verdict.
    Never,
}

impl Delivery {
    /// The formats of the files: a wrong name is said before any work is done.
    pub(super) fn formats(&self) -> Result<Vec<Format>, Failure> {
        self.output.iter().map(|path| format_of(path)).collect()
    }

    /// Prints and writes the report; `config` is what `plimsoll.toml` says of verdicts that fail.
    pub(super) fn deliver(
        &self,
        report: &Report,
        formats: &[Format],
        config: Option<&[String]>,
        colour: ui::Colour,
    ) -> Result<Exit, Failure> {
        for (path, format) in self.output.iter().zip(formats) {
            let plain = Style { colour: false, full: true, width: 100 };
            write_whole(path, &report::render(report, *format, plain))?;
        }
        let style = Style { colour: colour.on(), full: self.full, width: ui::width() };
        ui::result(&report::render(report, self.format, style))?;
        step_summary(report)?;
        let fails = self.fails(config).contains(&report.verdict);
        Ok(if fails { Exit::of(report.verdict) } else { Exit::Passed })
    }

    /// The verdicts that fail: the command line's, `plimsoll.toml`'s, or the default.
    fn fails(&self, config: Option<&[String]>) -> Vec<Verdict> {
        match (&self.fail_on, config) {
            (Some(flags), _) => flags.iter().filter_map(FailOn::verdict).collect(),
            (None, Some(names)) => names.iter().filter_map(|name| verdict(name)).collect(),
            (None, None) => vec![Verdict::Rejected, Verdict::NotProven],
        }
    }
}

impl FailOn {
    fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Conditional => Some(Verdict::Conditional),
            Self::NotProven => Some(Verdict::NotProven),
            Self::Rejected => Some(Verdict::Rejected),
            Self::Never => None,
        }
    }
}

fn verdict(name: &str) -> Option<Verdict> {
    match name {
        "conditional" => Some(Verdict::Conditional),
        "not-proven" => Some(Verdict::NotProven),
        "rejected" => Some(Verdict::Rejected),
        _ => None,
    }
}

fn format_of(path: &Path) -> Result<Format, Failure> {
    Format::of_path(path).ok_or_else(|| {
        let what = format!("cannot tell the format of {} from its name", path.display());
        Failure::usage(what).hint("end it in .md, .html, .json, .sarif, .xml or .txt")
    })
}

/// Writes a file whole or not at all: beside it first, then in its place.
pub(super) fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
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
