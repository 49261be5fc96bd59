//! Prints what BuildKit would be sent of a folder: `context ROOT [IGNOREFILE]`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example for the terminal")]

use std::process::ExitCode;
use std::{env, fs, io};

use plimsoll_measure::context::{ContextRequest, IgnoreSource, measure};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let Some(root) = arguments.next() else {
        eprintln!("usage: context ROOT [IGNOREFILE]");
        return ExitCode::from(2);
    };
    match print(&root, arguments.next()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed to measure {root}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(root: &str, ignore: Option<String>) -> io::Result<()> {
    let read = |path| fs::read_to_string(&path).map(|text| IgnoreSource { path, text });
    let ignore = ignore.map(read).transpose()?;
    let report = measure(&ContextRequest { root: root.into(), ignore, ..Default::default() })?;
    let sent = report.sent;
    println!("{} bytes", sent.bytes);
    println!("{} files, {} folders, {} links", sent.files, sent.folders, sent.links);
    for (category, totals) in &report.categories {
        println!("{:>14} {}", totals.bytes, category.name());
    }
    for (path, bytes) in report.largest_files.iter().take(5) {
        println!("{bytes:>14} {path}");
    }
    println!("{} unreadable, {} special", report.unreadable.len(), report.special.len());
    Ok(())
}
