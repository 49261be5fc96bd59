//! What an image holds, as one HTML file: no script, no network, light and dark.

mod compared;
mod findings;
mod maps;
mod table;

use std::fmt::Write as _;

use plimsoll_model::{ImageReport, Owner, OwnerKind, count};

pub(crate) use compared::page as compared;

use self::table::{code, facts, title};
use super::size;
use crate::report::{escape, html};

/// The page.
pub(crate) fn page(report: &ImageReport) -> String {
    let mut out = html::begin(&report.image);
    head(&mut out, report);
    start(&mut out, report);
    layers(&mut out, report);
    title(&mut out, "By folder", "");
    out.push_str(&maps::folders(report));
    title(&mut out, "By owner", "");
    out.push_str(&maps::owners(report));
    owners(&mut out, report);
    findings::waste(&mut out, report);
    findings::duplicates(&mut out, report);
    findings::needless(&mut out, report);
    findings::bytecode(&mut out, report);
    findings::secrets(&mut out, report);
    findings::permissions(&mut out, report);
    libraries(&mut out, report);
    not_analysed(&mut out, report);
    end(&mut out);
    out
}

fn end(out: &mut String) {
    let version = env!("CARGO_PKG_VERSION");
    let _ = writeln!(out, "<p class=\"dim\">Written by plimsoll {version}.</p></body></html>");
}

fn head(out: &mut String, report: &ImageReport) {
    let _ = write!(
        out,
        "<h1>{}</h1>\n<p class=\"dim\">{}, {}, <code>{}</code></p>\n",
        escape(&report.image),
        escape(&report.platform),
        escape(&report.source),
        escape(&report.id)
    );
    let mut all = Vec::new();
    if let Some(compressed) = report.compressed_bytes {
        all.push(("pulled (compressed)", size(compressed)));
    }
    all.push(("all layers", size(report.unpacked_bytes)));
    all.push(("seen by a container", size(report.visible_bytes)));
    all.push(("files seen", count(report.visible_files as f64)));
    all.push(("wasted", size(report.waste.bytes)));
    all.push(("secrets", count(report.secrets.len() as f64)));
    facts(out, &all);
}

fn start(out: &mut String, report: &ImageReport) {
    title(out, "Start", "");
    let user = super::start::user(report);
    let command = code(&report.start.command.join(" "));
    let _ = writeln!(out, "<p>{command} as {}</p>", escape(&user));
    if report.start.problems.is_empty() {
        return;
    }
    out.push_str("<ul class=\"check\">");
    for problem in &report.start.problems {
        let said = escape(&problem.to_string());
        let _ = write!(out, "<li><span class=\"over\">✗ cannot start:</span> {said}</li>");
    }
    out.push_str("</ul>\n");
}

const WIDTH: f64 = 960.0;

/// The layers side by side, what is wasted of each darker, and what made them.
fn layers(out: &mut String, report: &ImageReport) {
    title(out, "Layers", "");
    let _ = writeln!(
        out,
        "<svg class=\"stack\" viewBox=\"0 0 {WIDTH} 46\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"The layers by their bytes\">"
    );
    let scale = WIDTH / report.unpacked_bytes.max(1) as f64;
    let mut x = 0.0;
    for (at, layer) in report.layers.iter().enumerate() {
        let step = layer.step.as_deref().unwrap_or("nothing is told of it");
        let said = format!(
            "layer {at}: {}, {} wasted\n{step}",
            size(layer.bytes),
            size(layer.wasted_bytes)
        );
        let (w, lost) = (layer.bytes as f64 * scale, layer.wasted_bytes as f64 * scale);
        let _ = write!(out, "<g><title>{}</title>", escape_lines(&said));
        rect(out, &format!("t{}", at % 8), x, w);
        rect(out, "lost", x + w - lost, lost);
        out.push_str("</g>\n");
        x += w;
    }
    out.push_str("</svg>\n");
    let row = |(at, layer): (usize, &plimsoll_model::ImageLayer)| {
        let line = layer.line.map_or(String::new(), |line| format!("line {line}: "));
        let step = layer.step.as_deref().unwrap_or("nothing is told of it");
        let wasted = if layer.wasted_bytes > 0 { size(layer.wasted_bytes) } else { String::new() };
        vec![
            format!(
                "<svg class=\"swatch\" viewBox=\"0 0 1 1\"><rect class=\"t{}\" width=\"1\" height=\"1\"/></svg> {at}",
                at % 8
            ),
            size(layer.bytes),
            layer.compressed_bytes.map_or(String::new(), size),
            count(layer.files as f64),
            wasted,
            code(&format!("{line}{}", step.split_whitespace().collect::<Vec<_>>().join(" "))),
        ]
    };
    let rows: Vec<_> = report.layers.iter().enumerate().map(row).collect();
    let head = ["Layer", "#Size", "#Compressed", "#Files", "#Wasted", "Step"];
    table::write(out, &head, &rows);
}

fn rect(out: &mut String, class: &str, x: f64, w: f64) {
    if w > 0.0 {
        let w = (w - 1.0).max(0.5);
        let _ =
            write!(out, "<rect class=\"{class}\" x=\"{x:.2}\" width=\"{w:.2}\" height=\"46\"/>");
    }
}

/// A title may have lines.
fn escape_lines(text: &str) -> String {
    text.lines().map(escape).collect::<Vec<_>>().join("\n")
}

fn owners(out: &mut String, report: &ImageReport) {
    let row = |owner: &Owner| {
        vec![
            size(owner.bytes),
            count(owner.files as f64),
            owner.kind.name().to_owned(),
            code(&owner_name(owner.kind, &owner.name)),
            escape(owner.version.as_deref().unwrap_or_default()),
            owner.layer.to_string(),
        ]
    };
    let rows: Vec<_> = report.owners.iter().map(row).collect();
    table::write(out, &["#Size", "#Files", "From", "Name", "Version", "#Layer"], &rows);
}

/// A package's name, or a folder's path.
fn owner_name(kind: OwnerKind, name: &str) -> String {
    match kind {
        OwnerKind::Folder => format!("/{name}"),
        _ => name.to_owned(),
    }
}

fn libraries(out: &mut String, report: &ImageReport) {
    if report.missing_libraries.is_empty() {
        return;
    }
    title(out, "Libraries that are nowhere in the image", "");
    let rows: Vec<_> = report
        .missing_libraries
        .iter()
        .map(|one| {
            let owner = escape(one.owner.as_deref().unwrap_or_default());
            vec![code(&format!("/{}", one.path)), code(&one.libraries.join(", ")), owner]
        })
        .collect();
    table::write(out, &["Program", "Needs", "From"], &rows);
}

fn not_analysed(out: &mut String, report: &ImageReport) {
    for why in &report.not_analysed {
        let _ = writeln!(out, "<p>Not analysed: {}</p>", escape(why));
    }
}
