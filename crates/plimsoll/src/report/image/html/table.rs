//! Tables of a page.

use std::fmt::Write as _;

use plimsoll_model::count;

use crate::report::escape;

/// Rows that are open; more of them are a click away.
const OPEN: usize = 25;

/// Writes a table. Columns whose heading begins with `#` are figures; cells are HTML.
pub(super) fn write(out: &mut String, head: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    // A column that says nothing is left out.
    let says = |at: usize| rows.iter().any(|row| row.get(at).is_some_and(|cell| !cell.is_empty()));
    let columns: Vec<(usize, &str)> =
        head.iter().copied().enumerate().filter(|(at, _)| says(*at)).collect();
    let (open, more) = rows.split_at(rows.len().min(OPEN));
    table(out, &columns, open);
    if !more.is_empty() {
        let _ = writeln!(out, "<details><summary>{} more</summary>", count(more.len() as f64));
        table(out, &columns, more);
        out.push_str("</details>\n");
    }
}

fn table(out: &mut String, columns: &[(usize, &str)], rows: &[Vec<String>]) {
    let class = |name: &str| if name.starts_with('#') { " class=\"n\"" } else { "" };
    out.push_str("<table><tr>");
    for (_, name) in columns {
        let _ = write!(out, "<th{}>{}</th>", class(name), name.trim_start_matches('#'));
    }
    out.push_str("</tr>\n");
    for row in rows {
        out.push_str("<tr>");
        for (at, name) in columns {
            let cell = row.get(*at).map_or("", String::as_str);
            let _ = write!(out, "<td{}>{cell}</td>", class(name));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}

/// A title with what is said of the whole.
pub(super) fn title(out: &mut String, title: &str, said: &str) {
    let said = if said.is_empty() { String::new() } else { format!(": {}", escape(said)) };
    let _ = writeln!(out, "<h2>{}{said}</h2>", escape(title));
}

/// A path or a name of the image.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// Figures in boxes: what, and how much.
pub(super) fn facts(out: &mut String, facts: &[(&str, String)]) {
    out.push_str("<dl class=\"facts\">");
    for (what, how_much) in facts {
        let _ = write!(out, "<div><dt>{}</dt><dd>{}</dd></div>", escape(what), escape(how_much));
    }
    out.push_str("</dl>\n");
}
