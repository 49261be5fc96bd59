//! The variables of a stage in the order in which they were last set, as BuildKit's state holds
//! them: ENV and ARG alike.

use std::collections::HashMap;
use std::rc::Rc;

use crate::dockerfile::expand::Env;

/// Names and values.
#[derive(Clone, Default)]
pub(super) struct Vars {
    values: HashMap<Rc<str>, Var>,
    /// How many were set so far.
    count: usize,
}

#[derive(Clone)]
struct Var {
    value: Rc<str>,
    /// When it was last set.
    at: usize,
}

impl Vars {
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let var = Var { value: value.into(), at: self.count };
        self.count += 1;
        match self.values.get_mut(name) {
            Some(old) => *old = var,
            None => drop(self.values.insert(name.into(), var)),
        }
    }

    /// The names, the one that was set first before the others.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.values.iter().map(|(name, var)| (var.at, &**name)).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }
}

impl Env for Vars {
    fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|var| &*var.value)
    }
}
