//! How npm, pnpm and yarn take local packages: some are copied and must be there when the
//! install runs; most are linked, without a look, and must be there when the service runs.

use plimsoll_syntax::dockerfile::FromRef;

use super::lookup;
use super::{State, Why};
use crate::discover::paths::{below, folder, join};
use crate::layout::installs::Install;
use crate::layout::{Found, Layout, Moment, image_path};
use crate::packages::{Dependency, Ecosystem, Group, Manifest, Syntax, tree};
use crate::repo::{CopyStep, Place, Stage, StepKind};
use crate::review::Review;
use crate::views::Manager;

/// Programs that write what a service requires into its own files.
const BUNDLERS: [&str; 14] = [
    "esbuild",
    "tsup",
    "webpack",
    "rollup",
    "rolldown",
    "vite",
    "parcel",
    "@vercel/ncc",
    "next",
    "nuxt",
    "@rspack/core",
    "@sveltejs/kit",
    "astro",
    "@remix-run/dev",
];

/// What an install does with a local package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It copies it: nothing else is needed later.
    Copied,
    /// It makes a link and does not look where that leads.
    Linked,
    /// It reads its manifest, then makes a link.
    Read,
}

/// What an install does with a dependency.
pub(crate) fn taken(install: &Install<'_>, dependency: &Dependency) -> Taken {
    let archive = dependency.path().is_some_and(|p| p.ends_with(".tgz") || p.ends_with(".tar.gz"));
    match (install.manager, dependency.syntax) {
        (_, Syntax::NodeFile) if archive => Taken::Copied,
        (Manager::Npm, Syntax::NodeFile) if install.has(&["--install-links"]) => Taken::Copied,
        (Manager::Npm, _) => Taken::Linked,
        (Manager::Pnpm, _) if is_deploy(install) => Taken::Copied,
        (_, Syntax::NodeFile) => Taken::Copied,
        (Manager::Pnpm, _) | (_, Syntax::NodeLink) => Taken::Linked,
        _ => Taken::Read,
    }
}

/// Whether an install writes a folder of its own: `pnpm deploy`.
pub(super) fn is_deploy(install: &Install<'_>) -> bool {
    install.call.args.iter().any(|w| w.text() == Some("deploy"))
}

/// Whether an install only fills the store, by the lock file alone: `pnpm fetch`.
pub(super) fn is_fetch(install: &Install<'_>) -> bool {
    install.manager == Manager::Pnpm && install.call.subcommand(0) == Some("fetch")
}

/// What is asked of a package and the moments of its install.
pub(super) struct Seen<'s, 'a> {
    pub(super) review: &'s Review<'a>,
    pub(super) layout: &'s Layout<'a>,
    pub(super) install: &'s Install<'s>,
    /// The installs of the build.
    pub(super) installs: &'s [Install<'s>],
    /// The stage that is shipped.
    pub(super) last: usize,
}

impl Seen<'_, '_> {
    /// Whether a dependency is there when it must be.
    ///
    /// `from` is the folder of the image whose `node_modules` gets the link, `consumer` the
    /// manifest that asks for it.
    pub(super) fn state(
        &self,
        dependency: &Dependency,
        wanted: &str,
        place: &tree::Place,
        from: &str,
        consumer: &Manifest,
    ) -> State {
        let then = self.look(self.install.moment, wanted, place);
        match taken(self.install, dependency) {
            Taken::Copied => return then,
            Taken::Read if matches!(then, State::Missing(_)) => return then,
            Taken::Read | Taken::Linked => {}
        }
        // What such a stage lacks, those built on it add.
        if self.is_base() {
            return State::Unknown;
        }
        let modules = image_path::join(from, "node_modules");
        let relative = image_path::relative(&modules, wanted);
        let landed = self.layout.landings(self.install.moment.stage, &modules, self.last);
        let mut state = None;
        for landed in landed {
            let there = image_path::join(&landed, &relative);
            let found = self.look(self.layout.end(self.last), &there, place);
            match found {
                State::Present { .. } => state = state.or(Some(found)),
                State::Missing(Why::Other(..) | Why::ManifestOnly(_)) | State::Unknown => {
                    return found;
                }
                // A bundle may hold the package.
                State::Missing(_) if self.is_bundled(consumer) => return State::Unknown,
                State::Missing(_) => return State::Missing(self.why(then, &there, wanted, place)),
            }
        }
        let state = state.unwrap_or_else(|| self.while_building(&modules, &relative, place));
        match (&state, self.bare(dependency, wanted, place)) {
            (State::Present { .. }, Some(bare)) => State::Missing(bare),
            _ => state,
        }
    }

