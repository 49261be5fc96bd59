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

#[cfg(test)]
mod tests {
    use super::super::tests::Tree;
    use super::*;

    const ALL: &[&str] = &["cpu", "memory", "pids", "io"];

    #[test]
    fn the_root_hands_on_what_it_has() {
        let tree = Tree::new(&[("cgroup.subtree_control", "cpu memory io pids\n")]);
        let (dir, enabled) = parent(&tree.0, &tree.0.join("own"), ALL).unwrap();
        assert_eq!((dir, enabled.join(" ")), (tree.0.clone(), "cpu memory io pids".to_owned()));
    }

    #[test]
    fn below_the_root_it_is_the_own_cgroup_that_hands_on() {
        // The root of a namespace of cgroups is none of the machine.
        let tree = Tree::new(&[
            ("cgroup.type", "domain\n"),
            ("cgroup.subtree_control", ""),
            ("own/cgroup.subtree_control", "memory pids\n"),
        ]);
        let own = tree.0.join("own");
        let (dir, enabled) = parent(&tree.0, &own, &["memory"]).unwrap();
        assert_eq!((dir, enabled.len()), (own.clone(), 2));
        // Once it has moved down, it is still that one.
        let again = parent(&tree.0, &own.join(LEAF), &["memory"]).unwrap();
        assert_eq!(again.0, own);
    }

    #[test]
    fn one_that_is_not_delegated_says_what_to_do() {
        let tree = Tree::new(&[("cgroup.type", "domain\n"), ("own/cgroup.procs", "")]);
        let why = parent(&tree.0, &tree.0.join("own"), ALL).unwrap_err();
        assert!(why.contains("is not delegated to this user: systemd-run"), "{why}");
    }

    #[test]
    fn what_refuses_all_says_so() {
        // A folder takes no word.
        let tree = Tree::new(&[("cgroup.subtree_control/x", "")]);
        let why = parent(&tree.0, &tree.0, ALL).unwrap_err();
        assert!(why.contains("cannot be handed on"), "{why}");
    }

    #[test]
    fn only_what_is_missing_is_asked_for() {
        let tree = Tree::new(&[("cgroup.subtree_control", "cpu io pids\n")]);
        enable(&tree.0, ALL).unwrap();
        assert_eq!(tree.read("cgroup.subtree_control"), "+memory");
    }

    #[test]
    fn this_process_moves_down_a_step() {
        let tree = Tree::new(&[("cgroup.procs", "1\n")]);
        for _ in 0..2 {
            step_down(&tree.0).unwrap();
            assert_eq!(tree.read("plimsoll.self/cgroup.procs"), std::process::id().to_string());
        }
    }
}
