use super::*;
use crate::fixture::{Memory, snapshot};

/// What `change` does to the digest of a selection: whether it differs.
fn differs(
    selection: &Selection,
    ignore: &str,
    before: &[(&str, &str)],
    after: &[(&str, &str)],
) -> bool {
    let mut tree = Memory::default();
    let mut selector = Selector::new();
    let mut digest = |files: &[(&str, &str)]| {
        let folder = tree.folder(files);
        selector.digest(&tree, &snapshot(folder, ignore), selection).unwrap()
    };
    digest(before) != digest(after)
}

/// A COPY of sources, separated by blanks.
fn copy(sources: &str) -> Selection {
    let sources = sources.split(' ').map(str::to_owned).collect();
    Selection { sources, patterns: true, ..Selection::default() }
}

fn missing(selection: &Selection, ignore: &str, files: &[(&str, &str)]) -> SelectError {
    let mut tree = Memory::default();
    let folder = tree.folder(files);
    Selector::new().digest(&tree, &snapshot(folder, ignore), selection).unwrap_err()
}

const FILES: &[(&str, &str)] = &[
    ("README.md", "r"),
    ("link", "->src/lib"),
    ("run.sh", "echo"),
    ("src/a.js", "a"),
    ("src/lib/b.js", "b"),
    ("src/lib/notes.md", "n"),
];

/// `FILES` with one more, or another content.
fn with<'f>(path: &'f str, content: &'f str) -> Vec<(&'f str, &'f str)> {
    let mut files: Vec<_> = FILES.iter().copied().filter(|(other, _)| *other != path).collect();
    files.push((path, content));
    files
}

#[test]
fn what_is_copied_counts_and_nothing_else() {
    for (sources, path, content, wanted) in [
        ("src", "src/lib/b.js", "x", true),
        ("src", "README.md", "x", false),
        (".", "new", "x", true),
        ("./src/../README.md", "README.md", "x", true),
        ("README.md run.sh", "run.sh", "x", true),
        // Whether it may be executed.
        ("src", "src/a.js", "#!a", true),
        // Through a link, and a link itself.
        ("link", "src/lib/b.js", "x", true),
        ("link/b.js", "src/lib/b.js", "x", true),
        ("link/b.js", "src/lib/notes.md", "x", false),
        (".", "link", "->src", true),
        ("src/*.js", "src/lib/b.js", "x", false),
        ("src/*.js", "src/b.js", "x", true),
        ("src/*", "src/lib/new", "x", true),
        ("*/lib/*.md", "src/lib/notes.md", "x", true),
        ("*/lib/*.md", "src/lib/c.js", "x", false),
        ("l*k", "src/lib/b.js", "x", true),
        ("missing*", "README.md", "x", false),
        ("missing*", "missing.txt", "x", true),
    ] {
        assert_eq!(
            differs(&copy(sources), "", FILES, &with(path, content)),
            wanted,
            "{sources} {path}"
        );
    }
}

#[test]
fn names_count_below_a_source_and_where_a_pattern_chose() {
    let pair =
        |sources: &str, a: &str, b: &str| differs(&copy(sources), "", &[(a, "x")], &[(b, "x")]);
    assert!(pair("src", "src/a", "src/b"));
    assert!(pair("src/*", "src/a", "src/b"));
    assert!(pair("src/*/x", "src/a/x", "src/b/y"));
    // One file whose name the pattern says: where it lay does not count.
    assert!(!pair("src/*/x", "src/a/x", "src/b/x"));
    let two = |a, b| [(a, "x"), (b, "x")];
    assert!(differs(&copy("src/*/x"), "", &two("src/a/x", "src/c/x"), &two("src/b/x", "src/c/x")));
}

#[test]
fn the_ignore_file_decides_what_is_sent() {
    for (ignore, path, content, wanted) in [
        ("*.md", "README.md", "x", false),
        ("*.md", "src/lib/notes.md", "x", true),
        ("**/*.md", "src/lib/notes.md", "x", false),
        ("src\n!src/lib/b.js", "src/lib/b.js", "x", true),
        ("src\n!src/lib/b.js", "src/lib/notes.md", "x", false),
        ("src\n!src/lib/b.js", "src/a.js", "x", false),
        ("**\n!src", "src/new", "x", true),
        ("**\n!src", "new", "x", false),
    ] {
        assert_eq!(
            differs(&copy("."), ignore, FILES, &with(path, content)),
            wanted,
            "{ignore} {path}"
        );
    }
}

