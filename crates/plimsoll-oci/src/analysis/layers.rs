//! The layers, each with the step that made it.

use plimsoll_model::ImageLayer;
use serde_json::Value;

use crate::View;
use crate::descriptor::text;

pub(super) fn layers(view: &View<'_>) -> Vec<ImageLayer> {
    let image = view.image;
    let mut wasted = vec![0; image.layers.len()];
    for hidden in &view.hidden {
        let size = view.entry(hidden.seat).map_or(0, |entry| entry.size);
        wasted[hidden.seat.layer as usize] += size;
    }
    let steps = steps(&image.config, image.layers.len());
    let mut all = Vec::with_capacity(steps.len());
    for (at, (index, step)) in image.layers.iter().zip(steps).enumerate() {
        let descriptor = image.descriptors.get(at).and_then(Option::as_ref);
        all.push(ImageLayer {
            digest: descriptor.map(|descriptor| descriptor.digest.to_string()),
            diff_id: index.plain.map_or(String::new(), |plain| plain.to_string()),
            compressed_bytes: index.packed,
            bytes: index.bytes,
            files: index.files,
            wasted_bytes: wasted[at],
            step,
            line: None,
        });
    }
    all
}

/// The step of each layer, where the history tells of as many as there are. A base image that
/// was imported may have layers that nothing is told of; they are the lowest.
fn steps(config: &Value, layers: usize) -> Vec<Option<String>> {
    let history = config.get("history").and_then(Value::as_array);
    let full = history
        .into_iter()
        .flatten()
        .filter(|entry| !entry.get("empty_layer").and_then(Value::as_bool).unwrap_or(false));
    let told: Vec<Option<String>> = full
        .map(|entry| {
            let said = [text(entry, "created_by"), text(entry, "comment")];
            said.into_iter().find(|said| !said.is_empty()).map(|said| cleaned(&said))
        })
        .collect();
    match layers.checked_sub(told.len()) {
        Some(untold) => std::iter::repeat_n(None, untold).chain(told).collect(),
        None => vec![None; layers],
    }
}

/// `/bin/sh -c #(nop) COPY file:4c1a… in /app` and `RUN /bin/sh -c make # buildkit` as a
/// Dockerfile has them.
fn cleaned(created_by: &str) -> String {
    let text = created_by.trim();
    let text = text.strip_suffix("# buildkit").map_or(text, str::trim_end);
    if let Some((_, rest)) = text.split_once("#(nop)") {
        return rest.trim().to_owned();
    }
    let run = text.strip_prefix("RUN ").unwrap_or(text);
    // Build arguments stand before the shell: `|1 A=b /bin/sh -c make`.
    let run = match run.starts_with('|') {
        true => run.find("/bin/sh -c ").map_or(run, |at| &run[at..]),
        false => run,
    };
    match run.strip_prefix("/bin/sh -c ") {
        Some(command) => format!("RUN {}", command.trim()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::cleaned;

    #[test]
    fn steps_as_a_dockerfile_has_them() {
        for (said, wanted) in [
            ("/bin/sh -c #(nop) COPY file:4c1a in /app ", "COPY file:4c1a in /app"),
            ("RUN /bin/sh -c pip install x # buildkit", "RUN pip install x"),
            ("RUN |1 A=b /bin/sh -c make # buildkit", "RUN make"),
            ("/bin/sh -c apt-get update", "RUN apt-get update"),
            ("COPY . . # buildkit", "COPY . ."),
            ("RUN |1 A=b make", "RUN |1 A=b make"),
        ] {
            assert_eq!(cleaned(said), wanted);
        }
    }
}
