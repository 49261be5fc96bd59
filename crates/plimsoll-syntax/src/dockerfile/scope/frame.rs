//! Frames: the variables of one stage, on top of those of the stage that it is built on.

use std::collections::HashMap;

use super::super::stages::Base;
use super::{Missing, MissingKind, Value};
use crate::Span;

/// A variable that an instruction sets or declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Its name.
    pub name: String,
    /// Its value; `None` for an ARG that nobody gives one.
    pub value: Option<Value>,
    /// Whether it stays in the image.
    pub kind: BindingKind,
    /// The name where it is set.
    pub span: Span,
}

/// Where a variable lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindingKind {
    /// ENV: in the image.
    Env,
    /// ARG: in the build of a stage, and hidden by ENV.
    Arg,
}

/// The variables of one stage while it is walked.
#[derive(Default)]
pub(super) struct Frame {
    pub(super) bindings: Vec<Binding>,
    env: HashMap<String, usize>,
    args: HashMap<String, usize>,
}

impl Frame {
    pub(super) fn bind(&mut self, binding: Binding) {
        let map = match binding.kind {
            BindingKind::Env => &mut self.env,
            BindingKind::Arg => &mut self.args,
        };
        // A bare ARG does not take away the value of an earlier one.
        if binding.value.is_some() || !map.contains_key(&binding.name) {
            map.insert(binding.name.clone(), self.bindings.len());
        }
        self.bindings.push(binding);
    }

    fn find(&self, kind: BindingKind, name: &str) -> Option<&Binding> {
        let map = if kind == BindingKind::Env { &self.env } else { &self.args };
        map.get(name).and_then(|index| self.bindings.get(*index))
    }
}

/// The frames that a word sees, its own first.
pub(super) struct View<'f> {
    pub(super) frames: Vec<&'f Frame>,
    /// What the last of the frames is built on; `None` outside of stages.
    pub(super) base: Option<Base>,
}

/// The search path that BuildKit gives a stage on `scratch`.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl View<'_> {
    pub(super) fn find(&self, name: &str) -> Option<&Binding> {
        let look = |kind| self.frames.iter().find_map(|frame| frame.find(kind, name));
        let set = |frame: &&Frame| {
            frame.find(BindingKind::Arg, name).is_some_and(|binding| binding.value.is_some())
        };
        let given = || self.frames.iter().find(|frame| set(frame));
        let given = || given()?.find(BindingKind::Arg, name);
        look(BindingKind::Env).or_else(given).or_else(|| look(BindingKind::Arg))
    }

    /// What keeps the value of a variable from being known.
    pub(super) fn missing(&self, name: &str) -> Vec<Missing> {
        let missing = |kind| vec![Missing { name: name.to_owned(), kind }];
        match self.find(name) {
            Some(Binding { value: Some(value), .. }) => value.missing().to_vec(),
            Some(Binding { value: None, .. }) => missing(MissingKind::Arg),
            None if self.base == Some(Base::Image) => missing(MissingKind::BaseImage),
            None => Vec::new(),
        }
    }
}

impl crate::dockerfile::expand::Env for View<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        match self.find(name) {
            Some(binding) => binding.value.as_ref().map(Value::text),
            None if name == "PATH" && self.base == Some(Base::Scratch) => Some(PATH),
            None => None,
        }
    }
}