#[test]
fn a_folder_of_which_all_is_ignored_is_sent_empty_unless_it_is_ignored_itself() {
    let before = &[("a", "1")][..];
    let after = &[("a", "1"), ("docs/x.md", "x")][..];
    assert!(differs(&copy("."), "**/*.md", before, after));
    assert!(!differs(&copy("."), "docs", before, after));
    assert!(!differs(&copy("."), "docs\n!docs/y", before, after));
    let more = &[("a", "1"), ("docs/x.md", "x"), ("docs/y.md", "y")][..];
    assert!(!differs(&copy("."), "**/*.md", after, more));
}

#[test]
fn what_is_not_there_is_an_error_that_says_why() {
    let text = |sources: &str, ignore: &str| missing(&copy(sources), ignore, FILES).to_string();
    assert_eq!(text("none", ""), "\"/none\": not found");
    assert_eq!(text("README.md/x", ""), "\"/README.md/x\": not found");
    assert_eq!(
        text("README.md", "*.md"),
        "\"/README.md\": not found: the ignore file keeps it back"
    );
    assert_eq!(text("src", "src"), "\"/src\": not found: the ignore file keeps it back");
    assert!(matches!(missing(&copy("src"), "[", FILES), SelectError::Pattern(_)));
}

#[test]
fn excludes_start_from_the_source_or_from_each_match() {
    let exclude = |sources: &str, patterns: &str| Selection {
        excludes: patterns.split(' ').map(str::to_owned).collect(),
        ..copy(sources)
    };
    for (sources, patterns, path, wanted) in [
        ("src", "*.md", "src/x.md", false),
        ("src", "*.md", "src/lib/notes.md", true),
        ("src", "lib/*.md", "src/lib/notes.md", false),
        ("src", "src/lib", "src/lib/notes.md", true),
        ("src", "lib", "src/lib/notes.md", false),
        ("src/*", "*.md", "src/lib/notes.md", false),
        // The match itself is never left out.
        ("src/*", "*.js", "src/a.js", true),
        ("README.md", "*.md", "README.md", true),
    ] {
        let selection = exclude(sources, patterns);
        assert_eq!(
            differs(&selection, "", FILES, &with(path, "x")),
            wanted,
            "{sources} {patterns} {path}"
        );
    }
}

#[test]
fn parents_name_files_from_the_pivot() {
    let parents = |sources: &str| Selection { parents: true, ..copy(sources) };
    for (sources, path, wanted) in [
        ("src/**/*.js", "src/lib/b.js", true),
        ("src/**/*.js", "src/lib/notes.md", false),
        ("src", "src/lib/notes.md", true),
        ("./src/./lib", "src/lib/b.js", true),
        ("./src/./lib", "src/a.js", false),
    ] {
        assert_eq!(
            differs(&parents(sources), "", FILES, &with(path, "x")),
            wanted,
            "{sources} {path}"
        );
    }
    let moved =
        |sources: &str| differs(&parents(sources), "", &[("a/x/f", "1")], &[("b/x/f", "1")]);
    assert!(moved("*/x/f"));
    assert!(matches!(missing(&parents("none"), "", FILES), SelectError::NotFound { .. }));
}

#[test]
fn a_git_folder_changes_with_each_commit_where_it_is_sent() {
    let mut tree = Memory::default();
    let folder = tree.folder(FILES);
    let digest = |commit: u8, ignore: &str, sources: &str| {
        let context = Snapshot { git: Some(Id([commit; 20])), ..snapshot(folder, ignore) };
        Selector::new().digest(&tree, &context, &copy(sources)).unwrap()
    };
    assert_ne!(digest(1, "", "."), digest(2, "", "."));
    assert_ne!(digest(1, "", ".git"), digest(2, "", ".git"));
    assert_eq!(digest(1, ".git", "."), digest(2, ".git", "."));
    assert_eq!(digest(1, "", "src"), digest(2, "", "src"));
    // A part of it may still be sent.
    assert_ne!(digest(1, ".git\n!.git/HEAD", "."), digest(2, ".git\n!.git/HEAD", "."));
    assert_eq!(digest(1, "**\n!**/pom.xml", "."), digest(2, "**\n!**/pom.xml", "."));
    assert_ne!(digest(1, "**\n!**/HEAD", "."), digest(2, "**\n!**/HEAD", "."));
}

