//! A small repository written as a page: its files as fenced blocks, what a review must say of
//! it, and what a real build of it does.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use plimsoll_model::Sources;

use super::Repo;

/// One page of `tests/local_packages`.
pub(crate) struct Case {
    /// The name of the page.
    pub(crate) name: String,
    files: BTreeMap<String, String>,
    /// Links: path and target.
    links: Vec<(String, String)>,
    /// The lines of `findings`.
    pub(crate) findings: Vec<String>,
    /// What a build does.
    pub(crate) build: Option<Build>,
    /// Why no strategy fits, where none does.
    pub(crate) refused: Option<String>,
}

/// What an engine makes of a case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// It builds, and everything is importable in the image.
    Works,
    /// The build fails, and says this.
    Fails(String),
    /// The build is green, and something of the image does not import: this.
    Green(String),
}

impl Case {
    /// Every page, by name.
    pub(crate) fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/local_packages");
        let pages = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        let mut pages: Vec<_> =
            pages.filter(|p| p.extension().is_some_and(|e| e == "md")).collect();
        pages.sort();
        pages.iter().map(|p| Self::read(p)).collect()
    }

    fn read(path: &Path) -> Self {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut case = Self {
            name,
            files: BTreeMap::new(),
            links: Vec::new(),
            findings: Vec::new(),
            build: None,
            refused: None,
        };
        let page = fs::read_to_string(path).unwrap();
        let mut said = false;
        for (info, body) in blocks(&page) {
            match info.split_once(' ') {
                Some((_, file)) => assert!(
                    case.files.insert(file.to_owned(), body).is_none(),
                    "{}: {file} is there twice",
                    case.name
                ),
                None if info == "shared" => case.shared(&body),
                None if info == "links" => case.links = body.lines().map(link).collect(),
                None if info == "build" => case.build = Some(build(&case.name, body.trim())),
                None if info == "refused" => case.refused = Some(body.trim().to_owned()),
                None if info == "findings" => {
                    said = true;
                    case.findings = body.lines().map(str::to_owned).collect();
                }
                None => panic!("{}: a block `{info}`", case.name),
            }
        }
        assert!(said, "{} has no block `findings`", case.name);
        case
    }

    /// `path: name` puts a file of the folder `shared` there.
    fn shared(&mut self, body: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/local_packages/shared");
        for (path, name) in body.lines().map(|l| l.split_once(": ").unwrap()) {
            let text = fs::read_to_string(folder.join(name)).unwrap();
            self.files.insert(path.to_owned(), text);
        }
    }

    /// Whether the page says that nothing is wrong.
    pub(crate) fn is_correct(&self) -> bool {
        self.findings.is_empty()
    }

    /// The repository in memory, one file after the other put through `change`.
    pub(crate) fn sources(&self, mut change: impl FnMut(&str, &str) -> String) -> Sources {
        let mut sources = Sources::default();
        for (path, text) in &self.files {
            sources.insert(path, change(path, text));
        }
        self.links.iter().for_each(|(path, to)| sources.insert_link(path, to));
        sources
    }

    /// How many files it has.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// The repository on disk.
    pub(crate) fn repo(&self) -> Repo {
        let mut repo = Repo::new();
        for (path, text) in &self.files {
            repo = repo.file(path, text);
        }
        for (path, to) in &self.links {
            let full = repo.path().join(path);
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            symlink(to, full).unwrap();
        }
        repo
    }
}

fn link(line: &str) -> (String, String) {
    let (path, to) = line.split_once(" -> ").unwrap();
    (path.to_owned(), to.to_owned())
}

fn build(name: &str, text: &str) -> Build {
    match text.split_once(": ") {
        None if text == "works" => Build::Works,
        Some(("fails", said)) => Build::Fails(said.to_owned()),
        Some(("green", said)) => Build::Green(said.to_owned()),
        _ => panic!("{name}: a build that neither works, fails nor is green: {text}"),
    }
}

/// The fenced blocks of a page: info string and body.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match &mut open {
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some((_, body)) => {
                body.push_str(line);
                body.push('\n');
            }
            None if line.starts_with("```") => open = Some((line[3..].to_owned(), String::new())),
            None => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The strategies in the output of `fix path-dependency` that leave nothing, the best first.
pub(crate) fn offered(out: &str) -> Vec<String> {
    let lines: Vec<&str> = out.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let words: Vec<&str> = line.trim_start_matches(['>', ' ']).split_whitespace().collect();
        let [name, "mends", _, "findings", ..] = words[..] else { continue };
        let leaves = lines.get(index + 1).is_some_and(|l| l.trim_start().starts_with("leaves "));
        if !leaves {
            found.push(name.to_owned());
        }
    }
    found
}
