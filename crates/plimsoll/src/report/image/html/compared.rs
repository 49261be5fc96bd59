//! Two images side by side, as a page.

use std::cmp::Ordering;
use std::fmt::Write as _;

use plimsoll_model::{FileSum, ImageComparison, PackageChange, PathChange, count};

use super::owner_name;
use super::table::{self, code, facts, title};
use crate::report::image::compared::{difference, package_bytes, versions};
use crate::report::image::size;
use crate::report::{escape, html};

/// The page.
pub(crate) fn page(comparison: &ImageComparison) -> String {
    let (before, after) = (&comparison.before, &comparison.after);
    let mut out = html::begin(&format!("{} against {}", after.image, before.image));
    let _ = writeln!(
        out,
        "<h1>{}</h1>\n<p class=\"dim\">against {}</p>",
        escape(&after.image),
        escape(&before.image)
    );
    if before.platform != after.platform {
        let (is, was) = (escape(&after.platform), escape(&before.platform));
        let _ = writeln!(out, "<p>For {is}; the other is for {was}.</p>");
    }
    totals(&mut out, comparison);
    files(&mut out, comparison);
    packages(&mut out, &comparison.packages);
    paths(&mut out, "Folders", &comparison.folders);
    paths(&mut out, "Files", &comparison.files);
    super::end(&mut out);
    out
}

fn totals(out: &mut String, comparison: &ImageComparison) {
    let (before, after) = (&comparison.before, &comparison.after);
    let mut all = Vec::new();
    if let (Some(was), Some(is)) = (before.compressed_bytes, after.compressed_bytes) {
        all.push(("pulled (compressed)", was, is));
    }
    all.push(("all layers", before.unpacked_bytes, after.unpacked_bytes));
    all.push(("seen by a container", before.visible_bytes, after.visible_bytes));
    all.push(("wasted", before.wasted_bytes, after.wasted_bytes));
    let most = all.iter().map(|(_, was, is)| was.abs_diff(*is)).max().unwrap_or(0);
    let row = |(what, was, is): &(&str, u64, u64)| {
        vec![(*what).to_owned(), size(*was), size(*is), difference(*was, *is), bar(*was, *is, most)]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    table::write(out, &["", "#Before", "#After", "#Difference", ""], &rows);
}

fn files(out: &mut String, comparison: &ImageComparison) {
    let said = |sum: FileSum| format!("{} ({})", count(sum.files as f64), size(sum.bytes));
    let shared = format!("{} of {}", comparison.shared_layers, comparison.after.layers);
    facts(
        out,
        &[
            ("layers that are the same", shared),
            ("new files", said(comparison.added)),
            ("files gone", said(comparison.removed)),
            ("changed", said(comparison.changed)),
            ("the same", said(comparison.same)),
        ],
    );
}

fn packages(out: &mut String, changes: &[PackageChange]) {
    if changes.is_empty() {
        return;
    }
    title(out, "Packages and folders without one", "");
    let bytes = |change: &PackageChange| {
        (package_bytes(change.before.as_ref()), package_bytes(change.after.as_ref()))
    };
    let differences = changes.iter().map(bytes).map(|(was, is)| was.abs_diff(is));
    let most = differences.max().unwrap_or(0);
    let row = |change: &PackageChange| {
        let (was, is) = bytes(change);
        vec![
            difference(was, is),
            bar(was, is, most),
            change.kind.name().to_owned(),
            code(&owner_name(change.kind, &change.name)),
            escape(&versions(change)),
        ]
    };
    let rows: Vec<_> = changes.iter().map(row).collect();
    table::write(out, &["#Difference", "", "From", "Name", "Version"], &rows);
}

fn paths(out: &mut String, what: &str, changes: &[PathChange]) {
    if changes.is_empty() {
        return;
    }
    title(out, what, "");
    let bytes = |change: &PathChange| (change.before.unwrap_or(0), change.after.unwrap_or(0));
    let differences = changes.iter().map(bytes).map(|(was, is)| was.abs_diff(is));
    let most = differences.max().unwrap_or(0);
    let row = |change: &PathChange| {
        let (was, is) = bytes(change);
        let mark = match (change.before, change.after) {
            (None, _) => "new",
            (_, None) => "gone",
            _ => "",
        };
        let path = code(&format!("/{}", change.path));
        vec![difference(was, is), bar(was, is, most), mark.to_owned(), path]
    };
    let rows: Vec<_> = changes.iter().map(row).collect();
    table::write(out, &["#Difference", "", "", "Path"], &rows);
}

/// A bar to the right for more, to the left for less.
fn bar(was: u64, is: u64, most: u64) -> String {
    let width = was.abs_diff(is) as f64 / most.max(1) as f64 * 50.0;
    let (class, x) = match is.cmp(&was) {
        Ordering::Less => ("less", 50.0 - width),
        Ordering::Equal => return String::new(),
        Ordering::Greater => ("more", 50.0),
    };
    format!(
        "<svg class=\"signed\" viewBox=\"0 0 100 7\" preserveAspectRatio=\"none\"><rect class=\"{class}\" x=\"{x:.1}\" width=\"{width:.1}\" height=\"7\"/><line x1=\"50\" x2=\"50\" y1=\"0\" y2=\"7\"/></svg>"
    )
}
