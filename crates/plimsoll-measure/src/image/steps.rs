//! Finds the layers of an image that the steps of a Dockerfile made.
//!
//! An image's history has an entry for each instruction, in the builder's words:
//! `COPY app.py . # buildkit`, `RUN |1 A=b /bin/sh -c make # buildkit`, `WORKDIR /app`. From the
//! last one back they must be the steps of the graph; what is left is the base image's.

use std::collections::BTreeMap;

use plimsoll_graph::{Graph, Input, Step, Verb, What};

use serde_json::Value;

use super::saved::{Entry, Saved, history};

/// How many layers lie below a step, and how many once it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Below it.
    pub below: usize,
    /// With its own.
    pub with: usize,
}

/// Why an image is not one of a Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Its history does not say which layer is whose.
    Layers,
    /// A step is another: the line and the text of the Dockerfile's, and what the image says.
    Step(u32, String, String),
    /// The image has no such step: its line and text.
    Missing(u32, String),
    /// The image has a step more: what it says.
    More(String),
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Layers => {
                f.write_str("the image's history does not say which step made which layer")
            }
            Self::Step(line, text, image) => {
                write!(f, "line {line} is `{text}`, and the image has `{image}` in its place")
            }
            Self::Missing(line, text) => write!(f, "the image has no step `{text}` (line {line})"),
            Self::More(image) => write!(f, "the image has a step more: `{image}`"),
        }
    }
}

/// The layers of each step of the graph's image.
///
/// # Errors
/// Where the image was built from other steps.
pub fn align(saved: &Saved, graph: &Graph) -> Result<BTreeMap<usize, Span>, Mismatch> {
    align_history(&saved.history, saved.stack.order.len(), graph)
}

/// The same, from an image's configuration and the number of its layers.
///
/// # Errors
/// Where the image was built from other steps.
pub fn align_config(
    config: &Value,
    layers: usize,
    graph: &Graph,
) -> Result<BTreeMap<usize, Span>, Mismatch> {
    align_history(&history(config), layers, graph)
}

fn align_history(
    history: &[Entry],
    layers: usize,
    graph: &Graph,
) -> Result<BTreeMap<usize, Span>, Mismatch> {
    let full = history.iter().filter(|entry| !entry.empty).count();
    // A base image may have layers that its history does not tell of.
    let untold = layers.checked_sub(full).ok_or(Mismatch::Layers)?;
    let mut entries = history.iter().rev();
    let mut with = untold + full;
    let mut found = BTreeMap::new();
    let steps: Vec<usize> = graph.image_chain().into_iter().collect();
    let mut from_image = false;
    for at in steps.into_iter().rev() {
        let step = &graph.steps[at];
        if step.verb == Verb::From {
            from_image = true;
            continue;
        }
        let missing = || Mismatch::Missing(step.label.line, step.label.text.clone());
        let (entry, made) = loop {
            let entry = entries.next().ok_or_else(missing)?;
            let made = Made::of(entry);
            if made.verb.is_none() || made.is_root() {
                with -= usize::from(!entry.empty && with > 0);
                continue;
            }
            break (entry, made);
        };
        if !made.is_of(step) {
            let text = step.label.text.clone();
            return Err(Mismatch::Step(step.label.line, text, made.said()));
        }
        let below = with - usize::from(!entry.empty && with > 0);
        found.insert(at, Span { below, with });
        with = below;
    }
    let more = entries.map(Made::of).find(|made| made.verb.is_some() && !made.is_root());
    match more.filter(|_| !from_image) {
        Some(made) => Err(Mismatch::More(made.said())),
        None => Ok(found),
    }
}

/// What an entry of a history says was done.
struct Made<'e> {
    /// None for what makes no files.
    verb: Option<Verb>,
    text: &'e str,
    /// Whether sources are named as the Dockerfile names them.
    names_sources: bool,
}

