//! The files that a step of a Dockerfile finds: which path of the image comes from which path
//! of the repository, at any moment of the build.
//!
//! [`Layout::new`] follows COPY, ADD, bind mounts, WORKDIR and the ignore file through every
//! stage; [`Layout::find`] answers for one path at one moment. What a command or an image may
//! have put there is [`Found::Unknown`]: neither there nor missing.
//!
//! ```text
//! Service ─ context, ignore file ─┐
//! Dockerfile ─ stages, steps ─────┴─> Layout ─ find(moment, "/packages/core/setup.py") ─> Found
//! ```

mod compilers;
mod effects;
pub mod image_path;
pub mod installs;
mod puts;

use plimsoll_model::{EntryKind, Sources};
use plimsoll_syntax::dockerfile::Base;
use plimsoll_syntax::ignorefile::{IgnoreFile, Matcher};

use crate::discover::paths::{below, join};
use crate::repo::{DockerfileView, Place, StepKind};
use crate::review::Review;
use crate::views::building::Context;
use crate::views::ignorefiles;

/// A moment of a build: before this step of this stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The stage.
    pub stage: usize,
    /// The step; its own mounts are there.
    pub step: usize,
}

/// What stands at a path of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A file or folder of the repository.
    Repository {
        /// Its path there.
        path: String,
        /// The instruction that put it there.
        by: Place,
    },
    /// The list that an export wrote at this moment.
    Exported(Moment),
    /// Nothing puts anything there.
    Missing,
    /// No step puts anything there; the image below is one that may hold more than a language.
    Image,
    /// A step may have put something there.
    Unknown,
}

/// Where the files of a put come from.
#[derive(Clone, Debug)]
enum Origin {
    /// A path of the repository, and whether the context's ignore file rules over it.
    Repository(String, bool),
    /// A path of a stage, when it is done.
    Stage(usize, String),
    /// The list an export writes.
    Export(Moment),
    /// The lines of a list, at this moment, that name paths.
    Filtered(Moment, String),
    /// What is not known.
    Unknown,
}

/// A path of the image that a step fills.
#[derive(Clone, Debug)]
struct Put {
    /// The path in the image.
    to: String,
    origin: Origin,
    at: Place,
}

#[derive(Debug, Default)]
struct StepFiles {
    /// The working directory; `None` where it is not known.
    cwd: Option<String>,
    /// What the step adds for those that follow.
    puts: Vec<Put>,
    /// What is there while it runs.
    mounts: Vec<Put>,
}

#[derive(Debug)]
struct StageFiles {
    base: Base,
    /// Whether the image below is one that holds nothing of ours.
    plain: bool,
    steps: Vec<StepFiles>,
    /// The working directory at its end.
    cwd: Option<String>,
}

/// The files of a build, stage by stage.
pub struct Layout<'a> {
    /// What was read of the repository.
    pub sources: &'a Sources,
    /// The Dockerfile.
    pub file: &'a DockerfileView,
    /// The context's folder.
    pub context: &'a str,
    /// Named contexts, and the folders of the repository they are.
    pub named: Vec<(String, Option<String>)>,
    ignore: Option<(String, IgnoreFile, Matcher)>,
    stages: Vec<StageFiles>,
}

impl<'a> Layout<'a> {
    /// Follows the files of a Dockerfile built from a context.
    #[must_use]
    pub fn new(review: &Review<'a>, file: &'a DockerfileView, context: &Context<'a>) -> Self {
        let ignore = ignorefiles::ignore_file(review.sources, context.folder, &file.path)
            .and_then(|path| ignorefiles::read(review.sources, &path).map(|(f, m)| (path, f, m)));
        let named = context.build.map(|b| b.contexts.as_slice()).unwrap_or_default();
        let named = named.iter().map(|(name, source)| {
            let text = source.value.as_str();
            let remote = text.contains("://") || text.contains('$');
            (name.clone(), join("", text).filter(|_| !remote))
        });
        let named = named.collect();
        let mut layout = Self {
            sources: review.sources,
            file,
            context: context.folder,
            named,
            ignore,
            stages: Vec::new(),
        };
        for stage in &file.stages {
            let files = layout.stage(stage);
            layout.stages.push(files);
        }
        layout
    }

