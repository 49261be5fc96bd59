//! What kind of thing a file is, told from its path alone.

use std::sync::OnceLock;

/// A kind of file in a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Compiled Python, caches, wheels and egg folders.
    PythonArtifacts,
    /// Tests, fixtures and coverage.
    Testing,
    /// Git's own data and the definitions of pipelines.
    CiAndGit,
    /// Documentation.
    Documentation,
    /// What only developers use: Compose files, Makefiles, notebooks, environment files.
    DevelopmentFiles,
    /// Files of editors and operating systems.
    IdeAndOs,
    /// Settings of linters, formatters and their caches.
    Tooling,
    /// Data sets, databases and archives.
    Data,
    /// Pictures, sound, video and fonts.
    Media,
    /// Weights of models.
    Models,
    /// Folders that a package manager fills.
    DependencyFolders,
    /// All the rest.
    Application,
}

use Category::{
    Application, CiAndGit, Data, DependencyFolders, DevelopmentFiles, Documentation, IdeAndOs,
    Media, Models, PythonArtifacts, Testing, Tooling,
};

impl Category {
    /// All categories, in the order in which they are declared.
    pub const ALL: [Self; 12] = [
        PythonArtifacts,
        Testing,
        CiAndGit,
        Documentation,
        DevelopmentFiles,
        IdeAndOs,
        Tooling,
        Data,
        Media,
        Models,
        DependencyFolders,
        Application,
    ];

    /// The name that people read.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PythonArtifacts => "python artifacts",
            Testing => "testing",
            CiAndGit => "ci and git",
            Documentation => "documentation",
            DevelopmentFiles => "development files",
            IdeAndOs => "ide and os",
            Tooling => "tooling",
            Data => "data",
            Media => "media",
            Models => "models",
            DependencyFolders => "dependency folders",
            Application => "application",
        }
    }
}

/// Folders by their names.
const FOLDERS: &[(Category, &[&str])] = &[
    (
        DependencyFolders,
        &["node_modules", ".venv", "venv", "site-packages", "bower_components", "__pypackages__"],
    ),
    (CiAndGit, &[".git", ".github", ".gitlab", ".circleci", ".buildkite", ".woodpecker"]),
    (PythonArtifacts, &["__pycache__", ".eggs"]),
    (
        Tooling,
        &[
            ".mypy_cache",
            ".ruff_cache",
            ".tox",
            ".nox",
            ".cache",
            ".husky",
            ".turbo",
            ".parcel-cache",
        ],
    ),
    (Testing, &["test", "tests", "__tests__", "testdata", "fixtures", "spec", "e2e"]),
    (Testing, &["htmlcov", "coverage", ".pytest_cache", ".hypothesis", "cypress"]),
    (Documentation, &["doc", "docs", "documentation"]),
    (IdeAndOs, &[".idea", ".vscode", ".vs", ".fleet", "__macosx", ".spotlight-v100"]),
    (DevelopmentFiles, &[".devcontainer", "notebooks", ".ipynb_checkpoints"]),
];

/// Files by their whole names.
const NAMES: &[(Category, &[&str])] = &[
    (CiAndGit, &[".gitignore", ".gitattributes", ".gitmodules", ".gitlab-ci.yml", "jenkinsfile"]),
    (
        CiAndGit,
        &[".travis.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", "cloudbuild.yaml"],
    ),
    (IdeAndOs, &[".ds_store", "thumbs.db", "desktop.ini", ".editorconfig"]),
    (Tooling, &[".pre-commit-config.yaml", ".flake8", ".pylintrc", "mypy.ini", "tox.ini"]),
    (Tooling, &["ruff.toml", ".prettierrc", ".eslintrc", "renovate.json", "noxfile.py"]),
    (Tooling, &[".eslintrc.json", ".eslintrc.js", ".prettierignore", ".eslintignore"]),
    (Testing, &["conftest.py", "pytest.ini", ".coverage", ".coveragerc", "coverage.xml"]),
    (Documentation, &["license", "copying", "authors", "mkdocs.yml", ".readthedocs.yaml"]),
    (
        DevelopmentFiles,
        &["makefile", "justfile", "vagrantfile", "procfile", ".dockerignore", ".env"],
    ),
    (DevelopmentFiles, &["dockerfile", "containerfile", ".envrc", "skaffold.yaml", "tiltfile"]),
];

/// Files by how their names begin.
const PREFIXES: &[(Category, &[&str])] = &[
    (DevelopmentFiles, &["dockerfile.", "docker-compose", "compose.", ".env.", "requirements-dev"]),
    (Testing, &["test_", ".coverage."]),
    (Documentation, &["readme", "changelog", "contributing", "code_of_conduct", "license."]),
];

