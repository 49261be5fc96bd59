//! Secrets in any layer, in the environment and in the history.

use plimsoll_model::{OwnerKind, SecretFound};
use serde_json::Value;

use super::{MOST_NAMED, Owners, config};
use crate::View;
use crate::descriptor::text;
use crate::secrets::{Hit, search_value};

pub(super) fn secrets(view: &View<'_>, owners: &Owners) -> Vec<SecretFound> {
    let mut all = Vec::new();
    for (at, layer) in view.image.layers.iter().enumerate() {
        // What a public package brings is public.
        let own = layer.secrets.iter().filter(|(path, _)| {
            owners.of_path(*path).is_none_or(|owner| owner.kind == OwnerKind::Folder)
        });
        for (path, hit) in own {
            let seen = view.seat(*path).is_some_and(|seat| seat.layer as usize == at);
            all.push(SecretFound {
                what: hit.what.to_owned(),
                path: view.paths().text(*path),
                line: Some(hit.line),
                layer: Some(at),
                hidden: !seen,
                certain: hit.certain,
            });
        }
    }
    all.extend(of_config(&view.image.config));
    all.sort_by(|a, b| {
        (!a.certain, &a.path, a.line, a.layer).cmp(&(!b.certain, &b.path, b.line, b.layer))
    });
    // An image that lists a shared layer twice has its secrets twice.
    all.dedup_by(|a, b| {
        (&a.path, a.line, &a.what) == (&b.path, b.line, &b.what) && a.layer == b.layer
    });
    all.truncate(MOST_NAMED * 4);
    all
}

fn of_config(image: &Value) -> Vec<SecretFound> {
    let found = |path: String, hits: Vec<Hit>| {
        hits.into_iter().map(move |hit| SecretFound {
            what: hit.what.to_owned(),
            path: path.clone(),
            certain: hit.certain,
            ..SecretFound::default()
        })
    };
    let env = config::list(image.get("config").unwrap_or(&Value::Null), "Env");
    let env = env.iter().filter_map(|pair| pair.split_once('='));
    let env = env.flat_map(|(name, value)| found(format!("ENV {name}"), search_value(value)));
    let history = image.get("history").and_then(Value::as_array).into_iter().flatten();
    let history = history
        .flat_map(|entry| found("history".to_owned(), search_value(&text(entry, "created_by"))));
    env.chain(history).collect()
}
