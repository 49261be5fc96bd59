//! The tables in each form of a report.

use std::fmt::Write as _;

use plimsoll_model::printable;

use super::{Cell, Table};
use crate::report::replay::shortened;
use crate::report::{escape, markdown};

/// The tables as Markdown, each below a heading.
pub(crate) fn markdown(out: &mut String, tables: &[Table]) {
    for table in tables {
        let _ = writeln!(out, "#### {}\n", markdown::text(&table.title));
        if !table.lead.is_empty() {
            let _ = writeln!(out, "{}\n", markdown::text(&table.lead));
        }
        let rule = |column: usize| if is_number(table, column) { "---:" } else { "---" };
        let rules: Vec<&str> = (0..table.columns.len()).map(rule).collect();
        let _ = writeln!(out, "| {} |\n| {} |", table.columns.join(" | "), rules.join(" | "));
        for row in &table.rows {
            let cells: Vec<String> = row.iter().map(in_markdown).collect();
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
        out.push('\n');
    }
}

fn in_markdown(cell: &Cell) -> String {
    match cell {
        Cell::Code(text) if !text.is_empty() => markdown::code(text),
        Cell::Bad(word) => format!("**{word}**"),
        other => markdown::text(other.text()),
    }
}

/// The tables as HTML, each below a heading.
pub(crate) fn html(out: &mut String, tables: &[Table]) {
    for table in tables {
        let _ = writeln!(out, "<h3>{}</h3>", escape(&table.title));
        if !table.lead.is_empty() {
            let _ = writeln!(out, "<p>{}</p>", escape(&table.lead));
        }
        out.push_str("<div class=\"wide\"><table><tr>");
        for (column, name) in table.columns.iter().enumerate() {
            let class = if is_number(table, column) { " class=\"n\"" } else { "" };
            let _ = write!(out, "<th{class}>{name}</th>");
        }
        out.push_str("</tr>\n");
        for row in &table.rows {
            out.push_str("<tr>");
            for (column, cell) in row.iter().enumerate() {
                let class = if is_number(table, column) { " class=\"n\"" } else { "" };
                let _ = write!(out, "<td{class}>{}</td>", in_html(cell));
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</table></div>\n");
    }
}

fn in_html(cell: &Cell) -> String {
    let text = escape(cell.text());
    match cell {
        Cell::Code(code) if !code.is_empty() => format!("<code>{text}</code>"),
        Cell::Good(_) => format!("<span class=\"within\">{text}</span>"),
        Cell::Bad(_) => format!("<span class=\"over\">{text}</span>"),
        Cell::Open(_) => format!("<span class=\"dim\">{text}</span>"),
        _ => text,
    }
}

/// The tables as lines of a page: columns set with blanks, the last one cut at the page's edge.
pub(crate) fn terminal(tables: &[Table], width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for table in tables.iter().filter(|table| !table.rows.is_empty()) {
        let lead = if table.lead.is_empty() { "" } else { ". " };
        lines.push(printable(&format!("    {}{lead}{}", table.title, table.lead)).into_owned());
        let names = || table.columns.iter().map(|name| name.to_lowercase()).collect();
        let rows = table.rows.iter().map(|row| texts(row));
        let texts: Vec<Vec<String>> = std::iter::once_with(names).chain(rows).collect();
        let wide = |column: usize| {
            let cells = texts.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0).min(width / 2)
        };
        let widths: Vec<usize> = (0..table.columns.len()).map(wide).collect();
        for row in &texts {
            let cells =
                row.iter().enumerate().map(|(column, text)| match is_number(table, column) {
                    true => format!("{text:>0$}", widths[column]),
                    false => format!("{text:<0$}", widths[column]),
                });
            let line = format!("      {}", cells.collect::<Vec<_>>().join("  "));
            lines.push(shortened(line.trim_end(), width));
        }
    }
    lines
}

/// The cells of a row, each on one line.
fn texts(row: &[Cell]) -> Vec<String> {
    let one_line = |cell: &Cell| cell.text().split_whitespace().collect::<Vec<_>>().join(" ");
    row.iter().map(|cell| printable(&one_line(cell)).into_owned()).collect()
}

/// Whether a column is set to the right: that of a table whose cells are quantities.
fn is_number(table: &Table, column: usize) -> bool {
    let mut cells = table.rows.iter().filter_map(|row| row.get(column));
    cells.any(|cell| matches!(cell, Cell::Number(_)))
}
