//! What was built, looked at and tried of a service, as tables: one definition for every renderer.

mod builds;
mod checks;
mod image;
mod paint;

use plimsoll_model::ServiceSummary;

pub(crate) use paint::{html, markdown, terminal};

/// A table. Its texts are those of the report: who prints them makes them safe.
pub(crate) struct Table {
    /// What it shows.
    pub(crate) title: String,
    /// What is said of all of it.
    pub(crate) lead: String,
    /// The names of its columns.
    pub(crate) columns: &'static [&'static str],
    /// Its rows, each with a cell for every column.
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// A cell.
pub(crate) enum Cell {
    /// A text.
    Text(String),
    /// A quantity, set to the right.
    Number(String),
    /// A text of a repository: a path, a command.
    Code(String),
    /// A word for what came out well.
    Good(&'static str),
    /// A word for what did not.
    Bad(&'static str),
    /// A word for what is not known.
    Open(&'static str),
}

impl Cell {
    /// What it says.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Code(text) => text,
            Self::Good(word) | Self::Bad(word) | Self::Open(word) => word,
        }
    }
}

/// The tables of a service; none where nothing of it was measured.
pub(crate) fn tables(service: &ServiceSummary) -> Vec<Table> {
    let mut all = Vec::new();
    if let Some(builds) = &service.measured_builds {
        all.extend(builds::tables(builds));
    }
    if let Some(image) = &service.image {
        all.extend(image::tables(image));
    }
    all.extend(checks::table(&service.checks));
    all
}
