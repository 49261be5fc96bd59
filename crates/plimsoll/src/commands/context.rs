//! `plimsoll context`: what is sent to the builder, and why.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use plimsoll_measure::context::{self, Asked};
use plimsoll_model::{Exit, FolderSize, bytes, count, printable};
use plimsoll_rules::discover::Service;
use plimsoll_syntax::ignorefile::IgnoreFile;

use super::delivery::write_whole;
use crate::contexts::{self, Context};
use crate::failure::Failure;
use crate::pipeline::{self, Found};
use crate::report::{escape, json, treemap};
use crate::ui;

/// Which context, and what about it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The repository.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Only this service.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Says which pattern excludes or re-includes a path, given from the context's root; repeatable.
    #[arg(long, value_name = "PATH", conflicts_with = "json")]
    why: Vec<String>,
    /// Writes a treemap to an HTML file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// Leaves out what the ignore file keeps back: faster where that is much.
    #[arg(long)]
    sent_only: bool,
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let found = pipeline::find(&args.path)?;
    let services: Vec<&Service> = found
        .found
        .services
        .iter()
        .filter(|s| args.service.as_ref().is_none_or(|n| *n == s.name))
        .collect();
    if services.is_empty() {
        let names: Vec<&str> = found.found.services.iter().map(|s| s.name.as_str()).collect();
        let hint = if names.is_empty() {
            "there is no Dockerfile below it".to_owned()
        } else {
            format!("the services are {}", names.join(", "))
        };
        return Err(Failure::usage("there is no such service").hint(hint));
    }
    let mut measured = Vec::new();
    for service in services {
        match contexts::of_service(&args.path, &found, service, !args.sent_only) {
            Some(Ok(context)) => measured.push((service, context)),
            Some(Err(error)) => {
                return Err(Failure::missing(format!(
                    "failed to measure the context of {}: {error}",
                    service.name
                )));
            }
            None => ui::note(format_args!(
                "{}: the root of its context is not known; name it in plimsoll.toml",
                service.name
            )),
        }
    }
    if measured.is_empty() {
        return Err(Failure::missing("no context is known")
            .hint("name it in plimsoll.toml: [service.NAME] context = \"…\""));
    }
    if let Some(path) = &args.html {
        write_whole(path, &page(&args.path, &measured))?;
    }
    if !args.why.is_empty() {
        ui::result(&why(&measured, &args.why)?)?;
    } else if args.json {
        let summaries: BTreeMap<&str, _> = measured
            .iter()
            .map(|(s, c)| (s.name.as_str(), contexts::summary(&folder(&args.path, c), c)))
            .collect();
        ui::result(&json::text(&summaries))?;
    } else {
        let text: String = measured
            .iter()
            .map(|(s, c)| tree(&args.path, &found, s, c))
            .collect::<Vec<_>>()
            .join("\n");
        ui::result(&text)?;
    }
    Ok(Exit::Passed)
}

fn folder(root: &Path, context: &Context) -> String {
    let folder = context
        .request
        .root
        .strip_prefix(root)
        .map(|p| p.to_string_lossy().into_owned())
        .unwrap_or_default();
    if folder.is_empty() { ".".to_owned() } else { folder }
}

/// A context as an aligned page.
fn tree(root: &Path, found: &Found, service: &Service, context: &Context) -> String {
    let report = &context.report;
    let mut out = String::new();
    let file = found.repo.dockerfiles.get(service.dockerfile).map_or("", |d| &d.path);
    let ignore = context.ignore_file.as_deref().unwrap_or("none");
    let ignore = if context.git { "none (the build is given the commit)" } else { ignore };
    let _ = writeln!(
        out,
        "{}: {} with the context {}, ignore file {}",
        printable(&service.name),
        printable(file),
        printable(&folder(root, context)),
        printable(ignore)
    );
    let sent = report.sent;
    let _ = writeln!(
        out,
        "  {:<34}{:>10}{:>10} files",
        "sent",
        bytes(sent.bytes as f64),
        count(sent.files as f64)
    );
    if let Some(all) = report.unfiltered {
        let kept = all.bytes.saturating_sub(sent.bytes);
        let share = if all.bytes == 0 { 0.0 } else { kept as f64 / all.bytes as f64 * 100.0 };
        let _ = writeln!(
            out,
            "  {:<34}{:>10}{:>10} files",
            "in the folder",
            bytes(all.bytes as f64),
            count(all.files as f64)
        );
        let _ = writeln!(out, "  {:<34}{:>10}{:>10.1} %", "not sent", bytes(kept as f64), share);
    }
    let rows = |out: &mut String, title: &str, rows: Vec<(String, u64, Option<u64>)>| {
        if rows.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n  {title}");
        for (name, size, files) in rows {
            let files = files.map_or(String::new(), |f| format!("{:>10} files", count(f as f64)));
            let _ = writeln!(out, "    {:<32}{:>10}{files}", printable(&name), bytes(size as f64));
        }
    };
    rows(
        &mut out,
        "by kind",
        report
            .categories
            .iter()
            .map(|(c, t)| (c.name().to_owned(), t.bytes, Some(t.files)))
            .collect(),
    );
    rows(&mut out, "by folder", folders(&report.folders));
    rows(
        &mut out,
        "largest files",
        report.largest_files.iter().take(8).map(|(p, b)| (p.clone(), *b, None)).collect(),
    );
    idle_patterns(&mut out, context);
    for (path, reason) in &report.unreadable {
        let _ = writeln!(out, "  not read: {}: {reason}", printable(path));
    }
    for path in &report.special {
        let _ = writeln!(out, "  never opened: {} is a FIFO, socket or device", printable(path));
    }
    out
}

