//! Processes of a container, as this machine sees them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;

/// How many processes are looked at.
const MOST: usize = 64;
/// How much of a file of `/proc` is read.
const READ: u64 = 256 << 10;

/// A file of `/proc`, as much as is ever needed of it.
pub(super) fn read(path: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(READ).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The same as text.
pub(super) fn text(path: &str) -> Option<String> {
    Some(String::from_utf8_lossy(&read(path)?).into_owned())
}

/// Threads of a process.
pub(super) fn threads(pid: i32) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    tasks.filter_map(number).take(1024).collect()
}

/// A process and all that it started, each after what started it.
pub(super) fn tree(first: i32) -> Vec<i32> {
    let mut all = vec![first];
    let mut at = 0;
    while let Some(pid) = all.get(at).copied() {
        for thread in threads(pid) {
            let children = text(&format!("/proc/{pid}/task/{thread}/children")).unwrap_or_default();
            for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
                if all.len() < MOST && !all.contains(&child) {
                    all.push(child);
                }
            }
        }
        at += 1;
    }
    all
}

/// What a process runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Program {
    /// The file, links followed, as the container sees it.
    pub(super) exe: String,
    /// How it was started.
    pub(super) args: Vec<String>,
    pub(super) env: BTreeMap<String, String>,
    /// Where it runs.
    pub(super) cwd: String,
    /// Whether GNU's loader loaded it: that can be asked to load and stop.
    pub(super) by_gnu_loader: bool,
}

impl Program {
    /// What this process runs; nothing where it is gone, or may not be looked at.
    pub(super) fn of(pid: i32) -> Option<Self> {
        let link =
            |what: &str| -> Option<PathBuf> { fs::read_link(format!("/proc/{pid}/{what}")).ok() };
        let exe = link("exe")?.to_string_lossy().trim_end_matches(" (deleted)").to_owned();
        let env = listed(&read(&format!("/proc/{pid}/environ")).unwrap_or_default());
        let env = env.into_iter().filter_map(|pair| {
            pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
        });
        let maps = text(&format!("/proc/{pid}/maps")).unwrap_or_default();
        Some(Self {
            exe,
            args: listed(&read(&format!("/proc/{pid}/cmdline")).unwrap_or_default()),
            env: env.collect(),
            cwd: link("cwd")
                .map_or_else(|| "/".to_owned(), |cwd| cwd.to_string_lossy().into_owned()),
            by_gnu_loader: maps.contains("/ld-linux") || maps.contains("/ld-2."),
        })
    }
}

/// Texts that end with a zero each.
fn listed(bytes: &[u8]) -> Vec<String> {
    let parts =
        bytes.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned());
    let mut parts: Vec<String> = parts.collect();
    parts.pop();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_seen() {
        let own = i32::try_from(std::process::id()).unwrap();
        let program = Program::of(own).unwrap();
        assert!(program.exe.contains("plimsoll") && !program.args.is_empty());
        assert!(tree(own).contains(&own) && threads(own).len() > 1);
        assert_eq!((Program::of(-1), tree(-1)), (None, vec![-1]));
    }

    #[test]
    fn lists_end_with_zeros() {
        assert_eq!(listed(b"a\0\0b\0"), ["a", "", "b"]);
        assert!(listed(b"").is_empty());
    }
}