    /// The working directory of a step.
    #[must_use]
    pub fn cwd(&self, at: Moment) -> Option<&str> {
        self.stages.get(at.stage)?.steps.get(at.step)?.cwd.as_deref()
    }

    /// The moment after the last step of a stage.
    #[must_use]
    pub fn end(&self, stage: usize) -> Moment {
        Moment { stage, step: self.stages.get(stage).map_or(0, |s| s.steps.len()) }
    }

    /// The working directory at the end of a stage.
    #[must_use]
    pub fn last_cwd(&self, stage: usize) -> Option<&str> {
        self.stages.get(stage)?.cwd.as_deref()
    }

    /// Where a path of one stage is at the end of another: by its own name where that is built on
    /// it, else wherever COPY --from puts it.
    #[must_use]
    pub fn landings(&self, stage: usize, path: &str, last: usize) -> Vec<String> {
        let all = self.carried(stage, path);
        all.into_iter().filter(|(s, _)| self.is_under(last, *s)).map(|(_, p)| p).collect()
    }

    /// The stages that get a path of one, itself first, and where they have it.
    #[must_use]
    pub fn carried(&self, stage: usize, path: &str) -> Vec<(usize, String)> {
        let mut all = Vec::new();
        let mut next = vec![(stage, path.to_owned())];
        let mut seen = 0;
        while let Some((stage, path)) = next.pop() {
            // A chain of stages that fan out can be long: what matters is near.
            seen += 1;
            if seen > 64 {
                break;
            }
            all.push((stage, path.clone()));
            for (index, files) in self.stages.iter().enumerate().skip(stage + 1) {
                for put in files.steps.iter().flat_map(|s| &s.puts) {
                    let Origin::Stage(from, source) = &put.origin else { continue };
                    if !self.is_under(*from, stage) {
                        continue;
                    }
                    if let Some(rest) = image_path::below(source, &path) {
                        next.push((index, image_path::join(&put.to, rest)));
                    }
                }
            }
        }
        all
    }

    /// Whether a stage is another one or is built on it.
    #[must_use]
    pub fn is_under(&self, stage: usize, base: usize) -> bool {
        self.file.lineage(stage).iter().any(|s| s.index == base)
    }

    /// What stands at an absolute path of the image.
    #[must_use]
    pub fn find(&self, at: Moment, path: &str) -> Found {
        self.find_within(at, path, 0)
    }

    fn find_within(&self, at: Moment, path: &str, depth: usize) -> Found {
        let Some(stage) = self.stages.get(at.stage).filter(|_| depth < 32) else {
            return Found::Unknown;
        };
        let own = stage.steps.get(at.step).map_or(&[][..], |s| s.mounts.as_slice());
        for put in own.iter().rev() {
            match self.through(put, path, depth) {
                Found::Missing | Found::Image => {}
                found => return found,
            }
        }
        for (index, step) in stage.steps.iter().enumerate().take(at.step).rev() {
            for put in step.puts.iter().rev() {
                match self.through(put, path, depth) {
                    Found::Missing | Found::Image => {}
                    found => return found,
                }
            }
            if let StepKind::Run(command) = &self.file.stages[at.stage].steps[index].kind
                && effects::may_create(command, path)
            {
                return Found::Unknown;
            }
        }
        match stage.base {
            Base::Stage(base) if base < at.stage => {
                self.find_within(self.end(base), path, depth + 1)
            }
            _ if stage.plain => Found::Missing,
            _ => Found::Image,
        }
    }

