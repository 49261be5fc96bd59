//! What is said of the row that is chosen.

use plimsoll_model::{ImageReport, bytes, count, printable};
use plimsoll_oci::Kind;

use super::state::State;
use super::tree::Node;

/// Where it is, what it is, and the step that made it.
pub(super) fn lines(state: &State<'_>) -> [String; 3] {
    let lines = match (state.node(), state.item(state.cursor())) {
        (Some(node), _) => of_node(state, node),
        (None, Some(item)) => {
            let layer = item.layer.map(|layer| step(state.report, layer));
            [item.name.clone(), item.note.clone(), layer.unwrap_or_default()]
        }
        (None, None) => ["nothing to show".to_owned(), String::new(), String::new()],
    };
    lines.map(|line| printable(&line).into_owned())
}

fn of_node(state: &State<'_>, node: Node) -> [String; 3] {
    let (path, sight) = (node.path, &state.sight);
    let target = sight.target(path).map_or(String::new(), |target| format!(" -> {target}"));
    let mut said = vec![format!("{} bytes", count(sight.bytes(path) as f64))];
    if node.open.is_some() {
        said.push(format!("{} files", count(sight.files(path) as f64)));
    }
    if let Some(entry) = sight.entry(path) {
        let kind = match entry.kind {
            Kind::Folder => "folder ",
            Kind::Link => "link ",
            Kind::Hard => "hard link ",
            Kind::Other => "device or pipe ",
            Kind::File | Kind::Gone | Kind::Opaque => "",
        };
        said.push(format!("{kind}{:04o} {}:{}", entry.mode, entry.uid, entry.gid));
    }
    if let Some(owner) = state.analysis.owners.of_path(path) {
        let version = owner.version.as_deref().map_or(String::new(), |v| format!(" {v}"));
        said.push(format!("{} {}{version}", owner.kind.name(), owner.name));
    }
    if sight.is_hidden(state.analysis, path) {
        said.push("hidden by a later layer: pulled, never seen".to_owned());
    }
    let layer = sight.seat(path).map(|seat| step(state.report, seat.layer as usize));
    let implied = || "no layer lists it; it is there for what lies in it".to_owned();
    let paths = state.paths();
    [format!("/{}{target}", paths.text(path)), said.join("  "), layer.unwrap_or_else(implied)]
}

/// A layer with its step.
pub(super) fn step(report: &ImageReport, layer: usize) -> String {
    let known = report.layers.get(layer);
    let line = known.and_then(|layer| layer.line);
    let line = line.map_or(String::new(), |line| format!("line {line}: "));
    let step = known.and_then(|layer| layer.step.as_deref()).unwrap_or("nothing is told of it");
    let step: Vec<&str> = step.split_whitespace().collect();
    format!("layer {layer}: {line}{}", step.join(" "))
}

/// A size in few characters.
pub(super) fn size(value: u64) -> String {
    bytes(value as f64)
}
