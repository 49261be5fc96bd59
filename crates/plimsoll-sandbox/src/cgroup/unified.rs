//! Where cgroups can be made in the tree of v2: a cgroup that hands controllers to its children
//! may have no processes of its own, but for the root.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::find::is_writable;

/// A folder whose children have the controllers, and which of those they have.
///
/// # Errors
/// Why there is none, and what to do.
pub(super) fn parent(
    mount: &Path,
    own: &Path,
    wanted: &[&str],
) -> Result<(PathBuf, Vec<String>), String> {
    // Where this process was moved down before, that is not where it belongs.
    let own = if own.ends_with(LEAF) { own.parent().unwrap_or(own) } else { own };
    let is_root = !mount.join("cgroup.type").exists();
    let parent = if is_root && is_writable(mount) { mount } else { own };
    if !is_writable(parent) || !is_writable(&parent.join("cgroup.subtree_control")) {
        return Err(format!(
            "the cgroup {} is not delegated to this user: systemd-run --user --scope -p Delegate=yes plimsoll …",
            parent.display()
        ));
    }
    if let Err(error) = enable(parent, wanted) {
        // Its only process may be this one, which then moves down a step.
        let busy = matches!(error.kind(), ErrorKind::ResourceBusy);
        let moved = busy && parent == own && step_down(parent).is_ok();
        if !moved || enable(parent, wanted).is_err() {
            return Err(format!(
                "controllers cannot be handed on in the cgroup {}: {error}",
                parent.display()
            ));
        }
    }
    let enabled = fs::read_to_string(parent.join("cgroup.subtree_control")).unwrap_or_default();
    Ok((parent.to_owned(), enabled.split_whitespace().map(str::to_owned).collect()))
}

/// Hands controllers on, one by one: that one of them cannot be is no reason to lack all.
fn enable(parent: &Path, wanted: &[&str]) -> std::io::Result<()> {
    let path = parent.join("cgroup.subtree_control");
    let enabled = fs::read_to_string(&path)?;
    let missing = wanted.iter().filter(|name| !enabled.split_whitespace().any(|e| e == **name));
    let tried: Vec<std::io::Result<()>> =
        missing.map(|name| fs::write(&path, format!("+{name}"))).collect();
    let failed = !tried.is_empty() && tried.iter().all(Result::is_err);
    match tried.into_iter().find_map(Result::err) {
        Some(error) if failed => Err(error),
        _ => Ok(()),
    }
}

/// Where this process is while its cgroup hands controllers on.
const LEAF: &str = "plimsoll.self";

/// Moves this process into a child of its cgroup.
fn step_down(own: &Path) -> std::io::Result<()> {
    let leaf = own.join(LEAF);
    match fs::create_dir(&leaf) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::write(leaf.join("cgroup.procs"), std::process::id().to_string())
}
