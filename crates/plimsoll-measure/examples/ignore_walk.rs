//! Lists a folder with the `ignore` crate, without the folders named: what
//! `scripts/bench/context` holds us to. `ignore_walk ROOT [--sizes] NAME…`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example for the terminal")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use ignore::{WalkBuilder, WalkState};

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() {
        eprintln!("usage: ignore_walk ROOT [--sizes] NAME…");
        return ExitCode::from(2);
    }
    let root = arguments.remove(0);
    let sizes = arguments.first().is_some_and(|first| first == "--sizes");
    let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8);
    let mut builder = WalkBuilder::new(root);
    builder.standard_filters(false).threads(threads);
    builder.filter_entry(move |entry| {
        entry.depth() != 1 || !arguments.iter().any(|name| entry.file_name() == name.as_str())
    });
    let (files, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    builder.build_parallel().run(|| {
        Box::new(|entry| {
            let Ok(entry) = entry else { return WalkState::Continue };
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                files.fetch_add(1, Ordering::Relaxed);
                let found = sizes.then(|| entry.metadata().map_or(0, |found| found.len()));
                bytes.fetch_add(found.unwrap_or(0), Ordering::Relaxed);
            }
            WalkState::Continue
        })
    });
    println!("{} files, {} bytes", files.into_inner(), bytes.into_inner());
    ExitCode::SUCCESS
}
