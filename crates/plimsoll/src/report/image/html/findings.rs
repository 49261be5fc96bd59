//! The tables of a page: what an image wastes, what need not be there, what is dangerous.

use plimsoll_model::{ImageReport, Needless, Opening, SecretFound, WastedFile, count};

use super::table::{self, code};
use crate::report::escape;
use crate::report::image::size;

pub(super) fn waste(out: &mut String, report: &ImageReport) {
    let waste = &report.waste;
    if waste.bytes == 0 {
        return;
    }
    table::title(out, "Wasted", &format!("{} are pulled and never seen", size(waste.bytes)));
    let row = |file: &WastedFile| {
        let how = if file.deleted { "deleted" } else { "replaced" };
        vec![
            size(file.bytes),
            count(file.files as f64),
            code(&format!("/{}", file.path)),
            file.layer.to_string(),
            format!("{how} by layer {}", file.by),
        ]
    };
    let rows: Vec<_> = waste.largest.iter().map(row).collect();
    table::write(out, &["#Size", "#Files", "Path", "#Layer", "What happens"], &rows);
    if waste.unchanged_bytes > 0 {
        let why = "are replaced by the same bytes: only owner or mode changed. COPY --chown and --chmod make one layer of it.";
        out.push_str(&format!("<p>{} {why}</p>\n", size(waste.unchanged_bytes)));
    }
}

pub(super) fn duplicates(out: &mut String, report: &ImageReport) {
    let all = &report.duplicates;
    if all.bytes == 0 {
        return;
    }
    table::title(out, "Equal files", &format!("{} are there more than once", size(all.bytes)));
    let rows: Vec<_> = all
        .largest
        .iter()
        .map(|group| {
            let paths: Vec<String> =
                group.paths.iter().map(|path| code(&format!("/{path}"))).collect();
            vec![size(group.bytes), count(group.count as f64), paths.join("<br>")]
        })
        .collect();
    table::write(out, &["#Size", "#Times", "Where"], &rows);
}

pub(super) fn needless(out: &mut String, report: &ImageReport) {
    if report.needless.is_empty() {
        return;
    }
    table::title(out, "Needless in an image that runs a service", "");
    let rows: Vec<_> = report.needless.iter().map(needless_row).collect();
    table::write(out, &["#Size", "#Files", "What", "The largest"], &rows);
}

fn needless_row(one: &Needless) -> Vec<String> {
    let largest = one.largest.iter().take(3).map(|path| {
        let owner = path.owner.as_deref().map_or(String::new(), |o| format!(" ({})", escape(o)));
        format!("{} {}{owner}", size(path.bytes), code(&format!("/{}", path.path)))
    });
    let largest: Vec<String> = largest.collect();
    vec![size(one.bytes), count(one.files as f64), one.kind.name().to_owned(), largest.join("<br>")]
}

pub(super) fn secrets(out: &mut String, report: &ImageReport) {
    if report.secrets.is_empty() {
        return;
    }
    table::title(out, "Secrets", &count(report.secrets.len() as f64));
    let rows: Vec<_> = report.secrets.iter().map(secret_row).collect();
    table::write(out, &["What", "Where", "#Layer", ""], &rows);
}

fn secret_row(secret: &SecretFound) -> Vec<String> {
    let line = secret.line.map_or(String::new(), |line| format!(":{line}"));
    let slash = if secret.layer.is_some() { "/" } else { "" };
    let certain = if secret.certain { "" } else { "by its look" };
    let hidden = if secret.hidden { "hidden by a later layer, and still there" } else { "" };
    let said: Vec<&str> = [certain, hidden].into_iter().filter(|said| !said.is_empty()).collect();
    vec![
        escape(&secret.what),
        code(&format!("{slash}{}{line}", secret.path)),
        secret.layer.map_or(String::new(), |layer| layer.to_string()),
        said.join("; "),
    ]
}

pub(super) fn bytecode(out: &mut String, report: &ImageReport) {
    let bytecode = &report.bytecode;
    if bytecode.missing == 0 {
        return;
    }
    let (missing, all) = (count(bytecode.missing as f64), count(bytecode.sources as f64));
    let said = format!("{missing} of {all} files have none and are compiled at each start");
    table::title(out, "Python's bytecode", &said);
    let rows: Vec<_> = bytecode
        .folders
        .iter()
        .map(|folder| {
            let path = code(&format!("/{}", folder.path));
            vec![size(folder.bytes), count(folder.files as f64), path]
        })
        .collect();
    table::write(out, &["#Size", "#Files", "Folder"], &rows);
}

pub(super) fn permissions(out: &mut String, report: &ImageReport) {
    if report.permissions.is_empty() {
        return;
    }
    table::title(out, "Permissions", "");
    let rows: Vec<_> = report
        .permissions
        .iter()
        .map(|one| {
            let how = match one.how {
                Opening::SetUid => "runs as its owner",
                Opening::SetGid => "runs as its group",
                Opening::WorldWritable => "everybody may change it",
            };
            let owner = escape(one.owner.as_deref().unwrap_or_default());
            vec![how.to_owned(), code(&format!("/{}", one.path)), escape(&one.mode), owner]
        })
        .collect();
    table::write(out, &["What", "Path", "#Mode", "From"], &rows);
}
