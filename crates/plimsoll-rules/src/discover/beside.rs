//! What a path says of its file: that it stands beside what is shipped.

use super::paths::{file_name, folder};

/// What a file is there for, where its path says that nobody ships it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    /// What tests read.
    Data,
    /// What developers work in.
    Desk,
    Tests,
    Trials,
    Examples,
    Documentation,
    Tools,
    Archived,
    Contributions,
    /// Its own name speaks of work at a desk.
    Name,
}

/// How the names of folders of test data begin.
const DATA: [&str; 4] = ["testdata", "testfile", "test-data", "test_data"];

/// Folders by what they hold.
const FOLDERS: [(Beside, &[&str]); 9] = [
    (Beside::Data, &["fixtures", "__fixtures__"]),
    (Beside::Desk, &[".devcontainer"]),
    (Beside::Tests, &["test", "tests", "testing", "test-cases", "test-infra", "__tests__"]),
    (Beside::Trials, &["e2e", "integration", "playwright", "cypress", "benchmark", "benchmarks"]),
    (Beside::Examples, &["example", "examples", "sample", "samples", "demo", "demos", "snippets"]),
    (Beside::Documentation, &["doc", "docs"]),
    (Beside::Tools, &["hack"]),
    (Beside::Archived, &["_archived"]),
    (Beside::Contributions, &["contrib"]),
];

/// How the names of folders of tests end.
const ENDS: [&str; 6] = ["-test", "-tests", "_test", "_tests", "-e2e", "_e2e"];

/// Words in the name of a Dockerfile that is for a desk.
const WORDS: [&str; 13] = [
    "dev",
    "devel",
    "development",
    "devcontainer",
    "debug",
    "local",
    "test",
    "tests",
    "testing",
    "e2e",
    "playwright",
    "tilt",
    "lint",
];

impl Beside {
    /// What a path says of its file. Test data is that in whatever folder it lies.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let folders = || folder(path).split('/');
        if folders().any(|part| named(part) == Some(Self::Data)) {
            return Some(Self::Data);
        }
        let name = || file_name(path).to_ascii_lowercase();
        let desk = |name: String| {
            let mut words = name.split(['.', '-', '_']);
            name.contains("dockerfile") && words.any(|word| WORDS.contains(&word))
        };
        folders().find_map(named).or_else(|| desk(name()).then_some(Self::Name))
    }

    /// Whether it is written for others: what is wrong with it, they copy.
    pub(crate) fn is_copied(self) -> bool {
        matches!(self, Self::Examples | Self::Documentation | Self::Contributions)
    }

    /// Why nothing of a file is shipped, as a sentence.
    pub(crate) fn says(self, path: &str) -> String {
        let stands = match self {
            Self::Data => "lies in a folder of test data",
            Self::Desk => "lies in a folder of what its developers work in",
            Self::Tests => "lies in a folder of tests",
            Self::Trials => "lies in a folder of trials",
            Self::Examples => "lies in a folder of examples",
            Self::Documentation => "lies in a folder of documentation",
            Self::Tools => "lies in a folder of tools for its developers",
            Self::Archived => "lies in a folder of what is kept and no longer used",
            Self::Contributions => "lies in a folder of contributions",
            Self::Name => "has a name for work at a desk",
        };
        format!("{path} {stands}: nothing of it is shipped")
    }
}

/// What a folder holds, by its name.
fn named(folder: &str) -> Option<Beside> {
    let folder = folder.to_ascii_lowercase();
    if DATA.iter().any(|start| folder.starts_with(start)) {
        return Some(Beside::Data);
    }
    let known = FOLDERS.iter().find(|(_, names)| names.contains(&folder.as_str()));
    let tests = || ENDS.iter().any(|end| folder.ends_with(end)).then_some(Beside::Tests);
    known.map(|(beside, _)| *beside).or_else(tests)
}

/// Whether a path lies among tests, samples or code of others.
#[must_use]
pub(crate) fn is_sample(path: &str) -> bool {
    use Beside::{Archived, Data, Examples, Tests, Trials};
    matches!(Beside::of(path), Some(Data | Tests | Trials | Examples | Archived))
        || is_of_others(path)
}

/// Whether a path lies among code of others.
pub(crate) fn is_of_others(path: &str) -> bool {
    folder(path).split('/').any(|part| matches!(part, "vendor" | "node_modules"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_what_nobody_ships() {
        for (path, aside) in [
            ("Dockerfile", false),
            ("src/api/Dockerfile", false),
            ("src/testimonials/Dockerfile", false),
            ("deploy/latest/Dockerfile", false),
            ("Dockerfile.alpine", false),
            ("fixtures-service/Dockerfile", false),
            ("Dockerfile.dev", true),
            ("api/dev.Dockerfile", true),
            ("compose.dev.yaml", false),
            ("tests/Dockerfile", true),
            ("parser/testfiles-negative/a/Dockerfile", true),
            ("a/__fixtures__/b/Dockerfile", true),
            ("ui-tests/Dockerfile", true),
            ("playwright/compose/web/Dockerfile", true),
            (".devcontainer/Dockerfile", true),
            ("Docs/compose.yaml", true),
        ] {
            assert_eq!(Beside::of(path).is_some(), aside, "{path}");
        }
    }
}
