//! What `--verify` found, as a page for the terminal.

use std::fmt::Write as _;

use plimsoll_model::{
    ClaimedBy, Differs, NotCompared, OtherCommit, VerifiedFile, VerifyReport, count, printable,
};

use crate::ui::Colour;

/// How many files are listed.
const MOST: usize = 20;

/// The page of an image.
pub(crate) fn page(report: &VerifyReport, colour: Colour) -> String {
    let bold = |text: &str| match colour.on() {
        true => format!("\u{1b}[1m{text}\u{1b}[0m"),
        false => text.to_owned(),
    };
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: {} ({}) against {}, {}",
        bold(&printable(&report.service)),
        printable(&report.image),
        printable(id(&report.id)),
        short(&report.commit),
        claimed(report.claimed_by),
    );
    let files = plural(report.compared, "file", "files");
    let _ = writeln!(
        out,
        "  {files} of {} compared, each in the layer of its COPY or ADD",
        printable(&report.dockerfile)
    );
    if report.agrees() {
        let _ = writeln!(out, "  {}", bold(agreed(report)));
    } else {
        differing(&mut out, report, &bold);
    }
    undecided(&mut out, report);
    not_compared(&mut out, &report.not_compared);
    out
}

fn agreed(report: &VerifyReport) -> &'static str {
    match (report.compared, report.undecided.is_empty()) {
        (0, _) => "nothing could be compared",
        (_, true) => "all are the bytes of the commit",
        (_, false) => "all but those below are the bytes of the commit",
    }
}

fn differing(out: &mut String, report: &VerifyReport, bold: &dyn Fn(&str) -> String) {
    let count = report.differing.len();
    let title = match count {
        1 => "1 is not the commit's".to_owned(),
        count => format!("{} are not the commit's", plimsoll_model::count(count as f64)),
    };
    let _ = writeln!(out, "\n  {}", bold(&title));
    files(out, &report.differing);
    let stale = report.differing.iter().all(|file| file.same_size);
    let text = match (&report.bytes_of, stale) {
        (Some(other), true) => format!(
            "these are the bytes of {}: the builder answered from its cache, which trusts size and \
             time of a file",
            named(other)
        ),
        (Some(other), false) => format!("these are the bytes of {}", named(other)),
        (None, true) => {
            "all are as long as the commit's: the builder's cache, which trusts size and \
                         time of a file, may have answered"
                .to_owned()
        }
        (None, false) => format!(
            "none of the {} commits around has all of these: the image was built from other files",
            report.searched
        ),
    };
    let _ = writeln!(out, "\n  {text}");
    let _ = writeln!(out, "  {}", remedy(report, stale));
}

/// `--no-cache` runs the steps again, over what the builder keeps of the context.
fn remedy(report: &VerifyReport, stale: bool) -> String {
    match stale {
        true => "--no-cache does not help: give the files a new time (touch), or let the builder \
                 forget what it was sent (docker builder prune --filter type=source.local)"
            .to_owned(),
        false => format!("build it from a clean checkout of {}", short(&report.commit)),
    }
}

fn undecided(out: &mut String, report: &VerifyReport) {
    if report.undecided.is_empty() {
        return;
    }
    let files_ = plural(report.undecided.len(), "file differs", "files differ");
    let _ = writeln!(out, "\n  {files_}, and a RUN of their stage may have changed them");
    files(out, &report.undecided);
}

fn files(out: &mut String, all: &[VerifiedFile]) {
    for file in all.iter().take(MOST) {
        let _ = writeln!(
            out,
            "    /{}  from {} (line {}): {}",
            printable(&file.path),
            printable(&file.source),
            file.line,
            how(file)
        );
    }
    if all.len() > MOST {
        let _ = writeln!(out, "    and {} more (--json has all)", all.len() - MOST);
    }
}

fn how(file: &VerifiedFile) -> String {
    let mut text = match (file.differs, file.same_size) {
        (Differs::Bytes, true) if file.run.is_none() => "stale bytes of the same size".to_owned(),
        (Differs::Bytes, true) => "other bytes of the same size".to_owned(),
        (Differs::Bytes, false) => "other bytes".to_owned(),
        (Differs::Mode, _) => "mode: one may be executed, the other not".to_owned(),
        (Differs::Kind, _) => "one is a link or a folder, the other not".to_owned(),
        (Differs::Missing, _) => "not in the image".to_owned(),
    };
    if let Some(other) = &file.bytes_of {
        let _ = write!(text, ", those of {}", short(&other.commit));
    }
    if let Some(other) = &file.bytes_of_file {
        let _ = write!(text, ", those of {}", printable(other));
    }
    if let Some(run) = file.run {
        let _ = write!(text, "; RUN on line {run}");
    }
    text
}

fn not_compared(out: &mut String, all: &[NotCompared]) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  not compared");
    for one in all {
        let examples: Vec<_> = one.examples.iter().map(|text| printable(text)).collect();
        let more = if one.count > examples.len() && !examples.is_empty() { ", …" } else { "" };
        let examples = examples.join(", ");
        let colon = if examples.is_empty() { "" } else { ": " };
        let _ =
            writeln!(out, "    {:>4}  {}{colon}{examples}{more}", count(one.count as f64), one.why);
    }
}

fn claimed(by: ClaimedBy) -> &'static str {
    match by {
        ClaimedBy::Label => "the commit that its label names",
        ClaimedBy::CommandLine => "as asked",
        ClaimedBy::Head => "what is checked out (it has no label that names a commit)",
    }
}

fn named(other: &OtherCommit) -> String {
    format!("{} \"{}\"", short(&other.commit), printable(&other.subject))
}

fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

fn id(id: &str) -> &str {
    let id = id.strip_prefix("sha256:").unwrap_or(id);
    id.get(..12).unwrap_or(id)
}

fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number as f64), if number == 1 { one } else { many })
}