    /// Whether the target only serves other stages: it says nothing of what it runs.
    fn is_base(&self) -> bool {
        let (file, last) = (self.layout.file, self.last);
        let runs = |k: &StepKind| matches!(k, StepKind::Cmd(_) | StepKind::Entrypoint(_));
        let own = file.lineage(last);
        let serves = |s: &Stage| {
            let copies =
                |c: &CopyStep| c.from.as_ref().is_some_and(|(_, f)| *f == FromRef::Stage(last));
            s.index > last
                && (self.layout.is_under(s.index, last) || s.copies().any(|(_, c)| copies(c)))
        };
        !own.iter().flat_map(|s| &s.steps).any(|s| runs(&s.kind)) && file.stages.iter().any(serves)
    }

    /// Where node_modules is not shipped, a step of one of the stages that have it needs the
    /// packages.
    fn while_building(&self, modules: &str, relative: &str, place: &tree::Place) -> State {
        let carried = self.layout.carried(self.install.moment.stage, modules);
        let mut first = None;
        for stage in &self.layout.file.stages {
            for (_, at) in carried.iter().filter(|(s, _)| self.layout.is_under(stage.index, *s)) {
                let there = image_path::join(at, relative);
                let state = self.look(self.layout.end(stage.index), &there, place);
                if !matches!(state, State::Missing(_)) {
                    return state;
                }
                first = first.or(Some(state));
            }
        }
        first.unwrap_or(State::Unknown)
    }

    /// Whether a service is built into files that hold its packages: a bundler is among what it
    /// is developed with.
    fn is_bundled(&self, consumer: &Manifest) -> bool {
        let packages = &self.review.repo.packages;
        let root = packages.workspace_of(folder(&consumer.path), Ecosystem::Node);
        [Some(consumer), root]
            .into_iter()
            .flatten()
            .flat_map(|m| &m.wants)
            .any(|w| BUNDLERS.contains(&w.name.as_str()))
    }

    fn look(&self, at: Moment, wanted: &str, place: &tree::Place) -> State {
        let state = lookup::look(self.review, self.layout, at, wanted, place, Ecosystem::Node);
        match (&state, self.entry(place)) {
            (State::Present { .. }, Some(entry)) if at != self.install.moment => {
                match self.layout.find(at, &image_path::join(wanted, &entry)) {
                    Found::Missing | Found::Image => State::Missing(Why::ManifestOnly(entry)),
                    _ => state,
                }
            }
            _ => state,
        }
    }

    /// The file that `require` of a package loads, where the repository has it.
    fn entry(&self, place: &tree::Place) -> Option<String> {
        let folder = place.folder()?;
        let manifest = self.review.repo.packages.in_folder(folder, Ecosystem::Node)?;
        let main = manifest.main.clone().unwrap_or_else(|| "index.js".to_owned());
        let file = |p: &String| {
            join(folder, p).is_some_and(|p| {
                self.review.sources.kind(&p) == Some(plimsoll_model::EntryKind::File)
            })
        };
        Some(main).filter(file)
    }

    /// Why a link dangles where the service runs.
    fn why(&self, then: State, there: &str, wanted: &str, place: &tree::Place) -> Why {
        let own = self.layout.end(self.install.moment.stage);
        let later = self.look(own, wanted, place);
        for state in [later, then] {
            if let State::Present { by, .. } = state {
                return Why::LeftBehind(there.to_owned(), by);
            }
        }
        match self.look(own, wanted, place) {
            State::Missing(why) => why,
            _ => Why::NotCopied,
        }
    }