/// The folders of the top two levels with all that lies below them, as a tree.
fn folders(all: &[(String, u64, u64)]) -> Vec<(String, u64, Option<u64>)> {
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (path, size, files) in all {
        let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
        for depth in 0..=parts.len().min(2) {
            let sum = sums.entry(parts[..depth].join("/")).or_default();
            *sum = (sum.0 + size, sum.1 + files);
        }
    }
    let total = sums.get("").map_or(0, |s| s.0);
    // Small folders below the first level would drown the large ones.
    let shown = sums.into_iter().filter(|(p, (size, _))| !p.contains('/') || size * 50 > total);
    let indented = |path: String| match path.rsplit_once('/') {
        Some((_, name)) => format!("    {name}/"),
        None if path.is_empty() => "./".to_owned(),
        None => format!("  {path}/"),
    };
    shown.take(40).map(|(p, (size, files))| (indented(p), size, Some(files))).collect()
}

fn idle_patterns(out: &mut String, context: &Context) {
    let (idle, all) = contexts::idle_patterns(context);
    if idle.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  {} of {} patterns match nothing here", idle.len(), all);
    let most = 8;
    for pattern in idle.iter().take(most) {
        let _ = writeln!(out, "    line {pattern}");
    }
    if idle.len() > most {
        let _ = writeln!(out, "    and {} more (--json lists them)", idle.len() - most);
    }
}

fn why(measured: &[(&Service, Context)], paths: &[String]) -> Result<String, Failure> {
    let mut out = String::new();
    for (service, context) in measured {
        for path in paths {
            let said = printable(path);
            let _ =
                writeln!(out, "{}: {said} {}", printable(&service.name), reason(context, path)?);
        }
    }
    Ok(out)
}

/// Whether a path is sent to the builder, and why.
fn reason(context: &Context, path: &str) -> Result<String, Failure> {
    let clean = path.trim_start_matches("./").trim_end_matches('/');
    let mut by = "there is no ignore file".to_owned();
    if let Some(ignore) = &context.request.ignore {
        let name = context.ignore_file.as_deref().unwrap_or(&ignore.path);
        let file = IgnoreFile::parse(&ignore.text);
        let why = context::why(&file.patterns, clean)
            .map_err(|e| Failure::usage(format!("{}: {e}", ignore.path)))?;
        by = match &why.by {
            Some((line, pattern)) => printable(&format!("{name}:{line} `{pattern}`")).into_owned(),
            None => printable(&format!("no pattern of {name} matches it")).into_owned(),
        };
        if why.ignored {
            return Ok(format!("is not sent: {by}"));
        }
    }
    if context.request.root.join(clean).symlink_metadata().is_err() {
        return Ok("is not sent: it is not in the context".to_owned());
    }
    Ok(match context.request.follow.asked(clean) {
        Asked::Whole => format!("is sent: {by}"),
        Asked::Part => format!("is sent in part: {by}"),
        Asked::Nothing => "is not sent: no COPY, ADD or mount of the build names it".to_owned(),
    })
}

/// The treemaps as one HTML page.
fn page(root: &Path, measured: &[(&Service, Context)]) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Build context</title>\n<style>{}</style></head><body>\n<h1>What is sent to the builder</h1>\n",
        include_str!("../report/page.css")
    );
    for (service, context) in measured {
        let sizes: Vec<FolderSize> = context
            .report
            .folders
            .iter()
            .map(|(p, b, f)| FolderSize { path: p.clone(), bytes: *b, files: *f })
            .collect();
        let sent = context.report.sent;
        let _ = write!(
            out,
            "<h2>{}</h2>\n<p>{} in {} files, context <code>{}</code></p>\n{}",
            escape(&service.name),
            bytes(sent.bytes as f64),
            count(sent.files as f64),
            escape(&folder(root, context)),
            treemap::svg(&sizes)
        );
    }
    out.push_str("</body></html>\n");
    out
}