/// Files by how their names end.
const SUFFIXES: &[(Category, &[&str])] = &[
    (PythonArtifacts, &[".pyc", ".pyo", ".pyd", ".whl", ".egg"]),
    (
        Testing,
        &["_test.py", "_test.go", ".test.js", ".test.ts", ".test.tsx", ".spec.js", ".spec.ts"],
    ),
    (Documentation, &[".md", ".rst", ".adoc", ".pdf", ".docx"]),
    (DevelopmentFiles, &[".ipynb", ".dockerfile", ".log", ".dockerignore"]),
    (IdeAndOs, &[".swp", ".swo", ".iml", ".code-workspace", "~"]),
    (Models, &[".safetensors", ".gguf", ".ggml", ".pt", ".pth", ".ckpt", ".onnx", ".tflite"]),
    (Models, &[".h5", ".keras", ".joblib", ".mlmodel", ".bin.index.json", ".llamafile"]),
    (
        Data,
        &[".csv", ".tsv", ".parquet", ".arrow", ".feather", ".jsonl", ".ndjson", ".avro", ".orc"],
    ),
    (Data, &[".db", ".sqlite", ".sqlite3", ".sql", ".dump", ".npy", ".npz", ".hdf5", ".pkl"]),
    (Data, &[".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".xlsx"]),
    (Media, &[".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".bmp", ".tiff", ".psd"]),
    (Media, &[".mp3", ".wav", ".flac", ".ogg", ".mp4", ".mov", ".avi", ".mkv", ".webm"]),
    (Media, &[".ttf", ".otf", ".woff", ".woff2"]),
];

/// Tells the category of a file from its path.
#[must_use]
pub fn categorize(path: &str) -> Category {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = folders.split('/').find_map(folder_category);
    folder.unwrap_or_else(|| file_category(name))
}

/// The category of all that lies in a folder of this name, where the name tells.
pub(super) fn folder_category(name: &str) -> Option<Category> {
    if ends(name, ".egg-info") || ends(name, ".dist-info") {
        return Some(PythonArtifacts);
    }
    let known = FOLDERS.iter().find(|(_, names)| names.iter().any(|known| equals(name, known)));
    known.map(|(kind, _)| *kind)
}

/// The category of a file in a folder that tells nothing.
pub(super) fn file_category(name: &str) -> Category {
    let index = INDEX.get_or_init(Index::new);
    let (first, last) = (name.bytes().next(), name.bytes().last());
    let find = |lists, byte, fits: fn(&str, &str) -> bool| {
        candidates(lists, byte).iter().find(|(_, known)| fits(name, known))
    };
    find(&index.names, first, equals)
        .or_else(|| find(&index.prefixes, first, begins))
        .or_else(|| find(&index.suffixes, last, ends))
        .map_or(Application, |(kind, _)| *kind)
}

type Lists = Vec<Vec<(Category, &'static str)>>;

/// The tables for files by one byte, the first or the last, for they are long.
struct Index {
    names: Lists,
    prefixes: Lists,
    suffixes: Lists,
}

static INDEX: OnceLock<Index> = OnceLock::new();

impl Index {
    fn new() -> Self {
        let (first, last): (Byte, Byte) = (|t| t.bytes().next(), |t| t.bytes().last());
        Self {
            names: by_byte(NAMES, first),
            prefixes: by_byte(PREFIXES, first),
            suffixes: by_byte(SUFFIXES, last),
        }
    }
}

type Byte = fn(&str) -> Option<u8>;

fn by_byte(table: &[(Category, &[&'static str])], byte: Byte) -> Lists {
    let mut lists = vec![Vec::new(); 256];
    for (kind, text) in table.iter().flat_map(|(kind, all)| all.iter().map(|t| (*kind, *t))) {
        if let Some(list) = byte(text).and_then(|byte| lists.get_mut(usize::from(byte))) {
            list.push((kind, text));
        }
    }
    lists
}

fn candidates(lists: &Lists, byte: Option<u8>) -> &[(Category, &'static str)] {
    let list = byte.and_then(|byte| lists.get(usize::from(byte.to_ascii_lowercase())));
    list.map_or(&[], Vec::as_slice)
}

fn equals(name: &str, known: &str) -> bool {
    name.eq_ignore_ascii_case(known)
}

fn begins(name: &str, start: &str) -> bool {
    let head = name.as_bytes().get(..start.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
}

fn ends(name: &str, end: &str) -> bool {
    let tail = name.len().checked_sub(end.len()).and_then(|at| name.as_bytes().get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_tell_before_names() {
        for (path, expected) in [
            ("src/app.py", Application),
            ("web/node_modules/a/test/x.png", DependencyFolders),
            ("src/__pycache__/a.pyc", PythonArtifacts),
            (".git/objects/aa/bb", CiAndGit),
            ("README.md", Documentation),
            ("tests/data.csv", Testing),
            ("weights/model.SafeTensors", Models),
            ("a/b.parquet", Data),
            ("static/logo.svg", Media),
            ("Dockerfile.dev", DevelopmentFiles),
            ("x/.DS_Store", IdeAndOs),
            ("ruff.toml", Tooling),
            ("é", Application),
        ] {
            assert_eq!(categorize(path), expected, "{path}");
        }
    }
}