const SETTINGS: [&str; 13] = [
    "ENV",
    "ARG",
    "CMD",
    "ENTRYPOINT",
    "LABEL",
    "EXPOSE",
    "USER",
    "VOLUME",
    "STOPSIGNAL",
    "SHELL",
    "HEALTHCHECK",
    "ONBUILD",
    "MAINTAINER",
];

impl<'e> Made<'e> {
    fn of(entry: &'e Entry) -> Self {
        let text = entry.created_by.trim();
        let buildkit = text.strip_suffix("# buildkit").map(str::trim_end);
        // The builder before BuildKit: `/bin/sh -c #(nop) COPY file:4c1a… in /app `.
        let classic = text.split_once("#(nop)").map(|(_, rest)| rest.trim());
        let text = buildkit.or(classic).unwrap_or(text);
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let verb = match word {
            "COPY" => Some(Verb::Copy),
            "ADD" => Some(Verb::Add),
            "WORKDIR" => Some(Verb::Workdir),
            "RUN" => Some(Verb::Run),
            word if SETTINGS.contains(&word) => None,
            // Classic again: the command alone.
            _ if !entry.empty && !text.is_empty() => {
                return Self { verb: Some(Verb::Run), text, names_sources: false };
            }
            _ => None,
        };
        Self { verb, text: rest.trim(), names_sources: classic.is_none() }
    }

    /// `WORKDIR /` makes nothing.
    fn is_root(&self) -> bool {
        self.verb == Some(Verb::Workdir) && self.text.trim_matches('/').is_empty()
    }

    fn said(&self) -> String {
        let verb = self.verb.map_or(String::new(), |verb| format!("{verb:?}").to_uppercase());
        format!("{verb} {}", squeezed(self.text))
    }

    fn is_of(&self, step: &Step) -> bool {
        if self.verb != Some(step.verb) {
            return false;
        }
        let facet = step.facets.iter().find(|facet| facet.what == What::Instruction);
        let parts: Vec<&str> = facet.map(|f| f.value.split('\0').collect()).unwrap_or_default();
        let part = |at: usize| parts.get(at).copied().unwrap_or_default();
        match step.verb {
            Verb::Workdir => ends_with(part(1), self.text),
            Verb::Run if part(1) == "shell" && !part(2).contains("<<") => {
                squeezed(self.text).contains(&squeezed(part(2)))
            }
            Verb::Copy | Verb::Add if self.names_sources => self.copies(step, part(1)),
            _ => true,
        }
    }

    fn copies(&self, step: &Step, to: &str) -> bool {
        let words: Vec<&str> = self.text.split_whitespace().collect();
        let words: Vec<&str> =
            words.into_iter().skip_while(|word| word.starts_with("--")).collect();
        let mut sources: Vec<&str> = Vec::new();
        for input in &step.inputs {
            match input {
                Input::Files { selection, .. } | Input::Stage { selection, .. } => {
                    let all = selection.sources.iter();
                    sources.extend(all.flat_map(|source| source.split_whitespace()));
                }
                // What a source of ADD becomes is not told apart here.
                Input::Image(_) | Input::Remote(_) => return true,
            }
        }
        let Some((last, named)) = words.split_last() else { return false };
        if step.label.text.contains("<<") || to.contains(char::is_whitespace) {
            return true;
        }
        named.len() == sources.len()
            && named.iter().zip(&sources).all(|(a, b)| a.trim_matches('/') == b.trim_matches('/'))
            && ends_with(to, last)
    }
}

/// Whether a path from the root may be what `written` means in some folder.
fn ends_with(whole: &str, written: &str) -> bool {
    let cleaned = |path: &str| -> String {
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                // What a path leads out of at its beginning is not known here.
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        parts.join("/")
    };
    let written = cleaned(written);
    written.is_empty() || format!("/{}", cleaned(whole)).ends_with(&format!("/{written}"))
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "steps_tests.rs"]
mod tests;
