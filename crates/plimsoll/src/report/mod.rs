//! Renderers: `&Report` in, text out. They compute nothing that the report does not say.

pub(crate) mod board;
pub(crate) mod boot;
pub(crate) mod build;
pub(crate) mod diff;
mod evidence;
mod github;
mod html;
pub(crate) mod image;
pub(crate) mod json;
mod junit;
mod markdown;
pub(crate) mod measured;
pub(crate) mod misses;
mod page;
pub(crate) mod proof;
pub(crate) mod replay;
pub(crate) mod runs;
mod sarif;
pub(crate) mod terminal;
pub(crate) mod treemap;
pub(crate) mod verify;

use plimsoll_model::Report;

pub(crate) use terminal::Style;

/// The form a report is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A page for a terminal.
    Terminal,
    /// A sign-off document in Markdown.
    Markdown,
    /// One HTML file that needs no network.
    Html,
    /// The report itself, as docs/reference/report.schema.json describes it.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
    /// GitHub workflow commands: annotations on the changed lines.
    Github,
}

impl Format {
    /// The format that a file's name asks for.
    pub(crate) fn of_path(path: &std::path::Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let ends = |suffix: &str| name.ends_with(suffix);
        match () {
            () if ends(".sarif") || ends(".sarif.json") => Some(Self::Sarif),
            () if ends(".json") => Some(Self::Json),
            () if ends(".md") || ends(".markdown") => Some(Self::Markdown),
            () if ends(".html") || ends(".htm") => Some(Self::Html),
            () if ends(".xml") => Some(Self::Junit),
            () if ends(".txt") => Some(Self::Terminal),
            () => None,
        }
    }
}

/// Writes the report in a format.
pub(crate) fn render(report: &Report, format: Format, style: Style) -> String {
    match format {
        Format::Terminal => terminal::render(report, style),
        Format::Markdown => markdown::render(report),
        Format::Html => html::render(report),
        Format::Json => json::render(report),
        Format::Sarif => sarif::render(report),
        Format::Junit => junit::render(report),
        Format::Github => github::render(report),
    }
}

/// Escapes text for XML and HTML, control characters made visible.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in plimsoll_model::printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
