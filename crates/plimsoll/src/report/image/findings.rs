//! What an image wastes, what need not be there, and what is dangerous.

use std::fmt::Write as _;

use plimsoll_model::{ImageReport, Opening, count, printable};

use super::{Page, size};

pub(super) fn waste(page: &mut Page, report: &ImageReport) {
    let waste = &report.waste;
    if waste.bytes == 0 {
        return;
    }
    let share = waste.bytes as f64 / report.unpacked_bytes.max(1) as f64 * 100.0;
    let said = format!("{} ({share:.1} %) are pulled and never seen", size(waste.bytes));
    page.title("wasted", &said);
    let (shown, left) = page.shown(&waste.largest);
    for file in shown {
        let how = if file.deleted { "deleted" } else { "replaced" };
        let files = match file.files {
            1 => String::new(),
            files => format!(" ({} files)", count(files as f64)),
        };
        let path = page.fit(&format!("{}{files}", file.path), 46);
        let (layer, by) = (file.layer, file.by);
        let _ = writeln!(
            page.out,
            "    {:>8}  {path}  layer {layer}, {how} by layer {by}",
            size(file.bytes)
        );
    }
    page.more(left);
    if waste.unchanged_bytes > 0 {
        let unchanged = size(waste.unchanged_bytes);
        let why = "are replaced by the same bytes: only owner or mode changed; COPY --chown and --chmod make one layer of it";
        page.line(&format!("    {unchanged} {why}"));
    }
}

pub(super) fn duplicates(page: &mut Page, report: &ImageReport) {
    let all = &report.duplicates;
    if all.bytes == 0 {
        return;
    }
    page.title("equal files", &format!("{} are there more than once", size(all.bytes)));
    let (shown, left) = page.shown(&all.largest);
    for group in shown {
        let paths = page.fit(&group.paths.join("  "), 24);
        let _ = writeln!(page.out, "    {:>8}  {}×  {paths}", size(group.bytes), group.count);
    }
    page.more(left);
}

pub(super) fn needless(page: &mut Page, report: &ImageReport) {
    if report.needless.is_empty() {
        return;
    }
    let all = report.needless.iter().map(|one| one.bytes).sum();
    page.title("needless in an image that runs a service", &size(all));
    for one in &report.needless {
        let files = count(one.files as f64);
        let _ =
            writeln!(page.out, "    {:>8}  {} ({files} files)", size(one.bytes), one.kind.name());
        let most = if page.most == usize::MAX { usize::MAX } else { 2 };
        for path in one.largest.iter().take(most) {
            let owner = path.owner.as_deref().map_or(String::new(), |owner| format!("  {owner}"));
            let text = page.fit(&format!("{}{owner}", path.path), 34);
            let _ = writeln!(page.out, "              {:>8}  {text}", size(path.bytes));
        }
    }
}

pub(super) fn bytecode(page: &mut Page, report: &ImageReport) {
    let bytecode = &report.bytecode;
    if bytecode.missing == 0 {
        return;
    }
    let (missing, all) = (count(bytecode.missing as f64), count(bytecode.sources as f64));
    let said = format!("{missing} of {all} files have none: they are compiled at each start");
    page.title("Python's bytecode", &said);
    let (shown, left) = page.shown(&bytecode.folders);
    for folder in shown {
        let path = page.fit(&folder.path, 40);
        let files = count(folder.files as f64);
        let _ = writeln!(page.out, "    {:>8}  {path}  ({files} files)", size(folder.bytes));
    }
    page.more(left);
}

pub(super) fn secrets(page: &mut Page, report: &ImageReport) {
    if report.secrets.is_empty() {
        return;
    }
    page.title("secrets", "");
    let (shown, left) = page.shown(&report.secrets);
    for secret in shown {
        let line = secret.line.map_or(String::new(), |line| format!(":{line}"));
        let place = match (secret.layer, secret.hidden) {
            (Some(layer), true) => {
                format!("  layer {layer}; hidden by a later one, and still there")
            }
            (Some(layer), false) => format!("  layer {layer}"),
            (None, _) => String::new(),
        };
        let look = if secret.certain { "" } else { "  (by its look)" };
        let path = printable(&secret.path);
        let _ = writeln!(page.out, "    {path}{line}  {}{look}{place}", secret.what);
    }
    page.more(left);
}

pub(super) fn permissions(page: &mut Page, report: &ImageReport) {
    for (how, title) in [
        (Opening::SetUid, "programs that run as their owner"),
        (Opening::SetGid, "programs that run as their group"),
        (Opening::WorldWritable, "everybody may change"),
    ] {
        let all: Vec<_> = report.permissions.iter().filter(|one| one.how == how).collect();
        if all.is_empty() {
            continue;
        }
        let (shown, left) = page.shown(&all);
        let paths: Vec<String> =
            shown.iter().map(|one| format!("{} ({})", one.path, one.mode)).collect();
        let paths = page.fit(&paths.join("  "), 6);
        page.title(title, &count(all.len() as f64));
        page.line(&format!("    {paths}"));
        page.more(left);
    }
}
