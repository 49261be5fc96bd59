//! What an image holds, as a page for the terminal.

pub(crate) mod compared;
mod findings;
pub(crate) mod html;
mod start;

use std::fmt::Write as _;

use plimsoll_model::{ImageReport, bytes, count, printable};

use super::page::Page;
use crate::ui::Colour;

/// The page.
pub(crate) fn page(report: &ImageReport, full: bool, colour: Colour) -> String {
    let mut page = Page::new(full, colour);
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

impl Page {
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