    /// What a put has for a path.
    fn through(&self, put: &Put, path: &str, depth: usize) -> Found {
        let Some(rest) = image_path::below(&put.to, path) else { return Found::Missing };
        match &put.origin {
            Origin::Unknown => Found::Unknown,
            Origin::Export(at) if rest.is_empty() => Found::Exported(*at),
            Origin::Export(_) => Found::Missing,
            Origin::Filtered(at, from) if rest.is_empty() && depth < 8 => {
                match self.find_within(*at, from, depth + 1) {
                    Found::Exported(at) => Found::Exported(at),
                    _ => Found::Unknown,
                }
            }
            Origin::Filtered(..) => Found::Missing,
            Origin::Stage(stage, from) => {
                self.find_within(self.end(*stage), &image_path::join(from, rest), depth + 1)
            }
            Origin::Repository(from, ruled) => {
                let Some(source) = join(from, rest) else { return Found::Missing };
                self.of_repository(&source, *ruled, &put.at)
            }
        }
    }

    /// A path of the repository as the context has it.
    fn of_repository(&self, path: &str, ruled: bool, by: &Place) -> Found {
        if ruled && self.ignored(path).is_some() {
            return Found::Missing;
        }
        match self.sources.kind(path) {
            Some(EntryKind::File | EntryKind::Folder) => {
                Found::Repository { path: path.to_owned(), by: by.clone() }
            }
            // Only the link itself is copied; a folder that was not read may hold anything.
            Some(EntryKind::Special) => Found::Missing,
            Some(EntryKind::Unread | EntryKind::Symlink) => Found::Unknown,
            None => match crate::packages::tree::through(self.sources, path) {
                Some((link, EntryKind::Symlink)) => self.linked(&link, path, ruled, by),
                Some(_) => Found::Unknown,
                None => Found::Missing,
            },
        }
    }

    /// A path through a link: what the link leads to, when the image has it beside the link.
    fn linked(&self, link: &str, path: &str, ruled: bool, by: &Place) -> Found {
        let Some(to) = self.sources.links.get(link) else { return Found::Unknown };
        let Some(to) = join(crate::discover::paths::folder(link), to) else {
            return Found::Missing;
        };
        let rest = below(link, path).unwrap_or("");
        // A link out of the context dangles in the image; one inside is copied with its target
        // only by a COPY of both.
        match join(&to, rest) {
            Some(inside) if below(self.context, &inside).is_some() => {
                if self.sources.kind(&inside).is_some() {
                    self.of_repository(&inside, ruled, by)
                } else {
                    Found::Missing
                }
            }
            _ => Found::Missing,
        }
    }

    /// Where a path of the repository is left out of the context: the pattern that does it.
    #[must_use]
    pub fn ignored(&self, path: &str) -> Option<Place> {
        let (file, rules, matcher) = self.ignore.as_ref()?;
        let inside = below(self.context, path).filter(|p| !p.is_empty())?;
        let decision = matcher.decide(inside).ok().filter(|d| d.ignored)?;
        let span = decision.by.and_then(|i| rules.patterns.get(i)).map(|p| p.span);
        Some(Place { path: file.as_str().into(), span })
    }

    /// The ignore file of the context, where it has one.
    #[must_use]
    pub fn ignore_file(&self) -> Option<&str> {
        self.ignore.as_ref().map(|(path, ..)| path.as_str())
    }

    /// Every place of the image that gets a path of the repository: the moment, the path in the
    /// image, the instruction.
    #[must_use]
    pub fn places_of(&self, path: &str) -> Vec<(Moment, String, Place)> {
        let mut all = Vec::new();
        for (stage, files) in self.stages.iter().enumerate() {
            for (step, files) in files.steps.iter().enumerate() {
                for put in files.puts.iter().chain(&files.mounts) {
                    let Origin::Repository(from, _) = &put.origin else { continue };
                    let Some(rest) = below(from, path) else { continue };
                    let to = image_path::join(&put.to, rest);
                    all.push((Moment { stage, step }, to, put.at.clone()));
                }
            }
        }
        all
    }
}