#[test]
fn changes_name_the_files() {
    let mut tree = Memory::default();
    let before = tree.folder(FILES);
    let after = tree.folder(&[
        ("link", "->src/lib"),
        ("run.sh", "#!echo"),
        ("src/a.js", "other"),
        ("src/lib/b.js", "b"),
        ("src/lib/c.js", "c"),
        ("src/lib/notes.md/now", "a folder"),
    ]);
    let changes = |sources: &str, ignore: (&str, &str), most: usize| {
        let contexts = (snapshot(before, ignore.0), snapshot(after, ignore.1));
        let found =
            Selector::new().changes(&tree, (&contexts.0, &contexts.1), &copy(sources), most);
        let shown = |change: Change| format!("{:?} {}", change.difference, change.path);
        found.unwrap().into_iter().map(shown).collect::<Vec<_>>()
    };
    let all = [
        "Removed README.md",
        "Modified run.sh",
        "Modified src/a.js",
        "Added src/lib/c.js",
        "Removed src/lib/notes.md",
        "Added src/lib/notes.md/now",
    ];
    assert_eq!(changes(".", ("", ""), 64), all);
    assert_eq!(changes(".", ("", ""), 2).len(), 2);
    assert_eq!(
        changes("src/*.js link", ("", ""), 64)[..2],
        ["Modified src/a.js", "Added src/lib/c.js"]
    );
    assert_eq!(changes("README.md", ("", ""), 64), ["Removed README.md"]);
    // Newly ignored files are gone, too.
    assert_eq!(
        changes("src/lib", ("", "**/*.md\n**/c.js\n**/now"), 64),
        ["Removed src/lib/notes.md"]
    );
}

#[test]
fn a_pattern_may_match_nothing_but_needs_its_folder() {
    let gone = |sources: &str, ignore: &str| missing(&copy(sources), ignore, FILES);
    assert!(matches!(gone("none/*", ""), SelectError::NotFound { ignored: false, .. }));
    assert!(matches!(gone("src/none/*.js", ""), SelectError::NotFound { ignored: false, .. }));
    assert!(matches!(gone("src/lib/*.js", "src"), SelectError::NotFound { ignored: true, .. }));
    assert!(!differs(&copy("src/*.none"), "", FILES, &with("README.md", "x")));
}

#[test]
fn links_that_lead_nowhere_end() {
    let files = &[
        ("a", "->b"),
        ("b", "->a"),
        ("up", "->../../.."),
        ("self", "->self/self/self"),
        ("f", "1"),
    ];
    for source in ["a", "a/x", "self", "self/f"] {
        assert!(
            matches!(missing(&copy(source), "", files), SelectError::NotFound { .. }),
            "{source}"
        );
    }
    // A pattern takes such a link as it is, and one out of the context leads to its root.
    assert!(!differs(&copy("*"), "", files, files));
    assert!(!differs(&copy("up/f"), "", files, files));
}

#[test]
fn folders_nested_too_deep_are_refused() {
    let mut tree = Memory::default();
    let deep = tree.nested(10_000);
    let refused = |ignore: &str, selection: &Selection| {
        let found = Selector::new().digest(&tree, &snapshot(deep, ignore), selection);
        found.unwrap_err().to_string()
    };
    let wanted = "folders are nested more than 256 deep";
    assert!(refused("x", &copy(".")).starts_with(wanted));
    assert!(refused("*\n!**/x", &copy("d")).starts_with(wanted));
    let parents = Selection { parents: true, ..copy("**/x") };
    assert!(refused("", &parents).starts_with(wanted));
    // Nothing has to be looked at where nothing is left out.
    assert!(Selector::new().digest(&tree, &snapshot(deep, ""), &copy(".")).is_ok());
    let other = snapshot(tree.nested(9_999), "");
    let changes = Selector::new().changes(&tree, (&snapshot(deep, ""), &other), &copy("."), 64);
    assert!(changes.unwrap_err().to_string().starts_with(wanted));
}
