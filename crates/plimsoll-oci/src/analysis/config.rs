//! How a container is made of an image, as its configuration says.

use plimsoll_model::ImageConfig;
use serde_json::Value;

use crate::descriptor::text;

pub(super) fn config(image: &Value) -> ImageConfig {
    let config = image.get("config").unwrap_or(&Value::Null);
    let keys = |key: &str| -> Vec<String> {
        let map = config.get(key).and_then(Value::as_object);
        map.map(|map| map.keys().cloned().collect()).unwrap_or_default()
    };
    let name = |pair: String| pair.split('=').next().unwrap_or_default().to_owned();
    ImageConfig {
        user: text(config, "User"),
        working_dir: text(config, "WorkingDir"),
        entrypoint: list(config, "Entrypoint"),
        cmd: list(config, "Cmd"),
        ports: keys("ExposedPorts"),
        env: list(config, "Env").into_iter().map(name).collect(),
        volumes: keys("Volumes"),
        stop_signal: Some(text(config, "StopSignal")).filter(|signal| !signal.is_empty()),
        healthcheck: config.get("Healthcheck").is_some_and(|check| {
            check.pointer("/Test/0").and_then(Value::as_str).is_some_and(|kind| kind != "NONE")
        }),
    }
}

/// A list of texts of the configuration.
pub(super) fn list(config: &Value, key: &str) -> Vec<String> {
    let all = config.get(key).and_then(Value::as_array);
    all.into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// The value of an environment variable.
pub(super) fn env(image: &Value, name: &str) -> Option<String> {
    let all = list(image.get("config")?, "Env");
    all.iter().find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}
