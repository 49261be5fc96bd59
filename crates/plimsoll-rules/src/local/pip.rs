//! What the words of pip lead to: lists of requirements, written by hand or by an export, and paths.

use super::readers::is_rewritten;
use super::walk::{At, Walk};
use super::{Met, State, is_export_of, link, lookup};
use crate::discover::paths::{file_name, folder, join};
use crate::layout::installs::Install;
use crate::layout::{Found, Moment, image_path};
use crate::packages::{Base, Dependency, Ecosystem, Group, Syntax, Target, tree};
use crate::repo::Place;
use crate::views::Manager;

impl Walk<'_, '_> {
    /// A requirements file of the image: one of the repository, or one that an export wrote.
    pub(super) fn requirements(
        &mut self,
        path: &str,
        constraint: bool,
        depth: usize,
        all: &mut Met,
    ) {
        match self.layout.find(self.moment(), path) {
            Found::Repository { path: source, .. } => {
                if is_rewritten(self.layout, self.moment(), &source) {
                    return;
                }
                let Some(manifest) = self.review.repo.packages.get(&source) else { return };
                let image = image_path::folder(path).to_owned();
                let at = At { constraint, depth, ..At::new(manifest, image) };
                self.dependencies(&at, all);
            }
            Found::Exported(moment) => self.exported(moment, all),
            Found::Missing | Found::Image | Found::Unknown => {}
        }
    }

    /// A list that an export wrote: the lock's paths, made absolute where the export ran.
    fn exported(&mut self, moment: Moment, all: &mut Met) {
        let Some(export) = self.installs.iter().find(|i| is_export_of(i, moment)) else {
            return;
        };
        let name = if export.manager == Manager::Pipenv { "Pipfile" } else { "pyproject.toml" };
        let image = image_path::join(&export.folder, name);
        let Found::Repository { path: source, .. } = self.layout.find(moment, &image) else {
            return;
        };
        if is_rewritten(self.layout, moment, &source) {
            return;
        }
        let there =
            Walk::new(self.review, self.layout, self.installs, self.index_of(export), self.last);
        let lock = there.lock(&export.folder);
        let Some(manifest) = self.review.repo.packages.get(&source) else { return };
        let lock = lock.as_ref().map(|(l, at)| (&**l, at.clone()));
        let unlinked = link::is_undone(self.layout, export, self.moment());
        let at = At::new(manifest, export.folder.clone());
        let at = At { lock, exported: true, unlinked, ..at };
        self.dependencies(&at, all);
    }

    fn index_of(&self, export: &Install<'_>) -> usize {
        self.installs
            .iter()
            .position(|i| i.moment == export.moment && i.at == export.at)
            .unwrap_or(self.index)
    }

    /// `-r` and `-c` of a requirements file begin at its folder.
    pub(super) fn include(&mut self, at: &At<'_>, dependency: &Dependency, all: &mut Met) {
        let Some(path) = dependency.path() else { return };
        let wanted = image_path::join(&at.folder, path);
        if !matches!(self.layout.find(self.moment(), &wanted), Found::Missing | Found::Image) {
            let constraint = at.constraint || dependency.syntax == Syntax::Constraint;
            return self.requirements(&wanted, constraint, at.depth, all);
        }
        let review = self.review;
        let place = review.repo.packages.place(review.sources, at.manifest, dependency);
        let state =
            lookup::look(review, self.layout, self.moment(), &wanted, &place, Ecosystem::Python);
        let manifest = at.manifest.path.as_ref();
        all.uses.push(self.make(dependency, manifest, &wanted, place, state, at.depth, None));
    }

    /// A path that the command names.
    pub(super) fn argument(
        &mut self,
        text: &str,
        path: &str,
        editable: bool,
        at: &Place,
        all: &mut Met,
    ) {
        let found = self.layout.find(self.moment(), &image_path::join(path, "pyproject.toml"));
        let own = text.trim_start_matches("./").is_empty() || text == ".";
        let dependency = Dependency {
            name: file_name(path).to_owned(),
            target: Target::Path(text.to_owned()),
            base: Base::WorkingDirectory,
            syntax: Syntax::Requirement,
            group: Group::Main,
            editable,
            at: at.clone(),
            path_at: None,
        };
        if let Found::Repository { path: source, .. } = found {
            let image = path.to_owned();
            let Some(manifest) = self.review.repo.packages.get(&source) else { return };
            let place = tree::Place::Here(folder(&source).to_owned());
            let by = at.clone();
            if !own {
                let state = State::Present { path: folder(&source).to_owned(), by };
                all.uses.push(self.make(
                    &dependency,
                    at.path.as_ref(),
                    path,
                    place,
                    state,
                    0,
                    None,
                ));
            }
            return self.dependencies(&At::new(manifest, image), all);
        }
        if own || !matches!(self.layout.find(self.moment(), path), Found::Missing | Found::Image) {
            return;
        }
        let Some(place) = self.meant(text) else { return };
        let state =
            lookup::look(self.review, self.layout, self.moment(), path, &place, Ecosystem::Python);
        all.uses.push(self.make(&dependency, at.path.as_ref(), path, place, state, 0, None));
    }

    /// What the repository has for a path of a command: beside the context, or of that name.
    fn meant(&self, text: &str) -> Option<tree::Place> {
        let sources = self.review.sources;
        let bases = [self.layout.context, ""];
        let found = bases.iter().filter_map(|b| join(b, text)).find(|p| sources.kind(p).is_some());
        if let Some(found) = found {
            return Some(tree::Place::Here(found));
        }
        let path = text.trim_matches('/');
        let ends = [path]
            .into_iter()
            .chain(path.match_indices('/').filter_map(|(i, _)| path.get(i + 1..)));
        let mut by_end = ends.filter(|e| sources.kind(e).is_some()).map(str::to_owned);
        by_end.next().map(tree::Place::Here)
    }
}
