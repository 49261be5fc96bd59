//! The variables and build arguments that a RUN sees.

use std::collections::HashSet;

use plimsoll_syntax::dockerfile::{Binding, BindingKind, Value};

/// What a stage has set so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    /// In the builder's order: one that is set again moves to the end.
    seen: Vec<(String, String)>,
    /// The variables of the image that the stage makes; one that is set again keeps its place.
    image: Vec<(String, String)>,
    /// How many bindings of the stage are in.
    known: usize,
}

impl Environment {
    pub(super) fn seen(&self) -> &[(String, String)] {
        &self.seen
    }

    /// Begins a stage on top of the one that this is of: the builder sets again what the image
    /// below has.
    pub(super) fn begin_stage(&mut self) {
        let again: HashSet<&String> = self.image.iter().map(|(name, _)| name).collect();
        self.seen.retain(|(name, _)| !again.contains(name));
        self.seen.extend(self.image.iter().cloned());
        self.known = 0;
    }

    /// Takes the bindings of the stage up to `above` in.
    pub(super) fn advance(&mut self, bindings: &[Binding], above: usize) {
        for binding in bindings.iter().take(above).skip(self.known) {
            self.known += 1;
            let is_variable = binding.kind == BindingKind::Env;
            let value = binding.value.as_ref().map(Value::text);
            if is_variable {
                set_in_place(&mut self.image, &binding.name, value.unwrap_or(""));
            }
            // The builder passes a proxy on without looking at it.
            if let Some(value) = value.filter(|_| is_variable || !is_proxy(&binding.name)) {
                set_last(&mut self.seen, &binding.name, value);
            }
        }
    }
}

fn set_last(env: &mut Vec<(String, String)>, name: &str, value: &str) {
    env.retain(|(other, _)| other != name);
    env.push((name.to_owned(), value.to_owned()));
}

fn set_in_place(env: &mut Vec<(String, String)>, name: &str, value: &str) {
    match env.iter_mut().find(|(other, _)| other == name) {
        Some(slot) => value.clone_into(&mut slot.1),
        None => env.push((name.to_owned(), value.to_owned())),
    }
}

fn is_proxy(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"].contains(&upper.as_str())
}
