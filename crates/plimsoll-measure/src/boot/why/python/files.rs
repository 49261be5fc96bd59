//! Where modules lie in the image, and whether their bytecode is there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::forest::{Forest, Home};

/// Asked of the image's own interpreter: where it searches is known to nobody else.
const SCRIPT: &[u8] = include_bytes!("files.py");
/// Where the script lies.
pub(super) const SCRIPT_PATH: &str = "/.plimsoll/files.py";
const NAMES_PATH: &str = "/.plimsoll/names.json";
/// How long the path of a file may be.
const PATH: usize = 4096;

/// What is known of a module.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    /// Whether there is one of that name: programs try names that are not.
    is_there: bool,
    file: Option<String>,
    has_bytecode: Option<bool>,
}

/// What the image's interpreter said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Files {
    /// `3.11`.
    pub(super) version: Option<String>,
    found: BTreeMap<String, Found>,
}

/// What is put into the image to ask.
pub(super) fn question(forest: &Forest, paths: &[String]) -> Vec<(String, Vec<u8>)> {
    let names: std::collections::BTreeSet<&str> =
        forest.modules.iter().map(|module| module.name.as_str()).collect();
    let asked = json!({ "names": names, "paths": paths });
    vec![
        (SCRIPT_PATH.to_owned(), SCRIPT.to_vec()),
        (NAMES_PATH.to_owned(), asked.to_string().into_bytes()),
    ]
}

/// Reads what it said.
pub(super) fn answer(text: &str) -> Files {
    let mut files = Files::default();
    for line in text.lines() {
        if let Some(version) = line.strip_prefix("plimsoll:python ") {
            let good =
                version.len() < 10 && version.chars().all(|c| c.is_ascii_digit() || c == '.');
            files.version = good.then(|| version.to_owned());
        } else if let Some(entry) = line.strip_prefix("plimsoll:file ").and_then(found) {
            files.found.insert(entry.0, entry.1);
        }
    }
    files
}

fn found(line: &str) -> Option<(String, Found)> {
    let (name, is_there, file, has_bytecode): (String, bool, Option<String>, Option<bool>) =
        serde_json::from_str::<Value>(line).and_then(serde_json::from_value).ok()?;
    let file = file.filter(|file| file.len() <= PATH);
    Some((name, Found { is_there, file, has_bytecode }))
}

impl Files {
    /// Writes what is known to the modules.
    pub(super) fn tell(&self, forest: &mut Forest) {
        for module in &mut forest.modules {
            let Some(found) = self.found.get(&module.name) else { continue };
            module.file.clone_from(&found.file);
            module.without_bytecode = found.has_bytecode == Some(false);
            if found.file.as_deref().is_some_and(is_own) {
                module.home = Home::Service;
            }
        }
    }

    /// Whether a module is one that was only tried.
    pub(super) fn is_missing(&self, name: &str) -> bool {
        self.found.get(name).is_some_and(|found| !found.is_there)
    }
}

/// Whether a file is the service's own, and not the language's or a package's.
fn is_own(file: &str) -> bool {
    !["/site-packages/", "/dist-packages/", "/lib/python3", "/lib/pypy", "/lib64/python3"]
        .iter()
        .any(|part| file.contains(part))
}

/// The folders to compile so that these files have bytecode: those of the language and of packages
/// as a whole, else that where the file is.
pub(super) fn folders<'f>(files: impl Iterator<Item = &'f str>) -> Vec<String> {
    let mut folders = BTreeMap::<&str, u32>::new();
    for file in files {
        let whole = ["/site-packages", "/dist-packages"].iter().find_map(|part| {
            let at = file.find(&format!("{part}/"))?;
            file.get(..at + part.len())
        });
        let of_language = || {
            let at = file.find("/lib/python3")? + "/lib/".len();
            file.get(..at + file.get(at..)?.find('/')?)
        };
        let own = || file.rsplit_once('/').map(|(folder, _)| folder);
        if let Some(folder) = whole.or_else(of_language).or_else(own) {
            *folders.entry(folder).or_default() += 1;
        }
    }
    let all: Vec<&str> = folders.keys().copied().collect();
    folders.retain(|folder, _| !all.iter().any(|other| is_inside(folder, other)));
    let mut by_count: Vec<(&str, u32)> = folders.into_iter().collect();
    by_count.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    by_count.into_iter().take(3).map(|(folder, _)| folder.to_owned()).collect()
}

fn is_inside(folder: &str, other: &str) -> bool {
    folder.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boot::why::forest::Module;

    #[test]
    fn what_it_says_is_told_to_the_modules() {
        let said = "a banner\nplimsoll:python 3.11\nplimsoll:file [\"app\", true, \"/app/app.py\", false]\n\
             plimsoll:file [\"orjson\", false, null, null]\nplimsoll:file [1, 2]\nplimsoll:file {\n";
        let files = answer(said);
        let mut forest = Forest::default();
        forest.modules.push(Module { name: "app".to_owned(), ..Module::default() });
        files.tell(&mut forest);
        let app = &forest.modules[0];
        assert_eq!((app.home, app.without_bytecode), (Home::Service, true));
        assert_eq!(app.file.as_deref(), Some("/app/app.py"));
        assert!(files.is_missing("orjson") && !files.is_missing("app"));
        assert_eq!(files.version.as_deref(), Some("3.11"));
    }

    #[test]
    fn folders_to_compile_are_few() {
        let files = [
            "/usr/local/lib/python3.11/json/__init__.py",
            "/usr/local/lib/python3.11/site-packages/pandas/io/a.py",
            "/app/app.py",
            "/app/api/views.py",
            "/.venv/lib/python3.11/site-packages/b.py",
        ];
        let folders = folders(files.into_iter());
        assert_eq!(
            folders,
            ["/.venv/lib/python3.11/site-packages", "/app", "/usr/local/lib/python3.11"]
        );
    }
}
