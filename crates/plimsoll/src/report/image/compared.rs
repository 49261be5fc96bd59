//! Two images side by side, as a page for the terminal.

use std::fmt::Write as _;

use plimsoll_model::{
    FileSum, ImageComparison, PackageChange, PackageState, PathChange, bytes, count, printable,
};

use super::{Page, size};
use crate::ui::Colour;

/// The page.
pub(crate) fn page(comparison: &ImageComparison, full: bool, colour: Colour) -> String {
    let mut page = Page::new(full, colour);
    head(&mut page, comparison);
    packages(&mut page, comparison);
    paths(&mut page, "folders", &comparison.folders);
    paths(&mut page, "files", &comparison.files);
    page.out
}

fn head(page: &mut Page, comparison: &ImageComparison) {
    let (before, after) = (&comparison.before, &comparison.after);
    let name = page.paint.bold(&printable(&after.image));
    page.line(&format!("{name}  against {}", printable(&before.image)));
    if before.platform != after.platform {
        let (was, is) = (printable(&before.platform), printable(&after.platform));
        page.line(&format!("  for {is}; the other is for {was}"));
    }
    let _ =
        writeln!(page.out, "\n    {:<22}{:>12}{:>12}{:>14}", "", "before", "after", "difference");
    let mut row = |name: &str, before: u64, after: u64| {
        let _ = writeln!(
            page.out,
            "    {name:<22}{:>12}{:>12}{:>14}",
            size(before),
            size(after),
            difference(before, after)
        );
    };
    if let (Some(before), Some(after)) = (before.compressed_bytes, after.compressed_bytes) {
        row("pulled (compressed)", before, after);
    }
    row("all layers", before.unpacked_bytes, after.unpacked_bytes);
    row("seen by a container", before.visible_bytes, after.visible_bytes);
    row("wasted", before.wasted_bytes, after.wasted_bytes);
    let (shared, all) = (comparison.shared_layers, after.layers);
    let _ = writeln!(page.out, "\n    {shared} of {all} layers are the same");
    let said = |sum: FileSum, what: &str| {
        format!("{} {what} ({})", count(sum.files as f64), size(sum.bytes))
    };
    let files = [
        said(comparison.added, "new"),
        said(comparison.removed, "gone"),
        said(comparison.changed, "changed"),
        said(comparison.same, "the same"),
    ];
    page.line(&format!("    files: {}", files.join(", ")));
}

fn packages(page: &mut Page, comparison: &ImageComparison) {
    if comparison.packages.is_empty() {
        return;
    }
    page.title("packages and folders without one", "");
    let (shown, left) = page.shown(&comparison.packages);
    for change in shown {
        let before = package_bytes(change.before.as_ref());
        let difference = difference(before, package_bytes(change.after.as_ref()));
        let name = page.fit(&format!("{}  {}", change.name, versions(change)), 30);
        let _ = writeln!(page.out, "    {difference:>12}  {:<6}  {name}", change.kind.name());
    }
    page.more(left);
}

/// What a package weighs in one image; nothing where it is not there.
pub(super) fn package_bytes(state: Option<&PackageState>) -> u64 {
    state.map_or(0, |state| state.bytes)
}

pub(super) fn versions(change: &PackageChange) -> String {
    let version = |state: &PackageState| state.version.clone().unwrap_or_default();
    match (&change.before, &change.after) {
        (None, Some(after)) => format!("new {}", version(after)),
        (Some(before), None) => format!("gone {}", version(before)),
        (Some(before), Some(after)) if before.version != after.version => {
            format!("{} → {}", version(before), version(after))
        }
        (_, Some(after)) => version(after),
        (None, None) => String::new(),
    }
}

fn paths(page: &mut Page, title: &str, changes: &[PathChange]) {
    if changes.is_empty() {
        return;
    }
    page.title(title, "");
    let (shown, left) = page.shown(changes);
    for change in shown {
        let difference = difference(change.before.unwrap_or(0), change.after.unwrap_or(0));
        let mark = match (change.before, change.after) {
            (None, _) => "new",
            (_, None) => "gone",
            _ => "",
        };
        let path = page.fit(&change.path, 30);
        let _ = writeln!(page.out, "    {difference:>12}  {mark:<6}  {path}");
    }
    page.more(left);
}

/// `+12.0 MB`, `−3.1 kB`, `±0 B`.
pub(super) fn difference(before: u64, after: u64) -> String {
    let sign = match after.cmp(&before) {
        std::cmp::Ordering::Less => "−",
        std::cmp::Ordering::Equal => "±",
        std::cmp::Ordering::Greater => "+",
    };
    format!("{sign}{}", bytes(after.abs_diff(before) as f64))
}
