//! What an image holds, as a page for the terminal.

pub(crate) mod compared;
mod findings;
pub(crate) mod html;
mod start;

use std::fmt::Write as _;

use plimsoll_model::{ImageReport, bytes, count, printable};

use super::replay::{Paint, shortened};
use crate::ui::{self, Colour};

/// How many lines a list has unless all are asked for.
const SHORT: usize = 10;

/// The page.
pub(crate) fn page(report: &ImageReport, full: bool, colour: Colour) -> String {
    let mut page = Page {
        out: String::new(),
        paint: Paint(colour.on()),
        most: if full { usize::MAX } else { SHORT },
        width: ui::width(),
    };
    page.head(report);
    page.layers(report);
    page.owners(report);
    findings::waste(&mut page, report);
    findings::duplicates(&mut page, report);
    findings::needless(&mut page, report);
    findings::bytecode(&mut page, report);
    findings::secrets(&mut page, report);
    findings::permissions(&mut page, report);
    start::start(&mut page, report);
    page.not_analysed(report);
    page.out
}

/// A page in the making.
struct Page {
    out: String,
    paint: Paint,
    most: usize,
    width: usize,
}

impl Page {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}");
    }

    fn title(&mut self, title: &str, said: &str) {
        let title = self.paint.bold(title);
        let _ = writeln!(self.out, "\n  {title}{}{said}", if said.is_empty() { "" } else { "  " });
    }

    /// The rows that are shown, and how many are not.
    fn shown<'r, T>(&self, rows: &'r [T]) -> (&'r [T], usize) {
        let shown = rows.len().min(self.most);
        (&rows[..shown], rows.len() - shown)
    }

    fn more(&mut self, left: usize) {
        if left > 0 {
            let _ = writeln!(self.out, "    … {} more: --full", count(left as f64));
        }
    }

    /// A text of a repository or an image, short enough for what is left of the line.
    fn fit(&self, text: &str, used: usize) -> String {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        shortened(&printable(&text), self.width.saturating_sub(used).max(20))
    }

    fn head(&mut self, report: &ImageReport) {
        let name = self.paint.bold(&printable(&report.image));
        let id: String = report.id.chars().take(19).collect();
        let _ =
            writeln!(self.out, "{name}  {}  {id}  {}", printable(&report.platform), report.source);
        let compressed = report.compressed_bytes.map(|all| format!("{} compressed, ", size(all)));
        let _ = writeln!(
            self.out,
            "  {}{} in {} layers; a container sees {} in {} files",
            compressed.unwrap_or_default(),
            size(report.unpacked_bytes),
            report.layers.len(),
            size(report.visible_bytes),
            count(report.visible_files as f64),
        );
    }

    fn layers(&mut self, report: &ImageReport) {
        self.title("layers", "");
        for (at, layer) in report.layers.iter().enumerate() {
            let step = layer.step.as_deref().unwrap_or("nothing is told of it");
            let line = layer.line.map_or(String::new(), |line| format!("line {line}: "));
            let packed = layer.compressed_bytes.map_or(String::new(), size);
            let step = self.fit(&format!("{line}{step}"), 32);
            let _ =
                writeln!(self.out, "    {at:>2}  {:>8}  {packed:>8}  {step}", size(layer.bytes));
        }
    }

    fn owners(&mut self, report: &ImageReport) {
        self.title("whose the bytes are", "");
        let (shown, left) = self.shown(&report.owners);
        for owner in shown {
            let version = owner.version.as_deref().map_or(String::new(), |v| format!(" {v}"));
            let name = if owner.name.is_empty() { "/" } else { &owner.name };
            let name = self.fit(&format!("{name}{version}"), 40);
            let _ = writeln!(
                self.out,
                "    {:>8}  {:<6}  {name}  ({} files, layer {})",
                size(owner.bytes),
                owner.kind.name(),
                count(owner.files as f64),
                owner.layer
            );
        }
        self.more(left);
    }

    fn not_analysed(&mut self, report: &ImageReport) {
        for why in &report.not_analysed {
            let _ = writeln!(self.out, "\n  not analysed: {}", printable(why));
        }
    }
}

fn size(value: u64) -> String {
    bytes(value as f64)
}
