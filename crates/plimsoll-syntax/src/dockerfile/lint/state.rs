//! What the instructions of a stage leave behind for those below.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::vars::Vars;
use super::{Linter, Site, Stop};

/// The state of a stage.
#[derive(Clone)]
pub(super) struct State {
    pub(super) vars: Vars,
    /// What ENV sets, each once: part of the image, and so set anew in the stages built on it.
    image: Vec<(Rc<str>, Rc<str>)>,
    /// Where in `image` a variable stands.
    places: HashMap<Rc<str>, usize>,
    /// What ARG declares, with or without a value.
    pub(super) declared: HashSet<Rc<str>>,
    pub(super) workdir: String,
    /// Whether a WORKDIR was given, here or in a stage that this one is built on.
    pub(super) workdir_set: bool,
    /// Whether a SHELL was given.
    pub(super) shell_set: bool,
    pub(super) windows: bool,
    /// The last of each instruction that counts once.
    pub(super) once: Once,
}

/// The instructions of which the last one wins, in the stage itself.
#[derive(Clone, Default)]
pub(super) struct Once {
    pub(super) cmd: Option<Site>,
    pub(super) entrypoint: Option<Site>,
    pub(super) healthcheck: Option<Site>,
}

/// The search path that BuildKit gives a stage whose base sets none.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl State {
    /// A stage on an image that sets nothing, or on nothing.
    pub(super) fn new(windows: bool) -> Self {
        let mut state = Self {
            vars: Vars::default(),
            image: Vec::new(),
            places: HashMap::new(),
            declared: HashSet::new(),
            workdir: "/".to_owned(),
            workdir_set: false,
            shell_set: false,
            windows,
            once: Once::default(),
        };
        if !windows {
            state.set_env("PATH", PATH);
        }
        state
    }

    /// A stage on another stage.
    pub(super) fn on(base: &Self) -> Self {
        let mut state = Self { once: Once::default(), ..base.clone() };
        for (name, value) in &base.image {
            state.vars.set(name, value);
        }
        state
    }

    pub(super) fn set_env(&mut self, name: &str, value: &str) {
        self.vars.set(name, value);
        let (name, value): (Rc<str>, Rc<str>) = (name.into(), value.into());
        match self.places.get(&name) {
            Some(place) => self.image[*place].1 = value,
            None => {
                self.places.insert(Rc::clone(&name), self.image.len());
                self.image.push((name, value));
            }
        }
    }

    /// What it costs to carry the state over to another stage, in bytes.
    fn weight(&self) -> usize {
        64 * (self.vars.len() + self.declared.len() + self.image.len()) + self.workdir.len()
    }
}

impl Linter<'_, '_> {
    /// The state that a stage begins with.
    pub(super) fn begin(&mut self, base: Option<&State>, windows: bool) -> Result<State, Stop> {
        let Some(base) = base else { return Ok(State::new(windows)) };
        self.count(base.weight())?;
        Ok(State::on(base))
    }
}
