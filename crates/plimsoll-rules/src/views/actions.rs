//! The inputs that actions have, from a dated list.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use toml_edit::{DocumentMut, Item};

/// What is known of an action.
#[derive(Debug, Default)]
pub(crate) struct Action {
    /// The newest release that was read: `v7.3.0`.
    pub(crate) release: String,
    /// Its inputs.
    pub(crate) inputs: Vec<String>,
    /// Inputs of older releases, each with the last major version that has it.
    pub(crate) removed: BTreeMap<String, u32>,
}

/// The action of that name, in lower case and without its version.
pub(crate) fn action(name: &str) -> Option<&'static Action> {
    static ALL: OnceLock<BTreeMap<String, Action>> = OnceLock::new();
    ALL.get_or_init(|| read(include_str!("../../data/actions.toml"))).get(name)
}

/// The major version that `uses:` names: 4 of `owner/name@v4.1`. A commit or a branch has none.
pub(crate) fn major(uses: &str) -> Option<u32> {
    let version = uses.split_once('@')?.1.strip_prefix('v')?;
    let all = version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    version.split('.').next().filter(|_| all)?.parse().ok()
}

impl Action {
    /// The major version of the newest release that was read.
    pub(crate) fn newest(&self) -> Option<u32> {
        major(&format!("@{}", self.release))
    }

    /// Whether it has, or had, an input of that name. Names of inputs know no case.
    pub(crate) fn knows(&self, input: &str) -> bool {
        let mut all = self.inputs.iter().chain(self.removed.keys());
        all.any(|known| known.eq_ignore_ascii_case(input))
    }

    /// The input that a name was meant to be, where one is near.
    pub(crate) fn near(&self, input: &str) -> Option<&str> {
        let plain = |t: &str| t.to_ascii_lowercase().replace(['-', '_'], "");
        let wanted = plain(input);
        let far = |known: &&String| distance(&plain(known), &wanted);
        let best = self.inputs.iter().min_by_key(far)?;
        (far(&best) <= 1 + wanted.len() / 8).then_some(best.as_str())
    }
}

fn read(text: &str) -> BTreeMap<String, Action> {
    let Ok(document) = text.parse::<DocumentMut>() else { return BTreeMap::new() };
    document.iter().map(|(name, item)| (name.to_owned(), one(item))).collect()
}

fn one(item: &Item) -> Action {
    let inputs = item.get("inputs").and_then(Item::as_array);
    let removed = item.get("removed").and_then(Item::as_table_like);
    let last = |(name, major): (&str, &Item)| {
        Some((name.to_owned(), u32::try_from(major.as_integer()?).ok()?))
    };
    Action {
        release: item.get("release").and_then(Item::as_str).unwrap_or_default().to_owned(),
        inputs: inputs
            .into_iter()
            .flat_map(|a| a.iter().filter_map(|v| v.as_str()).map(str::to_owned))
            .collect(),
        removed: removed.into_iter().flat_map(|t| t.iter().filter_map(last)).collect(),
    }
}

/// The number of characters to insert, delete or replace.
/// How many letters must be added, dropped or changed to make one text of the other.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut next = vec![i + 1];
        for ((y, diagonal), above) in b.bytes().zip(&row).zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or_default();
            next.push((diagonal + usize::from(x != y)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read() {
        let build = action("docker/build-push-action").unwrap();
        assert!(build.knows("Build-Args") && build.knows("tag_with_ref"));
        assert_eq!(build.near("build_args"), Some("build-args"));
        assert_eq!(build.near("cache-form"), Some("cache-from"));
        assert_eq!(build.near("platform"), Some("platforms"));
        assert_eq!(build.near("somewhere"), None);
        assert_eq!(build.newest(), Some(7));
    }

    #[test]
    fn versions_are_tags() {
        assert_eq!(major("a/b@v4"), Some(4));
        assert_eq!(major("a/b@v4.1.2"), Some(4));
        assert_eq!(major("a/b@main"), None);
        assert_eq!(major("a/b@8f4b7f84864484a7bf31766abe9204da3cbe65b3"), None);
    }

    #[test]
    fn distances_are_counted() {
        assert_eq!(distance("abc", "abd"), 1);
        assert_eq!(distance("", "ab"), 2);
        assert_eq!(distance("flags", "flag"), 1);
    }
}