    /// What a linked package needs and no install puts where it would find it.
    fn bare(&self, dependency: &Dependency, wanted: &str, place: &tree::Place) -> Option<Why> {
        let packages = &self.review.repo.packages;
        let manifest = packages.in_folder(place.folder()?, Ecosystem::Node)?;
        let member = matches!(dependency.syntax, Syntax::NodeWorkspace | Syntax::NodeRange);
        let first = manifest.wants.iter().find(|w| {
            // Members link each other, whether or not their manifests were there.
            let local = || !packages.named(Ecosystem::Node, &w.name).is_empty();
            w.group == Group::Main && !(member && local())
        })?;
        let before = |moment: Moment| {
            let path = image_path::join(wanted, "package.json");
            !matches!(self.layout.find(moment, &path), Found::Missing | Found::Image)
        };
        let found = if member {
            self.install.manager != Manager::Pnpm || before(self.install.moment)
        } else {
            // A package is looked for in every folder above.
            self.installs.iter().any(|i| {
                let same = i.moment == self.install.moment && i.at == self.install.at;
                let above = image_path::below(&i.folder, wanted).is_some();
                let within = image_path::below(&i.folder, wanted).is_some_and(str::is_empty);
                let hoists =
                    self.install.manager == Manager::Npm || dependency.syntax == Syntax::NodePortal;
                above && (within || !same || hoists)
            })
        };
        (!found).then(|| Why::Bare(first.name.clone()))
    }
}

/// The members of a workspace that an install at its root is for.
pub(super) fn consumers(seen: &Seen<'_, '_>, root: &Manifest, image: &str) -> Vec<String> {
    let packages = &seen.review.repo.packages;
    let members = packages.members(root);
    let at =
        |member: &str| image_path::join(image, &image_path::relative(folder(&root.path), member));
    let there = |moment: Moment, member: &str| {
        let path = image_path::join(&at(member), "package.json");
        matches!(seen.layout.find(moment, &path), Found::Repository { .. })
    };
    let now = |m: &&str| there(seen.install.moment, m);
    let chosen: Vec<&str> = match selected(seen, root, &members) {
        Some(chosen) => chosen,
        None => {
            let service = below_member(&members, folder(&seen.layout.file.path));
            let cwd = seen.layout.last_cwd(seen.last).unwrap_or("/");
            let running = members
                .iter()
                .copied()
                .find(|m| image_path::below(&at(m), cwd).is_some() && at(m) != "/");
            match service.or(running) {
                Some(one) => vec![one],
                // What is copied for the install is what the service needs.
                None if members.iter().any(now) => members.iter().copied().filter(now).collect(),
                None => members.clone(),
            }
        }
    };
    // yarn reads every manifest that is there, whoever needs it.
    let read = members.iter().copied().filter(|_| seen.install.manager == Manager::Yarn);
    let own = seen.layout.end(seen.install.moment.stage);
    let mut all: Vec<String> = chosen
        .into_iter()
        .filter(|m| there(own, m) || there(seen.layout.end(seen.last), m))
        .chain(read.filter(now))
        .map(str::to_owned)
        .collect();
    all.sort();
    all.dedup();
    all
}

/// The member a folder lies in.
fn below_member<'m>(members: &[&'m str], path: &str) -> Option<&'m str> {
    members.iter().copied().filter(|m| below(m, path).is_some()).max_by_key(|m| m.len())
}

/// The members that flags name; `None` where there are no flags, or one that is a pattern.
fn selected<'m>(seen: &Seen<'_, '_>, root: &Manifest, members: &[&'m str]) -> Option<Vec<&'m str>> {
    let install = seen.install;
    let words = match install.manager {
        Manager::Npm => install.listed(&["-w", "--workspace"]),
        Manager::Pnpm => install.listed(&["--filter", "-F"]),
        _ => install.focused(),
    };
    if words.is_empty() {
        return None;
    }
    let packages = &seen.review.repo.packages;
    let member = |word: &String| {
        let word = word.trim_start_matches("...").trim_end_matches("...");
        let word = word.trim_start_matches('{').trim_end_matches('}');
        let named = packages.named(Ecosystem::Node, word).iter();
        let by_name = named.map(String::as_str).find(|f| members.contains(f));
        let path = join(folder(&root.path), word.trim_end_matches('/'));
        let by_path = path.filter(|_| word.starts_with("./") || install.manager == Manager::Npm);
        let found = by_name.map(str::to_owned).or(by_path)?;
        members.iter().copied().find(|m| *m == found)
    };
    words.iter().map(member).collect()
}

/// The instruction that copies a member only after an install has looked for it.
pub(super) fn unseen(seen: &Seen<'_, '_>, manifest: &Manifest, image: &str) -> Option<Place> {
    let path = image_path::join(image, "package.json");
    if !matches!(seen.layout.find(seen.install.moment, &path), Found::Missing | Found::Image) {
        return None;
    }
    let places = seen.layout.places_of(&manifest.path);
    places.into_iter().find(|(_, to, _)| *to == path).map(|(.., at)| at)
}
